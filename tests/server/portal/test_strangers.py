"""What the pages store for people who have not signed in: only what a sign-in needs, and not without end."""

from __future__ import annotations

from typing import Any

import pytest

from usher.server.idp.limits import ANONYMOUS_SESSION, from_address, take
from usher.server.store.tables import browser_sessions


def stored(site: Any) -> int:
    with site.services.database.read() as connection:
        return len(connection.execute(browser_sessions.select()).all())


@pytest.mark.parametrize("path", ["/", "/start", "/static/portal.css", "/authorize"])
def test_a_page_without_a_form_for_strangers_stores_nothing(browser: Any, site: Any, path: str) -> None:
    assert browser.get(path).cookies == []
    assert stored(site) == 0


def test_a_page_that_is_come_back_to_stores_one_session(browser: Any, site: Any) -> None:
    browser.get("/device?user_code=BBBB-BBBB")
    browser.get("/sign-in")
    assert stored(site) == 1
    signed_in = browser.post("/sign-in", user_name=site.user_name, password=site.password)
    assert signed_in.location == "/device?user_code=BBBB-BBBB"


@pytest.mark.parametrize("path", ["/sign-in", "/device?user_code=BBBB-BBBB"])
def test_an_address_cannot_open_sessions_without_end(browser: Any, site: Any, clock: Any, path: str) -> None:
    while take(site.services.database, [from_address(ANONYMOUS_SESSION, "127.0.0.1")]):
        pass
    refused = browser.get(path)
    assert (refused.status, refused.cookies, stored(site)) == (429, [], 0)
    clock.now += 1
    assert browser.get(path).cookies != []


def test_people_who_signed_in_are_not_held_up_by_strangers(signed_in: Any, site: Any) -> None:
    while take(site.services.database, [from_address(ANONYMOUS_SESSION, "127.0.0.1")]):
        pass
    assert signed_in.get("/start").status == 200
