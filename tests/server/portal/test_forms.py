"""No page takes a form that did not come from our own page in this session; every page sends its policy."""

from __future__ import annotations

import re
from typing import Any

import pytest

from usher.server.portal.routes import DOORS

POSTS = [door.path for door in DOORS if door.post]
GETS = [door.path for door in DOORS if door.get]
FORM = {"account_id": "222222222222", "role_name": "AdministratorAccess", "decision": "allow"}


def test_there_are_forms_to_protect() -> None:
    assert set(POSTS) == {
        "/sign-in",
        "/change-password",
        "/sign-out",
        "/authorize",
        "/device",
        "/keys",
        "/console",
    }


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("token", ["", "wrong", "ü"])
def test_a_form_without_its_sessions_token_is_refused(signed_in: Any, path: str, token: str) -> None:
    answer = signed_in.post(path, csrf_token=token, **FORM)
    assert answer.status == 403
    assert "too old" in answer.text
    assert signed_in.get("/start").status == 200, "and nothing was done"


@pytest.mark.parametrize("path", POSTS)
def test_another_sessions_token_is_refused(signed_in: Any, other_browser: Any, path: str) -> None:
    other_browser.get("/sign-in")
    assert signed_in.post(path, csrf_token=other_browser.csrf, **FORM).status == 403


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": None, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_from_another_site_is_refused_even_with_the_token(
    signed_in: Any, path: str, headers: dict[str, str | None]
) -> None:
    assert signed_in.post(path, headers, **FORM).status == 403


@pytest.mark.parametrize("path", POSTS)
def test_a_form_without_a_session_is_refused(browser: Any, path: str) -> None:
    assert browser.post(path, **FORM).status == 403


def test_a_program_that_is_no_browser_may_leave_the_headers_out(browser: Any, site: Any) -> None:
    browser.get("/sign-in")
    sent = {"Origin": None, "Sec-Fetch-Site": None}
    answer = browser.post("/sign-in", sent, user_name=site.user_name, password=site.password)
    assert answer.location == "/start"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
def test_only_forms_are_read(signed_in: Any, kind: str) -> None:
    assert signed_in.send_raw("/keys", b"csrf_token=x", kind).status == 415


def test_a_huge_form_is_not_read(signed_in: Any) -> None:
    assert signed_in.send_raw("/keys", b"a=" + b"x" * 70_000).status == 413


def test_too_many_fields_are_refused(signed_in: Any) -> None:
    assert signed_in.send_raw("/keys", b"&".join(b"f%d=1" % n for n in range(60))).status == 400


def test_a_field_named_twice_is_refused(signed_in: Any) -> None:
    assert signed_in.get("/device?user_code=A&user_code=B").status == 400
    assert signed_in.send_raw("/keys", b"csrf_token=a&csrf_token=b").status == 400


@pytest.mark.parametrize("path", [*GETS, "/device?user_code=BBBB-BBBB", "/authorize?client_id=x"])
@pytest.mark.parametrize("who", ["browser", "signed_in"])
def test_every_page_sends_its_policy(request: Any, path: str, who: str) -> None:
    answer = request.getfixturevalue(who).get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    if answer.status != 303:
        policy = dict(
            part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["style-src"] == policy["img-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["form-action"].startswith("'self'")
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text)
        assert not re.search(r'(?:src|href|action)="(?!/(?!/)|#)', answer.text), "no external assets"
        assert '<html lang="en">' in answer.text


def test_a_path_is_open_only_to_its_methods(signed_in: Any) -> None:
    assert signed_in.get("/sign-out").status == 405
    assert signed_in.post("/start").status == 405


def test_the_two_files_that_dress_the_pages_may_be_kept(browser: Any) -> None:
    for name, kind in (("portal.css", "text/css"), ("logo.svg", "image/svg+xml")):
        answer = browser.get(f"/static/{name}")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["cache-control"] == "public, max-age=3600"
    assert browser.get("/static/..%2Froutes.py").status == 404
    assert browser.get("/static/base.html").status == 404
