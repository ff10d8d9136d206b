"""Browsers set apart, one for each account and role: a Chromium keeps its data in folders of Usher's own.

What is signed in there is signed in nowhere else, so that any number of accounts are open side by side. A
jar is made before its browser starts first, and while it runs nothing in the browser's folder is touched.

    jars/production-ReadOnlyAccess-1f0c6ad2b1e94a7d0c35/
        session.json     who it is and when it ends
        usher-host       starts our native host for the extension in it
        browser/         the browser's own
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from usher.console.browsers import Browser, folder_is_open, snap_folder
from usher.console.jar_looks import (
    first_bookmarks,
    first_preferences,
    look_preferences,
    renewed_bookmarks,
)
from usher.console.sealed_links import ConsoleSession, session_from_wire
from usher.core.errors import UsageError, UsherError
from usher.session.locks import exclusive
from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import make_private_folder, read_private, write_private

JAR_VARIABLE = "USHER_JAR"
"""How a jar's launcher tells our native host which jar it is in."""

_LONGEST_SLUG = 60
_CACHE_BYTES = 64 * 1024 * 1024
_UNLIKE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_DIGITS = 20
"""As many as nobody finds two sessions for that share them: organizations choose their roles' names."""
_FOLDER_NAME = re.compile(rf"[A-Za-z0-9._-]*-[0-9a-f]{{{_DIGITS}}}")
_UNFINISHED = re.compile(rf"\.[A-Za-z0-9._-]*-[0-9a-f]{{{_DIGITS}}}\.[0-9a-f]{{16}}")
# These load an extension that a command line names; Chrome does not since its version 137.
_TAKE_EXTENSIONS = frozenset({"chromium", "brave", "vivaldi", "edge"})


@dataclass(frozen=True, slots=True)
class Jar:
    """One session's browser. `kind` is the browser's known name: each keeps its data in its own way."""

    folder: Path
    kind: str
    session: ConsoleSession

    @property
    def id(self) -> str:
        """What the extension in it is known by among others."""
        return self.folder.name

    @property
    def browser_folder(self) -> Path:
        """What the browser is given as `--user-data-dir`."""
        return self.folder / "browser"

    @property
    def is_open(self) -> bool:
        """Whether the browser runs in it."""
        return folder_is_open(self.browser_folder)

    @property
    def takes_extension(self) -> bool:
        """Whether the browser can be told on its command line to load the extension."""
        return self.kind in _TAKE_EXTENSIONS


@dataclass(frozen=True, slots=True)
class KeptJar:
    """A jar as it lies there: `used` is when it was opened last, in Unix seconds."""

    jar: Jar
    size: int
    used: float


def jars_folder(browser: Browser | None, data_dir: Path, home: Path) -> Path:
    """Where jars are kept. Snaps may only write below their own folder."""
    own = snap_folder(browser, home) if browser else None
    return (own or data_dir.absolute()) / "jars"


def all_roots(data_dir: Path, home: Path) -> list[Path]:
    """Every folder that may hold jars, those of Snaps too."""
    return [jars_folder(None, data_dir, home), *sorted((home / "snap").glob("*/common/usher/jars"))]


def jar_of(root: Path, kind: str, session: ConsoleSession) -> Jar:
    """The jar of a session: always the same folder for the same account, role, organization and browser."""
    told = f"{session.account_name or session.account_id}-{session.role}"
    slug = _UNLIKE_NAME.sub("-", told).strip("-.")[:_LONGEST_SLUG]
    digest = hashlib.sha256(f"{kind}\n{session.key}".encode()).hexdigest()[:_DIGITS]
    found = next(root.glob(f"*-{digest}"), None) if root.is_dir() else None
    return Jar(found or root / f"{slug}-{digest}", kind, session)


@contextmanager
def preparing(jar: Jar) -> Iterator[None]:
    """While the block runs nobody else makes, changes or removes a jar beside this one."""
    make_private_folder(jar.folder.parent)
    with exclusive(jar.folder.parent / ".lock"):
        _clear_unfinished(jar.folder.parent)
        yield


def prepare_jar(jar: Jar, name: str, home: str, put_host: Callable[[Path, Path], None]) -> bool:
    """Make the jar, or bring it up to date. True when it is new.

    `name` is shown for it, `home` is the console's first page. `put_host` is given the jar's folder and
    that of native-messaging manifests, and writes launcher and manifest. Call it within `preparing`.
    """
    shown, wanted = _shown(jar.folder), _looks(jar.session)
    if jar.is_open:  # nothing of it is touched: what is new is shown after its next start
        _remember(jar, shown)
        return False
    is_new = read_jar(jar.folder) is None or not jar.browser_folder.is_dir()
    if is_new:
        _make(jar, name, home)
    elif shown != wanted:
        _repaint(jar, name, home)
    put_host(jar.folder, jar.browser_folder / "NativeMessagingHosts")
    _remember(jar, wanted)
    return is_new


def read_jar(folder: Path) -> Jar | None:
    """The jar in `folder`; None when there is none, or nothing that can be read."""
    try:
        document = json.loads(read_private(_session_file(folder)) or b"null")
        return Jar(folder, str(document["browser"]), session_from_wire(document["session"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UnsafePlaceError):
        return None


def kept_jars(roots: Sequence[Path]) -> list[KeptJar]:
    """Every jar, the one that was used last first."""
    found = [
        KeptJar(jar, _size(folder), _session_file(folder).stat().st_mtime)
        for root in roots
        if root.is_dir()
        for folder in root.iterdir()
        if _FOLDER_NAME.fullmatch(folder.name) and (jar := read_jar(folder)) is not None
    ]
    return sorted(found, key=lambda kept: kept.used, reverse=True)


def remove_jar(jar: Jar) -> None:
    """Remove a jar with all that is signed in there. Raises UsageError while its browser runs."""
    with preparing(jar):
        if jar.is_open:
            raise UsageError(
                f"the browser of {jar.session.profile} is open", hint="close its windows, then run it again"
            )
        away = jar.folder.with_name(f".{jar.folder.name}.{secrets.token_hex(8)}")
        try:
            jar.folder.rename(away)
            shutil.rmtree(away)
        except OSError as error:
            raise UsherError(f"cannot remove {error.filename or jar.folder}: {error.strerror}") from None


def jar_command(browser: Browser, jar: Jar, extension: Path | None, name: str, url: str) -> list[str]:
    """The command that opens `url` in the jar; one that runs already takes it over.

    `extension` is the unpacked extension, None without one.
    """
    options = [
        f"--user-data-dir={jar.browser_folder}",
        "--no-first-run",
        "--no-default-browser-check",
        f"--disk-cache-size={_CACHE_BYTES}",
        f"--window-name={name}",
    ]
    if extension is not None and jar.takes_extension:
        options.append(f"--load-extension={extension}")
    return [str(browser.path), *options, url]


def _clear_unfinished(root: Path) -> None:
    """Remove what a killed process left of a jar that it made or removed: somebody may be signed in there."""
    for folder in root.iterdir():
        if _UNFINISHED.fullmatch(folder.name) and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def _make(jar: Jar, name: str, home: str) -> None:
    """The whole folder at once: a jar that was interrupted half-way is none."""
    draft = jar.folder.with_name(f".{jar.folder.name}.{secrets.token_hex(8)}")
    profile = draft / "browser" / "Default"
    make_private_folder(profile)
    make_private_folder(draft / "browser" / "NativeMessagingHosts")
    _write_json(profile / "Preferences", first_preferences(name, jar.session.colour))
    _write_json(profile / "Bookmarks", first_bookmarks(jar.session, home))
    shutil.rmtree(jar.folder, ignore_errors=True)  # what is left of one that cannot be read
    draft.rename(jar.folder)


def _repaint(jar: Jar, name: str, home: str) -> None:
    """Show what is new of the session: the colour, the profile's name, the names on the bookmarks bar."""
    profile = jar.browser_folder / "Default"
    if (preferences := _read_json(profile / "Preferences")) is not None:
        _write_json(profile / "Preferences", look_preferences(preferences, name, jar.session.colour))
    if (bookmarks := _read_json(profile / "Bookmarks")) is not None:
        renewed = renewed_bookmarks(bookmarks, jar.session, home)
        if renewed is not None:
            _write_json(profile / "Bookmarks", renewed)


def _read_json(path: Path) -> dict[str, object] | None:
    """The file's object; None for what cannot be read, which is the browser's to mend."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _remember(jar: Jar, shown: list[str]) -> None:
    """Write who lives in the jar and until when, which the extension in it is told, and what is shown."""
    document = {"browser": jar.kind, "session": jar.session.wire(), "shown": shown}
    write_private(_session_file(jar.folder), json.dumps(document).encode())


def _looks(session: ConsoleSession) -> list[str]:
    return [session.colour or "", session.label, session.account_name, session.role]


def _shown(folder: Path) -> list[str]:
    """What the jar's window was made to show last; nothing where that is not known."""
    try:
        shown = json.loads(read_private(_session_file(folder)) or b"{}")["shown"]
    except (ValueError, TypeError, KeyError, RecursionError, UnsafePlaceError):
        return []
    return [str(each) for each in shown] if isinstance(shown, list) else []


def _write_json(path: Path, document: object) -> None:
    write_private(path, json.dumps(document, ensure_ascii=False).encode())


def _session_file(folder: Path) -> Path:
    return folder / "session.json"


def _size(folder: Path) -> int:
    """The bytes below `folder`; what vanishes meanwhile counts nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 -- thousands of files
            except OSError:
                continue
    return total
