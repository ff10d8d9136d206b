"""Find the mistakes in access files, without the network.

usher access check
usher access check access/
usher access check commercial/ govcloud/ china.yaml --json

A folder is one access file in several parts. Several names are several organizations.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from usher.access.diagnostics import AccessFileError, Diagnostic
from usher.access.model import AccessFile
from usher.access.reviews import warnings_at
from usher.cli.access.files import read_access_file
from usher.cli.access.options import DEFAULT_FILE, add_json_argument
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.cli.text.diagnostics import diagnostic_documents, say_warnings
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument(
        "files", nargs="*", default=[DEFAULT_FILE], metavar="FILE", help="access files, or folders of them"
    )
    add_json_argument(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Say what each file holds; the mistakes of all leave together as AccessFileError."""
    files: list[AccessFile] = []
    mistakes: list[Diagnostic] = []
    for name in options.files:
        try:
            files.append(read_access_file(name))
        except AccessFileError as error:
            mistakes += error.diagnostics
    if mistakes:
        raise AccessFileError(mistakes)
    now = datetime.now(UTC)
    documents = []
    for file in files:
        warnings = warnings_at(file, now)
        if not options.json:
            say_warnings(warnings, context.terminal)
            context.terminal.result(f"{printable(file.name)} has no mistakes: {_counts_in_words(file)}")
        documents.append(
            {
                "file": file.name,
                "mistakes": 0,
                **_counts(file),
                "organization": file.organization.name if file.organization else "",
                "discovers": file.discovers,
                "warnings": diagnostic_documents(warnings),
            }
        )
    if options.json:
        context.terminal.result(json.dumps(documents[0] if len(documents) == 1 else {"files": documents}))
    return ExitCode.DONE


def _counts(file: AccessFile) -> dict[str, int]:
    return {
        "accounts": len(file.accounts),
        "users": len(file.users) + len(file.external_users),
        "groups": len(file.groups) + len(file.external_groups),
        "permission_sets": len(file.permission_sets),
        "roles": len(file.roles),
        "rules": len(file.rules),
        "tests": len(file.tests),
        "separations": len(file.separations),
    }


def _counts_in_words(file: AccessFile) -> str:
    counts = _counts(file)
    always = ("accounts", "users", "groups", "permission_sets", "rules")
    words = [f"{count} {what.replace('_', ' ')}" for what, count in counts.items() if count or what in always]
    if file.discovers:
        words[0] = "all accounts of the organization"
    return ", ".join(words)
