"""The stand-in console: a token for keys that are real, one page for one token."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from usher.sandbox.cloud import start_cloud


def fetch(address: str, **query: str) -> str:
    with urllib.request.urlopen(f"{address}?{urllib.parse.urlencode(query)}") as answer:
        return answer.read().decode()


def session_of(settings, **changes: str) -> str:
    keys = settings.keys
    shown = {
        "sessionId": keys.access_key_id,
        "sessionKey": keys.secret_access_key.reveal(),
        "sessionToken": keys.session_token.reveal(),
    }
    return json.dumps(shown | changes)


def token_for(cloud, session: str, **more: str) -> str:
    answer = json.loads(fetch(cloud.federation_url, Action="getSigninToken", Session=session, **more))
    return answer["SigninToken"]


@pytest.fixture
def settings(door, idp, as_keys):
    return as_keys(door.knock(idp.sign_assertion(idp.response(door.claims())))["Credentials"])


def test_the_page_says_which_console_would_be_open(cloud, settings, door):
    destination = "https://console.aws.amazon.com/s3/?a=<b>"
    page = fetch(
        cloud.federation_url,
        Action="login",
        SigninToken=token_for(cloud, session_of(settings), SessionDuration="3600"),
        Destination=destination,
        Issuer="https://directory.mkdev.example/start",
    )
    assert f"<title>staging ({door.account_id}) – ReadOnlyAccess</title>" in page
    assert "developer@mkdev.example" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_a_token_opens_one_page_once(cloud, settings):
    token = token_for(cloud, session_of(settings))
    fetch(cloud.federation_url, Action="login", SigninToken=token)
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(cloud.federation_url, Action="login", SigninToken=token)
    assert caught.value.code == 403


def test_a_token_is_too_old_after_fifteen_minutes(settings):
    clock = [datetime.now(UTC)]
    cloud = start_cloud(now=lambda: clock[0])
    try:
        token = token_for(cloud, session_of(settings))
        clock[0] += timedelta(minutes=15)
        with pytest.raises(urllib.error.HTTPError):
            fetch(cloud.federation_url, Action="login", SigninToken=token)
    finally:
        cloud.stop()


@pytest.mark.parametrize("part", ["sessionId", "sessionKey", "sessionToken"])
def test_keys_that_are_not_real_get_no_token(cloud, settings, part):
    with pytest.raises(urllib.error.HTTPError) as caught:
        token_for(cloud, session_of(settings, **{part: "made up"}))
    assert caught.value.code == 403


def test_a_session_duration_out_of_range_is_refused(cloud, settings):
    with pytest.raises(urllib.error.HTTPError) as caught:
        token_for(cloud, session_of(settings), SessionDuration="60")
    assert caught.value.code == 400
