"""Trust a folder's .usher file as it is now, so that shells follow it. A change needs trust again.

usher trust                     the nearest .usher file, here or above
usher trust ~/work/shop
usher trust --revoke ~/work/shop
usher trust --list
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from usher.cli.context import Context
from usher.cli.folders import BoundFolder, change_trust, find_folder_file, read_bound_folder, read_trusted
from usher.core.errors import ExitCode, NotFoundError, UsageError
from usher.core.printable import printable
from usher.shell.folder import FILE_NAME


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("path", nargs="?", type=Path, metavar="PATH", help="a .usher file or its folder")
    parser.add_argument("--revoke", action="store_true", help="trust it no longer")
    parser.add_argument("--list", action="store_true", help="what is trusted")
    parser.add_argument("--json", action="store_true", help="with --list: one JSON document")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Change what is trusted, or list it."""
    if options.list:
        _list(context, as_json=options.json)
    elif options.revoke:
        _revoke(context, options.path)
    else:
        _trust(context, options.path)
    return ExitCode.DONE


def _trust(context: Context, path: Path | None) -> None:
    folder = read_bound_folder(context, _file(context, path))
    says = folder.says()
    change_trust(context, {str(folder.path): folder.hash})
    context.terminal.say(f"trusted: {printable(str(folder.path))}")
    context.terminal.say(f"  profile       {printable(says.profile)}")
    if says.organization:
        context.terminal.say(f"  organization  {printable(says.organization)}")
    if says.region:
        context.terminal.say(f"  region        {says.region}")


def _revoke(context: Context, path: Path | None) -> None:
    place = str(_file(context, path, must_exist=False).resolve())
    if place not in read_trusted(context):
        raise NotFoundError(f"{printable(place)} is not trusted", hint="'usher trust --list' shows what is")
    change_trust(context, {place: None})
    context.terminal.say(f"no longer trusted: {printable(place)}")


def _list(context: Context, *, as_json: bool) -> None:
    found = [(path, _state(context, path)) for path in read_trusted(context)]
    if as_json:
        context.terminal.result(json.dumps([{"path": path, "state": state} for path, state in found]))
        return
    for path, state in found:
        context.terminal.result(f"{state:<8}  {printable(path)}")


def _state(context: Context, path: str) -> str:
    try:
        return "trusted" if _read(context, path).trusted else "changed"
    except NotFoundError:
        return "gone"


def _read(context: Context, path: str) -> BoundFolder:
    return read_bound_folder(context, Path(path))


def _file(context: Context, path: Path | None, *, must_exist: bool = True) -> Path:
    if path is None:
        found = find_folder_file(context, Path.cwd())
        if found is None:
            raise NotFoundError("no .usher file here or above", hint='write one: profile = "NAME"')
        return found
    file = path / FILE_NAME if path.is_dir() else path
    if file.name != FILE_NAME:
        raise UsageError(f"{printable(str(path))} is not named {FILE_NAME}")
    if must_exist and not file.is_file():
        raise NotFoundError(f"there is no {printable(str(file))}", hint='write one: profile = "NAME"')
    return file
