"""The files that shared profiles are written in: Usher's TOML, AWS config, and Granted's registries."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import yaml

from usher.core.ids import AccountId
from usher.profiles.config_text import ConfigFileError, Section, read_sections
from usher.profiles.shared import CHAIN_KEYS, Gathering, RegistryError, Shared, SharedProfile

VERSION = 1
_LONGEST_LINE = 4_000
DEFAULT_PATHS = ("usher-profiles.toml", "granted.yml", "granted.yaml", "config")

Read = Callable[[str], bytes]
"""Gives the content of a file of the registry. Raises RegistryError when there is none."""

_PROFILE_KEYS = {
    "organization", "account_id", "permission_set", "region", "output", "description", "colour", *CHAIN_KEYS,
}  # fmt: skip
_SESSION_KEYS = {"start_url", "region", "scopes"}
# How AWS's and Granted's config spell what a profile may say; an empty word is known and not needed.
_SPELLINGS = {
    "sso_session": "session",
    "sso_start_url": "start_url",
    "granted_sso_start_url": "start_url",
    "sso_region": "sso_region",
    "granted_sso_region": "sso_region",
    "sso_account_id": "account_id",
    "granted_sso_account_id": "account_id",
    "usher_account_id": "account_id",
    "sso_role_name": "permission_set",
    "granted_sso_role_name": "permission_set",
    "usher_permission_set": "permission_set",
    "region": "region",
    "output": "output",
    "granted_description": "description",
    "usher_description": "description",
    "granted_color": "colour",
    "usher_colour": "colour",
    "sso_account_name": "",
    "common_fate_generated_from": "",
    "granted_icon": "",
    **{key: key for key in CHAIN_KEYS},
}


def read_shared(read: Read, path: str) -> Shared:
    """What the registry's file at `path` gives, with the files it names. Raises RegistryError."""
    gathering = Gathering()
    name = PurePosixPath(path).name
    text = _text(read(path), path)
    if name.endswith(".toml"):
        _gather_toml(gathering, text, path)
    elif name.endswith((".yml", ".yaml")):
        for inner in _named_by_granted(text, path):
            _gather_config(gathering, _text(read(inner), inner), inner)
    else:
        _gather_config(gathering, text, path)
    return gathering.result()


def _text(content: bytes, path: str) -> str:
    try:
        text = content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise RegistryError(f"the registry's {path} is not UTF-8 text") from None
    if max(map(len, text.split("\n"))) > _LONGEST_LINE:
        raise RegistryError(f"the registry's {path} has a line of more than {_LONGEST_LINE:,} characters")
    return text


def _gather_toml(gathering: Gathering, text: str, path: str) -> None:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers and nesting beyond all bounds are no TOML errors
        raise RegistryError(f"the registry's {path}: {error}") from None
    if document.get("version") != VERSION:
        raise RegistryError(
            f"the registry's {path} is not of version {VERSION}", hint="it must say: version = 1"
        )
    for key in document.keys() - {"version", "organizations", "profiles"}:
        gathering.drop(f"'{key}'", "nothing reads it")
    for name, entry in _tables(document, "organizations", path).items():
        values = _allowed(gathering, entry, _SESSION_KEYS, f"session '{name}'")
        gathering.session(
            name,
            start_url=_word(values, "start_url"),
            region=_word(values, "region"),
            scopes=_words(values.get("scopes")),
        )
    for name, entry in _tables(document, "profiles", path).items():
        values = _allowed(gathering, entry, _PROFILE_KEYS, f"profile '{name}'")
        words = {key: _word(values, key) for key in _PROFILE_KEYS}
        gathering.profile(_profile(name, words, words["organization"]))


def _gather_config(gathering: Gathering, text: str, path: str) -> None:
    try:
        sections = read_sections(text, Path(path))
    except ConfigFileError as error:
        raise RegistryError(f"the registry's {error.message}") from None
    for section in sections:
        if section.kind == "sso-session":
            scopes = section.values.get("sso_registration_scopes", "")
            gathering.session(
                section.name,
                start_url=section.values.get("sso_start_url", ""),
                region=section.values.get("sso_region", ""),
                scopes=tuple(part.strip() for part in scopes.split(",") if part.strip()),
            )
    for section in sections:
        if section.kind == "profile":
            _gather_section(gathering, section)
        elif section.kind != "sso-session":
            gathering.drop(f"[{section.kind} {section.name}]", "a registry gives profiles and sessions only")


def _gather_section(gathering: Gathering, section: Section) -> None:
    words: dict[str, str] = {}
    for key, value in section.values.items():
        if key not in _SPELLINGS:
            gathering.drop(f"profile '{section.name}'", f"{key} is not taken over")
        else:
            words[_SPELLINGS[key]] = value
    session = words.get("session", "")
    if not session and "start_url" in words:
        session = gathering.session_at(words["start_url"], words.get("sso_region", ""))
    gathering.profile(_profile(section.name, words, session))


def _profile(name: str, words: Mapping[str, str], session: str) -> SharedProfile:
    return SharedProfile(
        name,
        "" if words.get("role_arn") else session,
        AccountId(words.get("account_id", "")),
        words.get("permission_set", ""),
        words.get("region", ""),
        words.get("output", ""),
        words.get("description", ""),
        words.get("colour", ""),
        {key: words[key] for key in CHAIN_KEYS if words.get(key)},
    )


def _named_by_granted(text: str, path: str) -> list[str]:
    """The config files that a `granted.yml` names, beside it."""
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date that is none
        raise RegistryError(f"the registry's {path} is not YAML") from None
    found = document.get("awsConfig") if isinstance(document, dict) else None
    names = [found] if isinstance(found, str) else found
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise RegistryError(
            f"the registry's {path} names no files", hint="it must say: awsConfig: [./config]"
        )
    return [str(PurePosixPath(path).parent / name) for name in names[:100]]


def _tables(document: Mapping[str, object], key: str, path: str) -> dict[str, dict[str, object]]:
    found = document.get(key, {})
    if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
        raise RegistryError(f"the registry's {path}: [{key}] must be a table of tables")
    return found


def _allowed(
    gathering: Gathering, entry: Mapping[str, object], keys: set[str], what: str
) -> Mapping[str, object]:
    for key in entry.keys() - keys:
        gathering.drop(what, f"{key} is not taken over")
    return {key: value for key, value in entry.items() if key in keys}


def _word(values: Mapping[str, object], key: str) -> str:
    """A text, or a number as TOML writes it; anything else is as good as something that cannot be meant."""
    value = values.get(key, "")
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else "\n"


def _words(value: object) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value or []
    return tuple(map(str, items)) if isinstance(items, list) else ("\n",)
