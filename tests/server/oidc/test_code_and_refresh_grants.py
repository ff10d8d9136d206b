"""Authorization code with PKCE, and refresh tokens: each works once, and shown twice it ends the session."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError

from usher.server.idp.clients import find_client
from usher.server.idp.grants import redeem_code, refresh
from usher.server.idp.refusals import OAuthRefusal
from usher.server.idp.tokens import end_portal_session, identify
from usher.server.store.audit_events import read_events
from usher.server.store.tables import users

INVALID = ("InvalidGrantException", "invalid_grant", 400)


def refusal(call: Any, *arguments: Any, **changed: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **changed)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["error"], answer["ResponseMetadata"]["HTTPStatusCode"]


def works(site: Any, token: dict[str, Any]) -> bool:
    return identify(site.services.database, token["accessToken"]) is not None


def test_a_code_gives_an_hour_and_something_to_renew(pkce: Any, site: Any) -> None:
    token = pkce.redeem(pkce.code())
    assert (token["tokenType"], token["expiresIn"]) == ("Bearer", 3600)
    assert token["refreshToken"]
    assert works(site, token)


def test_a_code_shown_twice_ends_the_session_it_led_to(pkce: Any, site: Any) -> None:
    code = pkce.code()
    token = pkce.redeem(code)
    assert refusal(pkce.redeem, code) == INVALID
    assert not works(site, token)
    assert refusal(pkce.refresh, token["refreshToken"]) == INVALID
    assert refusal(pkce.redeem, code) == INVALID


def test_a_wrong_verifier_is_refused_and_the_right_one_still_works(pkce: Any) -> None:
    code = pkce.code()
    assert refusal(pkce.redeem, code, codeVerifier="w" * 64) == INVALID
    assert refusal(pkce.redeem, code, codeVerifier="v") == INVALID
    assert refusal(pkce.redeem, code, codeVerifier="ü" * 64) == INVALID
    assert pkce.redeem(code)["accessToken"]


def test_the_verifier_cannot_be_left_out(pkce: Any) -> None:
    code = pkce.code()
    keys = {**pkce.keys, "grantType": "authorization_code", "code": code}
    without = refusal(pkce.api.create_token, **keys, redirectUri="http://127.0.0.1:43210/oauth/callback")
    assert without[0] == "InvalidRequestException"


def test_the_address_must_be_the_authorized_one_with_its_port(pkce: Any) -> None:
    code = pkce.code()
    assert refusal(pkce.redeem, code, redirectUri="http://127.0.0.1:43211/oauth/callback") == INVALID
    assert refusal(pkce.redeem, code, redirectUri="http://127.0.0.1/oauth/callback") == INVALID


def test_a_code_lives_for_a_minute(pkce: Any, clock: Any) -> None:
    code = pkce.code()
    clock.now += 61
    assert refusal(pkce.redeem, code) == INVALID


def test_a_code_is_worth_nothing_to_another_program(pkce: Any, api: Any, site: Any) -> None:
    code = pkce.code()
    other = api.register_client(
        clientName="other",
        clientType="public",
        grantTypes=["authorization_code"],
        redirectUris=["http://127.0.0.1/oauth/callback"],
    )
    stolen = refusal(pkce.redeem, code, clientId=other["clientId"], clientSecret=other["clientSecret"])
    assert stolen == INVALID
    assert refusal(pkce.redeem, "unknown") == INVALID
    assert pkce.redeem(code)


def test_a_disabled_person_gets_no_token(pkce: Any, site: Any) -> None:
    code = pkce.code()
    disable(site)
    assert refusal(pkce.redeem, code) == INVALID


def test_each_refresh_gives_a_new_pair(pkce: Any, site: Any) -> None:
    first = pkce.redeem(pkce.code())
    second = pkce.refresh(first["refreshToken"])
    assert second["refreshToken"] != first["refreshToken"]
    assert works(site, first)
    assert works(site, second)
    assert pkce.refresh(second["refreshToken"])["accessToken"]


def test_a_lost_answer_may_be_asked_for_again_within_90_seconds(pkce: Any, clock: Any) -> None:
    first = pkce.redeem(pkce.code())
    pkce.refresh(first["refreshToken"])
    clock.now += 90
    assert pkce.refresh(first["refreshToken"])["refreshToken"]


def test_a_spent_refresh_token_ends_the_session(pkce: Any, site: Any, clock: Any) -> None:
    first = pkce.redeem(pkce.code())
    second = pkce.refresh(first["refreshToken"])
    clock.now += 91
    assert refusal(pkce.refresh, first["refreshToken"]) == INVALID
    assert not works(site, second)
    assert refusal(pkce.refresh, second["refreshToken"]) == INVALID
    with site.services.database.read() as connection:
        ended = [event.details for event in read_events(connection) if event.action == "sso:EndSession"]
    assert ended == ['{"reason":"a spent refresh token was shown"}']


def test_a_refresh_token_whose_successor_was_used_ends_the_session_at_once(pkce: Any, site: Any) -> None:
    first = pkce.redeem(pkce.code())
    second = pkce.refresh(first["refreshToken"])
    third = pkce.refresh(second["refreshToken"])
    assert refusal(pkce.refresh, first["refreshToken"]) == INVALID
    assert not works(site, third)
    assert refusal(pkce.refresh, third["refreshToken"]) == INVALID


def test_any_of_the_answers_to_one_refresh_token_counts_as_its_use(pkce: Any, site: Any) -> None:
    first = pkce.redeem(pkce.code())
    lost, received = pkce.refresh(first["refreshToken"]), pkce.refresh(first["refreshToken"])
    last = pkce.refresh(received["refreshToken"])
    assert works(site, lost)
    assert refusal(pkce.refresh, first["refreshToken"]) == INVALID
    assert not works(site, last)


def test_no_token_outlives_the_portal_session(pkce: Any, site: Any, clock: Any) -> None:
    token = pkce.redeem(pkce.code())
    clock.now += 12 * 3600 - 600
    last = pkce.refresh(token["refreshToken"])
    assert last["expiresIn"] == 600
    clock.now += 600
    assert not works(site, last)
    assert refusal(pkce.refresh, last["refreshToken"]) == INVALID


def test_an_access_token_ends_by_itself(pkce: Any, site: Any, clock: Any) -> None:
    token = pkce.redeem(pkce.code())
    clock.now += 3599
    assert works(site, token)
    clock.now += 1
    assert not works(site, token)


def test_a_refresh_token_opens_nothing_by_itself(pkce: Any, site: Any) -> None:
    token = pkce.redeem(pkce.code())
    assert identify(site.services.database, token["refreshToken"]) is None
    assert refusal(pkce.refresh, token["accessToken"]) == INVALID
    assert identify(site.services.database, "") is None


def test_a_refresh_token_is_worth_nothing_to_another_program(pkce: Any, program: Any) -> None:
    token = pkce.redeem(pkce.code())
    stolen = refusal(
        pkce.refresh,
        token["refreshToken"],
        clientId=program.client["clientId"],
        clientSecret=program.client["clientSecret"],
    )
    assert stolen == INVALID


def test_logout_ends_every_token_of_the_session(pkce: Any, site: Any) -> None:
    token, other = pkce.redeem(pkce.code()), pkce.redeem(pkce.code())
    session = identify(site.services.database, token["accessToken"])
    assert session is not None
    for _ in range(2):  # a second time changes nothing
        with site.services.database.change(session.user_name) as change:
            end_portal_session(change, session.portal_session_id)
    assert not works(site, token)
    assert refusal(pkce.refresh, token["refreshToken"]) == INVALID
    assert works(site, other)


def test_a_disabled_person_cannot_refresh(pkce: Any, site: Any) -> None:
    token = pkce.redeem(pkce.code())
    disable(site)
    assert refusal(pkce.refresh, token["refreshToken"]) == INVALID


def disable(site: Any) -> None:
    with site.services.database.change("test") as change:
        change.connection.execute(users.update().values(active=False))
        change.record("test", site.user_id)


def test_a_session_that_ends_while_it_is_being_renewed_gives_nothing(
    pkce: Any, site: Any, clock: Any, tick: Any
) -> None:
    token = pkce.redeem(pkce.code())
    database = site.services.database
    client = find_client(database, pkce.client["clientId"])
    assert client is not None
    tick(clock.now + 12 * 3600 - 0.5)
    with pytest.raises(OAuthRefusal, match="ended"):
        refresh(database, client, token["refreshToken"])


def test_a_code_that_lapses_while_it_is_being_redeemed_gives_nothing(
    pkce: Any, site: Any, clock: Any, tick: Any
) -> None:
    code = pkce.code()
    database = site.services.database
    client = find_client(database, pkce.client["clientId"])
    assert client is not None
    tick(clock.now + 59.5)
    with pytest.raises(OAuthRefusal, match="used"):
        redeem_code(database, client, code, "http://127.0.0.1:43210/oauth/callback", "v" * 64, 3600.0)


@pytest.fixture
def tick(site: Any) -> Any:
    """`tick(start)` makes the directory's clock go one second further each time it is read."""

    def begin(start: float) -> None:
        times = itertools.count(start)
        site.services.database._clock = lambda: next(times)

    return begin
