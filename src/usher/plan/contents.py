"""The difference between two states of one permission set, and what makes one from nothing."""

from __future__ import annotations

from collections.abc import Iterator

from usher.core.permission_sets import PermissionSet
from usher.plan.changes import (
    AttachCustomerPolicy,
    AttachManagedPolicy,
    Change,
    ContentChange,
    CreatePermissionSet,
    DeleteBoundary,
    DeleteInlinePolicy,
    DetachCustomerPolicy,
    DetachManagedPolicy,
    PutBoundary,
    PutInlinePolicy,
    UpdatePermissionSet,
    settings_of,
)

_AWS_OWN_TAG = "aws:"  # tags with this prefix belong to AWS and cannot be set or removed


def creation_of(wanted: PermissionSet) -> Iterator[Change]:
    """What makes `wanted` where no set of its name is."""
    yield CreatePermissionSet(wanted.name, settings_of(wanted), own_tags(wanted))
    settings_made = PermissionSet(wanted.name, wanted.description, wanted.session_seconds, wanted.relay_state)
    yield from content_changes(settings_made, wanted)


def own_tags(permission_set: PermissionSet) -> dict[str, str]:
    """The tags that people set: those without AWS's own."""
    return {key: value for key, value in permission_set.tags.items() if not key.startswith(_AWS_OWN_TAG)}


def content_changes(there: PermissionSet, wanted: PermissionSet) -> Iterator[ContentChange]:
    """What makes the settings, policies and boundary of `there` those of `wanted`."""
    name = wanted.name
    if settings_of(there) != settings_of(wanted):
        yield UpdatePermissionSet(name, settings_of(there), settings_of(wanted))
    for managed in there.managed_policies - wanted.managed_policies:
        yield DetachManagedPolicy(name, managed)
    for customer in there.customer_policies - wanted.customer_policies:
        yield DetachCustomerPolicy(name, customer)
    for managed in wanted.managed_policies - there.managed_policies:
        yield AttachManagedPolicy(name, managed)
    for customer in wanted.customer_policies - there.customer_policies:
        yield AttachCustomerPolicy(name, customer)
    if there.inline_policy != wanted.inline_policy:
        if wanted.inline_policy is not None:
            yield PutInlinePolicy(name, wanted.inline_policy, there.inline_policy)
        elif there.inline_policy is not None:
            yield DeleteInlinePolicy(name, there.inline_policy)
    if there.boundary != wanted.boundary:
        if wanted.boundary is not None:
            yield PutBoundary(name, wanted.boundary, there.boundary)
        elif there.boundary is not None:
            yield DeleteBoundary(name, there.boundary)
