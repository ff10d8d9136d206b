"""Taking plain keys out of the AWS files, and saying there that they are in the vault: line by line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from usher.core import machine
from usher.core.errors import UsageError
from usher.profiles.config_text import Section, read_sections, split_lines
from usher.profiles.own_keys import USHER_KEYS

_PLAIN = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token"})


def without_plain_keys(text: str, path: Path, name: str, *, is_config: bool) -> str:
    """`text` without the plain keys of `name`; a section that held nothing else goes with its header."""
    lines = split_lines(text)
    for section in reversed(read_sections(text, path)):
        if _name_of(section, is_config=is_config) != name:
            continue
        first = section.line - 1
        kept = _without(section.lines[1:])
        gone = not is_config and not any(line.strip() for line in kept)
        lines[first : first + len(section.lines)] = [] if gone else [section.lines[0], *kept]
    return "".join(lines)


def with_vault_keys(text: str, path: Path, name: str, vault_name: str, command: Sequence[str]) -> str:
    """The config's `text` with a profile that says its keys are in the vault, for Usher and for SDKs."""
    if not name.isprintable() or any(mark in name for mark in "[]\"'#;") or name != name.strip():
        raise UsageError(f"{name!r} cannot be written as a profile's name", hint="choose another with --name")
    call = machine.join_command((*command, "credentials", name))
    lines = split_lines(text)
    found = [each for each in read_sections(text, path) if _name_of(each, is_config=True) == name]
    if not found:
        gap = "" if not text or text.endswith("\n") else "\n"
        header = "[default]" if name == "default" else f"[profile {_quoted(name)}]"
        return f"{text}{gap}{header}\n{USHER_KEYS} = {vault_name}\ncredential_process = {call}\n"
    section = found[-1]
    added = [f"{USHER_KEYS} = {vault_name}\n"] if USHER_KEYS not in section.values else []
    if "credential_process" not in section.values and "role_arn" not in section.values:
        added.append(f"credential_process = {call}\n")
    if not section.lines[0].endswith("\n"):
        lines[section.line - 1] += "\n"
    return "".join([*lines[: section.line], *added, *lines[section.line :]])


def _without(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    dropping = False
    for line in lines:
        nested = line[0] in " \t" and line.strip() != ""
        if not nested:
            dropping = line.replace(":", "=").partition("=")[0].strip().lower() in _PLAIN
        if not dropping:
            kept.append(line)
    return kept


def _name_of(section: Section, *, is_config: bool) -> str | None:
    if is_config:
        return section.name if section.kind == "profile" else None
    return section.lines[0].strip()[1:].rpartition("]")[0]


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
