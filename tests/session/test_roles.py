"""Role credentials and listings: paging, throttling, caching, refusal."""

import json
from dataclasses import replace

import pytest

from usher.core.errors import ExitCode, UnavailableError
from usher.session.errors import AccessRefusedError, PortalAnswerError, PortalUnavailableError
from usher.session.portal import LISTING_ATTEMPTS, MOST_PAGES
from usher.session.records import read_role, role_name, stored_roles
from usher.session.roles import role_credentials

STAGING = "222222222222"


def test_a_list_that_never_ends_is_cut(signed_in, portal):
    portal.page_size = 0
    with pytest.raises(PortalAnswerError, match=f"{MOST_PAGES:,} pages"):
        signed_in.keeper.portal.accounts(signed_in.keeper.access_token())


def test_throttled_calls_are_tried_again_with_growing_pauses(signed_in, portal):
    portal.failures = [429, 503, 429]
    assert len(signed_in.keeper.portal.accounts(signed_in.keeper.access_token())) == 3
    pauses = signed_in.slept[-3:]
    assert pauses == sorted(pauses)
    assert pauses[0] > 0.3


@pytest.mark.parametrize(("status", "words"), [(429, "throttling"), (500, "failing")])
def test_a_portal_that_keeps_refusing_work_is_reported_as_worth_another_try(signed_in, portal, status, words):
    token = signed_in.keeper.access_token()
    portal.failures = [status] * (LISTING_ATTEMPTS if status == 429 else 5)
    with pytest.raises(PortalUnavailableError, match=words) as caught:
        signed_in.keeper.portal.accounts(token)
    assert caught.value.exit_code is ExitCode.TRY_AGAIN
    assert isinstance(caught.value, UnavailableError)


def test_role_credentials_are_fetched_once_and_kept_sealed(signed_in, portal):
    first = role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess")
    assert role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess") == first
    assert portal.count("credentials") == 1
    assert stored_roles(signed_in.vault, "mkdev") == [(STAGING, "ReadOnlyAccess")]


def test_expiry_is_understood_as_milliseconds(signed_in, clock):
    keys = role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess")
    assert 3500 < keys.expires_at - clock() <= 3600


def test_keys_that_end_within_five_minutes_are_replaced(signed_in, portal, clock):
    first = role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess")
    portal.token_seconds = 100_000
    clock.advance(3310)
    assert role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess") != first


def test_no_access_names_account_and_permission_set_and_the_next_command(signed_in):
    with pytest.raises(AccessRefusedError) as caught:
        role_credentials(signed_in.keeper, STAGING, "Billing")
    assert caught.value.exit_code is ExitCode.NO_ACCESS
    assert STAGING in caught.value.message
    assert "Billing" in caught.value.message
    assert "usher profiles sync" in caught.value.hint


def test_refused_access_removes_what_was_cached(signed_in, portal, clock):
    role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess")
    portal.accounts[STAGING] = ("staging", [])
    clock.advance(3310)
    with pytest.raises(AccessRefusedError):
        role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess")
    assert stored_roles(signed_in.vault, "mkdev") == []


@pytest.mark.parametrize("content", [b"not json", b'"text"'])
def test_a_damaged_cache_is_fetched_anew(signed_in, content):
    signed_in.vault.write(role_name("mkdev", STAGING, "ReadOnlyAccess"), content)
    assert read_role(signed_in.vault, signed_in.keeper.organization, STAGING, "ReadOnlyAccess") is None
    assert role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess").session_token


def test_an_unexpected_refusal_is_shown_with_its_status(signed_in, portal):
    token = signed_in.keeper.access_token()
    portal.failures = [400]
    with pytest.raises(PortalAnswerError, match=r"HTTP 400.*Unknown Code"):
        signed_in.keeper.portal.accounts(token)


def test_sixteen_threads_asking_for_one_role_fetch_it_once(signed_in, portal):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(16) as threads:
        keys = list(
            threads.map(lambda _: role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess"), range(16))
        )
    assert len({key.access_key_id for key in keys}) == 1
    assert portal.count("credentials") == 1


def test_keys_that_a_sibling_fetched_meanwhile_are_taken(signed_in, portal):
    name = role_name("mkdev", STAGING, "ReadOnlyAccess")

    class Overtaken:
        """The vault as one sees it who looks just before a sibling keeps the keys."""

        def __init__(self, vault):
            self.vault = vault

        def __getattr__(self, attribute):
            return getattr(self.vault, attribute)

        def read(self, wanted):
            found = self.vault.read(wanted)
            if wanted == name and found is None:
                role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess")
            return found

    late = replace(signed_in.keeper, vault=Overtaken(signed_in.vault))
    keys = role_credentials(late, STAGING, "ReadOnlyAccess")
    assert keys == role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess")
    assert portal.count("credentials") == 1


def test_secrets_do_not_show_when_a_value_is_printed(signed_in, portal):
    keys = role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess")
    shown = (
        repr(keys)
        + str(keys)
        + repr(read_role(signed_in.vault, signed_in.keeper.organization, STAGING, "ReadOnlyAccess"))
    )
    assert not any(secret in shown for secret in portal.issued)


def test_a_refusal_without_a_readable_reason_is_still_shown(signed_in, portal):
    token = signed_in.keeper.access_token()
    portal.failures = [(400, b"<html>")]
    with pytest.raises(PortalAnswerError, match="no reason given"):
        signed_in.keeper.portal.accounts(token)


@pytest.mark.parametrize(
    "document",
    [
        {"accountList": 3},
        {"accountList": ["x"]},
        {"accountList": [{"accountName": "a"}]},
        {"accountList": [{"accountId": 222222222222}]},
        {"accountList": [], "nextToken": 7},
    ],
)
def test_an_answer_with_fields_of_the_wrong_kind_is_one_clear_error(signed_in, portal, document):
    token = signed_in.keeper.access_token()
    portal.failures = [(200, json.dumps(document).encode())]
    with pytest.raises(PortalAnswerError, match="lacks"):
        signed_in.keeper.portal.accounts(token)


@pytest.mark.parametrize("keys", [{}, [], {"accessKeyId": "A", "secretAccessKey": "s", "sessionToken": "t"}])
def test_credentials_that_are_incomplete_are_not_kept(signed_in, portal, keys):
    signed_in.keeper.access_token()
    portal.failures = [(200, json.dumps({"roleCredentials": keys}).encode())]
    with pytest.raises(PortalAnswerError, match="lacks"):
        role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess")
    assert stored_roles(signed_in.vault, "mkdev") == []


def test_throttled_credentials_are_tried_again_and_told_when_it_lasts(signed_in, portal):
    signed_in.keeper.access_token()
    portal.failures = [429, 503]
    assert role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess").access_key_id
    portal.failures = [429] * 5
    with pytest.raises(PortalUnavailableError, match="throttling"):
        role_credentials(signed_in.keeper, STAGING, "AdministratorAccess")


def test_an_ended_session_is_known_without_waiting_for_anybody(signed_in, portal, tmp_path):
    from usher.session.errors import SessionEndedError
    from usher.session.locks import exclusive

    portal.access_tokens.clear()
    portal.refresh_tokens.clear()
    with pytest.raises(SessionEndedError):
        role_credentials(signed_in.keeper, "222222222222", "ReadOnlyAccess")
    calls = len(portal.calls)
    with (
        exclusive(tmp_path / "locks" / "mkdev.222222222222.ReadOnlyAccess.lock"),
        pytest.raises(SessionEndedError),
    ):
        role_credentials(signed_in.keeper, "222222222222", "ReadOnlyAccess")
    assert len(portal.calls) == calls


def test_keys_of_another_portal_of_that_name_are_as_absent(signed_in):
    role_credentials(signed_in.keeper, STAGING, "ReadOnlyAccess")
    organization = signed_in.keeper.organization
    assert read_role(signed_in.vault, organization, STAGING, "ReadOnlyAccess") is not None
    elsewhere = replace(organization, start_url="https://other.awsapps.com/start")
    assert read_role(signed_in.vault, elsewhere, STAGING, "ReadOnlyAccess") is None
