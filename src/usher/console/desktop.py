"""Which browser the desktop opens addresses with, by the files in which desktops write it down.

Nothing is started to find out: Linux has `mimeapps.list` (freedesktop.org, Association between MIME types and
applications), macOS the handlers of its launch services.
"""

from __future__ import annotations

import plistlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.parsers.expat import ExpatError

from usher.console.browsers import is_known, known_name

_SCHEME = "https"
_HANDLERS = "Library/Preferences/com.apple.LaunchServices/com.apple.launchservices.secure.plist"


def desktop_browser(platform: str, home: Path, environ: Mapping[str, str]) -> str | None:
    """The known browser that the desktop opens https with; None for any other, or where it is not told."""
    told = _told_on_macos(home) if platform == "darwin" else _told_on_linux(home, environ)
    name = known_name(told.replace(".", "-")) if told else ""
    return name if is_known(name) else None


def _told_on_linux(home: Path, environ: Mapping[str, str]) -> str | None:
    """The desktop file's name without its ending: `chromium`, `firefox_firefox`, `google-chrome`."""
    for path in _lists(home, environ):
        for name in _defaults(path):
            return name.removesuffix(".desktop")
    return None


def _lists(home: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """The lists that count, the first first."""
    desktops = [name.lower() for name in environ.get("XDG_CURRENT_DESKTOP", "").split(":") if name]
    names = [*(f"{desktop}-mimeapps.list" for desktop in desktops), "mimeapps.list"]
    folders = [
        environ.get("XDG_CONFIG_HOME") or str(home / ".config"),
        *(environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"),
        str(Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "applications"),
        *(
            f"{folder}/applications"
            for folder in (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
        ),
    ]
    return (Path(folder) / name for folder in folders for name in names)


def _defaults(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    section = ""
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = line
        key, _, value = line.partition("=")
        if section == "[Default Applications]" and key.strip() == f"x-scheme-handler/{_SCHEME}":
            yield from (name.strip() for name in value.split(";") if name.strip())


def _told_on_macos(home: Path) -> str | None:
    """The application's identifier: `com.google.chrome`, `com.microsoft.edgemac`."""
    try:
        document = plistlib.loads((home / _HANDLERS).read_bytes())
    except (OSError, plistlib.InvalidFileException, ExpatError, ValueError):
        return None
    handlers = document.get("LSHandlers") if isinstance(document, dict) else None
    for handler in handlers if isinstance(handlers, list) else ():
        if isinstance(handler, dict) and handler.get("LSHandlerURLScheme") == _SCHEME:
            return str(handler.get("LSHandlerRoleAll", ""))
    return None
