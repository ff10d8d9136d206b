"""The crawl: at the portal's pace, side by side, resumed where it stopped, and nobody's profiles lost."""

import threading
import time
from dataclasses import replace

import pytest

from usher.core.pace import Pace
from usher.session import crawl as crawling
from usher.session.crawl import RESUME_SECONDS, crawl, forget_crawl
from usher.session.errors import PortalAnswerError, PortalUnavailableError, SessionEndedError
from usher.session.http import HttpClient
from usher.session.login import login_with_device
from usher.session.portal import PortalClient

STAGING = "222222222222"
ROLES = [f"Role{n}" for n in range(5)]


def many(count):
    return {f"{n:012d}": (f"account-{n:04d}", ROLES) for n in range(count)}


def quick():
    return Pace(100_000, clock=time.monotonic, sleep=time.sleep)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "crawl"


@pytest.fixture
def crawled(signed_in, folder):
    """Crawl with no pace to speak of, or the one that is given."""

    def run(pace=None, **options):
        return crawl(signed_in.keeper, pace or quick(), folder, **options)

    return run


def test_everything_that_may_be_entered_is_listed_by_account_name(crawled):
    found = [(entry.account.name, entry.permission_set) for entry in crawled().entrances]
    assert found == [
        ("management", "AdministratorAccess"),
        ("production", "ReadOnlyAccess"),
        ("staging", "AdministratorAccess"),
        ("staging", "ReadOnlyAccess"),
    ]


def test_lists_are_read_page_by_page(crawled, portal):
    portal.page_size = 1
    assert len(crawled().entrances) == 4
    assert portal.count("list_accounts") == 3
    assert portal.count("list_roles") == 4


def test_an_account_without_a_name_is_called_by_its_id(crawled, portal):
    portal.accounts = {STAGING: ("", ["ReadOnlyAccess"])}
    assert [entry.account.name for entry in crawled().entrances] == [STAGING]


def test_an_account_id_that_is_none_is_refused(crawled, portal):
    portal.accounts = {"../../etc": ("evil", [])}
    with pytest.raises(PortalAnswerError, match="twelve digits"):
        crawled()


class VirtualTime:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 1_000.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.mark.once
@pytest.mark.parametrize(
    ("accounts", "rate", "faulty", "bound"),
    [(1_000, 20, 0, 1.05), (400, 20, 20, 1.2), (400, 7, 0, 1.2)],
    ids=["at AWS's quota", "with a failure in twenty", "at a portal slower than AWS's"],
)
def test_a_thousand_accounts_take_little_more_than_the_least_time_that_the_portal_allows(
    signed_in, portal, folder, monkeypatch, accounts, rate, faulty, bound
):
    """In virtual time, where a call takes none: what is left is the pace alone."""
    monkeypatch.setattr(crawling, "WORKERS", 1)
    time_ = VirtualTime()
    portal.accounts = many(accounts)
    portal.limit(rate, rate, time_.clock)
    portal.fail_every = faulty
    signed_in.keeper.access_token()
    before = len(portal.calls)
    pace = Pace(20, clock=time_.clock, sleep=time_.sleep)
    began = time_.now
    client = PortalClient(signed_in.http, portal.url, sleep=time_.sleep, jitter=lambda: 0.5)
    found = crawl(replace(signed_in.keeper, portal=client), pace, folder)
    assert (len(found.entrances), found.unlisted) == (5 * accounts, ())
    least = (accounts * 1.01 - rate) / rate
    assert time_.now - began <= bound * least
    asked = set(portal.calls[before:])
    assert asked == {"list_accounts", "list_roles"}, "a throttle never leads to another sign-in"


def test_in_real_time_workers_side_by_side_keep_the_pace_of_a_slow_portal(signed_in, portal, folder):
    portal.accounts = many(120)
    portal.latency = 0.02
    portal.limit(60, 60)
    pace = Pace(60, clock=time.time, sleep=time.sleep)
    assert len(crawl(signed_in.keeper, pace, folder).entrances) == 600
    # Without a pace one call in two would be: the 60 that the portal takes at once are gone by the middle.
    assert portal.throttled <= 12


def test_a_portal_that_says_how_long_to_wait_is_left_alone_that_long(signed_in, portal, folder, monkeypatch):
    monkeypatch.setattr(crawling, "WORKERS", 1)
    time_ = VirtualTime()
    portal.limit(1, 2, time_.clock, retry_after="3")
    pace = Pace(20, clock=time_.clock, sleep=time_.sleep)
    assert len(crawl(signed_in.keeper, pace, folder).entrances) == 4
    assert portal.throttled == 1
    assert time_.now >= 1_003
    assert 3.0 in signed_in.slept


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("Sat, 01 Jan 2050 00:00:00 GMT", 60.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("7200", 60.0),
    ],
)
def test_a_wait_may_be_a_date_and_is_never_longer_than_a_minute(signed_in, portal, value, pause):
    token = signed_in.keeper.access_token()
    portal.limit(1_000, 0, retry_after=value)
    with pytest.raises(PortalUnavailableError):
        signed_in.keeper.portal.accounts(token)
    assert max(signed_in.slept) == max(pause, max(s for s in signed_in.slept if s != 60.0))
    assert (60.0 in signed_in.slept) == (pause == 60.0)


def test_a_crawl_that_fails_goes_on_where_it_stopped(crawled, signed_in, portal):
    portal.accounts = many(100)

    def end_the_session(_number):
        if portal.count("list_roles") == 50:
            portal.access_tokens.clear()
            portal.refresh_tokens.clear()

    portal.on_roles = end_the_session
    with pytest.raises(SessionEndedError):
        crawled()
    first = portal.count("list_roles")
    assert 50 <= first <= 50 + 2 * crawling.WORKERS
    login_with_device(signed_in.desk, signed_in.organization, lambda _: None)
    assert len(crawled().entrances) == 500
    assert portal.count("list_roles") <= 100 + 3 * crawling.WORKERS


def test_a_token_refused_in_the_middle_is_refreshed_once(crawled, portal):
    portal.accounts = many(60)
    portal.on_roles = lambda _n: portal.access_tokens.clear() if portal.count("list_roles") == 30 else None
    assert len(crawled().entrances) == 300
    assert portal.count("refresh") == 1
    assert portal.count("start_device") == 1, "the login before, and none since"


def test_an_account_that_cannot_be_listed_keeps_what_was_known_and_is_named(crawled, portal):
    crawled()
    portal.broken_accounts = {STAGING: 500}
    portal.accounts[STAGING] = ("staging", ["Billing"])
    found = crawled()
    assert [(each.account.name, "HTTP 500" in each.reason) for each in found.unlisted] == [("staging", True)]
    assert [way.permission_set for way in found.entrances if way.account.id == STAGING] == [
        "AdministratorAccess",
        "ReadOnlyAccess",
    ]
    portal.broken_accounts = {}
    before = portal.count("list_roles")
    assert [w.permission_set for w in crawled().entrances if w.account.id == STAGING] == ["Billing"]
    assert portal.count("list_roles") == before + 1, "what was listed is not asked again"


def test_a_portal_that_fails_again_and_again_is_not_asked_for_every_account(crawled, portal):
    portal.accounts = many(200)
    portal.broken_accounts = dict.fromkeys(portal.accounts, 400)
    found = crawled()
    assert len(found.unlisted) == 200
    assert found.entrances == ()
    assert "not asked" in found.unlisted[-1].reason
    assert portal.count("list_roles") <= 5 + 2 * crawling.WORKERS


def test_an_account_that_is_gone_is_gone_with_its_ways_in(crawled, portal):
    crawled()
    del portal.accounts[STAGING]
    assert STAGING not in {way.account.id for way in crawled().entrances}


def test_what_was_read_lately_is_taken_as_it_is_when_that_is_enough(crawled, portal, clock):
    first = crawled()
    before = len(portal.calls)
    assert crawled(fresh=86_400.0) == first
    assert len(portal.calls) == before
    clock.advance(90_000)
    portal.accounts[STAGING] = ("staging", ["Billing"])
    assert crawled(fresh=86_400.0) != first


def test_those_who_ask_at_the_same_time_share_one_crawl(crawled, portal):
    found, all_wait = [], threading.Barrier(4)
    first = threading.Event()

    def hold_up(_number):
        if not first.is_set():
            first.set()
            all_wait.wait(20)

    portal.on_roles = hold_up

    def ask():
        found.append(crawled(on_wait=lambda: all_wait.wait(20)))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len({len(each.entrances) for each in found}) == 1
    assert portal.count("list_roles") == 3


def test_an_unfinished_crawl_is_too_old_after_an_hour(crawled, portal, clock):
    portal.token_seconds = 100_000
    portal.broken_accounts = {STAGING: 500}
    crawled()
    portal.broken_accounts = {}
    clock.advance(RESUME_SECONDS + 1)
    before = portal.count("list_roles")
    crawled()
    assert portal.count("list_roles") == before + 3


def test_what_was_read_is_private_and_forgotten_for_the_next_person(crawled, folder):
    crawled()
    (kept,) = folder.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    forget_crawl(folder, "mkdev")
    forget_crawl(folder, "mkdev")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"{",
        lambda _: b"[]",
        lambda _: b"{}",
        lambda text: text.replace(b'"version": 1', b'"version": 0'),
        lambda text: text.replace(b"http://", b"https://"),
        lambda text: text.replace(b"222222222222", b"../../evil"),
        lambda text: text.replace(b'"finished": ', b'"finished": 1e99, "x": '),
    ],
    ids=["cut", "a list", "empty", "version", "another portal", "no account", "from the future"],
)
def test_what_cannot_be_understood_is_read_anew(crawled, folder, spoil):
    first = crawled().entrances
    (kept,) = folder.iterdir()
    kept.write_bytes(spoil(kept.read_bytes()))
    assert crawled(fresh=100.0).entrances == first


def test_progress_counts_accounts_and_goes_on_from_what_is_there(crawled, portal):
    portal.accounts = many(45)
    portal.broken_accounts = {"000000000007": 500}
    told = []
    crawled(tell=lambda *counts: told.append(counts))
    assert (told[0], told[-1]) == ((0, 45), (45, 45))
    portal.broken_accounts = {}
    told.clear()
    crawled(tell=lambda *counts: told.append(counts))
    assert told == [(44, 45), (45, 45)]


def test_a_network_that_fails_for_a_moment_loses_nothing(signed_in, portal, folder):
    class Unsteady(HttpClient):
        sent = 0

        def send(self, *arguments, **options):
            self.sent += 1
            if self.sent in {2, 4}:
                raise PortalUnavailableError("cannot reach it")
            return super().send(*arguments, **options)

    client = PortalClient(Unsteady({}, time.time), portal.url, sleep=lambda _s: None)
    token = signed_in.keeper.access_token()
    assert len(client.accounts(token)) == 3
    assert len(client.permission_sets(token, STAGING)) == 2
    client = PortalClient(HttpClient({}, time.time), "http://127.0.0.1:1", sleep=lambda _s: None)
    with pytest.raises(PortalUnavailableError, match="cannot reach"):
        client.accounts(token)
