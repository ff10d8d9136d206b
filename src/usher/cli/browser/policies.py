"""`usher browser setup --policies`: what a platform team gives its own tools to roll the extension out.

Firefox' policies.json installs the extension (ExtensionSettings in Mozilla's enterprise admin reference);
Chromium's managed policies let a blocked extension and its native host in. They cannot install it: that takes
a package signed with the key that the extension's id is made of, which nobody has.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from usher.cli.browser.packages import handed_over, read_package
from usher.cli.context import Context
from usher.console.browsers import Family
from usher.console.extension import CHROMIUM_ID, FIREFOX_ID, NATIVE_HOST
from usher.core.errors import ExitCode, UsageError, UsherError

FIREFOX_FILE, CHROMIUM_FILE = "firefox/policies.json", "chromium/usher.json"
_WHERE = (
    "Firefox reads policies.json in /etc/firefox/policies, or in 'distribution' in its own folder. It turns",
    "the check of signatures off, as only ESR, Developer Edition, Nightly and distributions' builds allow:",
    "have ExtensionSettings block what you do not name ('*': blocked). It gets the package from install_url.",
    "Chromium reads usher.json in /etc/chromium/policies/managed (Chrome: /etc/opt/chrome/policies/managed;",
    "Edge: /etc/opt/edge; Brave: /etc/brave), Windows and macOS in their own stores. Where extensions and",
    "native hosts are blocked it lets these in; the extension is still loaded by hand.",
    "Each person still runs: usher browser setup",
)


def policies(install_url: str) -> dict[str, dict[str, object]]:
    """The policy files by name; `install_url` is where Firefox gets the extension."""
    return {
        FIREFOX_FILE: {
            "policies": {
                "ExtensionSettings": {
                    FIREFOX_ID: {"installation_mode": "force_installed", "install_url": install_url}
                },
                "Preferences": {"xpinstall.signatures.required": {"Value": False, "Status": "locked"}},
            }
        },
        CHROMIUM_FILE: {
            "ExtensionInstallAllowlist": [CHROMIUM_ID],
            "NativeMessagingAllowlist": [NATIVE_HOST],
            "NativeMessagingUserLevelHosts": True,
        },
    }


def run_policies(options: argparse.Namespace, context: Context) -> ExitCode:
    """Write the files below a folder, with the package for Firefox; or print them for `-`."""
    url = options.firefox_url
    if url is not None and not url.startswith(("https://", "file:///")):
        raise UsageError(f"'{url}' is no address that Firefox installs from", hint="https:// or file:///")
    if options.policies == "-":
        shown = policies(url or handed_over(context, Family.FIREFOX).as_uri())
        context.terminal.result(json.dumps(shown, indent=2))
    else:
        _write(Path(options.policies).absolute(), url, context)
    for line in _WHERE:
        context.terminal.say(line)
    return ExitCode.DONE


def _write(folder: Path, url: str | None, context: Context) -> None:
    package = folder / "firefox" / handed_over(context, Family.FIREFOX).name
    documents = policies(url or package.as_uri())
    contents = {
        folder / name: json.dumps(document, indent=2).encode() + b"\n" for name, document in documents.items()
    }
    contents[package] = read_package(Family.FIREFOX).content
    for path, content in contents.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise UsherError(f"cannot write {path}: {error.strerror}") from None
        context.terminal.result(str(path))
