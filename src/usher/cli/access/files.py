"""From the path of an access file or folder to its values, with its mistakes told in words or as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from usher.access.diagnostics import AccessFileError
from usher.access.load import load_access_files
from usher.access.model import AccessFile
from usher.cli.access.options import DEFAULT_FILE
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.cli.text.diagnostics import diagnostics_document, say_diagnostics
from usher.core.errors import ExitCode, NotFoundError, UsageError


def read_access_file(name: str) -> AccessFile:
    """The access file called `name`, or the folder of them. Raises AccessFileError with all its mistakes."""
    return load_access_files(read_texts(name), name)


def read_texts(name: str) -> dict[str, str]:
    """The texts of the access file called `name`, or of all files in the folder, by their paths."""
    path = Path(name)
    if not path.is_dir():
        return {name: _read_text(name)}
    names = sorted(str(each) for each in path.iterdir() if _is_access_file(each))
    if not names:
        raise NotFoundError(
            f"there is no access file in the folder '{printable(name)}'",
            hint="its files are called *.yaml or *.yml",
        )
    return {each: _read_text(each) for each in names}


def say_mistakes(error: AccessFileError, context: Context, *, as_json: bool) -> ExitCode:
    """Show what is wrong with the file."""
    if as_json:
        document = diagnostics_document(error.diagnostics, error.exit_code)
        context.terminal.result(json.dumps(document))
    say_diagnostics(error.diagnostics, context.terminal)
    return error.exit_code


def _is_access_file(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml") and not path.name.startswith(".") and path.is_file()


def _read_text(name: str) -> str:
    try:
        return Path(name).read_text("utf-8", errors="surrogateescape")
    except FileNotFoundError:
        hint = ""
        if name == DEFAULT_FILE:
            hint = (
                f"name the access file: usher access plan {'access/' if Path('access').is_dir() else 'FILE'}"
            )
        raise NotFoundError(f"there is no file '{printable(name)}' here", hint=hint) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise UsageError(f"'{printable(name)}' cannot be read: {reason}") from None
