"""Where each browser looks for native hosts on each system, and what its manifest says.

From MDN's "Native manifests", Chrome's and Edge's "Native messaging", and the browsers themselves: Firefox
keeps its profiles below `$XDG_CONFIG_HOME` since 147 and still asks in `~/.mozilla` alone (bug 2005167;
tried with 153). Brave and Vivaldi on Windows read other Chromiums' keys beside their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from usher.console.browsers import Family
from usher.console.extension import CHROMIUM_ORIGIN, FIREFOX_ID, NATIVE_HOST

MANIFEST = f"{NATIVE_HOST}.json"


class System(StrEnum):
    """An operating system, by the name that Python has for it."""

    LINUX = "linux"
    MACOS = "darwin"
    WINDOWS = "win32"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a person's files are: `config` is `$XDG_CONFIG_HOME`, `local` Windows' `%LOCALAPPDATA%`."""

    system: System
    home: Path
    config: Path
    local: Path


@dataclass(frozen=True, slots=True)
class _Places:
    """Data folders: below home (`~/`), `config`, Application Support and `local`; and registry keys."""

    family: Family
    linux: tuple[str, ...]
    macos: tuple[str, ...]
    windows: tuple[str, ...]
    local: tuple[str, ...] = ()


_PLACES: Mapping[str, _Places] = {
    "firefox": _Places(
        Family.FIREFOX, ("~/.mozilla", "mozilla"), ("Mozilla",), ("Mozilla",), ("Mozilla/Firefox",)
    ),
    "librewolf": _Places(
        Family.FIREFOX,
        ("~/.librewolf", "librewolf"),
        ("LibreWolf", "Mozilla"),
        ("LibreWolf", "Mozilla"),
        ("librewolf",),
    ),
    "chromium": _Places(
        Family.CHROMIUM, ("chromium",), ("Chromium",), ("Chromium",), ("Chromium/User Data",)
    ),
    "chrome": _Places(
        Family.CHROMIUM,
        ("google-chrome", "google-chrome-beta", "google-chrome-unstable"),
        ("Google/Chrome", "Google/Chrome Beta", "Google/Chrome Dev", "Google/Chrome Canary"),
        (r"Google\Chrome",),
        ("Google/Chrome/User Data",),
    ),
    "brave": _Places(
        Family.CHROMIUM,
        (
            "BraveSoftware/Brave-Browser",
            "BraveSoftware/Brave-Browser-Beta",
            "BraveSoftware/Brave-Browser-Nightly",
        ),
        (
            "BraveSoftware/Brave-Browser",
            "BraveSoftware/Brave-Browser-Beta",
            "BraveSoftware/Brave-Browser-Nightly",
        ),
        (r"BraveSoftware\Brave-Browser", r"Google\Chrome", "Chromium"),
        ("BraveSoftware/Brave-Browser/User Data",),
    ),
    "edge": _Places(
        Family.CHROMIUM,
        ("microsoft-edge", "microsoft-edge-beta", "microsoft-edge-dev"),
        ("Microsoft Edge", "Microsoft Edge Beta", "Microsoft Edge Dev", "Microsoft Edge Canary"),
        (r"Microsoft\Edge",),
        ("Microsoft/Edge/User Data",),
    ),
    "vivaldi": _Places(
        Family.CHROMIUM,
        ("vivaldi", "vivaldi-snapshot"),
        ("Vivaldi", "Vivaldi Snapshot"),
        ("Vivaldi", r"Google\Chrome", "Chromium"),
        ("Vivaldi/User Data",),
    ),
}


def family_of_known(name: str) -> Family:
    """The family of a browser that `known_browsers` names."""
    return _PLACES[name].family


def data_folders(name: str, where: Surroundings) -> list[Path]:
    """Where the browser's own files are: the release's first, then its other channels' and other layouts'."""
    places = _PLACES[name]
    match where.system:
        case System.LINUX:
            return [
                where.home / each[2:] if each.startswith("~/") else where.config / each
                for each in places.linux
            ]
        case System.MACOS:
            support = where.home / "Library" / "Application Support"
            return [support / each for each in places.macos]
        case System.WINDOWS:
            return [where.local / each for each in places.local]


def manifest_files(name: str, where: Surroundings) -> list[Path]:
    """Where the browser looks for our manifest, by folder. None on Windows, which asks the registry.

    The first is always one; the others belong to channels and layouts that may not be there.
    """
    if where.system is System.WINDOWS:
        return []
    dashed = where.system is System.LINUX and _PLACES[name].family is Family.FIREFOX
    folder = "native-messaging-hosts" if dashed else "NativeMessagingHosts"
    return [data / folder / MANIFEST for data in data_folders(name, where)]


def manifests_to_write(name: str, where: Surroundings) -> list[Path]:
    """Those of `manifest_files` that may be asked for: the release's, and the others' that are here."""
    first, *others = manifest_files(name, where)
    return [first, *(path for path in others if path.parent.parent.is_dir())]


def registry_keys(name: str) -> list[str]:
    """The keys below HKEY_CURRENT_USER whose default value is the manifest's path, on Windows."""
    return [rf"Software\{vendor}\NativeMessagingHosts\{NATIVE_HOST}" for vendor in _PLACES[name].windows]


def manifest_of(family: Family, launcher: Path) -> dict[str, object]:
    """The native-messaging manifest: which program, for which extension and no other."""
    allowed = (
        {"allowed_extensions": [FIREFOX_ID]}
        if family is Family.FIREFOX
        else {"allowed_origins": [CHROMIUM_ORIGIN]}
    )
    return {
        "name": NATIVE_HOST,
        "description": "Usher: opens AWS consoles that the command line asks for",
        "path": str(launcher),
        "type": "stdio",
        **allowed,
    }
