"""Where the extension is installed: one small private record for each browser profile that has it.

A record is written when the extension greets its native host, so that a console can be opened when the
browser runs and the browser be started when it does not. The records are a cache: one that is missing or
damaged is as if the extension had never been there, and comes back with its next greeting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from usher.cli.browser.sockets import INSTALL_ID
from usher.console.browsers import Family
from usher.core.errors import UsageError
from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import read_private, write_private

KEPT_SECONDS = 180 * 86_400.0
_VERSION = re.compile(r"[0-9A-Za-z.+_-]{1,40}")
_BASE_URL = {
    Family.FIREFOX: re.compile(r"moz-extension://[0-9a-f-]{36}/"),
    Family.CHROMIUM: re.compile(r"chrome-extension://[a-p]{32}/"),
}


@dataclass(frozen=True, slots=True)
class Install:
    """One browser profile's copy of the extension.

    `program` is the browser's own executable, empty where the system does not tell; `options` are the
    words of its command line that said which profile it uses. `seen` is when it last greeted, in Unix
    seconds. `jar` is the folder's name of a browser that is set apart for one session, None
    for a person's own.
    """

    id: str
    family: Family
    version: str
    base_url: str
    program: str = ""
    options: tuple[str, ...] = ()
    seen: float = 0.0
    jar: str | None = None

    @property
    def name(self) -> str:
        """What a person calls the browser: its program's name, else its family's."""
        return _name_of(self.program) or self.family.title()

    def is_of(self, browser: str) -> bool:
        """Whether it is in `browser`, which is one of the names that people choose from, or a path."""
        if not Path(browser).is_absolute():
            return self.name.lower() == browser
        return browser == self.program or _name_of(browser) == self.name

    def uses_profile(self, profile: str) -> bool:
        """Whether the browser was told to use that profile of its own."""
        return profile in self.options or f"--profile-directory={profile}" in self.options


def _name_of(program: str) -> str:
    return _NAMES.get(Path(program).name.lower(), Path(program).name)


_NAMES = {
    "firefox": "Firefox",
    "firefox-bin": "Firefox",
    "firefox-esr": "Firefox",
    "librewolf": "LibreWolf",
    "chromium": "Chromium",
    "chromium-browser": "Chromium",
    "google chrome": "Chrome",
    "chrome": "Chrome",
    "brave": "Brave",
    "brave browser": "Brave",
    "msedge": "Edge",
    "microsoft edge": "Edge",
    "vivaldi": "Vivaldi",
    "vivaldi-bin": "Vivaldi",
}


def new_install(install: str, family: str, version: str, base_url: str) -> Install:
    """What an extension says of itself, checked. Raises UsageError."""
    if not INSTALL_ID.fullmatch(install):
        raise UsageError("'install' is not 32 hexadecimal digits")
    if family not in {Family.FIREFOX, Family.CHROMIUM}:
        raise UsageError("'family' is neither firefox nor chromium")
    if not _VERSION.fullmatch(version):
        raise UsageError("'version' is no version")
    if not _BASE_URL[Family(family)].fullmatch(base_url):
        raise UsageError(f"'baseUrl' is no address of an extension of {family}")
    return Install(install, Family(family), version, base_url)


def read_installs(cache_dir: Path) -> list[Install]:
    """Every install, the one that was seen last first."""
    folder = _folder(cache_dir)
    files = folder.glob("*.json") if folder.is_dir() else ()
    found = [install for file in files if (install := _read(file)) is not None]
    return sorted(found, key=lambda install: install.seen, reverse=True)


def read_install(cache_dir: Path, install: str) -> Install | None:
    """One install; None when it never greeted."""
    return _read(_file(cache_dir, install)) if INSTALL_ID.fullmatch(install) else None


def write_install(cache_dir: Path, install: Install) -> None:
    """Remember the install, or what is new of it."""
    write_private(_file(cache_dir, install.id), json.dumps(asdict(install)).encode())


def forget_install(cache_dir: Path, install: str) -> None:
    """Forget the install; one that is not there is fine."""
    if INSTALL_ID.fullmatch(install):
        _file(cache_dir, install).unlink(missing_ok=True)


def forget_stale(cache_dir: Path, now: float) -> None:
    """Forget installs that were not seen for half a year, and those whose browser is gone."""
    for install in read_installs(cache_dir):
        gone = bool(install.program) and not Path(install.program).exists()
        if gone or now - install.seen > KEPT_SECONDS:
            forget_install(cache_dir, install.id)


def _folder(cache_dir: Path) -> Path:
    return cache_dir / "browsers"


def _file(cache_dir: Path, install: str) -> Path:
    return _folder(cache_dir) / f"{install}.json"


def _read(file: Path) -> Install | None:
    try:
        document = json.loads(read_private(file) or b"{}")
        install = _checked(document)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UsageError, UnsafePlaceError):
        return None
    return install if install.id == file.stem else None


def _checked(document: Mapping[str, object]) -> Install:
    options, jar = document["options"], document["jar"]
    if not isinstance(options, list) or not (jar is None or isinstance(jar, str)):
        raise ValueError("not a record of this version")
    return replace(
        new_install(*(_text(document, key) for key in ("id", "family", "version", "base_url"))),
        program=_text(document, "program"),
        options=tuple(map(str, options)),
        seen=float(str(document["seen"])),
        jar=jar,
    )


def _text(document: Mapping[str, object], key: str) -> str:
    value = document[key]
    if not isinstance(value, str):
        raise ValueError(f"'{key}' is not a text")
    return value
