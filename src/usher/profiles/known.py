"""Every profile there is, quickly: from the index those that were synced, from the config file the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from usher.core.ids import AccountId
from usher.profiles.config_file import read_config
from usher.profiles.config_text import Section, read_sections
from usher.profiles.index import IndexEntry, read_index

_HEADER = re.compile(r"\n\[([^\]]*)")
_MARKER = re.compile(r"^# usher:.*", re.MULTILINE)


def known_profiles(cache_dir: Path, config: Path, credentials: Path) -> list[IndexEntry]:
    """Every profile of both AWS files, with what the index knows of it: the indexed ones first.

    An account that the index knows by its number lends its name, unit and tags to every profile that
    leads there. Raises ConfigFileError when the file cannot be read.
    """
    entries = read_index(cache_dir)
    # Splitting at headers and parsing only what the index does not know: parsing thousands of sections
    # takes longer than everything else that a picker does before it can be looked at.
    text = "\n" + read_config(config)
    there = set(_HEADER.findall(text))
    found = [entry for entry in entries if f"profile {entry.profile}" in there]
    plain = {f"profile {entry.profile}" for entry in found}
    if there - plain:
        parts = text.split("\n[")[1:]
        others = [part for part in parts if part[: part.find("]")] not in plain]
        found += _others(others, config, {entry.profile for entry in found}, entries)
    if with_keys := _names_of_keys(credentials):
        names = {entry.profile for entry in found}
        found += [IndexEntry(name, "", AccountId(""), "", "") for name in with_keys if name not in names]
    return found


def as_configured(entry: IndexEntry, config: Path, entries: Iterable[IndexEntry]) -> IndexEntry:
    """`entry` as its profile stands in the config file, which may lead elsewhere than when it was indexed."""
    _, header, rest = ("\n" + read_config(config)).partition(f"\n[profile {entry.profile}]\n")
    text = _MARKER.sub("", header + rest.partition("\n[")[0])
    for section in read_sections(text, config):
        found = _entry(section, {each.account_id: each for each in entries})
        there = (found.account_id, found.permission_set)
        if found.account_id and there != (entry.account_id, entry.permission_set):
            return found._replace(colour=entry.colour)
    return entry


def _names_of_keys(credentials: Path) -> list[str]:
    text = read_config(credentials)
    return [section.name for section in read_sections(text, credentials)] if text else []


def _others(
    parts: Iterable[str], config: Path, indexed: set[str], entries: Iterable[IndexEntry]
) -> Iterator[IndexEntry]:
    """The profiles that the index does not know, and those whose names the config file has to quote."""
    quoted = {entry.profile: entry for entry in entries if entry.profile not in indexed}
    accounts = {entry.account_id: entry for entry in entries}
    text = _MARKER.sub("", "".join(f"[{part}\n" for part in parts))
    for section in read_sections(text, config):
        if section.kind == "profile" and section.name not in indexed:
            indexed.add(section.name)
            yield quoted.get(section.name) or _entry(section, accounts)


def _entry(section: Section, accounts: dict[AccountId, IndexEntry]) -> IndexEntry:
    values = section.values
    role_account, role = role_of_arn(values.get("role_arn", ""))
    account = AccountId(role_account or values.get("usher_account_id") or values.get("sso_account_id") or "")
    entry = IndexEntry(
        section.name,
        values.get("usher_organization") or values.get("sso_session") or "",
        account,
        "",
        role or values.get("usher_permission_set") or values.get("sso_role_name") or "",
        region=values.get("region", ""),
    )
    same = accounts.get(account)
    if same is None:
        return entry
    return entry._replace(account_name=same.account_name, email=same.email, unit=same.unit, tags=same.tags)


def role_of_arn(arn: str) -> tuple[str, str]:
    """Account and name of the role that `arn` names: `arn:aws:iam::333333333333:role/path/name`."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or not parts[5].startswith("role/"):
        return "", ""
    return parts[4], parts[5].rpartition("/")[2]
