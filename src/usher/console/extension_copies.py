"""Which profiles of a browser have our extension, read from the browser's own files and never written.

Firefox lists a profile's extensions in `extensions.json`, Chromium in `Preferences` and (on Windows, macOS
and wherever Chrome seals them) `Secure Preferences`, whose entry for an unpacked extension is a folder's
path. What cannot be read is as if it were not there: the extension itself says more when it is connected.
"""

from __future__ import annotations

import configparser
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from usher.console.browsers import Family
from usher.console.extension import CHROMIUM_ID, FIREFOX_ID

_SIGNING_REQUIRED = "MOZ_REQUIRE_SIGNING: true"
_SIGNING_LEFT = "MOZ_REQUIRE_SIGNING: false"
# DISABLE_UNSUPPORTED_DEVELOPER_EXTENSION among Chromium's reasons.
_NO_DEVELOPER_MODE = 1 << 24
_LARGEST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProfileCopy:
    """A browser profile, and the extension's version in it: None where it is not installed.

    `developer_mode_missing` is why Chromium switched it off: it runs unpacked extensions in that mode alone.
    """

    profile: str
    version: str | None = None
    enabled: bool = False
    developer_mode_missing: bool = False


def extension_copies(family: Family, data: Path) -> list[ProfileCopy]:
    """The profiles below a browser's data folder, those that were ever used, by name."""
    found = _firefox_copies(data) if family is Family.FIREFOX else _chromium_copies(data)
    return sorted(found, key=lambda copy: copy.profile)


def takes_unsigned(program: Path) -> bool | None:
    """Whether this Firefox can be told to take extensions that Mozilla did not sign; None if none can say.

    ESR, Developer Edition, Nightly, LibreWolf and distributions' builds can; releases and betas cannot.
    The browser's own archive says it.
    """
    for archive in _archives(program):
        try:
            with zipfile.ZipFile(archive) as opened:
                constants = opened.read("modules/AppConstants.sys.mjs").decode("utf-8", "replace")
        except (OSError, KeyError, zipfile.BadZipFile):
            continue
        if _SIGNING_REQUIRED in constants:
            return False
        if _SIGNING_LEFT in constants:
            return True
    return None


def _archives(program: Path) -> Iterator[Path]:
    """Beside the program; for a distribution's script that starts it, where its like are kept."""
    real = program.resolve()
    yield real.parent / "omni.ja"
    yield real.parent.parent / "Resources" / "omni.ja"
    if not _is_script(real):
        return
    for folder in ("/usr/lib", "/usr/lib64", "/opt"):
        for name in dict.fromkeys((program.name, f"{program.name}-esr")):
            yield Path(folder) / name / "omni.ja"


def _is_script(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _firefox_copies(data: Path) -> Iterator[ProfileCopy]:
    seen = set()
    # Profiles are listed below `firefox` on Linux, `Firefox` elsewhere, or in the folder itself.
    for root in (data / "firefox", data / "Firefox", data / "librewolf", data):
        for name, folder in _firefox_profiles(root):
            listed = _document(folder / "extensions.json")
            if folder in seen or listed is None:
                continue
            seen.add(folder)
            addons = listed.get("addons")
            ours = [
                addon
                for addon in (addons if isinstance(addons, list) else [])
                if isinstance(addon, dict) and addon.get("id") == FIREFOX_ID
            ]
            if ours:
                yield ProfileCopy(name, str(ours[0].get("version", "")), bool(ours[0].get("active")))
            else:
                yield ProfileCopy(name)


def _firefox_profiles(root: Path) -> Iterator[tuple[str, Path]]:
    """The profiles that are listed, then the others: Firefox' own switcher keeps its list elsewhere."""
    yield from _listed_profiles(root)
    for kept in (*root.glob("*/extensions.json"), *root.glob("Profiles/*/extensions.json")):
        yield kept.parent.name.partition(".")[2] or kept.parent.name, kept.parent


def _listed_profiles(root: Path) -> Iterator[tuple[str, Path]]:
    listed = configparser.RawConfigParser(strict=False)
    try:
        listed.read_string((root / "profiles.ini").read_text("utf-8", "replace"))
    except (OSError, configparser.Error):
        return
    for section in listed.sections():
        path = listed.get(section, "Path", fallback="")
        if section.startswith("Profile") and path:
            relative = listed.get(section, "IsRelative", fallback="1") == "1"
            yield listed.get(section, "Name", fallback=path), root / path if relative else Path(path)


def _chromium_copies(data: Path) -> Iterator[ProfileCopy]:
    for preferences in sorted(data.glob("*/Preferences")):
        folder = preferences.parent
        if folder.name in {"System Profile", "Guest Profile"}:
            continue
        ours = _chromium_entry(folder)
        if ours is None:
            yield ProfileCopy(folder.name)
        else:
            # 1 was "enabled"; Chromium leaves the state out today and lists reasons where it is disabled.
            reasons = ours.get("disable_reasons")
            is_enabled = not reasons and ours.get("state", 1) == 1
            missing = isinstance(reasons, list) and _NO_DEVELOPER_MODE in reasons
            yield ProfileCopy(folder.name, _chromium_version(ours), is_enabled, missing)


def _chromium_entry(folder: Path) -> Mapping[str, object] | None:
    for name in ("Secure Preferences", "Preferences"):
        found: object = _document(folder / name)
        for key in ("extensions", "settings", CHROMIUM_ID):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, dict) and found.get("path"):
            return found
    return None


def _chromium_version(entry: Mapping[str, object]) -> str:
    """An unpacked extension's version is in the folder that it is loaded from."""
    kept = entry.get("manifest") or _document(Path(str(entry["path"])) / "manifest.json")
    return str(kept.get("version", "")) if isinstance(kept, dict) else ""


def _document(path: Path) -> dict[str, object] | None:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return None
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
