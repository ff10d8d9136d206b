"""From everything that may be entered to the profiles that are wanted, by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from usher.core.errors import UsageError
from usher.profiles.blocks import DEFAULT_PROFILE
from usher.profiles.names import is_profile_name, name_all, profile_name
from usher.profiles.preferences import Preferences
from usher.profiles.ways import WayIn


@dataclass(frozen=True, slots=True)
class Chosen:
    """The profiles by name, how many ways in are left out, and words on what could not be done."""

    profiles: dict[str, WayIn]
    left_out: int
    notices: tuple[str, ...]


def choose_profiles(preferences: Preferences, organization: str, ways: Iterable[WayIn]) -> Chosen:
    """The profiles of `ways` that are wanted, further names and the default one included.

    Raises UsageError for names that no tool could use, and for one name given to two.
    """
    known = [preferences.applied_to(way) for way in ways]
    naming, selection = preferences.naming, preferences.selection
    kept = [way for way in known if selection.wants(profile_name(naming, organization, way), way)]
    profiles = name_all(naming, organization, kept)
    further = dict(preferences.aliases)
    if preferences.default:
        further[DEFAULT_PROFILE] = preferences.default
    found: dict[str, WayIn] = {}
    notices: list[str] = []
    for name, target in further.items():
        if name in profiles or not is_profile_name(name):
            raise UsageError(
                f"'{name}' cannot be another name for '{target}'",
                hint="there is a profile of that name, or it holds characters that no AWS tool takes",
            )
        if target in profiles:
            found[name] = profiles[target]
        else:
            near = difflib.get_close_matches(target, profiles, 1)
            meant = f" (did you mean '{near[0]}'?)" if near else ""
            notices.append(f"'{name}' is not written: there is no profile '{target}'{meant}")
    return Chosen({**found, **profiles}, len(known) - len(kept), tuple(notices))
