"""The access file meets the organization: names become account ids, selectors become grants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from usher.access.diagnostics import Findings
from usher.access.grants import Granting
from usher.access.locate import Located
from usher.access.managed_policies import resolve_managed_policy
from usher.access.model import AccessFile, DeclaredPermissionSet
from usher.access.resolve_tests import resolve_separations, resolve_tests
from usher.access.scope import find_scope
from usher.access.select import AccountIndex
from usher.core.accounts import Account
from usher.core.organization import MANAGED_BY_ACCESS_FILE, MANAGED_BY_TAG, DesiredAccess
from usher.core.partitions import AWS, Partition
from usher.core.permission_sets import PermissionSet


def resolve_access(
    file: AccessFile,
    accounts: Sequence[Account],
    *,
    partition: Partition = AWS,
    now: datetime | None,
    organization_id: str = "",
) -> DesiredAccess:
    """What `file` asks for at `now` in the organization that has `accounts`, in `partition`.

    `organization_id` is that of the organization, where it is known; a file for another one is refused.

    Rules that have expired or have not begun give nothing; what they alone give is not asked for. With
    `now` None, every rule counts. Raises AccessFileError with
    every account that the organization does not have, has twice, has suspended or calls otherwise, every
    selector that selects nothing, every policy of another partition, and every quota that is exceeded.
    """
    findings = Findings(file.name)
    _check_partition(file, partition, findings)
    _check_organization(file, organization_id, findings)
    scope = find_scope(file, accounts, findings)
    index = AccountIndex(scope, findings)
    granting = Granting(file, index, scope, partition, findings)
    granting.grant(now)
    tests = resolve_tests(file, index, granting.variants)
    separations = resolve_separations(file, index, granting.variants)
    permission_sets = _resolve_permission_sets(file, partition, findings)
    findings.raise_if_any()
    return DesiredAccess(
        accounts=scope.accounts,
        users=file.users,
        groups=file.groups,
        permission_sets=permission_sets,
        assignments=frozenset(granting.assignments),
        entitlements=frozenset(granting.entitlements),
        external_users=file.external_users,
        external_groups=file.external_groups,
        roles=frozenset(role.path_and_name for role in file.roles.values()),
        rules=tuple(granting.rules),
        expired=tuple(granting.expired),
        upcoming=tuple(granting.upcoming),
        origins=granting.origins,
        drift=granting.drift,
        drift_default=file.drift,
        tests=tests,
        separations=separations,
    )


def resolve_permission_sets(file: AccessFile, partition: Partition) -> Mapping[str, PermissionSet]:
    """The permission sets of `file` alone, with their policies in `partition`, for questions about them.

    Raises AccessFileError with every policy of another partition.
    """
    findings = Findings(file.name)
    found = _resolve_permission_sets(file, partition, findings)
    findings.raise_if_any()
    return found


def _resolve_permission_sets(
    file: AccessFile, partition: Partition, findings: Findings
) -> Mapping[str, PermissionSet]:
    return {
        name: _resolve_permission_set(declared, partition, findings)
        for name, declared in file.permission_sets.items()
    }


def _check_partition(file: AccessFile, partition: Partition, findings: Findings) -> None:
    organization = file.organization
    if organization is None or organization.partition is None or organization.partition is partition:
        return
    expected = organization.partition.name
    findings.add(
        organization.at,
        f"this file is for the partition '{expected}', and this Identity Center is in '{partition.name}'",
        "look at --profile and --region",
    )


def _check_organization(file: AccessFile, organization_id: str, findings: Findings) -> None:
    organization = file.organization
    if organization is not None and organization.id and organization_id not in ("", organization.id):
        findings.add(
            organization.at,
            f"this file is for the organization {organization.id}, and the keys are of {organization_id}",
            "look at --profile",
        )


def _resolve_permission_set(
    declared: DeclaredPermissionSet, partition: Partition, findings: Findings
) -> PermissionSet:
    managed = [resolve_managed_policy(policy, partition, findings) for policy in declared.managed_policies]
    boundary = declared.boundary
    return replace(
        declared.settings,
        managed_policies=frozenset(managed),
        boundary=resolve_managed_policy(boundary, partition, findings)
        if isinstance(boundary, Located)
        else boundary,
        tags={**declared.settings.tags, MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE},
    )
