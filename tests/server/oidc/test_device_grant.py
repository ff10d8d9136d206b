"""The device grant as boto3 and the AWS CLI use it."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from usher.server.idp.limits import DEVICE_AUTHORIZATION, Demand, take
from usher.server.idp.tokens import identify
from usher.server.store.audit_events import read_events
from usher.server.store.tables import users


def refusal(call: Any, *arguments: Any, **changed: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **changed)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["error"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_the_person_is_sent_to_the_page_with_the_code(program: Any, site: Any) -> None:
    started = program.start_device()
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", started["userCode"])
    assert started["verificationUri"] == f"{site.url}/device"
    assert started["verificationUriComplete"] == f"{site.url}/device?user_code={started['userCode']}"
    assert (started["expiresIn"], started["interval"]) == (600, 1)


def test_after_approval_the_next_question_gives_a_token_once(program: Any, site: Any) -> None:
    started = program.start_device()
    assert program.decide(started["userCode"])

    token = program.poll(started["deviceCode"])

    assert (token["tokenType"], token["expiresIn"]) == ("Bearer", 3600)
    session = identify(site.services.database, token["accessToken"])
    assert session is not None
    assert (session.user_id, session.user_name) == (site.user_id, site.user_name)
    assert session.client_id == program.client["clientId"]
    assert refusal(program.poll, started["deviceCode"])[0] == "InvalidGrantException"


def test_a_program_without_scopes_gets_eight_hours_and_nothing_to_renew(legacy: Any) -> None:
    started = legacy.start_device()
    legacy.decide(started["userCode"])
    token = legacy.poll(started["deviceCode"])
    assert token["expiresIn"] == 8 * 3600
    assert "refreshToken" not in token


def test_two_questions_back_to_back_are_as_good_as_any(program: Any) -> None:
    code = program.start_device()["deviceCode"]
    pending = ("AuthorizationPendingException", "authorization_pending", 400)
    assert refusal(program.poll, code) == pending
    assert refusal(program.poll, code) == pending


def test_only_who_asks_much_faster_than_told_is_slowed_down(program: Any, clock: Any) -> None:
    code = program.start_device()["deviceCode"]
    for _ in range(3):
        assert refusal(program.poll, code)[0] == "AuthorizationPendingException"
        clock.now += 0.8
    assert refusal(program.poll, code)[0] == "AuthorizationPendingException"
    clock.now += 0.1
    assert refusal(program.poll, code)[:2] == ("SlowDownException", "slow_down")


def test_a_denied_program_is_told_so(program: Any) -> None:
    started = program.start_device()
    program.decide(started["userCode"], allow=False)
    assert refusal(program.poll, started["deviceCode"]) == ("AccessDeniedException", "access_denied", 400)


def test_a_decision_is_made_once(program: Any) -> None:
    started = program.start_device()
    assert program.decide(started["userCode"], allow=False)
    assert not program.decide(started["userCode"])
    assert not program.decide("BBBB-BBBB")


def test_an_expired_code_is_worth_nothing_before_and_after_approval(program: Any, clock: Any) -> None:
    waiting, approved = program.start_device(), program.start_device()
    program.decide(approved["userCode"])
    clock.now += 601
    assert refusal(program.poll, waiting["deviceCode"])[:2] == ("ExpiredTokenException", "expired_token")
    assert refusal(program.poll, approved["deviceCode"])[0] == "ExpiredTokenException"
    assert not program.decide(waiting["userCode"])


def test_a_code_is_worth_nothing_to_another_program(program: Any, legacy: Any) -> None:
    started = program.start_device()
    program.decide(started["userCode"])
    assert refusal(legacy.poll, started["deviceCode"])[0] == "InvalidGrantException"
    assert refusal(program.poll, "unknown")[0] == "InvalidGrantException"


def test_a_program_must_know_its_secret(program: Any, clock: Any) -> None:
    started = program.start_device()
    invalid = ("InvalidClientException", "invalid_client", 401)
    assert refusal(program.poll, started["deviceCode"], clientSecret="wrong") == invalid
    assert refusal(program.poll, started["deviceCode"], clientId="wrong") == invalid
    assert refusal(program.start_device, clientSecret="wrong") == invalid
    clock.now += 91 * 86400
    assert refusal(program.start_device) == invalid


def test_another_instances_start_url_is_refused(program: Any) -> None:
    foreign = refusal(program.start_device, startUrl="https://d-9999999999.awsapps.com/start")
    assert foreign[0] == "InvalidRequestException"


def test_a_program_uses_only_the_grants_it_registered_for(pkce: Any, program: Any) -> None:
    assert refusal(pkce.start_device)[0] == "UnauthorizedClientException"
    assert refusal(pkce.poll, "any")[0] == "UnauthorizedClientException"
    assert refusal(program.redeem, "any")[0] == "UnauthorizedClientException"
    unknown = refusal(program.poll, "any", grantType="password")
    assert unknown[:2] == ("UnsupportedGrantTypeException", "unsupported_grant_type")


def test_a_person_disabled_after_approval_gets_no_token(program: Any, site: Any) -> None:
    started = program.start_device()
    program.decide(started["userCode"])
    disable(site)
    assert refusal(program.poll, started["deviceCode"])[0] == "AccessDeniedException"


def test_a_persons_tokens_end_with_their_being_disabled(program: Any, site: Any) -> None:
    started = program.start_device()
    program.decide(started["userCode"])
    token = program.poll(started["deviceCode"])["accessToken"]
    disable(site)
    assert identify(site.services.database, token) is None


def test_of_many_questions_at_once_one_gets_the_token(program: Any, site: Any) -> None:
    started = program.start_device()
    program.decide(started["userCode"])
    outcomes: list[str] = []

    def ask() -> None:
        try:
            program.poll(started["deviceCode"])
            outcomes.append("token")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["InvalidGrantException"] * 7 + ["token"]


def test_one_address_cannot_flood_the_directory_with_codes(program: Any, site: Any) -> None:
    while take(site.services.database, [Demand(DEVICE_AUTHORIZATION, "127.0.0.1")]):
        pass
    assert refusal(program.start_device)[0] == "SlowDownException"


def test_what_happened_is_on_record_without_secrets(program: Any, site: Any) -> None:
    started = program.start_device()
    program.decide(started["userCode"])
    token = program.poll(started["deviceCode"])
    with site.services.database.read() as connection:
        events = list(read_events(connection))
    actions = [event.action for event in events]
    for action in ("RegisterClient", "StartDeviceAuthorization", "CreateToken"):
        assert f"sso-oidc:{action}" in actions
    assert "sign-in:ApproveDevice" in actions
    told = " ".join(f"{event.target} {event.details}" for event in events)
    for secret in (
        token["accessToken"],
        token["refreshToken"],
        started["deviceCode"],
        program.secret().reveal(),
    ):
        assert secret not in told


def disable(site: Any) -> None:
    with site.services.database.change("test") as change:
        change.connection.execute(users.update().values(active=False))
        change.record("test", site.user_id)
