"""The whole directory, as a stranger sees it from outside: what is public, and how each answer is dressed."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from starlette.routing import Mount

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.server.app import build_app
from usher.server.config import ServerConfig
from usher.server.limits.settings import AwsLimits
from usher.server.rehearsal import RehearsedOrganization
from usher.server.setup import DirectoryKeys, initialise_directory

REGION = "eu-central-1"


@pytest.fixture
def keys(tmp_path: Path) -> DirectoryKeys:
    config = ServerConfig(tmp_path / "data", "https://sso.mkdev.example", REGION)
    return initialise_directory(config, "admin@mkdev.example", time.time)


@pytest.fixture
def ask(
    keys: DirectoryKeys, tmp_path: Path, serve: Callable[[list[Any]], str]
) -> Callable[[str, str], http.client.HTTPResponse]:
    """`ask("GET", "/start")` is the answer of the whole application, redirects not followed."""
    config = ServerConfig(tmp_path / "data", "https://sso.mkdev.example", REGION)
    host = urlsplit(serve([Mount("/", build_app(config))])).netloc

    def send(method: str, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request(method, path)
        return connection.getresponse()

    return send


def test_clients_that_ask_who_owns_the_start_url_are_led_to_its_aws_form(
    ask: Callable[[str, str], http.client.HTTPResponse], keys: DirectoryKeys
) -> None:
    answer = ask("HEAD", "/start")
    instance = keys.instance_arn.rpartition("/")[2]
    assert answer.status == 302
    assert answer.getheader("Location") == f"https://{instance}.portal.{REGION}.app.aws/"
    page = ask("GET", "/start")
    assert page.getheader("Location") == "/sign-in"


def test_the_card_says_which_identity_center_this_is(
    ask: Callable[[str, str], http.client.HTTPResponse], keys: DirectoryKeys
) -> None:
    card = json.load(ask("GET", "/.well-known/usher-directory"))
    assert card == {
        "name": "usher",
        "instance_arn": keys.instance_arn,
        "region": REGION,
        "start_url": f"https://{keys.identity_store_id}.awsapps.com/start",
        "portal_session_seconds": 12 * 3600,
        "console_url": "https://sso.mkdev.example/console",
    }


def test_health_is_the_databases(ask: Callable[[str, str], http.client.HTTPResponse]) -> None:
    assert ask("GET", "/healthz").status == 200


@pytest.mark.parametrize(
    "path", ["/healthz", "/sign-in", "/saml/metadata", "/nothing-here", "/assignment/accounts"]
)
def test_every_answer_is_dressed_against_frames_and_guesses(
    ask: Callable[[str, str], http.client.HTTPResponse], path: str
) -> None:
    headers = ask("GET", path).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"]
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.parametrize("limits", [None, AwsLimits(throttled=0, failing=0)])
def test_a_rehearsal_serves_its_own_organization_with_or_without_aws_s_limits(
    keys: DirectoryKeys, tmp_path: Path, serve: Callable[[list[Any]], str], limits: AwsLimits | None
) -> None:
    organization = RehearsedOrganization(
        "o-exampleorgid", (Account(AccountId("111111111111"), "only", is_management=True),)
    )
    config = ServerConfig(
        tmp_path / "data", "https://sso.mkdev.example", REGION, aws_limits=limits, rehearsal=organization
    )
    app = build_app(config)
    reads = boto3.client(
        "organizations",
        region_name=REGION,
        endpoint_url=serve([Mount("/", app)]),
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key.reveal(),
    )
    assert [each["Name"] for each in reads.list_accounts()["Accounts"]] == ["only"]
    reads.close()
    asyncio.run(_live(app))


async def _live(app: Any) -> None:
    """The application's life from its start to its orderly end."""
    async with app.router.lifespan_context(app):
        pass
