"""Arguments that several verbs of `usher access` share."""

from __future__ import annotations

import argparse

DEFAULT_FILE = "access.yaml"


def add_file_argument(parser: argparse.ArgumentParser) -> None:
    """FILE: the access file."""
    parser.add_argument(
        "file", nargs="?", default=DEFAULT_FILE, metavar="FILE", help="the access file, or a folder of them"
    )


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """--json: the result as JSON."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_aws_arguments(parser: argparse.ArgumentParser) -> None:
    """Which Identity Center, with whose keys, and how it is read."""
    parser.add_argument("--profile", default="", metavar="P", help="the AWS profile whose keys are used")
    parser.add_argument("--region", default="", metavar="R", help="the region of the Identity Center")
    parser.add_argument(
        "--endpoint-url", default="", metavar="URL", help="where a self-hosted directory answers"
    )
    parser.add_argument(
        "--instance-arn", default="", metavar="ARN", help="which instance, if there are several"
    )
    parser.add_argument(
        "--strategy",
        choices=("auto", "per-principal", "per-pair", "hybrid"),
        default="auto",
        help="how assignments are read (auto: with the fewest calls)",
    )
    parser.add_argument(
        "--calls-per-second",
        type=count,
        metavar="N",
        help="if AWS raised your quota of 20 calls a second",
    )


def count(text: str) -> int:
    """A positive whole number, for argparse."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(text)
