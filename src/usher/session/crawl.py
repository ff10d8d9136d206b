"""Reading everything that a person may enter, account by account, at the portal's pace.

There is no bulk listing: a thousand accounts are a thousand calls. What was read is kept after every batch,
so that a crawl that is killed or refused goes on where it stopped; an account that cannot be listed keeps
what was known of it and is named. One process at a time crawls an organization: others take its result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from usher.core.errors import UnavailableError, UsherError
from usher.core.ids import AccountId, account_id
from usher.core.pace import Pace
from usher.session.errors import PortalAnswerError, PortalUnavailableError
from usher.session.keeper import SessionKeeper
from usher.session.locks import exclusive
from usher.session.portal import PortalAccount, PortalClient
from usher.session.vault.files import read_private, write_private

CRAWL_FOLDER = "crawl"
VERSION = 1
WORKERS = 16
BATCH = 20
RESUME_SECONDS = 3600.0
MOST_FAILURES_IN_A_ROW = 5
LONGEST_CRAWL_SECONDS = 1800.0

Tell = Callable[[int, int], None]
"""Told how many accounts are listed, and how many there are."""


@dataclass(frozen=True, slots=True, order=True)
class Entrance:
    """One way in: a permission set in an account."""

    account: PortalAccount
    permission_set: str


@dataclass(frozen=True, slots=True)
class Unlisted:
    """An account whose permission sets could not be read now, and why."""

    account: PortalAccount
    reason: str


@dataclass(frozen=True, slots=True)
class Crawl:
    """What may be entered, by account name and permission set.

    `unlisted` accounts are here with what was known before, which may be nothing. `at` is when the oldest
    part was read, in seconds since the epoch.
    """

    entrances: tuple[Entrance, ...]
    unlisted: tuple[Unlisted, ...] = ()
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Listing:
    """The permission sets of one account, and when they were read."""

    permission_sets: tuple[str, ...]
    at: float


@dataclass(slots=True)
class _Notes:
    """What a crawl of one portal has read so far. `finished` is when all was read, None until then."""

    portal: str
    began: float
    finished: float | None = None
    accounts: list[PortalAccount] = field(default_factory=list)
    listed: dict[AccountId, _Listing] = field(default_factory=dict)

    def is_enough(self, asked_at: float, fresh: float, now: float) -> bool:
        """Whether who asked then needs no other crawl: this one is young, or ended while they waited."""
        if self.finished is None or self.finished > now:
            return False
        return self.began >= asked_at - fresh or self.finished >= asked_at

    def wanting(self) -> list[PortalAccount]:
        """The accounts that this crawl has not listed yet."""
        return [a for a in self.accounts if a.id not in self.listed or self.listed[a.id].at < self.began]

    def result(self, unlisted: Sequence[Unlisted] = ()) -> Crawl:
        ways = (
            Entrance(account, name)
            for account in self.accounts
            if account.id in self.listed
            for name in self.listed[account.id].permission_sets
        )
        ordered = sorted(ways, key=lambda way: (way.account.name, way.account.id, way.permission_set))
        return Crawl(tuple(ordered), tuple(unlisted), self.began)


def crawl(
    keeper: SessionKeeper,
    pace: Pace,
    folder: Path,
    tell: Tell = lambda _done, _all: None,
    *,
    fresh: float = 0.0,
    on_wait: Callable[[], None] = lambda: None,
) -> Crawl:
    """Everything the person may enter; what was read in the last `fresh` seconds is taken as it is.

    `folder` is a private place for what was read. `on_wait` is told when another process crawls now.
    Raises the keeper's errors, and UnavailableError when not even the accounts can be listed; then run
    again: it goes on where it stopped.
    """
    asked_at = keeper.clock()
    name = keeper.organization.name
    with _turn(keeper.locks / f"{name}.crawl.lock", on_wait):
        kept = _read(folder, keeper)
        if kept is not None and kept.is_enough(asked_at, fresh, keeper.clock()):
            return kept.result()
        notes = _begin(kept, keeper)
        portal = keeper.portal.paced(pace)
        notes.accounts = keeper.with_token(portal.accounts)
        try:
            unlisted = _list_all(keeper, portal, notes, tell, lambda: _write(folder, name, notes))
            notes.finished = None if unlisted else keeper.clock()
        finally:
            _write(folder, name, notes)
        return notes.result(unlisted)


@contextmanager
def _turn(lock: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive(lock, 0.0))
        except UnavailableError:
            on_wait()
            stack.enter_context(exclusive(lock, LONGEST_CRAWL_SECONDS))
        yield


def forget_crawl(folder: Path, organization: str) -> None:
    """Forget what was read: whoever signs in next may be somebody else."""
    _place(folder, organization).unlink(missing_ok=True)


def _begin(kept: _Notes | None, keeper: SessionKeeper) -> _Notes:
    """Notes that go on with an unfinished crawl of the last hour, or begin a new one beside what is known."""
    now = keeper.clock()
    if kept is None:
        return _Notes(keeper.organization.portal_url, now)
    goes_on = kept.finished is None and now - RESUME_SECONDS < kept.began <= now
    return replace(kept, began=kept.began if goes_on else now, finished=None)


def _list_all(
    keeper: SessionKeeper, portal: PortalClient, notes: _Notes, tell: Tell, save: Callable[[], None]
) -> list[Unlisted]:
    """List what is wanting, and give the accounts that could not be. Saves after every batch."""
    wanting = notes.wanting()
    already, failed = len(notes.accounts) - len(wanting), dict[AccountId, str]()
    in_a_row = 0
    tell(already, len(notes.accounts))
    with closing(_listings(keeper, portal, wanting)) as listings:
        for number, (account, found) in enumerate(listings, 1):
            if isinstance(found, UsherError):
                failed[account.id] = found.message
                in_a_row += 1
            else:
                notes.listed[account.id] = _Listing(found, keeper.clock())
                in_a_row = 0
            tell(already + number, len(notes.accounts))
            if in_a_row >= MOST_FAILURES_IN_A_ROW:
                break
            if number % BATCH == 0:
                save()
    return [
        Unlisted(account, failed.get(account.id, "not asked: the portal fails again and again"))
        for account in notes.wanting()
    ]


def _listings(
    keeper: SessionKeeper, portal: PortalClient, accounts: Iterable[PortalAccount]
) -> Generator[tuple[PortalAccount, tuple[str, ...] | UsherError], None, None]:
    """Each account with its permission sets, or why they could not be read, as the answers come."""

    def of_account(account: PortalAccount) -> tuple[str, ...] | UsherError:
        try:
            return tuple(keeper.with_token(lambda token: portal.permission_sets(token, account.id)))
        except (PortalUnavailableError, PortalAnswerError) as error:
            return error

    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="usher-list")
    try:
        accounts_of = {pool.submit(of_account, account): account for account in accounts}
        for future in as_completed(accounts_of):
            yield accounts_of[future], future.result()
    finally:
        # Whoever stops the crawl does not wait for those who wait for the portal.
        pool.shutdown(wait=False, cancel_futures=True)


def _place(folder: Path, organization: str) -> Path:
    return folder / f"{organization}.json"


def _write(folder: Path, organization: str, notes: _Notes) -> None:
    accounts = [
        {
            "id": account.id,
            "name": account.name,
            "email": account.email,
            "permission_sets": notes.listed[account.id].permission_sets
            if account.id in notes.listed
            else None,
            "at": notes.listed[account.id].at if account.id in notes.listed else 0.0,
        }
        for account in notes.accounts
    ]
    document = {
        "version": VERSION,
        "portal": notes.portal,
        "began": notes.began,
        "finished": notes.finished,
        "accounts": accounts,
    }
    write_private(_place(folder, organization), json.dumps(document).encode())


def _read(folder: Path, keeper: SessionKeeper) -> _Notes | None:
    """What was kept of this portal; None when there is nothing, or nothing that can be understood."""
    try:
        document = json.loads(read_private(_place(folder, keeper.organization.name)) or b"{}")
        if document["version"] != VERSION or document["portal"] != keeper.organization.portal_url:
            return None
        entries = [_entry(item) for item in document["accounts"]]
        listed = {account.id: listing for account, listing in entries if listing is not None}
        finished = None if document["finished"] is None else float(document["finished"])
        accounts = [account for account, _ in entries]
        return _Notes(document["portal"], float(document["began"]), finished, accounts, listed)
    except (ValueError, TypeError, KeyError):
        return None


def _entry(item: Mapping[str, Any]) -> tuple[PortalAccount, _Listing | None]:
    account = PortalAccount(account_id(item["id"]), str(item["name"]), str(item["email"]))
    if item["permission_sets"] is None:
        return account, None
    return account, _Listing(tuple(map(str, item["permission_sets"])), float(item["at"]))
