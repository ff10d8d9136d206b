"""The machine around us: which usher is found, whether the clock is right, which proxies are in the way."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from usher.cli.context import Context
from usher.cli.doctor.verdict import Verdict, bad, good, note
from usher.cli.terminal import printable
from usher.cli.text.status import skew_warning
from usher.core.errors import UsherError
from usher.session.http import TOLERATED_SKEW_SECONDS, HttpClient
from usher.session.organizations import load_organizations

_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_METADATA = "169.254.169.254"


def check_path(context: Context) -> Iterator[Verdict]:
    """One `usher`, and nothing slow before it."""
    folders = dict.fromkeys(context.environ.get("PATH", "").split(os.pathsep))
    found = [Path(folder) / "usher" for folder in folders if folder and (Path(folder) / "usher").is_file()]
    if not found:
        yield bad("path", "the shell does not find 'usher'", "put its folder on the PATH")
        return
    first = found[0]
    if "shims" in first.parts:
        yield note(
            "path",
            f"{first} is a pyenv shim: each call costs 0.15 s more",
            "install with pipx or uv, or put the real folder before the shims",
        )
    elif len(found) > 1:
        yield note("path", f"{first} is used, {', '.join(map(str, found[1:]))} too is on the PATH")
    else:
        yield good("path", f"usher is {first}")


def check_clock(context: Context) -> Iterator[Verdict]:
    """AWS refuses requests that are signed five minutes off."""
    organizations = load_organizations(context.config_dir)
    if not organizations:
        yield note("clock", "not compared: no organization is known yet", "usher login NAME --start-url URL")
        return
    for organization in organizations.values():
        skews: list[float] = []
        try:
            HttpClient(context.environ, time.time, skews.append).send("GET", organization.portal_url)
        except UsherError as error:
            yield bad("clock", f"{organization.name} cannot be asked: {error.message}", error.hint)
            continue
        if skews:
            yield bad(
                "clock",
                f"{skew_warning(skews[0])} (compared with {organization.name}'s)",
                "set the clock by NTP: timedatectl set-ntp true",
            )
        else:
            yield good("clock", f"within {TOLERATED_SKEW_SECONDS} s of {organization.name}'s")


def check_proxies(context: Context) -> Iterator[Verdict]:
    """Proxies that see what must not leave the machine, and variables that contradict each other."""
    environ = context.environ
    named = [name for name in _PROXIES if environ.get(name)]
    if not named:
        yield good("proxies", "none")
        return
    shown = ", ".join(f"{name}={_without_password(environ[name])}" for name in named)
    for upper, lower in (("HTTPS_PROXY", "https_proxy"), ("HTTP_PROXY", "http_proxy")):
        if environ.get(upper) and environ.get(lower) and environ[upper] != environ[lower]:
            yield bad("proxies", f"{upper} and {lower} differ: tools will take either", f"unset {upper}")
    exceptions = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    missing = [host for host in ("127.0.0.1", "localhost", _METADATA) if host not in exceptions]
    if missing:
        yield note(
            "proxies",
            f"{shown}; not excepted: {', '.join(missing)}. Usher asks loopback directly, other tools may not",
            f"export NO_PROXY='{','.join([*filter(None, [exceptions]), *missing])}'",
        )
    else:
        yield good("proxies", shown)


def _without_password(url: str) -> str:
    parts = urlsplit(url if "//" in url else f"//{url}")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return printable(f"{parts.hostname or '?'}{port}")
