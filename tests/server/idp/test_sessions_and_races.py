"""Browser sessions with TLS, forms' origins, and what may change while a password is being checked."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from usher.core.errors import SignInNeededError
from usher.core.secrets import Secret
from usher.server.idp import sign_in as room
from usher.server.idp.browser_sessions import (
    BrowserSession,
    cookie_header,
    cookie_name,
    find_session,
    open_anonymous_session,
)
from usher.server.idp.csrf import sent_from_own_page, token_matches
from usher.server.idp.grants import user_code_as_shown
from usher.server.idp.sign_in import Attempt, PasswordChoice, Refusal, choose_password, sign_in
from usher.server.store.tables import browser_sessions, passwords, users

HTTPS = "https://sso.example.com"


def test_with_tls_the_cookie_is_bound_to_this_host_and_to_tls() -> None:
    assert cookie_name(HTTPS) == "__Host-usher"
    header = cookie_header(HTTPS, Secret("value"))
    name, *parts = [part.strip() for part in header.split(";")]
    assert name == "__Host-usher=value"
    assert {part.lower() for part in parts} == {"secure", "httponly", "samesite=lax", "path=/"}
    assert "Max-Age=0" in cookie_header(HTTPS, None)


def test_no_cookie_and_an_unknown_one_are_no_session(services: Any) -> None:
    assert find_session(services.database, None) is None
    assert find_session(services.database, "") is None
    assert find_session(services.database, "unknown") is None


def test_sessions_that_ended_by_themselves_are_dropped(services: Any, clock: Any) -> None:
    open_anonymous_session(services.database)
    clock.now += 3601
    open_anonymous_session(services.database)
    with services.database.read() as connection:
        assert len(connection.execute(browser_sessions.select()).all()) == 1


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"origin": HTTPS, "sec-fetch-site": "same-origin"}, True),
        ({"origin": HTTPS}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({}, True),
        ({"origin": "https://sso.example.com.evil.example"}, False),
        ({"origin": "http://sso.example.com"}, False),
        ({"origin": "https://sso.example.com:444"}, False),
        ({"origin": "null"}, False),
        ({"origin": HTTPS, "sec-fetch-site": "cross-site"}, False),
    ],
)
def test_a_form_comes_from_our_own_origin(headers: dict[str, str], own: bool) -> None:
    assert sent_from_own_page(headers, HTTPS) is own


def test_an_empty_token_matches_nothing() -> None:
    assert not token_matches("", "")
    assert token_matches("same", "same")


@pytest.mark.parametrize("typed", ["bcdf-ghjk", "BCDF GHJK", "bcdfghjk", " bcdf - ghjk "])
def test_a_user_code_may_be_typed_carelessly(typed: str) -> None:
    assert user_code_as_shown(typed) == "BCDF-GHJK"


@pytest.mark.parametrize(
    "change_meanwhile",
    [
        lambda connection: connection.execute(users.update().values(active=False)),
        lambda connection: connection.execute(passwords.update().values(changed_at=1.0)),
        lambda connection: connection.execute(passwords.delete()),
    ],
    ids=["disabled", "changed", "removed"],
)
def test_a_person_changed_while_their_password_was_checked_does_not_get_in(
    site: Any, browser_session: BrowserSession, change_meanwhile: Any
) -> None:
    database = site.services.database
    with database.read() as connection:
        user, stored = room._find(connection, site.user_name)
    assert user is not None
    assert stored is not None
    with database.change("test") as change:
        change_meanwhile(change.connection)
        change.record("test", site.user_id)
    assert room._open(database, user, stored, "192.0.2.1", browser_session, 60.0) is Refusal.WRONG


def test_sign_in_at_the_same_time_gives_each_browser_its_own_session(site: Any) -> None:
    database = site.services.database
    got: list[Any] = []

    def enter() -> None:
        attempt = Attempt(site.user_name, Secret(site.password), "192.0.2.1")
        session = open_anonymous_session(database)
        got.append(sign_in(database, attempt, session, session_seconds=60.0))

    threads = [threading.Thread(target=enter) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({session.id_hash for session in got}) == 6


def test_nobody_chooses_a_password_without_having_signed_in(
    site: Any, browser_session: BrowserSession
) -> None:
    choice = PasswordChoice(Secret(""), Secret("x" * 20), Secret("x" * 20), "192.0.2.1")
    with pytest.raises(SignInNeededError):
        choose_password(site.services.database, browser_session, choice, session_seconds=60.0)
