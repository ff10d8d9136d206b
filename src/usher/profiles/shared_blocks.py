"""Shared profiles as text: one marked block per registry, never in the way of what the person has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from usher.core import machine
from usher.profiles.blocks import profile_header, section_text
from usher.profiles.config_text import Section, is_edited, read_sections, replace_block
from usher.profiles.index import SHARED, IndexEntry
from usher.profiles.registries import Prefix, Registry
from usher.profiles.shared import Shared, SharedProfile, SharedSession
from usher.session.organizations import same_start_url

COMMAND = "registry sync"


@dataclass(frozen=True, slots=True)
class Known:
    """What the person has: `command` is the program that gives credentials, `start_urls` tells the
    organization for each start URL that they have signed in to."""

    command: Sequence[str]
    start_urls: Mapping[str, str]

    def organization_at(self, start_url: str) -> str | None:
        """The person's organization at that start URL."""
        return next((name for url, name in self.start_urls.items() if same_start_url(url, start_url)), None)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The config file's new text; for each registry its index entries, and words on what is not written."""

    text: str
    entries: Mapping[str, tuple[IndexEntry, ...]]
    skipped: Mapping[str, tuple[str, ...]]
    edited: tuple[str, ...]


@dataclass(slots=True)
class _Block:
    registry: Registry
    shared: Shared
    names: dict[str, str]
    skipped: list[str]


def block_name(registry: str) -> str:
    """The name of a registry's block."""
    return f"registry:{registry}"


def index_name(registry: str) -> str:
    """What a registry's part of the index is called; no organization can be called so."""
    return f"{SHARED}{registry}"


def render_registries(
    text: str, path: Path, contents: Sequence[tuple[Registry, Shared]], known: Known
) -> Rendered:
    """`text` with the block of each registry, those given first having the first word on names.

    Blocks of registries that are not given stay as they are. Raises ConfigFileError.
    """
    ours = {block_name(registry.name) for registry, _ in contents}
    edited = tuple(registry.name for registry, _ in contents if is_edited(text, block_name(registry.name)))
    others = [section for section in read_sections(text, path) if section.block not in ours]
    taken = {section.name for section in others if section.kind == "profile"}
    sessions = {section.name: section for section in others if section.kind == "sso-session"}
    entries: dict[str, tuple[IndexEntry, ...]] = {}
    skipped: dict[str, tuple[str, ...]] = {}
    for registry, shared in contents:
        block = _named(registry, shared, taken)
        taken |= set(block.names.values())
        body, written = _body(block, known, sessions)
        text = replace_block(text, block_name(registry.name), body, path, command=COMMAND)
        entries[registry.name] = written
        skipped[registry.name] = tuple(block.skipped)
        for section in read_sections(text, path):
            if section.block == block_name(registry.name) and section.kind == "sso-session":
                sessions[section.name] = section
    return Rendered(text, entries, skipped, edited)


def _named(registry: Registry, shared: Shared, taken: set[str]) -> _Block:
    """The registry's profiles with the names they get here; what has no name of its own is left out."""
    block = _Block(registry, shared, {}, [])
    own = set(taken)
    for name in shared.profiles:
        prefixed = f"{registry.name}/{name}"
        wanted = prefixed if registry.prefix is Prefix.ALL else name
        if wanted in own and registry.prefix is Prefix.DUPLICATES:
            wanted = prefixed
        if wanted in own:
            block.skipped.append(f"'{wanted}' is not written: there is another profile of that name")
            continue
        own.add(wanted)
        block.names[name] = wanted
    for name, profile in shared.profiles.items():
        source = profile.chain.get("source_profile")
        if name in block.names and source is not None and source not in block.names:
            block.skipped.append(f"'{name}' is not written: its source_profile '{source}' is not")
            del block.names[name]
    return block


def _body(block: _Block, known: Known, sessions: Mapping[str, Section]) -> tuple[str, tuple[IndexEntry, ...]]:
    names: dict[str, str] = {}
    heads: list[str] = []
    for session in block.shared.sessions.values():
        if not block.registry.native and known.organization_at(session.start_url):
            continue
        names[session.name], head = _session(block.registry, session, sessions)
        heads += [head] if head else []
    texts: list[str] = []
    entries: list[IndexEntry] = []
    for name, here in block.names.items():
        profile = block.shared.profiles[name]
        place = block.shared.sessions.get(profile.session)
        organization = known.organization_at(place.start_url) if place else None
        if profile.chain:
            values = {**profile.chain, "source_profile": block.names[profile.chain["source_profile"]]}
        elif profile.session in names:
            values = {
                "sso_session": names[profile.session],
                "sso_account_id": profile.account_id,
                "sso_role_name": profile.permission_set,
            }
        else:
            command = machine.join_command((*known.command, "credentials", here))
            values = {
                "credential_process": command,
                "usher_organization": organization or "",
                "usher_account_id": profile.account_id,
                "usher_permission_set": profile.permission_set,
            }
        texts.append(section_text(profile_header(here), {**values, **_further(profile)}))
        if not profile.chain:
            entries.append(_entry(here, profile, organization or profile.session))
    return "\n".join([*heads, *texts]), tuple(entries)


def _session(registry: Registry, session: SharedSession, sessions: Mapping[str, Section]) -> tuple[str, str]:
    """The session's name here, and its text; none when the person has the very same one."""
    values = {
        "sso_start_url": session.start_url,
        "sso_region": session.region,
        "sso_registration_scopes": ",".join(session.scopes),
    }
    name = session.name
    while (other := sessions.get(name)) is not None:
        if all(other.values.get(key) == values[key] for key in ("sso_start_url", "sso_region")):
            return name, ""
        name = f"{registry.name}-{name}"
    return name, section_text(f"[sso-session {name}]\n", values)


def _further(profile: SharedProfile) -> dict[str, str]:
    values = {
        "region": profile.region,
        "output": profile.output,
        "usher_description": profile.description,
        "usher_colour": profile.colour,
    }
    return {key: value for key, value in values.items() if value}


def _entry(name: str, profile: SharedProfile, organization: str) -> IndexEntry:
    return IndexEntry(
        name,
        organization,
        profile.account_id,
        account_name=profile.account_id,
        permission_set=profile.permission_set,
        region=profile.region,
        description=profile.description,
        colour=profile.colour,
    )
