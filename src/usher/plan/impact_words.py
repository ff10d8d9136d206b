"""What a plan does to people, in words: the same for the terminal, a pull request and a risk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from usher.core.durations import plain_duration
from usher.core.permission_sets import PermissionSet
from usher.core.principals import PrincipalKind
from usher.plan.bundles import Bundle, Direction
from usher.plan.impact import ContentImpact, Impact
from usher.plan.places import Places, counted, names_in_words

_NAMED_PEOPLE = 3


def headed(bundles: Iterable[Bundle], impact: Impact) -> Iterator[tuple[str, list[Bundle]]]:
    """`bundles` under a heading for each set of people and their way: `developers (14 people)`."""
    for _, group in groupby(bundles, key=_heading_key):
        together = list(group)
        yield who_words(together[0], impact), together


def by_heading(bundles: Iterable[Bundle]) -> list[Bundle]:
    """`bundles` in the order of their headings: what concerns most people first."""
    return sorted(bundles, key=lambda each: (-len(each.people), _heading_key(each)))


def who_words(bundle: Bundle, impact: Impact) -> str:
    """Whom `bundle` concerns and how it reaches them, as a heading."""
    return _subject(bundle, impact) + _how(bundle)


def what_words(bundle: Bundle, places: Places) -> str:
    """What `bundle` is about: `ReadOnlyAccess in 212 accounts: production-*`."""
    what = f"the role {bundle.name}" if bundle.is_role else bundle.name
    return f"{what} in {places.words(bundle.accounts)}"


def bundle_words(bundle: Bundle, impact: Impact, places: Places) -> str:
    """`bundle` as one sentence without a full stop."""
    one = len(bundle.people) <= 1
    verb = {
        Direction.GAINED: "gains" if one else "gain",
        Direction.LOST: "loses" if one else "lose",
        Direction.MOVED: "keeps" if one else "keep",
    }[bundle.direction]
    return f"{_subject(bundle, impact)} {verb} {what_words(bundle, places)}{_how(bundle)}"


def _subject(bundle: Bundle, impact: Impact) -> str:
    if bundle.via is None or bundle.moves:
        return _people_words(bundle)
    group = bundle.via.name
    if not bundle.people:
        return f"{group} (no members yet)"
    if bundle.people == (bundle.via,):
        return f"whoever is in {group}"
    inside = len(impact.members.get(group, ()))
    if len(bundle.people) < inside:
        return f"{group} ({len(bundle.people):,} of {counted(inside, 'person', 'people')}: {_names(bundle)})"
    return f"{group} ({_counted_people(bundle)})"


def _how(bundle: Bundle) -> str:
    if bundle.via is None:
        return ", granted directly"
    if not bundle.moves:
        return ""
    return f", by {'leaving' if bundle.direction is Direction.LOST else 'joining'} {bundle.via.name}"


def content_words(content: ContentImpact, places: Places) -> str:
    """Whom a change of contents concerns: `ReadOnlyAccess changes for 14 people in 3 accounts: web-*`."""
    whom = [counted(len(content.people), "person", "people")] if content.people else []
    whom += [f"whoever is in {group}" for group in sorted(content.whoever)]
    return f"{content.after.name} changes for {names_in_words(whom)} in {places.words(content.accounts)}"


def content_differences(before: PermissionSet, after: PermissionSet) -> Iterator[str]:
    """What is different about a permission set's roles, one phrase each."""
    for policy in sorted(after.managed_policies - before.managed_policies):
        yield f"gets the AWS policy {policy.name}"
    for customer in sorted(after.customer_policies - before.customer_policies):
        yield f"gets each account's own policy {customer.path}{customer.name}"
    for policy in sorted(before.managed_policies - after.managed_policies):
        yield f"loses the AWS policy {policy.name}"
    for customer in sorted(before.customer_policies - after.customer_policies):
        yield f"loses each account's own policy {customer.path}{customer.name}"
    if before.inline_policy != after.inline_policy:
        was, now = before.inline_policy is not None, after.inline_policy is not None
        yield (
            "gets another inline policy"
            if was and now
            else f"{'gets an' if now else 'loses its'} inline policy"
        )
    if before.boundary != after.boundary:
        yield f"boundary {boundary_name(before)} -> {boundary_name(after)}"
    if before.session_seconds != after.session_seconds:
        yield f"session {plain_duration(before.session_seconds)} -> {plain_duration(after.session_seconds)}"
    if before.relay_state != after.relay_state:
        yield "opens another page"


def boundary_name(permission_set: PermissionSet) -> str:
    """The name of the permissions boundary; `(none)` without one."""
    return permission_set.boundary.name if permission_set.boundary else "(none)"


def _heading_key(bundle: Bundle) -> tuple[object, ...]:
    via = bundle.via.name if bundle.via else ""
    return via, bundle.via is None, bundle.moves, bundle.people


def _people_words(bundle: Bundle) -> str:
    if len(bundle.people) > _NAMED_PEOPLE:
        return f"{_counted_people(bundle)} ({_names(bundle)})"
    return _names(bundle)


def _counted_people(bundle: Bundle) -> str:
    return counted(len(bundle.people), "person", "people")


def _names(bundle: Bundle) -> str:
    kinds = {PrincipalKind.USER: "", PrincipalKind.GROUP: "whoever is in "}
    return names_in_words([kinds[each.kind] + each.name for each in bundle.people], _NAMED_PEOPLE)
