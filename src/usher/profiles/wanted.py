"""From everything that may be entered to the profiles that are wanted, by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from usher.core.errors import UsageError
from usher.profiles.blocks import DEFAULT_PROFILE
from usher.profiles.names import is_profile_name, profile_name, tell_apart
from usher.profiles.preferences import Preferences
from usher.profiles.ways import WayIn


@dataclass(frozen=True, slots=True)
class Chosen:
    """The profiles by name, how many ways in are left out, and words on what could not be done."""

    profiles: dict[str, WayIn]
    left_out: int
    notices: tuple[str, ...]


def choose_profiles(
    preferences: Preferences,
    organization: str,
    ways: Iterable[WayIn],
    is_used: Callable[[str, WayIn], bool] | None = None,
) -> Chosen:
    """The profiles of `ways` that are wanted, further names and the default one included.

    With `is_used` only those are wanted of which it says so; further names always are. Raises UsageError
    for names that no tool could use, for one name given to two, and when nothing is used.
    """
    known = [preferences.applied_to(way) for way in ways]
    naming, selection = preferences.naming, preferences.selection
    names = ((profile_name(naming, organization, way), way) for way in known)
    named = tell_apart(naming, ((name, way) for name, way in names if selection.wants(name, way)))
    profiles = {name: way for name, way in named.items() if is_used is None or is_used(name, way)}
    if is_used is not None and not profiles:
        raise UsageError(
            "none of these profiles was used yet, and nothing was changed", hint="leave out --only-used"
        )
    further = dict(preferences.aliases)
    if preferences.default:
        further[DEFAULT_PROFILE] = preferences.default
    found: dict[str, WayIn] = {}
    notices: list[str] = []
    for name, target in further.items():
        if name in named or not is_profile_name(name):
            raise UsageError(
                f"'{name}' cannot be another name for '{target}'",
                hint="there is a profile of that name, or it holds characters that no AWS tool takes",
            )
        if target in named:
            found[name] = named[target]
        else:
            near = difflib.get_close_matches(target, named, 1)
            meant = f" (did you mean '{near[0]}'?)" if near else ""
            notices.append(f"'{name}' is not written: there is no profile '{target}'{meant}")
    return Chosen({**found, **profiles}, len(known) - len(profiles), tuple(notices))
