"""Races with a reset, origins that no browser sends, and what many visitors can make the directory do."""

from __future__ import annotations

from typing import Any

import pytest

from usher.core.errors import SignInNeededError
from usher.core.secrets import Secret
from usher.server.idp import sign_in as room
from usher.server.idp.browser_sessions import BrowserSession, close_session
from usher.server.idp.csrf import sent_from_own_page
from usher.server.idp.limits import (
    PASSWORD_FROM_ADDRESS,
    PASSWORD_OF_PERSON,
    Demand,
    Limit,
    from_address,
    take,
    take_or_find_empty,
)
from usher.server.idp.passwords import set_one_time_password
from usher.server.idp.sign_in import Attempt, Refusal, sign_in
from usher.server.store.audit_events import read_events
from usher.server.store.sign_in import read_password
from usher.server.store.tables import metadata, passwords, rate_limits, users


@pytest.fixture
def signed_in(site: Any, browser_session: BrowserSession) -> BrowserSession:
    attempt = Attempt(site.user_name, Secret(site.password), "192.0.2.1")
    session = sign_in(site.services.database, attempt, browser_session, session_seconds=600.0)
    assert isinstance(session, BrowserSession)
    return session


def reset(site: Any, _: BrowserSession) -> None:
    with site.services.database.change("test") as change:
        set_one_time_password(change, site.user_id)


def touch_password(site: Any, _: BrowserSession) -> None:
    with site.services.database.change("test") as change:
        change.connection.execute(passwords.update().values(changed_at=passwords.c.changed_at + 1))
        change.record("test", site.user_id)


def disable(site: Any, _: BrowserSession) -> None:
    with site.services.database.change("test") as change:
        change.connection.execute(users.update().values(active=False))
        change.record("test", site.user_id)


def sign_out(site: Any, session: BrowserSession) -> None:
    close_session(site.services.database, session)


@pytest.mark.parametrize("meanwhile", [reset, touch_password, disable, sign_out])
def test_a_password_chosen_before_a_reset_or_sign_out_does_not_undo_it(
    site: Any, signed_in: BrowserSession, meanwhile: Any
) -> None:
    database = site.services.database
    with database.read() as connection:
        checked = read_password(connection, site.user_id)
    assert checked is not None
    assert signed_in.owner is not None
    meanwhile(site, signed_in)
    with database.read() as connection:
        before = read_password(connection, site.user_id)
    with pytest.raises(SignInNeededError):
        room._replace_password(database, signed_in, signed_in.owner, checked, "the attacker's", 600.0)
    with database.read() as connection:
        assert read_password(connection, site.user_id) == before


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "https://sso.example.com:port", "//", "", "é"])
def test_an_origin_that_is_none_is_not_ours(origin: str) -> None:
    assert not sent_from_own_page({"origin": origin}, "https://sso.example.com")


def test_when_one_bucket_is_empty_none_is_drained(services: Any) -> None:
    one, other = Demand(Limit("one", 2, 1 / 1000), "a"), Demand(Limit("other", 1, 1 / 1000), "a")
    assert take(services.database, [one, other])
    assert take_or_find_empty(services.database, [one, other]) == other
    assert take(services.database, [one])


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("unknown", "unknown", True),
    ],
)
def test_a_visitor_has_one_bucket_for_all_addresses_of_their_network(
    first: str, second: str, shared: bool
) -> None:
    keys = [from_address(PASSWORD_FROM_ADDRESS, address).key for address in (first, second)]
    assert (keys[0] == keys[1]) is shared


def attempts(site: Any, name: str, count: int, session: BrowserSession) -> list[Any]:
    attempt = Attempt(name, Secret("wrong"), "192.0.2.1")
    return [sign_in(site.services.database, attempt, session, session_seconds=60.0) for _ in range(count)]


def test_user_name_and_email_address_share_one_budget(site: Any, browser_session: BrowserSession) -> None:
    with site.services.database.change("test") as change:
        mine = users.c.id == site.user_id
        change.connection.execute(users.update().where(mine).values(user_name="op", user_name_folded="op"))
        change.record("test", site.user_id)
    assert attempts(site, "op", 10, browser_session)[-1] is Refusal.WRONG
    assert attempts(site, site.user_name, 1, browser_session) == [Refusal.TOO_MANY_TRIES]


def test_a_reset_forgives_the_tries_of_the_old_password(site: Any, browser_session: BrowserSession) -> None:
    database = site.services.database
    attempts(site, site.user_name, 10, browser_session)
    while take(database, [Demand(PASSWORD_OF_PERSON, site.user_id)]):
        pass
    with database.change("test") as change:
        fresh = set_one_time_password(change, site.user_id)
    attempt = Attempt(site.user_name, fresh, "192.0.2.1")
    assert isinstance(sign_in(database, attempt, browser_session, session_seconds=60.0), BrowserSession)


def test_refusals_are_recorded_once_in_ten_minutes(
    site: Any, clock: Any, browser_session: BrowserSession
) -> None:
    while take(site.services.database, [Demand(PASSWORD_OF_PERSON, "nobody")]):
        pass
    assert set(attempts(site, "nobody", 3, browser_session)) == {Refusal.TOO_MANY_TRIES}
    assert refusals_on_record(site) == 1
    clock.now += 601
    while take(site.services.database, [Demand(PASSWORD_OF_PERSON, "nobody")]):
        pass
    attempts(site, "nobody", 3, browser_session)
    assert refusals_on_record(site) == 2


def refusals_on_record(site: Any) -> int:
    with site.services.database.read() as connection:
        return sum("TOO_MANY_TRIES" in event.details for event in read_events(connection))


def test_lapsed_rows_are_looked_for_at_most_once_a_minute(services: Any, clock: Any) -> None:
    assert services.database.sweep_is_due()
    clock.now += 59
    assert not services.database.sweep_is_due()
    clock.now += 1
    assert services.database.sweep_is_due()


def test_every_column_that_rows_lapse_by_is_indexed() -> None:
    lapsing = [table.c.expires_at for table in metadata.tables.values() if "expires_at" in table.c]
    swept = [column for column in lapsing if column.table.name != "tokens"]  # they go with their session
    assert [column for column in (*swept, rate_limits.c.updated_at) if not column.index] == []
