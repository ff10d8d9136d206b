"""Entering and leaving profiles in a shell that goes on: what its variables become.

`AWS_PROFILE` alone carries the choice, so no secret stands in the shell's environment. Everything is
decided from the environment that the shell has; nothing is remembered anywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from usher.core.looks import PLAIN, Look
from usher.shell.changes import Changes, changes
from usher.shell.quoting import is_plain
from usher.shell.variables import (
    FOLDER,
    KEYS,
    LOOK,
    OWN_ENDPOINT,
    OWN_REGION,
    PREVIOUS,
    REGION,
    WEB_IDENTITY,
    endpoint_of_usher,
    look_variables,
    region_of_usher,
)

# What a folder puts aside and what leaving it brings back.
_KEPT_OUTSIDE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", *REGION, *LOOK, OWN_REGION, PREVIOUS)


@dataclass(frozen=True, slots=True)
class Entry:
    """A profile to enter and how it looks. `region` is set only when it was asked for."""

    profile: str
    region: str = ""
    look: Look = PLAIN


def enter(environ: Mapping[str, str], entry: Entry) -> Changes:
    """Enter a profile by a person's own word: it stays until another word, in any folder."""
    given = _given(entry)
    before = environ.get("AWS_PROFILE", "")
    if before and before != entry.profile and is_plain(before):
        given[PREVIOUS] = before
    elif kept := environ.get(PREVIOUS, ""):
        given |= {PREVIOUS: kept} if is_plain(kept) else {}
    return changes(given, (*_beaten(environ), *FOLDER, PREVIOUS))


def enter_folder(environ: Mapping[str, str], folder_file: str, entry: Entry) -> Changes:
    """Enter a folder's profile; what was before is put aside for when the folder is left."""
    outside = _outside(environ)
    given = _given(entry) | {"USHER_FOLDER": folder_file, "USHER_OUTSIDE": json.dumps(outside)}
    return changes(given, _beaten(environ))


def leave_folder(environ: Mapping[str, str]) -> Changes:
    """Bring back what was before the folder; nothing when no folder is applied."""
    if not environ.get("USHER_FOLDER"):
        return Changes()
    return changes(_outside(environ), (*_KEPT_OUTSIDE, *FOLDER))


def stays_as_it_is(environ: Mapping[str, str], folder_file: str, entry: Entry) -> bool:
    """Whether the folder's profile is entered already, by this very file."""
    return environ.get("USHER_FOLDER") == folder_file and all(
        environ.get(name) == value for name, value in _given(entry).items()
    )


def winning_variables(environ: Mapping[str, str]) -> list[str]:
    """The variables that would win over a profile, keys first."""
    return [name for name in (*KEYS[:4], WEB_IDENTITY[-1]) if environ.get(name)]


def foreign_region(environ: Mapping[str, str], wanted: Changes) -> str:
    """The region variable of somebody else that stays and wins over the profile's region; else ''."""
    after = wanted.applied_to(environ)
    ours = after.get(OWN_REGION)
    return next((name for name in REGION if after.get(name) and after[name] != ours), "")


def _given(entry: Entry) -> dict[str, str]:
    given = {"AWS_PROFILE": entry.profile} | look_variables(entry.profile, entry.look)
    if entry.region:
        given |= dict.fromkeys((*REGION, OWN_REGION), entry.region)
    return given


def _beaten(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What would win over `AWS_PROFILE`, or belongs to the profile before."""
    ours = (*region_of_usher(environ), *endpoint_of_usher(environ))
    return ("AWS_DEFAULT_PROFILE", *KEYS, *WEB_IDENTITY, *LOOK, OWN_REGION, OWN_ENDPOINT, *ours)


def _outside(environ: Mapping[str, str]) -> dict[str, str]:
    """What stands outside the folder: put aside when one is applied already, else what is there now."""
    if environ.get("USHER_FOLDER"):
        try:
            found = json.loads(environ.get("USHER_OUTSIDE", ""))
        except ValueError:
            return {}
        kept = found if isinstance(found, dict) else {}
    else:
        kept = dict(environ)
    return {
        name: value
        for name in _KEPT_OUTSIDE
        if isinstance(value := kept.get(name), str) and value and is_plain(value)
    }
