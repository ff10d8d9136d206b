"""The house rules that a parser can hold: where each kind of line lives (docs/explanation/house.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "usher"
FILES = sorted(SOURCE.rglob("*.py"))


@dataclass(frozen=True)
class Home:
    """A kind of line, the only places it may stand, and why."""

    what: str
    homes: tuple[str, ...]
    why: str


IMPORTS = [
    Home("botocore", ("aws/",), "280 ms to import; the hot path has 10"),
    Home("boto3", (), "botocore is enough"),
    Home("ruamel", ("access/parse.py",), "positions are kept in one parser"),
    Home(
        "yaml",
        ("access/parse.py", "profiles/foreign/aws_sso_cli.py", "profiles/shared_files.py"),
        "positions are kept in one parser; other tools' settings need none and are only read",
    ),
    Home(
        "hcl2",
        ("access/terraform_files.py",),
        "Terraform's language is read in one place, by those who need it",
    ),
    Home("sqlalchemy", ("server/store/", "server/decide.py"), "SQL has one home"),
    Home("alembic", ("server/store/",), "SQL has one home"),
    Home("signxml", ("server/idp/saml/", "sandbox/"), "XML signatures are made and checked in one room each"),
    Home("keyring", ("session/vault/",), "231 ms, and the one door to the OS store"),
    Home("jinja2", ("server/portal/", "sandbox/"), "HTML is rendered in one room each"),
    Home("moto", ("sandbox/",), "moto stands in for AWS only in the sandbox"),
]

CALLS = [
    Home("print", ("cli/terminal.py",), "stdout is for results, stderr for people"),
    Home("sys.exit", ("__main__.py", "cli/result.py"), "one way out"),
    Home("os.system", (), "no shell where exec will do"),
    Home("eval", (), "never"),
    Home("exec", (), "never"),
]

ATTRIBUTES = [
    Home("os.environ", ("cli/context.py", "fastpath/"), "configuration is read at the edge"),
    Home("os.getenv", ("cli/context.py", "fastpath/"), "configuration is read at the edge"),
    Home("sys.argv", ("_entry.py", "cli/context.py", "fastpath/"), "arguments are read at the edge"),
]


def _room(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@cache
def _trees() -> tuple[tuple[str, ast.Module], ...]:
    return tuple((_room(path), ast.parse(path.read_text())) for path in FILES)


@cache
def _walked(kind: type[ast.AST]) -> tuple[tuple[str, Any], ...]:
    """Every node of a kind with its room, walked once for all rules."""
    return tuple((room, node) for room, node in _nodes() if isinstance(node, kind))


@cache
def _nodes() -> tuple[tuple[str, Any], ...]:
    return tuple((room, node) for room, tree in _trees() for node in ast.walk(tree))


def _imported() -> Iterator[tuple[str, str]]:
    for room, node in (*_walked(ast.Import), *_walked(ast.ImportFrom)):
        if isinstance(node, ast.Import):
            yield from ((room, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield room, node.module


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _strangers(home: Home, found: Iterator[str]) -> list[str]:
    return sorted({room for room in found if not room.startswith(home.homes or ("-",))})


@pytest.mark.parametrize("home", IMPORTS, ids=lambda home: home.what)
def test_a_library_is_imported_only_in_its_room(home: Home) -> None:
    found = (room for room, name in _imported() if name.split(".")[0] == home.what)
    assert _strangers(home, found) == [], home.why


@pytest.mark.parametrize("home", CALLS, ids=lambda home: home.what)
def test_a_call_stands_only_in_its_home(home: Home) -> None:
    found = (room for room, node in _walked(ast.Call) if _name(node.func) == home.what)
    assert _strangers(home, found) == [], home.why


@pytest.mark.parametrize("home", ATTRIBUTES, ids=lambda home: home.what)
def test_the_process_is_read_only_at_the_edge(home: Home) -> None:
    found = (room for room, node in _walked(ast.Attribute) if _name(node) == home.what)
    assert _strangers(home, found) == [], home.why


def test_no_check_is_an_assert_because_optimised_python_drops_it() -> None:
    assert [room for room, _ in _walked(ast.Assert)] == []


def test_nothing_is_caught_broadly_but_at_the_outermost_frames() -> None:
    homes = ("cli/main.py", "server/app.py")
    broad = [
        room
        for room, node in _walked(ast.ExceptHandler)
        if node.type is None or _name(node.type) == "Exception"
    ]
    assert [room for room in broad if room not in homes] == []


def test_every_folder_says_what_it_owns_and_imports_nothing() -> None:
    for path in FILES:
        if path.name != "__init__.py":
            continue
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), f"{_room(path)} has no docstring"
        assert len(tree.body) == 1, f"{_room(path)} holds more than its docstring"


def test_every_folder_of_source_is_a_package() -> None:
    folders = {path.parent for path in FILES}
    assert [_room(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_every_file_opens_with_what_lives_in_it() -> None:
    assert [room for room, tree in _trees() if not ast.get_docstring(tree)] == []


def test_no_file_outgrows_the_head() -> None:
    long = {_room(path): len(path.read_text().splitlines()) for path in FILES}
    assert {room: lines for room, lines in long.items() if lines > 450} == {}


def test_no_html_stands_in_python() -> None:
    strings = ((room, node.value) for room, node in _walked(ast.Constant) if isinstance(node.value, str))
    assert [room for room, text in strings if "<html" in text.lower() or "<div" in text.lower()] == []


def test_the_console_script_stays_within_forty_lines() -> None:
    assert len((SOURCE / "_entry.py").read_text().splitlines()) <= 40
