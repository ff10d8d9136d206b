"""What must hold before two pictures can be compared: names that exist, and a reading that left nothing out
that the file decides about."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from usher.core.errors import UsageError
from usher.core.organization import ActualAccess, DesiredAccess

_MOST_GUESSES = 10  # comparing one name with 100,000 takes a second


def check_names(desired: DesiredAccess, actual: ActualAccess) -> None:
    """Refuse users spelled otherwise than in the identity store, and strangers from elsewhere.

    Raises UsageError; for users and groups of another directory it lists all that are missing.
    """
    spelled = {name.casefold(): name for name in actual.users}
    for name in desired.users:
        there = spelled.get(name.casefold(), name)
        if name not in actual.users and there != name:
            raise UsageError(
                f"the file calls a user '{name}', the identity store '{there}'",
                hint=f"AWS does not tell these names apart: write '{there}' in the file",
            )
    missing = [
        *_missing("user", desired.external_users, actual.users),
        *_missing("group", desired.external_groups, actual.groups),
    ]
    if missing:
        raise UsageError(
            f"the identity store lacks what the file takes from another directory: {', '.join(missing)}",
            hint="let the other directory bring them first, or correct the names; Usher does not make them",
        )


def check_read(desired: DesiredAccess, actual: ActualAccess) -> None:
    """Refuse to compare with a reading that left out what the file decides about.

    Silence is not absence: a plan made from it would grant twice and remove blindly. Raises UsageError.
    """
    unread = actual.unread
    named = desired.permission_sets.keys()
    lacking = [
        *(f"the policies of {name}" for name in sorted(unread.policies_of & named)),
        *(f"the assignments of {name}" for name in sorted(unread.assignments_of & named)),
        *(f"the members of {name}" for name in sorted(unread.members_of & desired.groups.keys())),
    ]
    if unread.entitlements and desired.roles:
        lacking.append("who may assume the owned roles")
    if lacking:
        raise UsageError(
            f"the reading left out what the file decides about: {', '.join(lacking)}",
            hint="nothing can be planned from it; read the Identity Center anew",
        )


def check_enabled(desired: DesiredAccess, actual: ActualAccess) -> None:
    """Refuse permission sets for an instance that has none. Raises UsageError."""
    if desired.permission_sets and not actual.instance.permission_sets_enabled:
        raise UsageError(
            f"permission sets are not enabled in the Identity Center instance {actual.instance.arn}",
            hint="give access to your own roles instead, or enable permission sets (it cannot be undone):\n"
            f"aws sso-admin update-instance --instance-arn {actual.instance.arn} --permission-sets-enabled",
        )


def _missing(kind: str, wanted: Collection[str], there: Collection[str]) -> Iterator[str]:
    strangers = sorted(name for name in wanted if name not in there)
    for number, name in enumerate(strangers):
        near = _nearest(name, there) if number < _MOST_GUESSES else ""
        yield f"{kind} {name}" + (f" (did you mean {near}?)" if near else "")


def _nearest(name: str, names: Collection[str]) -> str:
    folded = {each.casefold(): each for each in names}
    near = difflib.get_close_matches(name.casefold(), folded, 1)
    return folded[near[0]] if near else ""
