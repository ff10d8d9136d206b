"""Composition of the access engine: what stands behind `usher access`, built from options and context.

Apart from `cli/wire.py`, because this half imports botocore and the other must not.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

from usher.access.model import AccessFile
from usher.access.resolve import resolve_access
from usher.access.tag_needs import accounts_to_ask_for_tags, needs_units
from usher.apply.cost import Strategy
from usher.apply.journal import JournalFile, open_journal
from usher.apply.read import Reading, read_access
from usher.apply.shared_pace import SharedMemory
from usher.apply.snapshot import NewerSnapshotsError, SnapshotStore
from usher.apply.timing import Timing
from usher.aws.account_access import CURSOR, AccountAccess
from usher.aws.accounts import list_accounts_alone, list_accounts_in_units, tags_beside, with_their_tags
from usher.aws.calls import CallCount, ServiceCalls
from usher.aws.clients import AwsSettings
from usher.aws.cloudtrail import LOOKUPS_PER_SECOND, AuditTrail
from usher.aws.identity_store import IdentityStore
from usher.aws.instances import read_instance
from usher.aws.patience import Patience
from usher.aws.sso_admin import SsoAdmin
from usher.aws.sts import read_caller
from usher.cli.context import Context
from usher.cli.text.reading import ReadingProgress
from usher.core.callers import Caller
from usher.core.errors import UsherError
from usher.core.organization import DesiredAccess, Instance
from usher.core.pace import Pace
from usher.core.partitions import partition_of_region

# Nine tenths of AWS's quota of 20 calls a second, which all callers of the organization share. An endpoint
# of one's own has no such quota.
AWS_CALLS_PER_SECOND = 18.0
OWN_CALLS_PER_SECOND = 500.0

KEEP_SNAPSHOTS = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class AccessRooms:
    """One Identity Center with its organization, and the count of all calls made to them."""

    instance: Instance
    region: str
    sso: SsoAdmin
    people: IdentityStore
    entitlements: AccountAccess
    organizations: ServiceCalls
    count: CallCount
    timing: Timing
    snapshots: SnapshotStore
    progress: ReadingProgress
    say: Callable[[str], None]
    caller: Callable[[], Caller | None]
    audit_trail: Callable[[], AuditTrail]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a file asks for, beside what was read."""

    desired: DesiredAccess
    reading: Reading


def open_access_rooms(
    context: Context,
    *,
    region: str = "",
    profile: str = "",
    endpoint_url: str = "",
    instance_arn: str = "",
    calls_per_second: float | None = None,
) -> AccessRooms:
    """The rooms behind `usher access`; finds the instance, with one call.

    Raises UsageError without a region, NotFoundError without an instance, NoAccessError without keys.
    """
    environ = context.environ
    settings = AwsSettings(
        region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "",
        profile=profile,
        endpoint_url=endpoint_url,
    )
    own = endpoint_url or environ.get("AWS_ENDPOINT_URL_SSO_ADMIN") or environ.get("AWS_ENDPOINT_URL")
    rate = calls_per_second or (OWN_CALLS_PER_SECOND if own else AWS_CALLS_PER_SECOND)
    timing = Timing(time.monotonic, time.sleep, random.random)
    patience = Patience(timing.clock, timing.sleep, timing.random)
    progress = ReadingProgress(context.terminal, lambda: rate, timing.clock)
    count = CallCount(progress.made)

    def calls(service: str, *, instance: Instance | None = None, cursor: str = "NextToken") -> ServiceCalls:
        pace = _pace_of(context, service, rate, instance)
        return ServiceCalls(service, settings, pace=pace, patience=patience, count=count, cursor=cursor)

    def audit_calls() -> ServiceCalls:
        pace = _pace_of(context, "cloudtrail", min(rate, LOOKUPS_PER_SECOND), instance)
        return ServiceCalls("cloudtrail", settings, pace=pace, patience=patience, count=count)

    instance = read_instance(calls("sso-admin"), instance_arn)
    sso_calls = calls("sso-admin", instance=instance)
    return AccessRooms(
        instance,
        sso_calls.region,
        SsoAdmin(sso_calls, instance),
        IdentityStore(calls("identitystore", instance=instance), instance),
        AccountAccess(calls("account-access", instance=instance, cursor=CURSOR), instance),
        calls("organizations", instance=instance),
        count,
        timing,
        open_snapshots(context, instance),
        progress,
        context.terminal.say,
        (lambda: None) if own else cache(partial(_ask_who_calls, settings, context.terminal.say)),
        lambda: AuditTrail(audit_calls()),
    )


def _pace_of(context: Context, service: str, rate: float, instance: Instance | None) -> Pace:
    """The pace of one service, which has a quota of its own.

    It is shared with all other runs of this person against the same instance, once that is known; so its
    clock is the one that processes have in common.
    """
    memory = None
    if instance is not None:
        name = instance.arn.rpartition("/")[2]
        memory = SharedMemory(context.cache_dir / "pace" / f"{name}.{service}")
    return Pace(rate, clock=time.time, sleep=time.sleep, memory=memory)


def _ask_who_calls(settings: AwsSettings, say: Callable[[str], None]) -> Caller | None:
    """The person whose keys are in use; None, with a word, where STS does not tell."""
    try:
        return read_caller(settings)
    except UsherError as error:
        say(f"whether the plan takes away your own access is not known: {error.message}")
        return None


def compare(rooms: AccessRooms, file: AccessFile, strategy: Strategy | None) -> Comparison:
    """Resolve `file` against the organization and read what it decides about.

    Raises AccessFileError when the file does not fit the organization.
    """
    list_accounts = list_accounts_in_units if needs_units(file) else list_accounts_alone
    placed = list_accounts(rooms.organizations)
    accounts = placed.accounts
    asked = accounts_to_ask_for_tags(file, accounts)
    rooms.progress.expect_beside(len(asked), "accounts are asked for their tags")
    tagged = with_their_tags(
        rooms.organizations, accounts, [account for account in accounts if account.id in asked]
    )
    desired = resolve_access(
        file,
        tagged,
        partition=partition_of_region(rooms.region),
        now=datetime.now(UTC),
        organization_id=placed.organization_id,
    )
    reading = read_access(
        rooms.sso,
        rooms.people,
        rooms.entitlements,
        rooms.instance,
        tagged,
        desired,
        strategy=strategy,
        tags_asked=len(asked),
        unit_calls=placed.unit_calls,
        expect=rooms.progress.expect,
    )
    rooms.progress.end()
    return Comparison(desired, reading)


def read_world(rooms: AccessRooms, strategy: Strategy | None = None) -> Reading:
    """Everything that the instance and its organization have, whatever a file decides; kept as a snapshot."""
    placed = list_accounts_in_units(rooms.organizations)
    accounts = placed.accounts
    with tags_beside(rooms.organizations, accounts) as tags_of:
        reading = read_access(
            rooms.sso,
            rooms.people,
            rooms.entitlements,
            rooms.instance,
            accounts,
            None,
            strategy=strategy,
            tags_asked=len(accounts),
            unit_calls=placed.unit_calls,
            expect=rooms.progress.expect,
        )
        tags = tags_of()
    rooms.progress.end()
    tagged = {account.id: replace(account, tags=tags[account.id]) for account in accounts}
    reading = replace(reading, actual=replace(reading.actual, accounts=tagged))
    _keep(rooms, reading)
    return reading


def read_instance_alone(rooms: AccessRooms) -> Reading:
    """Everything that the instance has; of accounts the names, without their tags and units."""
    accounts = list_accounts_alone(rooms.organizations).accounts
    return read_access(rooms.sso, rooms.people, rooms.entitlements, rooms.instance, accounts, None)


def open_snapshots(context: Context, instance: Instance) -> SnapshotStore:
    """The kept readings of `instance`; nothing is made on disk before the first is kept."""
    folder = context.cache_dir / "snapshots" / instance.arn.rpartition("/")[2]
    return SnapshotStore(folder, context.terminal.say)


def known_snapshots(context: Context) -> tuple[SnapshotStore, ...]:
    """The kept readings of every instance that was ever read here, for questions asked offline."""
    folders = sorted((context.cache_dir / "snapshots").glob("*/"))
    return tuple(SnapshotStore(folder, context.terminal.say) for folder in folders)


def _keep(rooms: AccessRooms, reading: Reading) -> None:
    """Keep `reading` for later questions. It is only a cache: where it cannot be kept, it is not."""
    now = datetime.now(UTC)
    try:
        rooms.snapshots.save(reading.actual, now)
        rooms.snapshots.prune(now - KEEP_SNAPSHOTS)
    except (OSError, NewerSnapshotsError) as error:
        rooms.say(f"this reading is not kept for later questions: {error}")


def journal_folder(context: Context) -> Path:
    """Where the journals of this machine's runs are."""
    return context.config_dir / "journals"


@contextmanager
def new_journal(context: Context) -> Iterator[JournalFile]:
    """A new journal in the configuration folder."""
    with open_journal(journal_folder(context), lambda: datetime.now(UTC), secrets.token_hex(4)) as journal:
        yield journal
