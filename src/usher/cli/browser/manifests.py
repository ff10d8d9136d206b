"""What a browser needs to start our native host: one launcher, and a manifest wherever it looks for one.

The launcher names this very installation and the folders it was set up with, because a browser that a
desktop starts has none of the shell's variables. What is written is a value first (`Put`, `Register`):
`--dry-run` shows it, the set-up carries it out, the doctor compares it with what is there.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from usher.cli.browser import registry_windows
from usher.cli.context import Context, usher_command
from usher.console.browsers import Family
from usher.console.jars import JAR_VARIABLE
from usher.console.launchers import launcher_name, launcher_text
from usher.console.native_hosts import (
    MANIFEST,
    Surroundings,
    System,
    family_of_known,
    manifest_of,
    manifests_to_write,
    registry_keys,
)
from usher.core import machine
from usher.core.errors import UsherError
from usher.session.vault.files import make_private_folder

# What decides which folders, AWS files and vault an `usher` uses. No secret is among them, and nothing of the
# shell's moment (AWS_PROFILE, keys): the extension names the profile that it wants.
KEPT_VARIABLES = (
    "USHER_HOME",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "USHER_VAULT",
    "USHER_VAULT_IDENTITY",
)
_PRIVATE, _PROGRAM = 0o600, 0o700


class State(StrEnum):
    """How what is there differs from what is wanted."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Put:
    """A file as it is wanted. `browser` is whose it is, empty for one that serves all."""

    path: Path
    content: bytes
    mode: int
    browser: str = ""

    def state(self) -> State:
        """How the file that is there differs."""
        try:
            same = self.path.read_bytes() == self.content and not self._lacks_rights()
        except FileNotFoundError:
            return State.NEW
        except OSError:
            return State.CHANGED
        return State.SAME if same else State.CHANGED

    def _lacks_rights(self) -> bool:
        if self.mode == _PROGRAM:
            return is_open_to_others(self.path) or not os.access(self.path, os.X_OK)
        return machine.others_may(self.path.stat(), 0o077) or not os.access(self.path, os.R_OK)


@dataclass(frozen=True, slots=True)
class Register:
    """A key below HKEY_CURRENT_USER whose default value is a manifest's path, on Windows."""

    key: str
    value: str
    browser: str

    def state(self) -> State:
        """How the value that is there differs."""
        found = registry_windows.read(self.key)
        if found is None:
            return State.NEW
        return State.SAME if found == self.value else State.CHANGED


def is_open_to_others(path: Path) -> bool:
    """Whether other users may do anything with the file, or change what is in its folder."""
    try:
        return machine.others_may(path.stat(), 0o077) or machine.others_may(path.parent.stat(), 0o022)
    except OSError:
        return False


def surroundings_of(context: Context) -> Surroundings:
    """Where this person's browsers keep their files."""
    environ, home = context.environ, context.home
    system = System(sys.platform) if sys.platform in set(System) else System.LINUX
    return Surroundings(
        system,
        home,
        Path(environ.get("XDG_CONFIG_HOME") or home / ".config"),
        Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local"),
    )


def launcher_path(context: Context) -> Path:
    """The one program that every manifest names."""
    return context.data_dir.absolute() / "browser" / launcher_name(surroundings_of(context).system)


def wanted_launcher(context: Context) -> Put:
    """The launcher of this installation. Raises UsherError when its own command is not found."""
    return Put(launcher_path(context), _launcher(context, {}), _PROGRAM)


def wanted_jar_host(context: Context, jar: Path, manifests: Path) -> list[Put]:
    """The launcher and the manifest of a browser that is set apart in `jar`: its host is told that it is."""
    launcher = jar / launcher_name(surroundings_of(context).system)
    return [
        Put(launcher, _launcher(context, {JAR_VARIABLE: str(jar)}), _PROGRAM),
        Put(manifests / MANIFEST, manifest_bytes(Family.CHROMIUM, launcher), _PRIVATE),
    ]


def _launcher(context: Context, more: Mapping[str, str]) -> bytes:
    given = {name: context.environ[name] for name in KEPT_VARIABLES if context.environ.get(name)}
    kept = {name: _from_anywhere(name, value) for name, value in given.items()}
    system = surroundings_of(context).system
    # Said in every launcher: a browser that a jar's host starts hands the jar's variable on to its own host.
    told = {**kept, JAR_VARIABLE: "", **more}
    return os.fsencode(launcher_text(system, _lasting_command(context, system), told))


def starts_the_same(launcher: Put) -> bool:
    """Whether the launcher that is there starts the same command, with whatever variables."""
    try:
        there = launcher.path.read_bytes()
    except OSError:
        return False
    return there.splitlines()[-1:] == launcher.content.splitlines()[-1:]


def wanted_manifests(context: Context, browsers: Iterable[str]) -> list[Put | Register]:
    """The manifests of these browsers, and on Windows the keys that lead there."""
    where, launcher = surroundings_of(context), launcher_path(context)
    wanted: list[Put | Register] = []
    for browser in browsers:
        family = family_of_known(browser)
        content = manifest_bytes(family, launcher)
        if where.system is System.WINDOWS:
            path = launcher.with_name(f"{family}.json")
            wanted.append(Put(path, content, _PRIVATE, browser))
            wanted += [Register(key, str(path), browser) for key in registry_keys(browser)]
        else:
            wanted += [Put(path, content, _PRIVATE, browser) for path in manifests_to_write(browser, where)]
    return wanted


def manifest_bytes(family: Family, launcher: Path) -> bytes:
    """A manifest as it is written; for the folder of a browser set apart too."""
    return json.dumps(manifest_of(family, launcher), indent=2).encode() + b"\n"


def manifest_launcher(path: Path) -> Path | None:
    """The program that a manifest names; None for what is no manifest."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    named = document.get("path") if isinstance(document, dict) else None
    return Path(named) if isinstance(named, str) else None


def manifest_problem(path: Path, family: Family, launcher: Path) -> str:
    """What is wrong with a manifest that should lead to `launcher`; empty when nothing is."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return "is not there"
    except (OSError, ValueError, RecursionError):
        return "cannot be read"
    leads_to = manifest_launcher(path)
    if leads_to != launcher:
        return f"leads to {leads_to}" if leads_to else "names no program"
    wanted = manifest_of(family, launcher)
    if any(found.get(key) != wanted[key] for key in wanted if key != "description"):
        return "lets another extension in, or not ours"
    return ""


def carry_out(wanted: Put | Register) -> None:
    """Make it so, as a whole or not at all. Raises UsherError."""
    if isinstance(wanted, Register):
        registry_windows.write(wanted.key, wanted.value)
        return
    if wanted.mode == _PROGRAM:
        make_private_folder(wanted.path.parent)
    else:  # the browsers' folders are theirs: their rights stay, and a link that stands for one is followed
        _make_folder(wanted.path.parent)
    draft = wanted.path.with_name(f".{wanted.path.name}.{os.urandom(8).hex()}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | machine.NO_FOLLOW | machine.NOT_INHERITED
        with os.fdopen(os.open(draft, flags, wanted.mode), "wb") as file:
            machine.set_mode(file.fileno(), wanted.mode)
            file.write(wanted.content)
            file.flush()
            os.fsync(file.fileno())
        machine.replace(draft, wanted.path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsherError(
            f"cannot write {wanted.path}: {error.strerror}", hint="check the folder's owner and the space"
        ) from None


def _from_anywhere(name: str, value: str) -> str:
    """A path that holds in whatever folder the browser runs; `~` is read by `usher` itself."""
    return value if name == "USHER_VAULT" or value.startswith("~") else str(Path(value).absolute())


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if folder.parent.is_dir():
        make_private_folder(folder)
    else:
        _make_folder(folder.parent)
        _make_folder(folder)


def _lasting_command(context: Context, system: System) -> list[str]:
    """The `usher` to start: a link on the PATH that leads to this one outlives upgrades that move it.

    Windows runs no script by its first line; `-P` keeps the folder it is started in off Python's path.
    """
    if system is System.WINDOWS:
        return [sys.executable, "-P", "-m", "usher"]
    own = usher_command(context)
    found = shutil.which("usher", path=context.environ.get("PATH"))
    if found and Path(found).is_absolute() and Path(found).resolve() == Path(own[0]).resolve():
        return [found]
    return own
