"""`usher browser setup --remove`: everything that the set-up and the native host left, taken away again.

A manifest that leads to another installation's launcher is that installation's, and stays. What the browser
itself keeps (the extension) only the person can remove, and browsers set apart keep people's sessions.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from usher.cli.browser import registry_windows
from usher.cli.browser.installs import forget_install, read_installs
from usher.cli.browser.link_key import RECORD
from usher.cli.browser.manifests import launcher_path, manifest_launcher, surroundings_of
from usher.cli.browser.packages import handed_over, take_back_packages
from usher.cli.context import Context
from usher.cli.wire_vault import open_vault
from usher.console.browsers import Family, known_browsers
from usher.console.native_hosts import System, manifest_files, registry_keys
from usher.core.errors import ExitCode, UsherError


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something to take away: a file, or a registry key. `stays` says why it is left."""

    where: str
    what: str
    path: Path | None = None
    stays: str = ""


def leftovers(context: Context) -> list[Leftover]:
    """What is there of a set-up, of this installation or another."""
    found = [*_manifests(context), *_keys(context)]
    launcher = launcher_path(context)
    if launcher.exists():
        found.append(Leftover(str(launcher), "starts the native host", launcher))
    folder = handed_over(context, Family.FIREFOX).parent
    if folder.exists():
        found.append(Leftover(str(folder), "the extension"))
    if read_installs(context.cache_dir):
        found.append(Leftover(str(context.cache_dir / "browsers"), "where the extension was seen"))
    if RECORD in open_vault(context).names():
        found.append(Leftover(f"vault record '{RECORD}'", "the key of signed links"))
    return found


def run_removal(options: argparse.Namespace, context: Context) -> ExitCode:
    """Take it all away, or show what that would be."""
    found = leftovers(context)
    if not options.dry_run:
        _take_away(context, [each for each in found if not each.stays])
    if options.json:
        shown = [{"where": each.where, "what": each.what, "stays": each.stays or None} for each in found]
        context.terminal.result(json.dumps(shown, indent=2))
        return ExitCode.DONE
    for each in found:
        action = "stays" if each.stays else "remove" if options.dry_run else "removed"
        context.terminal.result(f"{action.ljust(8)}{each.where}  {each.stays or each.what}")
    if not found:
        context.terminal.say("Nothing of a set-up is here.")
    elif options.dry_run:
        context.terminal.say("Nothing was removed.")
    else:
        context.terminal.say(
            "The extension itself is the browser's: remove it on its page of extensions "
            "(about:addons, chrome://extensions)."
        )
    return ExitCode.DONE


def _manifests(context: Context) -> Iterator[Leftover]:
    where, launcher = surroundings_of(context), launcher_path(context)
    if where.system is System.WINDOWS:
        for family in (Family.FIREFOX, Family.CHROMIUM):
            path = launcher.with_name(f"{family}.json")
            if path.exists():
                yield Leftover(str(path), "leads browsers there", path)
        return
    seen = set()
    for name in known_browsers():
        for path in manifest_files(name, where):
            if not path.exists() or path in seen:
                continue
            seen.add(path)
            leads_to = manifest_launcher(path)
            stays = f"it leads to {leads_to}" if leads_to not in {None, launcher} else ""
            yield Leftover(str(path), f"leads {name} there", path, stays)


def _keys(context: Context) -> Iterator[Leftover]:
    folder = launcher_path(context).parent
    for key in dict.fromkeys(key for name in known_browsers() for key in registry_keys(name)):
        value = registry_windows.read(key)
        if value is not None:
            stays = "" if Path(value).parent == folder else f"it leads to {value}"
            yield Leftover(rf"HKCU\{key}", "leads browsers there", None, stays)


def _take_away(context: Context, found: list[Leftover]) -> None:
    for each in found:
        try:
            if each.path is not None:
                each.path.unlink(missing_ok=True)
            elif each.where.startswith("HKCU\\"):
                registry_windows.delete(each.where.removeprefix("HKCU\\"))
        except OSError as error:
            raise UsherError(f"cannot remove {each.where}: {error.strerror}") from None
    take_back_packages(context)
    launcher_folder = launcher_path(context).parent
    if launcher_folder.is_dir() and not any(launcher_folder.iterdir()):
        launcher_folder.rmdir()
    for install in read_installs(context.cache_dir):
        forget_install(context.cache_dir, install.id)
    open_vault(context).delete(RECORD)
