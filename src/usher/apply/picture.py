"""Putting what was read together: ids become names, and what was left out is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from usher.apply.entitlements import NOT_ASKED, FoundEntitlements
from usher.apply.grants import GrantBook, GrantPages
from usher.apply.ports import Membership
from usher.core.accounts import Account
from usher.core.assignments import Entitlement
from usher.core.ids import AccountId, PermissionSetArn, PrincipalId
from usher.core.organization import ActualAccess, Instance, Unread
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, PrincipalKind, User


@dataclass(frozen=True, slots=True)
class People:
    """The users and the groups, these without their members."""

    groups: Mapping[PrincipalId, Group]
    users: Mapping[PrincipalId, User]

    @property
    def names(self) -> dict[tuple[PrincipalKind, PrincipalId], str]:
        """The name of every principal that exists."""
        return {
            **{(PrincipalKind.USER, user_id): user.user_name for user_id, user in self.users.items()},
            **{(PrincipalKind.GROUP, group_id): group.name for group_id, group in self.groups.items()},
        }

    @property
    def principals(self) -> list[tuple[PrincipalKind, PrincipalId]]:
        """Every principal that exists, groups first."""
        return [
            *((PrincipalKind.GROUP, group) for group in self.groups),
            *((PrincipalKind.USER, user) for user in self.users),
        ]


@dataclass(frozen=True, slots=True)
class Sets:
    """The permission sets: all by name; in full the `decided` ones and the `doomed`, which the file would
    delete."""

    by_arn: Mapping[PermissionSetArn, PermissionSet]
    decided: tuple[PermissionSetArn, ...] = ()
    doomed: tuple[PermissionSetArn, ...] = ()

    @property
    def names(self) -> dict[PermissionSetArn, str]:
        """The name of every permission set."""
        return {arn: each.name for arn, each in self.by_arn.items()}


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was read, by ids. `members` has the groups whose members were read."""

    instance: Instance
    accounts: Sequence[Account]
    people: People
    sets: Sets
    book: GrantBook
    pages: GrantPages
    members: Mapping[PrincipalId, Sequence[Membership]] = field(default_factory=dict)
    lagging: Mapping[PermissionSetArn, Sequence[AccountId]] = field(default_factory=dict)
    entitlements: FoundEntitlements = NOT_ASKED


def assemble(found: Findings) -> ActualAccess:
    """What was read, by name."""
    user_names = {user_id: user.user_name for user_id, user in found.people.users.items()}
    groups: dict[str, Group] = {}
    membership_ids: dict[tuple[str, str], str] = {}
    for group_id, group in found.people.groups.items():
        members = {
            user_names.get(membership.user_id, membership.user_id): membership.id
            for membership in found.members.get(group_id, ())
        }
        groups[group.name] = replace(group, members=frozenset(members)) if members else group
        membership_ids.update({(group.name, name): each for name, each in members.items()})
    entitlements = {
        Entitlement(found.book.principal(each.kind, each.principal_id), each.role): each.id
        for each in found.entitlements.grants
    }
    set_names = found.sets.names
    return ActualAccess(
        found.instance,
        {account.id: account for account in found.accounts},
        users={user.user_name: user for user in found.people.users.values()},
        groups=groups,
        permission_sets={each.name: each for each in found.sets.by_arn.values()},
        assignments=frozenset(found.book.assignments),
        principal_ids=found.book.principal_ids,
        permission_set_arns={name: arn for arn, name in set_names.items()},
        membership_ids=membership_ids,
        stale=frozenset(
            (set_names[arn], account) for arn, listed in found.lagging.items() for account in listed
        ),
        entitlements=frozenset(entitlements),
        entitlement_ids=entitlements,
        unread=_unread(found),
    )


def _unread(found: Findings) -> Unread:
    sets, pages = found.sets, found.pages
    others = _names(sets.by_arn.keys() - set(sets.decided) - set(sets.doomed), sets.names)
    # Who asks every principal learns of all sets, whichever the file decides about.
    unasked = others if pages.users is None else frozenset[str]()
    group_names = {group_id: group.name for group_id, group in found.people.groups.items()}
    return Unread(
        policies_of=others,
        members_of=_names(group_names.keys() - found.members.keys(), group_names),
        assignments_of=unasked,
        dangling=not pages.every_pair or not found.entitlements.every_holder,
        entitlements=not found.entitlements.is_read,
    )


def _names(
    keys: Iterable[str], names: Mapping[PermissionSetArn, str] | Mapping[PrincipalId, str]
) -> frozenset[str]:
    chosen = set(keys)
    return frozenset(name for key, name in names.items() if key in chosen)
