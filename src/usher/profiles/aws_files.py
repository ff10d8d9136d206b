"""The AWS config and credentials files together, as the SDKs merge them, each value with its line.

The SDKs lay a credentials-file section over the profile of the same name, key by key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from usher.core.errors import UsageError
from usher.core.hops import Place, Setting
from usher.profiles.config_text import Section, read_sections

_SECRET_KEYS = frozenset({"aws_secret_access_key", "aws_session_token", "aws_security_token"})


@dataclass(frozen=True, slots=True)
class Value:
    """One value and the line it stands on."""

    text: str
    place: Place


class Values(Mapping[str, Value]):
    """The values of a section. A line is looked for when a value is asked for: files hold thousands."""

    __slots__ = ("_path", "_section")

    def __init__(self, section: Section, path: Path) -> None:
        self._section = section
        self._path = path

    def __getitem__(self, key: str) -> Value:
        text = self._section.values[key]
        return Value(text, Place(str(self._path), self._section.line + self._line(key)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._section.values)

    def __len__(self) -> int:
        return len(self._section.values)

    def _line(self, wanted: str) -> int:
        """The last line counts, as its value does."""
        found = 0
        for number, line in enumerate(self._section.lines[1:], 1):
            if line[0] not in " \t#;" and re.split("[:=]", line)[0].strip().lower() == wanted:
                found = number
        return found


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile: what either file says of it, and where it begins."""

    name: str
    place: Place
    in_config: Mapping[str, Value] = field(default_factory=dict)
    in_credentials: Mapping[str, Value] = field(default_factory=dict)

    def get(self, key: str) -> Value | None:
        """The value of `key` as the SDKs see it."""
        return self.in_credentials.get(key) or self.in_config.get(key)

    def text(self, key: str) -> str | None:
        """The text of `key`, None when it is not there."""
        value = self.get(key)
        return value.text if value else None

    def settings(self, *keys: str) -> tuple[Setting, ...]:
        """Those of `keys` that are there, to be shown; secret ones only by name."""
        found = ((key, self.get(key)) for key in keys)
        return tuple(
            Setting(key, "(not shown)" if key in _SECRET_KEYS else value.text, value.place)
            for key, value in found
            if value is not None
        )

    def wrong(self, key: str, words: str, *, hint: str = "") -> UsageError:
        """The error for the value of `key`, which is there."""
        value = self.get(key)
        place = value.place if value else self.place
        return UsageError(f"{place}: '{key}' of the profile '{self.name}' {words}", hint=hint)


@dataclass(frozen=True, slots=True)
class AwsFiles:
    """Both files, read. `problems` are what makes AWS's own tools refuse the files."""

    profiles: Mapping[str, Profile]
    sso_sessions: Mapping[str, Profile]
    services: Mapping[str, Profile]
    config_path: Path
    problems: tuple[str, ...] = ()


def read_aws_files(config: str, config_path: Path, credentials: str, credentials_path: Path) -> AwsFiles:
    """Both files' texts as profiles. Raises ConfigFileError when Usher's own markers are broken."""
    profiles: dict[str, Profile] = {}
    others: dict[str, dict[str, Profile]] = {"sso-session": {}, "services": {}}
    problems: list[str] = []
    for section in read_sections(config, config_path):
        found = profiles if section.kind == "profile" else others.get(section.kind)
        if found is None:
            continue
        if section.name in found:
            problems.append(_twice(section, section.name, config_path))
        place = Place(str(config_path), section.line)
        found[section.name] = Profile(section.name, place, Values(section, config_path))
    seen: set[str] = set()
    for section in read_sections(credentials, credentials_path):
        name = _credentials_name(section)
        if name in seen:
            problems.append(_twice(section, name, credentials_path))
        seen.add(name)
        place, values = Place(str(credentials_path), section.line), Values(section, credentials_path)
        known = profiles.get(name)
        profiles[name] = Profile(
            name, known.place if known else place, known.in_config if known else {}, values
        )
    return AwsFiles(profiles, others["sso-session"], others["services"], config_path, tuple(problems))


def nested(value: Value | None) -> dict[str, str]:
    """The inner `key = value` lines of a nested block (`sts =` and indented lines)."""
    if value is None or not value.text.startswith("\n"):
        return {}
    pairs = (line.partition("=") for line in value.text.splitlines() if "=" in line)
    return {key.strip(): inner.strip() for key, _, inner in pairs}


def _credentials_name(section: Section) -> str:
    """In the credentials file a section's whole header is the name."""
    return section.lines[0].strip()[1:].rpartition("]")[0]


def _twice(section: Section, name: str, path: Path) -> str:
    return f"{path}:{section.line}: [{name}] is there twice: AWS's own tools refuse the whole file"
