"""Browsers in a Flatpak or Snap, which cannot start a program outside their box without help.

Firefox can be helped: in the Snap by Ubuntu's desktop portal (since 135), in the Flatpak by the service
xdg-native-messaging-proxy (since 157, behind a preference); both start what `~/.mozilla` names, after
asking the person once. No browser of the Chromium family can so far (flatpak/xdg-desktop-portal#655).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from usher.console.browsers import Family
from usher.console.native_hosts import family_of_known

PROXY_PREFERENCE = "widget.use-xdg-desktop-portal.native-messaging-proxy"


class Box(StrEnum):
    """What a browser is shut in."""

    FLATPAK = "Flatpak"
    SNAP = "Snap"


@dataclass(frozen=True, slots=True)
class Sandboxed:
    """A browser in a box: its name here, and the name that the box's own commands know it by."""

    browser: str
    box: Box
    id: str

    @property
    def may_start_hosts(self) -> bool:
        """Whether there is any way for it to start a native host."""
        return family_of_known(self.browser) is Family.FIREFOX

    @property
    def advice(self) -> str:
        """What a person can do, in a sentence."""
        if not self.may_start_hosts:
            return f"a {self.box} cannot start a program outside it: use the browser's own package"
        if self.box is Box.SNAP:
            return "Firefox asks once whether Usher may be started; it needs Ubuntu's desktop portal"
        return (
            "needs Firefox 157 or later, the service xdg-native-messaging-proxy, and in about:config "
            f"{PROXY_PREFERENCE} = 1"
        )


_FLATPAKS: Mapping[str, str] = {
    "org.mozilla.firefox": "firefox",
    "io.gitlab.librewolf-community": "librewolf",
    "org.chromium.Chromium": "chromium",
    "com.google.Chrome": "chrome",
    "com.brave.Browser": "brave",
    "com.microsoft.Edge": "edge",
    "com.vivaldi.Vivaldi": "vivaldi",
}
_SNAPS: Mapping[str, str] = {
    "firefox": "firefox",
    "chromium": "chromium",
    "brave": "brave",
    "vivaldi": "vivaldi",
}


def sandboxed_browsers(home: Path, root: Path = Path("/")) -> list[Sandboxed]:
    """The Flatpaks and Snaps of browsers that are installed, by the folders that hold them."""
    flatpaks = (root / "var/lib/flatpak/app", home / ".local/share/flatpak/app")
    return [
        *(
            Sandboxed(name, Box.FLATPAK, app)
            for app, name in _FLATPAKS.items()
            if any((folder / app).is_dir() for folder in flatpaks)
        ),
        *(
            Sandboxed(name, Box.SNAP, snap)
            for snap, name in _SNAPS.items()
            if (root / "snap" / snap).is_dir()
        ),
    ]
