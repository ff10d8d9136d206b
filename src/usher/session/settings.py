"""A person's own settings: `settings.toml` in the settings folder, written by hand and only read here.

Each part of the program reads its own table with these helpers, so that a mistake names file and key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from usher.core.errors import UsageError

FILE_NAME = "settings.toml"
# Every table that some part of the program reads; docs/reference/settings.md says what is in them.
TABLES = (
    "accounts",
    "agent",
    "console",
    "login",
    "mfa",
    "organizations",
    "process",
    "profiles",
    "protect",
    "vault",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The file's tables. Empty when there is no file."""

    path: Path
    tables: Mapping[str, object] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """The table `[name]`, empty when it is not there. Raises UsageError when it is something else."""
        found = self.tables.get(name, {})
        if not isinstance(found, dict):
            raise self.wrong(name, "a table")
        return Table(self, name, found)

    def list_of_tables(self, name: str) -> list[Table]:
        """The tables `[[name]]` in order. Raises UsageError when they are something else."""
        found = self.tables.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.wrong(name, f"written as [[{name}]]")
        return [Table(self, f"{name}[{number}]", each) for number, each in enumerate(found, 1)]

    def wrong(self, key: str, wanted: str) -> UsageError:
        """The error for a value that is not what it must be."""
        return UsageError(
            f"{self.path}: '{key}' must be {wanted}", hint="docs/reference/settings.md has them all"
        )


@dataclass(frozen=True, slots=True)
class Table:
    """One table, with its place for messages."""

    settings: Settings
    name: str
    values: Mapping[str, object]

    def only(self, *known: str) -> None:
        """Refuse keys that nobody reads: a misspelt safety rule must not be ignored."""
        for key in self.values:
            if key not in known:
                raise self.settings.wrong(f"{self.name}.{key}", f"one of: {', '.join(known)}")

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "a text")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def whole_number(self, key: str, default: int = 0) -> int:
        """A whole number."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(key, "a whole number")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text stands for a list of one."""
        value = self.values.get(key, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(key, "a text or a list of texts")
        return tuple(value)

    def mapping(self, key: str) -> dict[str, str]:
        """A table of texts."""
        value = self.values.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise self.wrong(key, "a table of texts")
        return dict(value)

    def tables(self) -> dict[str, Table]:
        """The tables in this table, by name: `[accounts."222222222222"]`."""
        found: dict[str, Table] = {}
        for key, value in self.values.items():
            if not isinstance(value, dict):
                raise self.wrong(key, "a table")
            found[key] = Table(self.settings, f"{self.name}.{key}", value)
        return found

    def within(self, key: str) -> Table:
        """The table `key` in this table, empty when it is not there."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, "a table")
        return Table(self.settings, f"{self.name}.{key}", value)

    def wrong(self, key: str, wanted: str) -> UsageError:
        """The error for a value of this table."""
        return self.settings.wrong(f"{self.name}.{key}", wanted)


def load_settings(config_dir: Path) -> Settings:
    """The settings. Raises UsageError for a file that is not TOML, with the line, and for unknown tables."""
    path = config_dir / FILE_NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Settings(path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    import tomllib  # a third of what a prompt may take; most people have no file

    try:
        settings = Settings(path, tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}", hint="correct it; nothing was changed") from None
    for name in settings.tables:
        if name not in TABLES:
            raise UsageError(f"{path}: nothing reads '{name}'", hint=_near_table(name))
    return settings


def _near_table(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, TABLES, 1)
    return f"did you mean [{near[0]}]?" if near else f"the tables are: {', '.join(TABLES)}"
