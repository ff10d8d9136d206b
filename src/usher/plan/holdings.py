"""Who is in which group and who is given what, before and after a plan, for those whom it touches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from usher.core.assignments import Granted
from usher.core.organization import ActualAccess, DesiredAccess
from usher.core.principals import Principal, PrincipalKind
from usher.plan.outcome import Movement, Target, target_of

_NOTHING: frozenset[Target] = frozenset()
_NOBODY: frozenset[str] = frozenset()
_Grants = Mapping[Principal, frozenset[Target]]


class Ways(NamedTuple):
    """How a person comes to access: groups they join, groups they leave, and ways that they have throughout.

    A person is a way of their own: what they are given directly.
    """

    joined: tuple[Principal, ...]
    left: tuple[Principal, ...]
    stayed: tuple[Principal, ...]


class Holdings:
    """Groups and grants before and after a plan."""

    def __init__(self, movement: Movement, desired: DesiredAccess, actual: ActualAccess) -> None:
        self._movement = movement
        self._actual = actual
        self._before: _Grants = _by_principal(actual)
        self._let_go()
        self._users = actual.users.keys() | desired.users.keys() | desired.external_users
        self._groups = actual.groups.keys() | desired.groups.keys() | desired.external_groups
        self._regranted = movement.granted.keys() | movement.withdrawn.keys()
        self.concerned_groups: Set[str] = {
            each.name for each in self._regranted if each.kind is PrincipalKind.GROUP
        } | (movement.joined.keys() | movement.left.keys())
        self._members_after: dict[str, frozenset[str]] = {}
        self._weights: dict[Principal, tuple[int, str]] = {}
        self._shared: dict[frozenset[Target], frozenset[Target]] = {}
        self._after: _Grants = {
            **self._before,
            **{each: self._grants_after(each) for each in self._regranted},
        }
        self._added = {each: self.after(each) - self.before(each) for each in self._regranted}
        self._removed = {each: self.before(each) - self.after(each) for each in self._regranted}
        self._holding_before = _by_permission_set(self._before)
        self._holding_after = _by_permission_set(self._after)
        self._people = self._touched_people()
        self._groups_of = self._index_groups()

    def is_known(self, group: str) -> bool:
        """Whether the members of `group` are known."""
        if group in self._movement.new_groups:
            return True
        return group in self._actual.groups and group not in self._actual.unread.members_of

    def is_regranted(self, way: Principal) -> bool:
        """Whether `way` is given something, or loses something."""
        return way in self._regranted

    def members_before(self, group: str) -> frozenset[str]:
        """The members of `group` as read."""
        there = self._actual.groups.get(group)
        return there.members if there else _NOBODY

    def members_after(self, group: str) -> frozenset[str]:
        """The members of `group` once the plan is carried out."""
        if group not in self._members_after:
            movement = self._movement
            members = self.members_before(group)
            if group in movement.joined or group in movement.left:
                members = (members | movement.joined.get(group, set())) - movement.left.get(group, set())
            self._members_after[group] = members
        return self._members_after[group]

    def before(self, way: Principal) -> frozenset[Target]:
        """What `way` was given itself, as read."""
        return self._before.get(way, _NOTHING)

    def after(self, way: Principal) -> frozenset[Target]:
        """What `way` is given itself once the plan is carried out."""
        return self._after.get(way, _NOTHING)

    def added(self, way: Principal) -> frozenset[Target]:
        """What `way` itself is newly given."""
        return self._added.get(way, _NOTHING)

    def removed(self, way: Principal) -> frozenset[Target]:
        """What is taken from `way` itself."""
        return self._removed.get(way, _NOTHING)

    def touched(self) -> list[Principal]:
        """Everybody whose access may change: users, then groups whose members are not known; by name."""
        users = [Principal(PrincipalKind.USER, name) for name in sorted(self._people)]
        unknown = [
            Principal(PrincipalKind.GROUP, name)
            for name in sorted(self.concerned_groups & self._groups)
            if not self.is_known(name)
        ]
        return users + unknown

    def ways_of(self, who: Principal) -> Ways:
        """How `who` comes to access."""
        if who.kind is PrincipalKind.GROUP:
            return Ways((), (), (who,))
        joined: list[Principal] = []
        left: list[Principal] = []
        stayed = [who]
        for group in self._groups_of.get(who.name, ()):
            way = Principal(PrincipalKind.GROUP, group)
            was, is_now = who.name in self.members_before(group), who.name in self.members_after(group)
            (stayed if was and is_now else joined if is_now else left).append(way)
        return Ways(tuple(joined), tuple(left), tuple(stayed))

    def holders_before(self, permission_set: str) -> tuple[frozenset[str], frozenset[str]]:
        """The people, and the groups of unknown members, that have `permission_set` somewhere; as read."""
        return self._holders(self._holding_before.get(permission_set, ()), self.members_before)

    def holders_after(self, permission_set: str) -> tuple[frozenset[str], frozenset[str]]:
        """The same once the plan is carried out."""
        return self._holders(self._holding_after.get(permission_set, ()), self.members_after)

    def held_after(self) -> Iterator[Target]:
        """What somebody has once the plan is carried out; more than once where several ways lead there."""
        for way, targets in self._after.items():
            if way.kind is PrincipalKind.USER:
                somebody = way.name in self._users
            elif self.is_known(way.name):
                somebody = bool(self.members_after(way.name))
            else:
                somebody = way.name in self._groups
            if somebody:
                yield from targets

    def weight(self, way: Principal) -> tuple[int, str]:
        """Sorts large groups before small ones, and what is given directly to the end."""
        if way not in self._weights:
            size = (
                0
                if way.kind is PrincipalKind.USER
                else max(len(self.members_before(way.name)), len(self.members_after(way.name)), 1)
            )
            self._weights[way] = (-size, way.name)
        return self._weights[way]

    def shared(self, share: frozenset[Target], whole: frozenset[Target]) -> frozenset[Target]:
        """One value for all equal shares, so that people of a group do not each hold a copy."""
        return whole if len(share) == len(whole) else self._shared.setdefault(share, share)

    def _let_go(self) -> None:
        """Whoever is deleted leaves their groups, and takes with them what they were given."""
        movement = self._movement
        for gone in movement.gone:
            if gone.kind is PrincipalKind.GROUP:
                movement.left[gone.name] |= self.members_before(gone.name)
            else:
                for group in self._actual.groups.values():
                    if gone.name in group.members:
                        movement.left[group.name].add(gone.name)
            if self.before(gone):
                movement.withdrawn[gone] |= self.before(gone)

    def _grants_after(self, way: Principal) -> frozenset[Target]:
        granted = self._movement.granted.get(way, set())
        return (self.before(way) | granted) - self._movement.withdrawn.get(way, set())

    def _touched_people(self) -> Set[str]:
        movement = self._movement
        found = {
            each.name
            for each in self._regranted
            if each.kind is PrincipalKind.USER and each.name in self._users
        }
        found.update(*movement.joined.values(), *movement.left.values())
        for each in self._regranted:
            if each.kind is PrincipalKind.GROUP:
                found |= self.members_before(each.name) | self.members_after(each.name)
        return found

    def _index_groups(self) -> Mapping[str, Set[str]]:
        """The groups before and after of each person whom the plan touches."""
        found: dict[str, set[str]] = defaultdict(set)
        for name, group in self._actual.groups.items():
            for person in group.members & self._people:
                found[person].add(name)
        for name, people in self._movement.joined.items():
            for person in people:
                found[person].add(name)
        return found

    def _holders(
        self, principals: Iterable[Principal], members: Callable[[str], frozenset[str]]
    ) -> tuple[frozenset[str], frozenset[str]]:
        people: set[str] = set()
        unknown: set[str] = set()
        for each in principals:
            if each.kind is PrincipalKind.USER:
                people.update({each.name} & self._users)
            elif self.is_known(each.name):
                people |= members(each.name)
            else:
                unknown.update({each.name} & self._groups)
        return frozenset(people), frozenset(unknown)


def _by_permission_set(grants: _Grants) -> Mapping[str, Set[Principal]]:
    found: dict[str, set[Principal]] = defaultdict(set)
    for principal, targets in grants.items():
        for name in {target.name for target in targets if not target.is_role}:
            found[name].add(principal)
    return found


def _by_principal(actual: ActualAccess) -> dict[Principal, frozenset[Target]]:
    found: dict[Principal, set[Target]] = defaultdict(set)
    granted: Iterable[Granted] = (*actual.assignments, *actual.entitlements)
    for each in granted:
        found[each.principal].add(target_of(each))
    return {principal: frozenset(targets) for principal, targets in found.items()}
