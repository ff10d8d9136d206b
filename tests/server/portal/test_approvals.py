"""Saying yes or no to a program: `/authorize` and `/device`."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from usher.core.secrets import Secret
from usher.server.idp.clients import ClientRequest, register_client
from usher.server.idp.grants import (
    DEVICE_SECONDS,
    read_waiting_device,
    redeem_code,
    redeem_device,
    start_device,
)
from usher.server.idp.limits import USER_CODE, Demand, take
from usher.server.idp.refusals import OAuthRefusal
from usher.server.store.audit_events import read_events

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "http://127.0.0.1:43210/oauth/callback"
SCOPE = "sso:account:access"
SESSION = 3600.0


@pytest.fixture
def program(site: Any) -> Any:
    """A program that registered as the AWS CLI does."""
    grants = ["authorization_code", "refresh_token"]
    uris = ["http://127.0.0.1/oauth/callback", "http://[::1]/callback?kept=1"]
    asked = ClientRequest("AWS <CLI>", "public", [SCOPE], grants, uris)
    return register_client(site.services.database, asked).client


@pytest.fixture
def device_program(site: Any) -> Any:
    """A program that registered for the device flow."""
    asked = ClientRequest("botocore-client-mkdev", "public", [SCOPE], [], [])
    return register_client(site.services.database, asked).client


def query(program: Any, **changed: str | None) -> dict[str, str]:
    given = {
        "response_type": "code",
        "client_id": program.client_id,
        "redirect_uri": CALLBACK,
        "state": "a state/+&=",
        "code_challenge_method": "S256",
        "scopes": SCOPE,
        "code_challenge": CHALLENGE,
        **changed,
    }
    return {name: value for name, value in given.items() if value is not None}


def address(program: Any, **changed: str | None) -> str:
    return f"/authorize?{urlencode(query(program, **changed))}"


def answered(location: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(location).query)


def actions(site: Any) -> list[str]:
    with site.services.database.read() as connection:
        return [event.action for event in read_events(connection)]


def test_the_person_signs_in_and_comes_back_to_the_question(browser: Any, site: Any, program: Any) -> None:
    asked = address(program)
    assert browser.get(asked).location == "/sign-in"
    assert browser.sign_in(site.user_name, site.password).location == asked
    page = browser.get(asked)
    assert "AWS &lt;CLI&gt;" in page.text
    assert "127.0.0.1:43210" in page.text
    assert "form-action 'self' http://127.0.0.1:43210" in page.headers["content-security-policy"]


def test_allow_sends_a_code_that_works_once(signed_in: Any, site: Any, program: Any) -> None:
    signed_in.get(address(program))
    answer = signed_in.post("/authorize", **query(program), decision="allow")
    assert answer.status == 303
    assert answer.location.startswith(f"{CALLBACK}?")
    told = answered(answer.location)
    assert told["state"] == ["a state/+&="]
    database = site.services.database
    [code] = told["code"]
    assert redeem_code(database, program, code, CALLBACK, VERIFIER, SESSION).refresh_token
    with pytest.raises(OAuthRefusal):
        redeem_code(database, program, code, CALLBACK, VERIFIER, SESSION)
    assert "sign-in:ApproveClient" in actions(site)


@pytest.mark.parametrize("decision", ["deny", "", "ALLOW"])
def test_anything_but_allow_is_a_no(signed_in: Any, site: Any, program: Any, decision: str) -> None:
    signed_in.get(address(program))
    answer = signed_in.post("/authorize", **query(program), decision=decision)
    assert answered(answer.location) == {"error": ["access_denied"], "state": ["a state/+&="]}
    assert "sign-in:DenyClient" in actions(site)


def test_a_program_on_ipv6_and_with_a_query_is_answered_there(signed_in: Any, program: Any) -> None:
    changed = {"redirect_uri": "http://[::1]:9/callback?kept=1", "state": None}
    page = signed_in.get(address(program, **changed))
    assert "form-action 'self' http:" in page.headers["content-security-policy"]
    answer = signed_in.post("/authorize", **query(program, **changed), decision="deny")
    assert answer.location == "http://[::1]:9/callback?kept=1&error=access_denied"


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://localhost:43210/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:43210/other"},
        {"redirect_uri": "http://127.0.0.1:43210/oauth/callback/../x"},
        {"redirect_uri": "http://127.0.0.1:43210/oauth/callback?added=1"},
        {"redirect_uri": "http://127.0.0.1:43210@evil.example/oauth/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://127.0.0.1/" + "a" * 600},
    ],
)
def test_an_unknown_program_or_address_is_shown_and_answered_to_nobody(
    browser: Any, signed_in: Any, program: Any, changed: dict[str, str | None]
) -> None:
    for answer in (
        browser.copy().get(address(program, **changed)),
        signed_in.post("/authorize", **query(program, **changed), decision="allow"),
    ):
        assert answer.status == 400
        assert not answer.location


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scopes": "everything"}, "invalid_scope"),
        ({"scopes": None, "scope": "everything"}, "invalid_scope"),
        ({"state": "x" * 600}, "invalid_request"),
    ],
)
def test_any_other_fault_is_told_to_the_program(
    browser: Any, signed_in: Any, program: Any, changed: dict[str, str | None], error: str
) -> None:
    shown = browser.copy().get(address(program, **changed))
    posted = signed_in.post("/authorize", **query(program, **changed), decision="allow")
    for answer in (shown, posted):
        assert answer.location.startswith(f"{CALLBACK}?")
        assert answered(answer.location)["error"] == [error]


def test_a_program_without_the_code_grant_is_told(signed_in: Any, site: Any) -> None:
    asked = ClientRequest("x", "public", [], ["refresh_token"], ["http://127.0.0.1/oauth/callback"])
    program = register_client(site.services.database, asked).client
    answer = signed_in.get(address(program, scopes=None))
    assert answered(answer.location)["error"] == ["unauthorized_client"]


def test_a_lapsed_registration_is_unknown(signed_in: Any, site: Any, program: Any, clock: Any) -> None:
    clock.now += 91 * 86400
    browser = signed_in.copy()
    assert browser.get(address(program)).status == 400


def test_the_device_page_shows_who_asks_from_where_and_since_when(
    signed_in: Any, site: Any, device_program: Any, clock: Any
) -> None:
    started = start_device(site.services.database, device_program, "192.0.2.7")
    for seconds, age in (
        (1, "1 second ago"),
        (11, "12 seconds ago"),
        (60, "1 minute ago"),
        (60, "2 minutes ago"),
    ):
        clock.now += seconds
        page = signed_in.get(f"/device?user_code={started.user_code}")
        assert age in page.text
    assert started.user_code in page.text.partition("<main")[2]
    assert "botocore-client-mkdev" in page.text
    assert "192.0.2.7" in page.text


def test_a_code_may_be_typed_carelessly(signed_in: Any, site: Any, device_program: Any) -> None:
    started = start_device(site.services.database, device_program, "192.0.2.7")
    typed = started.user_code.lower().replace("-", " ")
    assert started.user_code in signed_in.get(f"/device?{urlencode({'user_code': typed})}").text


def test_allow_lets_the_device_in(signed_in: Any, site: Any, device_program: Any) -> None:
    database = site.services.database
    started = start_device(database, device_program, "192.0.2.7")
    signed_in.get(f"/device?user_code={started.user_code}")
    answer = signed_in.post("/device", user_code=started.user_code, decision="allow")
    assert answer.status == 200
    assert "You are signed in" in answer.text
    assert redeem_device(database, device_program, started.device_code.reveal(), SESSION).access_token
    assert "sign-in:ApproveDevice" in actions(site)
    assert signed_in.post("/device", user_code=started.user_code, decision="allow").status == 404


def test_deny_keeps_the_device_out(signed_in: Any, site: Any, device_program: Any) -> None:
    database = site.services.database
    started = start_device(database, device_program, "192.0.2.7")
    signed_in.get(f"/device?user_code={started.user_code}")
    assert "Denied" in signed_in.post("/device", user_code=started.user_code, decision="deny").text
    with pytest.raises(OAuthRefusal, match="denied"):
        redeem_device(database, device_program, started.device_code.reveal(), SESSION)
    assert "sign-in:DenyDevice" in actions(site)


def test_a_code_that_nobody_waits_under_is_said_so(
    signed_in: Any, site: Any, device_program: Any, clock: Any
) -> None:
    started = start_device(site.services.database, device_program, "192.0.2.7")
    assert signed_in.get("/device?user_code=BBBB-BBBB").status == 404
    assert signed_in.get("/device").status == 200
    clock.now += DEVICE_SECONDS + 1
    assert signed_in.get(f"/device?user_code={started.user_code}").status == 404
    assert signed_in.post("/device", user_code=started.user_code, decision="allow").status == 404
    assert read_waiting_device(site.services.database, "") is None


def test_codes_cannot_be_guessed_at_will(signed_in: Any, site: Any) -> None:
    while take(site.services.database, [Demand(USER_CODE, site.user_id)]):
        pass
    assert signed_in.get("/device?user_code=BBBB-BBBB").status == 429
    assert signed_in.post("/device", user_code="BBBB-BBBB", decision="allow").status == 429


def test_the_code_is_asked_for_only_after_signing_in(browser: Any, site: Any, device_program: Any) -> None:
    started = start_device(site.services.database, device_program, "192.0.2.7")
    asked = f"/device?user_code={started.user_code}"
    answer = browser.get(asked)
    assert answer.location == "/sign-in"
    assert "botocore" not in answer.text
    browser.get("/sign-in")
    assert browser.post("/device", user_code=started.user_code, decision="allow").location == "/sign-in"
    assert browser.post("/authorize", client_id="x").status == 400


def test_a_secret_never_stands_in_a_page(signed_in: Any, program: Any) -> None:
    assert Secret(program.secret_hash).reveal() not in signed_in.get(address(program)).text
