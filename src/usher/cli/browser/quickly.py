"""Opening a console by the native host of a browser that runs: it has at hand what a command has to import.

The host does the same as the command would (`errands.py`), where it sees the same world: the same files, the
same variables. Wherever it does not, or anything else is in the way, it hands nothing over and the command
goes on by itself, which asks, says and does all that needs a terminal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from usher.cli.browser.sockets import (
    HostGoneError,
    call_host,
    has_sockets,
    listening,
    refusal_in,
    sits_elsewhere,
)
from usher.cli.context import Context
from usher.cli.main import VERSION

CONSOLE_SECONDS = 60.0

# What a profile's keys and the way to them depend on, beside the files: as the AWS SDKs and Usher read them.
_OTHERS = (
    *("USHER_VAULT", "USHER_VAULT_IDENTITY"),
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
# The profile is named, and the others are about how the AWS CLI shows things: shells have them, desktops not.
_OF_NO_MATTER = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
    *("AWS_PAGER", "AWS_DEFAULT_OUTPUT", "AWS_CLI_AUTO_PROMPT", "AWS_SDK_LOAD_CONFIG"),
)

# A browser that is set apart was started from a shell: it has that shell's word on which browser is meant.
OF_BROWSERS_APART = ("BROWSER",)


def opened_by_host(
    context: Context,
    profile: str,
    service: str | None,
    duration: str | None,
    *,
    yes: bool,
    window: str | None = None,
) -> bool:
    """Whether the profile's own browser, or the newest, opened it, which is said.

    Raises UsherError when its extension refused.

    `window` is the terminal whose browser window is to show it.
    """
    if not has_sockets() or sits_elsewhere(context.environ):
        return False
    install, is_apart = _install_to_ask(context, profile)
    if install is None:
        return False
    request = {
        "op": "console",
        "profile": profile,
        "service": service,
        "duration": duration,
        "yes": yes,
        "window": window,
        "surroundings": surroundings(context, OF_BROWSERS_APART if is_apart else ()),
    }
    try:
        answer = call_host(context, install, request, CONSOLE_SECONDS)
    except HostGoneError:
        return False
    if answer.get("handed_over") is not True:
        return False
    if answer.get("ok") is not True:
        raise refusal_in(answer, str(answer.get("browser")))
    context.terminal.say(str(answer.get("said")))
    return True


def _install_to_ask(context: Context, profile: str) -> tuple[str | None, bool]:
    """The extension in the browser that is set apart for the profile, and True; else the newest of others.

    Only a guess whom to ask, from files that it reads at once: the host itself decides whether it is the way.
    """
    own = None
    for install in listening(context):
        jar = _text_in(context.cache_dir / "browsers" / f"{install}.json", "jar")
        if jar is None:
            own = own or install
        elif _text_in(context.data_dir / "jars" / jar / "session.json", "session", "profile") == profile:
            return install, True
    return own, False


def _text_in(path: Path, *names: str) -> str | None:
    """The text under these names in a file of ours; None where there is none."""
    try:
        found = json.loads(path.read_bytes())
        for name in names:
            found = found[name]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def surroundings(context: Context, others: Sequence[str] = ()) -> str:
    """A digest of what decides which keys a profile has, and by which way: the same means the same world.

    A host that outlived an upgrade is of another version, and does nothing for a command of this one.
    `others` are variables that count as well.
    """
    places = (context.config_dir, context.cache_dir, context.data_dir, context.home)
    files = (context.aws_config_file, context.aws_credentials_file)
    known = {
        name: value
        for name, value in context.environ.items()
        if name in (*_OTHERS, *others) or (name.startswith("AWS_") and name not in _OF_NO_MATTER)
    }
    told = [VERSION, [str(path.absolute()) for path in (*places, *files)], known]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
