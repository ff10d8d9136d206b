"""Write what the access file asks for as Terraform or CloudFormation, for those who stay there.

usher access export --to terraform --out infrastructure/
usher access export access/ --to cloudformation --out templates/

What exists already is imported, not made again: by import blocks for Terraform, by *.import.json for
CloudFormation's import change sets. Written over an earlier export, CloudFormation resources stay in the
stacks they are in.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from usher.cli.access.comparing import open_rooms
from usher.cli.access.files import read_access_file
from usher.cli.access.options import add_aws_arguments, add_file_argument, add_json_argument
from usher.cli.access.writing import check_free, write_files
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode

_TERRAFORM, _CLOUDFORMATION = "terraform", "cloudformation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_file_argument(parser)
    parser.add_argument("--to", required=True, choices=(_TERRAFORM, _CLOUDFORMATION), help="what to write")
    parser.add_argument("--out", default="", metavar="FOLDER", help="where the files go (named after --to)")
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")
    add_json_argument(parser)
    add_aws_arguments(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Read, resolve, write."""
    from usher.apply.cost import Strategy
    from usher.cli.wire_access import compare
    from usher.report.cloudformation import to_cloudformation
    from usher.report.terraform import to_terraform

    file = read_access_file(options.file)
    rooms = open_rooms(options, context, file.organization)
    strategy = None if options.strategy == "auto" else Strategy(options.strategy)
    comparison = compare(rooms, file, strategy)
    desired, actual = comparison.desired, comparison.reading.actual
    folder = Path(options.out or options.to)
    if options.to == _TERRAFORM:
        terraform = to_terraform(desired, actual)
        files, left_out = terraform.files, terraform.left_out
        words = f"{terraform.imports:,} existing resources are imported by the first apply"
    else:
        earlier = {each.name: each.read_text("utf-8") for each in folder.glob("*.json")}
        cloudformation = to_cloudformation(desired, actual, earlier)
        files, left_out = cloudformation.files, cloudformation.left_out
        words = f"{cloudformation.resources:,} resources"
    check_free(folder, files, force=options.force)
    write_files(folder, files)
    for each in left_out:
        context.terminal.say(f"{context.terminal.style('warn', 'not exported:')} {printable(each)}")
    if options.json:
        document = {"out": str(folder), "files": sorted(files), "left_out": list(left_out)}
        context.terminal.result(json.dumps(document))
    else:
        context.terminal.result(f"{len(files)} files in {printable(str(folder))}: {words}.")
    return ExitCode.DONE
