"""Handing the extension over: the packages that come with `usher`, below the data folder, at paths that stay.

Chromium loads the extension from an unpacked folder and keeps to that folder's path, so the path has no
version in it: a new version takes the old one's place as a whole, and the browser has it at its next start.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

from usher.cli.browser.manifests import State
from usher.cli.context import Context
from usher.console.browsers import Family
from usher.core.errors import NotFoundError, UsherError
from usher.session.locks import exclusive
from usher.session.vault.files import make_private_folder, write_private

_FILES = {Family.FIREFOX: "usher-firefox.xpi", Family.CHROMIUM: "usher-chromium.zip"}
_LARGEST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Package:
    """The extension for one family: its version, its files by name, and the package's own bytes."""

    family: Family
    version: str
    content: bytes
    members: dict[str, bytes]


def read_package(family: Family) -> Package:
    """The package that came with this `usher`. Raises NotFoundError when it was built without."""
    try:
        content = (files("usher.console") / "packages" / _FILES[family]).read_bytes()
    except OSError:
        raise NotFoundError(
            f"this usher came without the extension for {family}",
            hint="in a checkout: make extension; otherwise install usher-aws again",
        ) from None
    return package_of(family, content)


def package_of(family: Family, content: bytes) -> Package:
    """What is in a package. Raises UsherError for one that is damaged, or leads out of its folder."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = [each for each in archive.infolist() if not each.is_dir()]
            if sum(each.file_size for each in listed) > _LARGEST_BYTES:
                raise UsherError(f"the extension for {family} is larger than it can be")
            members = {_safe(each.filename): archive.read(each) for each in listed}
        version = str(json.loads(members["manifest.json"])["version"])
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError):
        raise UsherError(f"the extension for {family} is damaged", hint="install usher-aws again") from None
    return Package(family, version, content, members)


def handed_over(context: Context, family: Family) -> Path:
    """Where a person finds the extension: a folder to load for Chromium, a file to install for Firefox."""
    folder = context.data_dir.absolute() / "extension"
    return folder / ("chromium" if family is Family.CHROMIUM else _FILES[Family.FIREFOX])


def handed_over_version(context: Context, family: Family) -> str | None:
    """The version that lies there; None when there is none, or it is damaged."""
    place = handed_over(context, family)
    try:
        if family is Family.CHROMIUM:
            return str(json.loads((place / "manifest.json").read_bytes())["version"])
        return package_of(family, place.read_bytes()).version
    except (OSError, ValueError, KeyError, TypeError, UsherError):
        return None


def package_state(context: Context, package: Package) -> State:
    """How what lies there differs from the package."""
    place = handed_over(context, package.family)
    if not place.exists():
        return State.NEW
    if package.family is Family.FIREFOX:
        return State.SAME if place.read_bytes() == package.content else State.CHANGED
    found = {
        path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()
    }
    return State.SAME if found == package.members else State.CHANGED


def hand_over_package(context: Context, package: Package) -> None:
    """Put the package in its place, as a whole. Raises UsherError."""
    place = handed_over(context, package.family)
    make_private_folder(place.parent)
    draft = place.with_name(f".{place.name}.{os.urandom(8).hex()}")
    with exclusive(place.parent / ".lock"):
        try:
            if package.family is Family.FIREFOX:
                write_private(draft, package.content)
            else:
                _unpack(package, draft)
            _take_the_place(draft, place)
        except OSError as error:
            raise UsherError(
                f"cannot put the extension into {place}: {error.strerror}", hint="check space and owner"
            ) from None
        finally:
            _remove(draft)


def take_back_packages(context: Context) -> None:
    """Remove what was handed over."""
    _remove(handed_over(context, Family.FIREFOX).parent)


def _unpack(package: Package, folder: Path) -> None:
    make_private_folder(folder)
    for name, content in package.members.items():
        write_private(folder / name, content)


def _take_the_place(draft: Path, place: Path) -> None:
    """A file is replaced at once. A folder cannot be: the old one is moved away, and back if need be."""
    if not place.is_dir():
        draft.replace(place)
        return
    old = place.with_name(f".{place.name}.old")
    _remove(old)
    place.rename(old)
    try:
        draft.rename(place)
    except OSError:
        old.rename(place)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _safe(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise UsherError(f"the extension's package names {name!r}, outside its folder")
    return name
