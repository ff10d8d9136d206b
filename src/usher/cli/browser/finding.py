"""The browsers of this machine, as far as consoles side by side are concerned.

Those that may start a native host, with what their profiles have of the extension; and those that are shut
in a Flatpak or Snap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from usher.cli.browser.installs import Install
from usher.cli.browser.manifests import surroundings_of
from usher.cli.context import Context
from usher.console.browsers import Browser, Family, installed_browsers, is_known, is_snap, known_name
from usher.console.extension_copies import ProfileCopy, extension_copies, takes_unsigned
from usher.console.native_hosts import data_folders, family_of_known
from usher.console.sandboxed import Sandboxed, sandboxed_browsers
from usher.core.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Found:
    """A browser of this machine: None for its program where only a Flatpak or Snap of it is here."""

    name: str
    program: Browser | None
    copies: tuple[ProfileCopy, ...]
    unsigned: bool | None
    """For Firefox: whether it can be told to take an extension that Mozilla did not sign."""

    @property
    def family(self) -> Family:
        """The browser's family."""
        return family_of_known(self.name)


def find_browsers(context: Context) -> tuple[list[Found], list[Sandboxed]]:
    """The browsers of this machine, and those of them that are shut in a Flatpak or Snap."""
    where = surroundings_of(context)
    boxes = sandboxed_browsers(context.home)
    programs = {
        name: browser
        for name, browser in installed_browsers(context.environ).items()
        if not is_snap(browser.path)
    }
    helped = {box.browser: None for box in boxes if box.may_start_hosts}
    found = []
    for name, program in {**helped, **programs}.items():
        family = family_of_known(name)
        copies = [copy for data in data_folders(name, where) for copy in extension_copies(family, data)]
        unsigned = takes_unsigned(program.path) if program and family is Family.FIREFOX else None
        found.append(Found(name, program, tuple(copies), unsigned))
    return found, boxes


def choose_browsers(found: Sequence[Found], boxes: Sequence[Sandboxed], names: Sequence[str]) -> list[Found]:
    """Those of these names, or all of them. Raises NotFoundError when one is not here, or none is."""
    here = {each.name: each for each in found}
    shut = {box.browser: box for box in boxes}
    for name in names:
        if name not in here:
            box = shut.get(name)
            raise NotFoundError(
                f"{name} is here only as a {box.box}" if box else f"{name} is not installed here",
                hint=box.advice if box else f"here is: {', '.join(here) or 'no browser that usher knows'}",
            )
    if not here:
        raise NotFoundError(
            "no browser is installed here that could start a native host",
            hint="\n".join(f"{box.browser}: {box.advice}" for box in boxes)
            or "usher knows Firefox, LibreWolf, Chromium, Chrome, Brave, Edge and Vivaldi",
        )
    return [here[name] for name in dict.fromkeys(names)] if names else list(found)


def is_of(found: Found, install: Install) -> bool:
    """Whether an install is of this browser; one whose program is not known is of every one of its family."""
    name = known_name(install.program)
    return name == found.name if is_known(name) else install.family is found.family
