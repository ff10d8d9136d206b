"""Resolving an access file without the network: accounts from the file and from the newest kept reading."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from usher.access.model import AccessFile
from usher.access.resolve import resolve_access
from usher.cli.context import Context
from usher.core.accounts import Account
from usher.core.errors import UsageError
from usher.core.organization import ActualAccess, DesiredAccess
from usher.core.partitions import AWS, Partition, partition_of_region

if TYPE_CHECKING:
    from usher.apply.snapshot import Snapshot


def resolve_offline(
    file: AccessFile, options: argparse.Namespace, context: Context
) -> tuple[DesiredAccess, ActualAccess | None]:
    """What `file` asks for, and the newest kept reading if there is one.

    Raises AccessFileError when the file does not fit the accounts, and UsageError when they are not known:
    neither are they all in the file with their ids, nor was the organization read here before.
    """
    snapshot = _newest_snapshot(file, context)
    accounts = tuple(snapshot.actual.accounts.values()) if snapshot is not None else _declared_accounts(file)
    partition = partition_of(file, options, context)
    now = datetime.now(UTC)
    desired = resolve_access(file, accounts, partition=partition, now=now)
    return desired, snapshot.actual if snapshot else None


def _newest_snapshot(file: AccessFile, context: Context) -> Snapshot | None:
    from usher.cli.wire_access import known_snapshots

    found = [snapshot for store in known_snapshots(context) if (snapshot := store.load(datetime.now(UTC)))]
    wanted = file.organization.instance if file.organization else ""
    fitting = [
        snapshot
        for snapshot in found
        if (not wanted or snapshot.actual.instance.arn == wanted) and _has_accounts_of(file, snapshot)
    ]
    return max(fitting, key=lambda snapshot: snapshot.taken_at, default=None)


def _has_accounts_of(file: AccessFile, snapshot: Snapshot) -> bool:
    ids = {account.id.value for account in file.accounts.values() if account.id is not None}
    return ids <= snapshot.actual.accounts.keys()


def _declared_accounts(file: AccessFile) -> tuple[Account, ...]:
    with_ids = tuple(
        Account(declared.id.value, declared.name, tags=declared.tags)
        for declared in file.accounts.values()
        if declared.id is not None
    )
    if file.discovers or len(with_ids) < len(file.accounts):
        raise UsageError(
            "the file does not name all accounts with their ids, and no reading of the organization is kept",
            hint="add --online, or run 'usher access who' once, which keeps what it reads",
        )
    return with_ids


def partition_of(file: AccessFile, options: argparse.Namespace, context: Context) -> Partition:
    """The partition that `file` is for, by what it says, the options and the environment."""
    ref = file.organization
    if ref is not None and ref.partition is not None:
        return ref.partition
    region = options.region or (ref.region if ref else "") or context.environ.get("AWS_REGION", "")
    return partition_of_region(region) if region else AWS
