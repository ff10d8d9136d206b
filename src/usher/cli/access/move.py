"""Move a rule from a permission set to an IAM role of your own, or back; its comments stay.

usher access move access.yaml:42 --to role teams/web/Deployer
usher access move access/shop.yaml:12 --to permission-set Builder
usher access move access.yaml:42 --to role Deployer --trust-policy APPLICATION_ARN > trust.json

The place is where the rule stands: FILE:LINE, as 'usher access why' shows it. The next plan makes the new
access before it takes the old away. With --trust-policy, the trust policy that the role needs is printed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from usher.access.move import move_rule, trust_policy
from usher.cli.access.files import read_texts
from usher.cli.access.writing import write_files
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode, NotFoundError, UsageError

_KINDS = {"role": "role", "permission-set": "permission_set"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("place", metavar="FILE:LINE", help="where the rule stands")
    parser.add_argument(
        "--to", nargs=2, required=True, metavar=("KIND", "NAME"), help="role NAME, or permission-set NAME"
    )
    parser.add_argument("--folder", default="", metavar="FOLDER", help="the other files that belong to FILE")
    parser.add_argument(
        "--trust-policy",
        default="",
        metavar="APPLICATION_ARN",
        help="print what the role must trust for this application of AWS Account Access Manager",
    )


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Edit the file, and say what else is needed."""
    kind = _KINDS.get(options.to[0])
    if kind is None:
        raise UsageError(
            f"a rule cannot move to a '{printable(options.to[0])}'",
            hint="--to role NAME, or --to permission-set NAME",
        )
    policy = _trust_policy(options.trust_policy)
    file, line = _place(options.place)
    folder = options.folder or _folder_of(file)
    texts = read_texts(folder or file)
    if file not in texts:
        raise NotFoundError(f"'{printable(file)}' is not among the access files of '{printable(folder)}'")
    # As it is on disk: its line ends stay too.
    texts[file] = Path(file).read_bytes().decode("utf-8", errors="surrogateescape")
    moved = move_rule(texts, file, line, kind, options.to[1])
    path = Path(file)
    write_files(path.parent, {path.name: moved.files[file]})
    terminal = context.terminal
    terminal.say(f"{printable(options.place)}: {printable(moved.before)} -> {printable(moved.after)}")
    if kind == "role":
        terminal.say(
            "the role has to exist in each of the rule's accounts, and to trust AWS Account Access Manager"
        )
        if policy is None:
            terminal.say(
                "--trust-policy APPLICATION_ARN prints that trust (aws account-access list-applications)"
            )
    if policy is not None:
        terminal.result(json.dumps(policy, indent=2))
    terminal.say(f"next: usher access plan {printable(folder or file)}")
    return ExitCode.DONE


def _trust_policy(application_arn: str) -> dict[str, object] | None:
    if not application_arn:
        return None
    try:
        return trust_policy(application_arn)
    except ValueError as error:
        raise UsageError(str(error), hint="aws account-access list-applications shows it") from None


def _place(text: str) -> tuple[str, int]:
    """File and line of `FILE:LINE` or `FILE:LINE:COLUMN`."""
    parts = text.split(":")
    if len(parts) >= 3 and parts[-1].isascii() and parts[-1].isdigit() and parts[-2].isdigit():
        parts = parts[:-1]
    file, line = ":".join(parts[:-1]), parts[-1]
    if not file or not line.isascii() or not line.isdigit() or len(line) > 9:
        raise UsageError(
            f"'{printable(text)}' is not a place", hint="write FILE:LINE, for example access.yaml:42"
        )
    return file, int(line)


def _folder_of(file: str) -> str:
    """The folder that `file` is a part of; empty for a file on its own."""
    parent = Path(file).parent
    together = [each for each in parent.glob("*.y*ml") if each.is_file()]
    return str(parent) if str(parent) != "." and len(together) > 1 else ""
