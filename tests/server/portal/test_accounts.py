"""A person's accounts, temporary keys and consoles."""

from __future__ import annotations

import configparser
import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from usher.core.accounts import Account
from usher.core.errors import NoAccessError, NotFoundError, UnavailableError, UsherError
from usher.core.ids import AccountId
from usher.server.awsapi.errors import ApiError
from usher.server.config import ServerConfig
from usher.server.portal.console_link import console_place
from usher.server.portal.profile_block import profile_block
from usher.server.store.instance import Instance
from usher.server.store.tables import assignments

STAGING = "222222222222"
ADMIN = "AdministratorAccess"
DOOR = {"account_id": STAGING, "role_name": ADMIN}


def test_the_accounts_page_shows_each_way_in(signed_in: Any, assign: Any) -> None:
    assign(STAGING, ADMIN)
    assign(STAGING, "ReadOnlyAccess")
    assign("333333333333", "ReadOnlyAccess")
    page = signed_in.get("/start").text
    assert re.findall(r"<h2>(.*?)</h2>", page) == ["staging", "production"]
    assert re.findall(r'class="name">(.*?)<', page) == [ADMIN, "ReadOnlyAccess", "ReadOnlyAccess"]
    assert page.count(">Console</button>") == page.count(">Keys</button>") == 3


def test_without_an_assignment_the_page_says_so(signed_in: Any) -> None:
    assert "may not enter any account yet" in signed_in.get("/start").text


def test_an_account_that_aws_does_not_know_is_shown_by_its_id(signed_in: Any, assign: Any) -> None:
    assign("999999999999", ADMIN)
    assert "<h2>999999999999</h2>" in signed_in.get("/start").text


def test_many_accounts_come_page_by_page(signed_in: Any, assign: Any) -> None:
    ids = [f"4{number:011}" for number in range(51)]
    for account_id in ids:
        assign(account_id, ADMIN)
    first = signed_in.get("/start").text
    following = re.search(r'href="(/start\?after=\d+)"', first)
    assert following
    second = signed_in.get(following[1]).text
    assert re.findall(r"<h2>(.*?)</h2>", first) + re.findall(r"<h2>(.*?)</h2>", second) == ids
    assert "More accounts" not in second


def test_keys_are_shown_in_every_form_and_never_kept(signed_in: Any, assign: Any) -> None:
    assign(STAGING, ADMIN)
    answer = signed_in.post("/keys", **DOOR)
    page = html.unescape(answer.text)
    assert 'export AWS_ACCESS_KEY_ID="ASIAEXAMPLE"' in page
    assert '$Env:AWS_SESSION_TOKEN="token-of-222222222222"' in page
    assert f"aws_secret_access_key = secret-of-{ADMIN}" in page
    assert "08:00 UTC on 15 January 2027" in page
    assert answer.headers["cache-control"] == "no-store"
    assert signed_in.get("/keys").location == "/start"


def test_the_profile_block_is_a_config_file_that_names_this_directory(tmp_path: Path) -> None:
    config = ServerConfig(tmp_path, "https://sso.example.com", "eu-central-1")
    arn = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
    instance = Instance(arn, "d-0123456789", "usher", "eu-central-1", 3600, 0.0)
    block = profile_block(config, instance, Account(AccountId(STAGING), "Staging & more!"), ADMIN)
    parsed = configparser.ConfigParser()
    parsed.read_string(block.text)
    profile = parsed[f"profile {block.name}"]
    assert block.name == "Staging-more-AdministratorAccess"
    assert (profile["sso_account_id"], profile["sso_role_name"]) == (STAGING, ADMIN)
    session = parsed[f"sso-session {profile['sso_session']}"]
    assert session["sso_start_url"] == "https://d-0123456789.awsapps.com/start"
    assert "endpoint_url = https://sso.example.com" in parsed[f"services {profile['services']}"]["sso_oidc"]


@pytest.mark.parametrize(
    "door",
    [
        {"account_id": STAGING, "role_name": "ReadOnlyAccess"},
        {"account_id": "333333333333", "role_name": ADMIN},
        {"account_id": "' OR 1=1", "role_name": "%"},
        {},
    ],
)
def test_no_assignment_no_keys_and_no_console(signed_in: Any, assign: Any, door: dict[str, str]) -> None:
    assign(STAGING, ADMIN)
    for answer in (signed_in.post("/keys", **door), signed_in.post("/console", **door)):
        assert answer.status == 403
        assert "ASIAEXAMPLE" not in answer.text


def test_a_removed_assignment_gives_no_more_keys(signed_in: Any, assign: Any, site: Any) -> None:
    assign(STAGING, ADMIN)
    signed_in.get("/start")
    with site.services.database.change("test") as change:
        change.connection.execute(assignments.delete())
        change.record("test", STAGING)
    assert signed_in.post("/keys", **DOOR).status == 403


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (NoAccessError("no access"), 403),
        (NotFoundError("no such account"), 404),
        (UnavailableError("AWS is not there"), 503),
        (UsherError("STS says no"), 502),
        (ApiError("ForbiddenException", "No access", 403), 403),
    ],
)
def test_trouble_is_told_on_a_page_of_ours(
    signed_in: Any, assign: Any, given_keys: Any, trouble: Exception, status: int
) -> None:
    assign(STAGING, ADMIN)
    given_keys.trouble = trouble
    answer = signed_in.post("/keys", **DOOR)
    assert answer.status == status
    assert str(trouble)[1:] in answer.text


def test_a_console_opens_with_keys_that_the_browser_never_sees(
    signed_in: Any, assign: Any, federation: Any, site: Any
) -> None:
    assign(STAGING, ADMIN)
    answer = signed_in.post("/console", **DOOR)
    assert answer.status == 303
    assert answer.location.startswith(f"{federation.origin}/federation?")
    query = {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
    assert query == {
        "Action": "login",
        "Issuer": f"{site.url}/start",
        "Destination": f"{federation.origin}/",
        "SigninToken": "a token",
    }
    [session] = federation.sessions
    assert session == {
        "sessionId": "ASIAEXAMPLE",
        "sessionKey": f"secret-of-{ADMIN}",
        "sessionToken": f"token-of-{STAGING}",
    }
    assert "secret-of" not in str(answer)


def test_a_console_link_asks_before_it_opens(signed_in: Any, assign: Any, federation: Any) -> None:
    assign(STAGING, ADMIN)
    destination = f"{federation.origin}/s3"
    page = signed_in.get(f"/console?{urlencode({**DOOR, 'destination': destination})}")
    assert destination in page.text
    assert federation.origin in page.headers["content-security-policy"]
    assert federation.sessions == []
    answer = signed_in.post("/console", **DOOR, destination=destination)
    assert parse_qs(urlsplit(answer.location).query)["Destination"] == [destination]


def test_a_link_without_a_role_leads_to_the_accounts(signed_in: Any) -> None:
    assert signed_in.get(f"/console?account_id={STAGING}").location == "/start"


def test_a_console_link_without_access_opens_nothing(signed_in: Any) -> None:
    assert signed_in.get(f"/console?{urlencode(DOOR)}").status == 403


def test_a_link_cannot_lead_away_from_the_console(signed_in: Any, assign: Any, federation: Any) -> None:
    assign(STAGING, ADMIN)
    away = {**DOOR, "destination": "https://evil.example/"}
    assert signed_in.get(f"/console?{urlencode(away)}").status == 400
    assert signed_in.post("/console", **away).status == 400
    assert federation.sessions == []


def test_the_relay_state_is_the_destination_unless_the_link_has_one(
    signed_in: Any, assign: Any, federation: Any
) -> None:
    assign(STAGING, ADMIN, relay_state=f"{federation.origin}/ec2")
    answer = signed_in.post("/console", **DOOR)
    assert parse_qs(urlsplit(answer.location).query)["Destination"] == [f"{federation.origin}/ec2"]


@pytest.mark.parametrize(
    "answer", [(500, b""), (200, b"no json"), (200, b"[]"), (200, b"{}"), (200, b'{"SigninToken": 1}')]
)
def test_an_endpoint_that_gives_no_token_is_said_so(
    signed_in: Any, assign: Any, federation: Any, answer: tuple[int, bytes]
) -> None:
    assign(STAGING, ADMIN)
    federation.answer = answer
    assert signed_in.post("/console", **DOOR).status == 503


def test_accounts_are_shown_by_id_while_aws_cannot_be_asked(
    signed_in: Any, assign: Any, organization: Any
) -> None:
    assign(STAGING, ADMIN)
    organization.is_there = False
    assert f"<h2>{STAGING}</h2>" in signed_in.get("/start").text


class TestAwsConsoles:
    """Which addresses lie on AWS's own consoles."""

    @pytest.mark.parametrize(
        "address",
        [
            "https://console.aws.amazon.com/",
            "https://console.aws.amazon.com/s3/home?region=eu-central-1#x",
            "https://eu-central-1.console.aws.amazon.com/ec2",
            "https://222222222222-abcdefgh.us-east-1.console.aws.amazon.com/",
        ],
    )
    def test_pages_of_the_console_are(self, tmp_path: Path, address: str) -> None:
        assert console_place(ServerConfig(tmp_path, "https://a", "us-east-1")).accepts(address)

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "http://console.aws.amazon.com/",
            "https://console.aws.amazon.com.evil.example/",
            "https://evilconsole.aws.amazon.com/",
            "https://console.aws.amazon.com@evil.example/",
            "https://user@console.aws.amazon.com/",
            "https://evil.example\\.console.aws.amazon.com/",
            "https://console.aws.amazon.com/\nx",
            "https://[console.aws.amazon.com/",
            "https://console.amazonaws.cn/",
            "javascript:alert(1)",
            "https://console.aws.amazon.com/" + "x" * 2000,
        ],
    )
    def test_other_addresses_are_not(self, tmp_path: Path, address: str) -> None:
        assert not console_place(ServerConfig(tmp_path, "https://a", "us-east-1")).accepts(address)

    def test_each_partition_has_its_own(self, tmp_path: Path) -> None:
        place = console_place(ServerConfig(tmp_path, "https://a", "cn-north-1"))
        assert place.home == "https://console.amazonaws.cn/console/home?region=cn-north-1"
        assert place.form_targets == ("https://signin.amazonaws.cn", "https://*.amazonaws.cn")
        us = console_place(ServerConfig(tmp_path, "https://a", "us-east-1"))
        assert us.form_targets == ("https://signin.aws.amazon.com", "https://*.aws.amazon.com")
