"""A command's arguments: its parser, made from its module, and what people typed read by it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

from usher.core.errors import UsageError


class Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are errors like all others."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"see '{self.prog} --help'")

    def add_subparsers(self, **settings: Any) -> Any:
        """Verbs, each with a parser that leads to its own help."""
        return super().add_subparsers(**{"parser_class": VerbParser, **settings})


class VerbParser(Parser):
    """A verb's parser: what it does not know is its own mistake, not the whole command's."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Refuse what is not known here."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def command_parser(name: str, module: ModuleType) -> Parser:
    """The parser of the command `name`, whose help is its module's docstring."""
    parser = Parser(
        prog=f"usher {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    return parser


def read_arguments(name: str, module: ModuleType, arguments: Sequence[str]) -> argparse.Namespace:
    """What `arguments` mean to the command. Raises UsageError.

    A module may bring a `read_arguments` of its own: `usher exec` takes another command's along.
    """
    parser = command_parser(name, module)
    read = getattr(module, "read_arguments", None)
    options: argparse.Namespace = read(parser, arguments) if read else parser.parse_args(arguments)
    return options
