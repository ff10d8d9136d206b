"""Which browser opens a page: the person's own, a named one, one of its profiles, or one set apart.

A browser set apart keeps its cookies in a folder of Usher's: what is signed in there is signed in
nowhere else. Chromium takes such a folder as `--user-data-dir`, Firefox as `--profile`; both hand the
address to a window that already has the folder open (Firefox on Linux asks for it on the session bus).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from usher.core.errors import NotFoundError, UsageError

OWN = "own"
"""The browser, or the browser's profile, that is set apart for one organization."""


class Family(StrEnum):
    """How a browser is told which profile to use."""

    CHROMIUM = "chromium"
    FIREFOX = "firefox"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class BrowserChoice:
    """`program` is a known name or a path; `profile` one of its profiles, or `own`."""

    program: str | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser of this machine."""

    path: Path
    family: Family


@dataclass(frozen=True, slots=True)
class _Known:
    family: Family
    programs: tuple[str, ...]
    places: tuple[str, ...] = ()


_KNOWN: Mapping[str, _Known] = {
    "firefox": _Known(
        Family.FIREFOX,
        ("firefox", "firefox-esr"),
        ("/Applications/Firefox.app/Contents/MacOS/firefox", "{PROGRAMFILES}/Mozilla Firefox/firefox.exe"),
    ),
    "librewolf": _Known(Family.FIREFOX, ("librewolf",)),
    "chromium": _Known(
        Family.CHROMIUM,
        ("chromium", "chromium-browser"),
        ("/Applications/Chromium.app/Contents/MacOS/Chromium",),
    ),
    "chrome": _Known(
        Family.CHROMIUM,
        ("google-chrome", "google-chrome-stable"),
        (
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "{PROGRAMFILES}/Google/Chrome/Application/chrome.exe",
            "{LOCALAPPDATA}/Google/Chrome/Application/chrome.exe",
        ),
    ),
    "brave": _Known(
        Family.CHROMIUM,
        ("brave-browser", "brave"),
        (
            "/Applications/Brave Browser.app/Contents/MacOS/Brave Browser",
            "{PROGRAMFILES}/BraveSoftware/Brave-Browser/Application/brave.exe",
        ),
    ),
    "edge": _Known(
        Family.CHROMIUM,
        ("microsoft-edge", "microsoft-edge-stable"),
        (
            "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
            "{PROGRAMFILES(X86)}/Microsoft/Edge/Application/msedge.exe",
        ),
    ),
    "vivaldi": _Known(
        Family.CHROMIUM,
        ("vivaldi", "vivaldi-stable"),
        ("/Applications/Vivaldi.app/Contents/MacOS/Vivaldi",),
    ),
}
_PROFILE_NAME = re.compile(r"[\w.@][\w.@ -]{0,79}")


def known_browsers() -> list[str]:
    """The names that a person may choose."""
    return list(_KNOWN)


def is_known(name: str) -> bool:
    """Whether `name` is one that a person may choose."""
    return name in _KNOWN


def chosen(program: str | None, profile: str | None) -> BrowserChoice:
    """A choice from what a person typed. Raises UsageError for a name that cannot be meant."""
    if program == OWN:
        if profile not in {None, OWN}:
            raise UsageError(
                "'--browser own' has a profile of its own", hint="name a browser, or leave --browser-profile"
            )
        return BrowserChoice(None, OWN)
    if program is not None and program not in _KNOWN and not Path(program).is_absolute():
        raise UsageError(
            f"'{program}' is no browser that usher knows",
            hint=f"one of: {', '.join([*_KNOWN, OWN])}; or the absolute path of one",
        )
    if profile is not None and not _PROFILE_NAME.fullmatch(profile):
        raise UsageError(f"{profile!r} cannot name a browser's profile")
    return BrowserChoice(program, profile)


def find_browser(choice: BrowserChoice, environ: Mapping[str, str]) -> Browser:
    """The browser of this machine that `choice` means. Raises NotFoundError or UsageError."""
    program = choice.program
    if program is not None and program not in _KNOWN:
        browser = Browser(Path(program), family_of(Path(program).name))
        if browser.family is Family.OTHER and choice.profile is not None:
            raise UsageError(
                f"usher does not know how {program} is told its profile",
                hint="its name should contain 'firefox' or 'chrom', or one of the known browsers' names",
            )
        return browser
    for name in [program] if program is not None else _KNOWN:
        path = _path_of(_KNOWN[name], environ)
        if path is not None:
            return Browser(path, _KNOWN[name].family)
    raise NotFoundError(
        f"{program or 'no browser that can be set apart'} is not installed here"
        if program
        else "no browser that can be set apart is installed here",
        hint=f"usher knows {', '.join(_KNOWN)}; --browser also takes an absolute path, or 'default'",
    )


def installed_browsers(environ: Mapping[str, str]) -> dict[str, Browser]:
    """The known browsers of this machine, by name."""
    found = {name: _path_of(known, environ) for name, known in _KNOWN.items()}
    return {name: Browser(path, _KNOWN[name].family) for name, path in found.items() if path is not None}


def family_of(program: str) -> Family:
    """The family that a program's name tells."""
    name = program.lower()
    for known in _KNOWN.values():
        if any(each in name for each in (*known.programs, known.family)):
            return known.family
    return Family.CHROMIUM if "chrom" in name else Family.OTHER


def known_name(program: str) -> str:
    """What usher calls the browser whose program has this path; the program's own name for others."""
    own = Path(program).stem.lower()
    return next((name for name in _KNOWN if name in own), own)


def folder_of_own(browser: Browser, data_dir: Path, home: Path, organization: str) -> Path:
    """The folder for an organization's own profile."""
    own = snap_folder(browser, home)
    return own / organization if own else data_dir / "browsers" / f"{organization}-{browser.family}"


def snap_folder(browser: Browser, home: Path) -> Path | None:
    """Our folder within a Snap's own, which is all that it may write to; None for other browsers."""
    if is_snap(browser.path):
        return home / "snap" / browser.path.name / "common" / "usher"
    return None


def is_snap(program: Path) -> bool:
    """Whether a program found on the PATH leads into a Snap; Ubuntu's `firefox` is a script that does."""
    real = program.resolve()
    if str(program).startswith("/snap/") or str(real).startswith("/snap/") or real.name == "snap":
        return True
    try:
        with real.open("rb") as file:
            beginning = file.read(4096)
    except OSError:
        return False
    return beginning.startswith(b"#!") and b"/snap/bin/" in beginning


def browser_command(browser: Browser, profile: str | None, own_folder: Path, url: str) -> list[str]:
    """The command that opens `url`; `own_folder` is used when the profile is `own`.

    Firefox looks for a running instance of the same profile by itself; `--no-remote` is gone since 2025
    (bug 1906260), and `--new-instance` refuses a profile that is open.
    """
    options: list[str] = []
    match browser.family:
        case Family.CHROMIUM:
            if profile == OWN:
                options = [f"--user-data-dir={own_folder}", "--no-first-run", "--no-default-browser-check"]
            elif profile is not None:
                options = [f"--profile-directory={profile}"]
        case Family.FIREFOX:
            if profile == OWN:
                options = ["--profile", str(own_folder)]
            elif profile is not None:
                options = ["-P", profile]
        case Family.OTHER:
            pass
    return [str(browser.path), *options, url]


def start_browser(command: list[str], environ: Mapping[str, str]) -> bool:
    """Start a browser that outlives us. False when it cannot be started."""
    quiet = subprocess.DEVNULL
    try:
        subprocess.Popen(
            command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True, env=dict(environ)
        )
    except OSError:
        return False
    return True


def forget_own_browser(folder: Path) -> bool:
    """Remove everything an own profile remembers. False when a browser has it open."""
    if folder_is_open(folder):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def folder_is_open(folder: Path) -> bool:
    """Whether a browser runs with this folder. Chromium on Windows has a file there for as long."""
    if (folder / "lockfile").exists():
        return True
    return any(_is_held(folder / lock) for lock in ("SingletonLock", "lock"))


def _is_held(lock: Path) -> bool:
    """Chromium and Firefox mark an open profile with a link whose target ends in their process id."""
    found = re.search(r"([0-9]+)$", str(lock.readlink())) if lock.is_symlink() else None
    if found is None:
        return False
    try:
        os.kill(int(found[1]), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _path_of(known: _Known, environ: Mapping[str, str]) -> Path | None:
    for program in known.programs:
        found = shutil.which(program, path=environ.get("PATH"))
        if found:
            return Path(found)
    for place in known.places:
        path = _expanded(place, lambda name: environ.get(name, ""))
        if path is not None and path.is_file():
            return path
    return None


def _expanded(place: str, value_of: Callable[[str], str]) -> Path | None:
    name = place[1 : place.index("}")] if place.startswith("{") else ""
    if not name:
        return Path(place)
    value = value_of(name)
    return Path(value + place[len(name) + 2 :]) if value else None
