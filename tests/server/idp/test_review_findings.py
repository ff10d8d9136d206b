"""What may happen at the same time as a new password is chosen, and origins that no browser would send."""

from __future__ import annotations

from typing import Any

import pytest

from usher.core.errors import SignInNeededError
from usher.core.secrets import Secret
from usher.server.idp import sign_in as room
from usher.server.idp.browser_sessions import BrowserSession, close_session
from usher.server.idp.csrf import sent_from_own_page
from usher.server.idp.passwords import set_one_time_password
from usher.server.idp.sign_in import Attempt, sign_in
from usher.server.store.sign_in import read_password
from usher.server.store.tables import passwords, users


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
