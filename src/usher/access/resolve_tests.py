"""Access tests and separations of duties, with their selectors resolved and variants in their places."""

from __future__ import annotations

from collections.abc import Iterable

from usher.access.grants import Variants
from usher.access.model import AccessFile, DeclaredDuty, DeclaredTest
from usher.access.select import AccountIndex
from usher.core.access_tests import AccessTest, Duty, Separation
from usher.core.ids import AccountId


def resolve_tests(file: AccessFile, index: AccountIndex, variants: Variants) -> tuple[AccessTest, ...]:
    """The file's tests. One that enters with a set that has variants becomes one for each of them."""
    return tuple(
        AccessTest(
            test.principal,
            accounts,
            test.expected,
            test.at.place,
            actions=test.actions,
            resources=test.resources,
            context=test.context,
            entering=entering,
            relies_on_scps=test.relies_on_scps,
        )
        for test in file.tests
        for entering, accounts in _entered(file, test, sorted(index.select(test.accounts)), variants)
    )


def resolve_separations(file: AccessFile, index: AccountIndex, variants: Variants) -> tuple[Separation, ...]:
    """The file's separations of duties."""
    return tuple(
        Separation(
            each.name,
            tuple(_resolve_duty(file, duty, index, variants) for duty in each.duties),
            each.at.place,
            each.reason,
        )
        for each in file.separations
    )


def _entered(
    file: AccessFile, test: DeclaredTest, accounts: Iterable[AccountId], variants: Variants
) -> Iterable[tuple[str, tuple[AccountId, ...]]]:
    """With what a test enters, and where: name of a permission set or variant, or a role's path and name."""
    if test.entering in file.roles:
        return [(file.roles[test.entering].path_and_name, tuple(accounts))]
    instead = variants.get(test.entering, {})
    by_name: dict[str, list[AccountId]] = {}
    for account in accounts:
        by_name.setdefault(instead.get(account, test.entering), []).append(account)
    return [(name, tuple(places)) for name, places in by_name.items()]


def _resolve_duty(file: AccessFile, duty: DeclaredDuty, index: AccountIndex, variants: Variants) -> Duty:
    sets = {name for base in duty.permission_sets for name in (base, *variants.get(base, {}).values())}
    return Duty(
        frozenset(duty.groups),
        frozenset(sets),
        frozenset(file.roles[key].path_and_name for key in duty.roles),
        None if duty.accounts is None else frozenset(index.select(duty.accounts)),
    )
