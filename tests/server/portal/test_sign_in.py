"""Signing in with a password: who gets in, what they are told, and what is on record."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Any

import pytest

from usher.server.idp.limits import PASSWORD_FROM_ADDRESS, PASSWORD_OF_PERSON, Demand, take
from usher.server.idp.passwords import _slot
from usher.server.store.audit_events import read_events
from usher.server.store.tables import browser_sessions, passwords, users

NEW = "a new sentence for the operator"


def events(site: Any, action: str) -> list[Any]:
    with site.services.database.read() as connection:
        return [event for event in read_events(connection) if event.action == action]


def change_user(site: Any, **values: Any) -> None:
    with site.services.database.change("test") as change:
        change.connection.execute(users.update().where(users.c.id == site.user_id).values(**values))
        change.record("test", site.user_id)


def test_the_right_password_leads_to_the_accounts(browser: Any, site: Any) -> None:
    answer = browser.sign_in(site.user_name, site.password)
    assert (answer.status, answer.location) == (303, "/start")
    assert site.user_name in browser.get("/start").text
    [event] = events(site, "sign-in:UserAuthentication")
    assert (event.target, event.actor) == (site.user_id, site.user_name)
    assert '"result":"Success"' in event.details


def test_names_are_compared_without_case_and_spaces_around(browser: Any, site: Any) -> None:
    assert browser.sign_in(f"  {site.user_name.upper()} ", site.password).location == "/start"


def test_an_email_address_is_as_good_as_the_user_name(browser: Any, site: Any) -> None:
    change_user(site, user_name="operator", user_name_folded="operator")
    assert browser.sign_in("operator@mkdev.example", site.password).location == "/start"


def test_unknown_disabled_and_wrong_get_the_same_answer(browser: Any, site: Any) -> None:
    def answer(name: str, password: str) -> tuple[int, str]:
        shown = browser.sign_in(name, password)
        return shown.status, re.sub(r'value="[^"]*"', "", shown.text)

    wrong = answer(site.user_name, "not the password at all")
    unknown = answer("nobody@mkdev.example", site.password)
    change_user(site, active=False)
    disabled = answer(site.user_name, site.password)
    with site.services.database.change("test") as change:
        change.connection.execute(passwords.delete())
        change.record("test", "test")
    change_user(site, active=True)
    without_password = answer(site.user_name, site.password)

    assert wrong[0] == 401
    assert wrong == unknown == disabled == without_password


def test_what_was_typed_as_a_name_is_not_on_record(browser: Any, site: Any) -> None:
    browser.sign_in("my secret password", "x")
    [event] = events(site, "sign-in:UserAuthentication")
    assert event.target == "unknown"
    assert "secret" not in event.details


def test_an_absurdly_long_password_is_wrong_without_being_hashed(browser: Any, site: Any) -> None:
    assert browser.sign_in(site.user_name, "x" * 5000).status == 401


def test_ten_wrong_passwords_then_even_the_right_one_must_wait(browser: Any, site: Any, clock: Any) -> None:
    for _ in range(10):
        assert browser.sign_in(site.user_name, "wrong").status == 401
    assert browser.sign_in(site.user_name, site.password).status == 429
    assert "TOO_MANY_TRIES" in events(site, "sign-in:UserAuthentication")[-1].details
    clock.now += 31
    assert browser.sign_in(site.user_name, site.password).location == "/start"


def test_the_right_password_forgives_the_wrong_ones_before(
    browser: Any, other_browser: Any, site: Any
) -> None:
    for _ in range(9):
        browser.sign_in(site.user_name, "wrong")
    browser.sign_in(site.user_name, site.password)
    for _ in range(9):
        assert other_browser.sign_in(site.user_name, "wrong").status == 401


@pytest.mark.parametrize("limit", [PASSWORD_FROM_ADDRESS, PASSWORD_OF_PERSON], ids=lambda limit: limit.name)
def test_an_address_and_a_person_have_limits_of_their_own(browser: Any, site: Any, limit: Any) -> None:
    subject = "127.0.0.1" if limit is PASSWORD_FROM_ADDRESS else site.user_id
    while take(site.services.database, [Demand(limit, subject)]):
        pass
    assert browser.sign_in(site.user_name, site.password).status == 429


def test_when_too_many_sign_in_at_once_the_next_is_asked_to_wait(browser: Any, site: Any) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(_slot())
        answer = browser.sign_in(site.user_name, site.password)
    assert answer.status == 429
    assert "too many people" in answer.text.lower()


def test_a_session_gets_a_new_id_when_somebody_signs_in(browser: Any, site: Any) -> None:
    browser.get("/sign-in")
    planted = browser.copy()
    browser.sign_in(site.user_name, site.password)
    assert browser.cookie != planted.cookie
    assert planted.get("/start").location == "/sign-in"


def test_an_id_that_the_directory_did_not_give_is_replaced(browser: Any, site: Any) -> None:
    browser.cookie = "planted"
    browser.sign_in(site.user_name, site.password)
    assert browser.cookie != "planted"
    assert browser.get("/start").status == 200


def test_the_cookie_is_for_this_site_and_no_script(browser: Any) -> None:
    [cookie] = browser.get("/sign-in").cookies
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("usher_session=")
    assert parts == {"httponly", "samesite=lax", "path=/"}


def test_only_the_cookies_hash_is_stored(signed_in: Any, site: Any) -> None:
    with site.services.database.read() as connection:
        rows = connection.execute(browser_sessions.select()).all()
    assert rows
    assert all(signed_in.cookie not in str(row) for row in rows)


def test_an_idle_hour_ends_the_session(signed_in: Any, clock: Any) -> None:
    clock.now += 3500
    assert signed_in.get("/start").status == 200
    clock.now += 3500
    assert signed_in.get("/start").status == 200
    clock.now += 3601
    assert signed_in.get("/start").location == "/sign-in"


def test_no_session_outlives_the_portals_session_time(signed_in: Any, clock: Any) -> None:
    for _ in range(13):
        clock.now += 3300
        last = signed_in.get("/start")
        assert last.status == 200
    clock.now += 3300
    assert signed_in.get("/start").location == "/sign-in"


def test_a_disabled_person_is_out_at_once(signed_in: Any, site: Any) -> None:
    change_user(site, active=False)
    assert signed_in.get("/start").location == "/sign-in"
    assert signed_in.post("/keys", account_id="1", role_name="x").status == 403


def test_signing_out_ends_the_session_here_only(signed_in: Any, other_browser: Any, site: Any) -> None:
    other_browser.sign_in(site.user_name, site.password)
    before = signed_in.copy()
    answer = signed_in.post("/sign-out")
    assert (answer.status, answer.location) == (303, "/sign-in")
    assert "Max-Age=0" in answer.cookies[0]
    assert before.get("/start").location == "/sign-in"
    assert other_browser.get("/start").status == 200
    assert [event.target for event in events(site, "sign-in:SignOut")] == [site.user_id]


def test_somebody_who_has_signed_in_needs_no_form(signed_in: Any) -> None:
    assert signed_in.get("/sign-in").location == "/start"
    assert signed_in.get("/").location == "/start"


def test_somebody_who_has_not_may_sign_out_too(browser: Any, site: Any) -> None:
    browser.get("/sign-in")
    assert browser.post("/sign-out").location == "/sign-in"


def test_a_one_time_password_opens_nothing_but_the_form_for_a_new_one(
    browser: Any, site: Any, one_time_password: Any
) -> None:
    browser.sign_in(site.user_name, one_time_password.reveal())
    for path in ("/start", "/device?user_code=BBBB-BBBB", "/console?account_id=1&role_name=x", "/keys"):
        answer = browser.get(path)
        assert (answer.status, answer.location) == (303, "/change-password"), path
    browser.get("/change-password")
    assert browser.post("/keys", account_id="1", role_name="x").location == "/change-password"


def test_after_the_new_password_the_one_time_password_is_spent(
    browser: Any, other_browser: Any, site: Any, one_time_password: Any
) -> None:
    browser.get("/device?user_code=BBBB-BBBB")
    browser.get("/sign-in")
    browser.post("/sign-in", user_name=site.user_name, password=one_time_password.reveal())
    browser.get("/change-password")
    before = browser.cookie

    answer = browser.post("/change-password", new_password=NEW, repeat_password=NEW)

    assert (answer.status, answer.location) == (303, "/device?user_code=BBBB-BBBB")
    assert browser.cookie != before
    assert browser.get("/start").status == 200
    assert other_browser.sign_in(site.user_name, one_time_password.reveal()).status == 401
    assert other_browser.sign_in(site.user_name, NEW).location == "/start"
    assert len(events(site, "sign-in:UpdatePassword")) == 1


def test_a_one_time_password_lapses_after_a_week(
    browser: Any, site: Any, one_time_password: Any, clock: Any
) -> None:
    clock.now += 7 * 86400
    answer = browser.sign_in(site.user_name, one_time_password.reveal())
    assert (answer.status, answer.alert) == (401, "That one-time password has lapsed. Ask for a new one.")
    assert browser.sign_in(site.user_name, "wrong").alert != answer.alert


@pytest.mark.parametrize(
    ("new", "repeated", "told"),
    [
        ("too short", "too short", "at least 15"),
        ("x" * 257, "x" * 257, "at most 256"),
        ("operator@mkdev.example", "operator@mkdev.example", "user name"),
        ("passwordpassword", "passwordpassword", "others would try"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "others would try"),
        (NEW, NEW + "?", "not the same"),
    ],
)
def test_a_password_that_is_not_good_enough_is_explained(
    browser: Any, site: Any, one_time_password: Any, new: str, repeated: str, told: str
) -> None:
    browser.sign_in(site.user_name, one_time_password.reveal())
    browser.get("/change-password")
    answer = browser.post("/change-password", new_password=new, repeat_password=repeated)
    assert answer.status == 400
    assert told in answer.alert
    assert new not in answer.text.replace("operator@mkdev.example", "") or new == "operator@mkdev.example"


def test_the_one_time_password_cannot_be_kept(browser: Any, site: Any, one_time_password: Any) -> None:
    same = one_time_password.reveal()
    browser.sign_in(site.user_name, same)
    browser.get("/change-password")
    assert "differs" in browser.post("/change-password", new_password=same, repeat_password=same).alert


def test_who_changes_a_password_of_their_own_shows_the_current_one(signed_in: Any, site: Any) -> None:
    signed_in.get("/change-password")
    new = {"new_password": NEW, "repeat_password": NEW}
    assert "current password" in signed_in.post("/change-password", password="wrong", **new).alert
    answer = signed_in.post("/change-password", password=site.password, **new)
    assert (answer.status, answer.location) == (303, "/start")


def test_a_new_password_ends_every_other_session(signed_in: Any, other_browser: Any, site: Any) -> None:
    other_browser.sign_in(site.user_name, site.password)
    signed_in.get("/change-password")
    signed_in.post("/change-password", password=site.password, new_password=NEW, repeat_password=NEW)
    assert signed_in.get("/start").status == 200
    assert other_browser.get("/start").location == "/sign-in"


def test_a_reset_ends_every_session(signed_in: Any, one_time_password: Any) -> None:
    assert one_time_password
    assert signed_in.get("/start").location == "/sign-in"


def test_after_signing_in_the_person_is_where_they_were_headed(browser: Any, site: Any) -> None:
    asked = "/device?user_code=BCDF-GHJK"
    assert browser.get(asked).location == "/sign-in"
    assert browser.sign_in(site.user_name, site.password).location == asked


@pytest.mark.parametrize(
    "trick",
    [
        "/sign-in?next=https://evil.example",
        "//evil.example/start",
        "/start?next=//evil.example",
        "/device?user_code=" + "B" * 3000,
    ],
)
def test_nobody_is_sent_to_another_site_after_signing_in(browser: Any, site: Any, trick: str) -> None:
    browser.get(trick)
    answer = browser.sign_in(site.user_name, site.password)
    assert answer.location in {"/start", "/start?next=//evil.example"}


def test_a_pages_text_is_never_markup(browser: Any) -> None:
    answer = browser.sign_in('"><script>alert(1)</script>', "x")
    assert "<script" not in answer.text
