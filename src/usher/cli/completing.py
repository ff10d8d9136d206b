"""The table that completion reads: every command, option and argument, as the parsers have them.

Made once for each version of Usher from the very parsers that read the words, so that it cannot be out
of step with them; its form is described in `fastpath/complete.py`.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator

from usher.cli.context import Context
from usher.cli.main import COMMANDS
from usher.cli.parsing import command_parser
from usher.console.browsers import known_browsers
from usher.console.services import service_names
from usher.fastpath import complete
from usher.session.vault.files import write_private

_Line = tuple[str, ...]

# What a word in help stands for, where completion knows values for it.
_KINDS = {
    "PROFILE": "PROFILE",
    "ORG": "ORGANIZATION",
    "ORGANIZATION": "ORGANIZATION",
    "REGION": "REGION",
    "SERVICE": "SERVICE",
    "BROWSER": "BROWSER",
    "FILE": "FILE",
    "PATH": "FILE",
    "FOLDER": "FOLDER",
    "DIR": "FOLDER",
}


def complete_slowly(context: Context, words: list[str]) -> None:
    """Answer a completion and leave the table for the next ones."""
    table = make_table()
    write_private(context.cache_dir / "completion", table.encode())
    complete.write(table, words, context.environ)


def make_table() -> str:
    """The table of this version."""
    lines: list[_Line] = [("version", complete.table_version())]
    for name, summary in COMMANDS.items():
        lines.append(("command", "", name, summary))
        try:
            module = importlib.import_module(f"usher.cli.commands.{name.replace('-', '_')}")
        except ModuleNotFoundError:  # it needs an extra that is not installed
            continue
        lines += _lines(name, command_parser(name, module))
    lines += [("value", "REGION", region) for region in _regions()]
    lines += [("value", "SERVICE", service) for service in service_names()]
    lines += [("value", "BROWSER", browser) for browser in known_browsers()]
    return "".join("\t".join(map(_one_line, line)) + "\n" for line in lines)


def _lines(path: str, parser: argparse.ArgumentParser) -> Iterator[_Line]:
    values: dict[str, tuple[str, ...]] = {}
    for action in parser._actions:  # noqa: SLF001 -- argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield from _subcommands(path, action)
        elif action.help is not argparse.SUPPRESS:
            kind = _kind(path, action, values)
            for option in action.option_strings:
                yield "option", path, option, kind, action.help or ""
            if not action.option_strings:
                yield "argument", path, kind + ("*" if action.nargs in {"*", "+"} else "")
    for kind, known in values.items():
        yield from (("value", kind, value) for value in known)


def _subcommands(path: str, action: argparse._SubParsersAction[argparse.ArgumentParser]) -> Iterator[_Line]:
    summaries = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
    for name, parser in action.choices.items():
        yield "command", path, name, summaries.get(name, "")
        yield from _lines(f"{path} {name}", parser)


def _kind(path: str, action: argparse.Action, values: dict[str, tuple[str, ...]]) -> str:
    """What an argument's value is: a kind that is known, or one made up for its choices."""
    if action.nargs == 0:
        return ""
    if action.choices:
        kind = f"{path} {action.dest}"
        values[kind] = tuple(map(str, action.choices))
        return kind
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if metavar == "NAME" and "organization" in (action.help or ""):
        return "ORGANIZATION"
    return _KINDS.get(metavar, "TEXT")


def _regions() -> list[str]:
    from usher.aws.regions import all_regions

    return all_regions()


def _one_line(text: str) -> str:
    return " ".join(text.split())
