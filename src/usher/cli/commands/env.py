"""Print a profile's credentials as variables, with every variable taken away that would win over them.

    eval "$(usher env mkdev-staging/AdministratorAccess)"
    usher env mkdev-staging/AdministratorAccess --format json | from json | get set | load-env    # nu
    usher env mkdev-staging/AdministratorAccess --format dotenv --output .env
    eval "$(usher env --clear)"

Keys in a shell's environment reach every program that it starts; 'usher use' and 'usher exec' do not
put them there. A file is written readable by you alone, and not where git would take it along.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
from pathlib import Path

from usher.cli.context import Context
from usher.cli.entering import chosen_profile, open_confirmed
from usher.cli.picker.actions import Action
from usher.cli.wire import open_session_rooms
from usher.core import machine
from usher.core.errors import ExitCode, UsageError
from usher.core.printable import printable
from usher.shell.changes import Changes, dotenv_text, json_text, shell_code
from usher.shell.quoting import Shell
from usher.shell.variables import all_gone, credential_changes

FORMATS = ("sh", "bash", "zsh", "fish", "powershell", "nu", "elvish", "cmd", "json", "dotenv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("profile", nargs="?", metavar="PROFILE", help="a profile of the AWS config file")
    parser.add_argument("--format", choices=FORMATS, default="sh", help="for which shell or reader (sh)")
    parser.add_argument("--region", metavar="REGION", help="use this region instead of the profile's")
    parser.add_argument("--clear", action="store_true", help="take every credential variable away")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write a file of your own (0600)")
    parser.add_argument(
        "--even-in-git", action="store_true", help="write the file although git would take it along"
    )
    parser.add_argument("--yes", action="store_true", help="enter a protected account without asking")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Print or write the variables."""
    if options.output is not None and not options.even_in_git:
        _refuse_in_git(options.output)
    text = _text(options.format, _wanted(options, context))
    if options.output is None:
        context.terminal.result(text)
    else:
        _write(options.output, text)
        context.terminal.say(f"written: {printable(str(options.output))}")
    return ExitCode.DONE


def _wanted(options: argparse.Namespace, context: Context) -> Changes:
    if options.clear:
        if options.profile is not None:
            raise UsageError("either a profile or --clear")
        return all_gone(context.environ)
    name = chosen_profile(context, options.profile, Action.ENV)
    opened, look = open_confirmed(context, open_session_rooms(context), name, yes=options.yes)
    return credential_changes(
        context.environ,
        opened.name,
        opened.credentials,
        options.region or opened.region,
        endpoint_url=opened.endpoint_url,
        look=look,
    )


def _text(format_name: str, wanted: Changes) -> str:
    if format_name == "json":
        return json.dumps(json.loads(json_text(wanted)), indent=1)
    if format_name == "dotenv":
        return dotenv_text(wanted.set)
    return shell_code(Shell(format_name), wanted)


def _write(path: Path, text: str) -> None:
    """Replace the file as a whole, readable by its owner alone from the first byte on."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise UsageError(f"{printable(str(path))} is not a plain file", hint="name another one")
    temporary = path.absolute().with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | machine.NO_FOLLOW | machine.NOT_INHERITED
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as file:
            machine.set_mode(file.fileno(), 0o600)  # whatever the umask
            file.write(text + "\n")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"cannot write {printable(str(path))}: {error.strerror}") from None


def _refuse_in_git(path: Path) -> None:
    """Keys must not come near a commit. Raises UsageError unless git ignores the file."""
    folder = path.absolute().parent
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return
    shown = printable(str(path))
    if _git(folder, "ls-files", "--error-unmatch", "--", path.name) == 0:
        raise UsageError(f"{shown} is in git, so the keys would be in the next commit", hint=_WHAT_TO_DO)
    if _git(folder, "check-ignore", "--quiet", "--", path.name) != 0:
        raise UsageError(f"git does not ignore {shown}, so the keys may get into a commit", hint=_WHAT_TO_DO)


_WHAT_TO_DO = "add it to .gitignore, name a file elsewhere, or say --even-in-git"


def _git(folder: Path, *arguments: str) -> int:
    """Git's exit code; not 0 where git is not installed."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return 1
    return done.returncode
