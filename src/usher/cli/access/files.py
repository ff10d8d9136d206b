"""From an access file's path to its values, with its mistakes told in words or as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from usher.access.diagnostics import AccessFileError
from usher.access.load import load_access_file
from usher.access.model import AccessFile
from usher.cli.access.options import DEFAULT_FILE
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.cli.text.diagnostics import diagnostics_document, say_diagnostics
from usher.core.errors import ExitCode, NotFoundError, UsageError


def read_access_file(name: str) -> AccessFile:
    """The access file called `name`. Raises AccessFileError with all its mistakes."""
    return load_access_file(_read_text(name), name)


def say_mistakes(error: AccessFileError, context: Context, *, as_json: bool) -> ExitCode:
    """Show what is wrong with the file."""
    if as_json:
        document = diagnostics_document(error.diagnostics, error.exit_code)
        context.terminal.result(json.dumps(document))
    say_diagnostics(error.diagnostics, context.terminal)
    return error.exit_code


def _read_text(name: str) -> str:
    try:
        return Path(name).read_text("utf-8", errors="surrogateescape")
    except FileNotFoundError:
        hint = "name the access file: usher access plan FILE" if name == DEFAULT_FILE else ""
        raise NotFoundError(f"there is no file '{printable(name)}' here", hint=hint) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise UsageError(f"'{printable(name)}' cannot be read: {reason}") from None
