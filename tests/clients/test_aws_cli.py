"""The unmodified AWS CLI v2 signs in through the real pages and enters each account."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from conftest import BrowserDesk, Demo, Person, SignInDesk

OPERATOR = "operator@mkdev.example"
DEVELOPER = "developer@mkdev.example"

pytestmark = [pytest.mark.client("aws-cli"), pytest.mark.client("chromium")]


@dataclass(frozen=True, slots=True)
class AwsCli:
    """The AWS CLI v2 on a person's machine."""

    program: Path
    person: Person
    browser_desk: BrowserDesk

    @contextmanager
    def login(self, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """`aws sso login`: yields the waiting process and the address it opened in the browser."""
        process = subprocess.Popen(
            [self.program, "sso", "login", "--profile", "mkdev-mgmt", *options],
            env={**self.person.environment, "BROWSER": self.browser_desk.program},
            cwd=self.person.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process, self.browser_desk.opened(process)
        finally:
            process.kill()
            process.wait()

    def login_as(self, user: str, pages: SignInDesk) -> None:
        """Sign in with a browser, to the end."""
        with self.login() as (process, address):
            pages.sign_in(address, user)
            pages.allow()
            finish(process)

    def text(self, *command: str, expect: int = 0) -> str:
        """What a command prints; its complaint, if it is expected to fail."""
        done = self.person.run(self.program, *command, expect=expect)
        return done.stdout if expect == 0 else done.stderr

    def json(self, *command: str) -> Any:
        """The document that a command prints."""
        return json.loads(self.text(*command, "--output", "json"))

    def cached_token(self) -> str | None:
        """The access token that the CLI keeps for its session."""
        for path in (self.person.home / ".aws" / "sso" / "cache").glob("*.json"):
            token = json.loads(path.read_text()).get("accessToken")
            if token:
                return str(token)
        return None


def finish(process: subprocess.Popen[str]) -> None:
    """The login ends by itself, and well."""
    words, _ = process.communicate(timeout=60)
    assert process.returncode == 0, words
    assert "Successfully logged into Start URL" in words


@pytest.fixture
def aws(find_client: Callable[[str], Path], person: Person, browser_desk: BrowserDesk) -> AwsCli:
    """The AWS CLI v2, never signed in before."""
    return AwsCli(find_client("aws-cli"), person, browser_desk)


def test_login_with_pkce_then_each_account_shows_its_own_bucket(aws: AwsCli, pages: SignInDesk) -> None:
    with aws.login() as (process, address):
        asked = parse_qs(urlsplit(address).query)
        assert urlsplit(address).path == "/authorize"
        assert asked["code_challenge_method"] == ["S256"]
        pages.sign_in(address, OPERATOR)
        pages.allow()
        pages.page.get_by_text("Request approved").wait_for()  # the CLI's own page
        finish(process)

    for account in ("staging", "production"):
        listed = aws.text("s3", "ls", "--profile", f"mkdev-{account}")
        identity = aws.json("sts", "get-caller-identity", "--profile", f"mkdev-{account}")
        assert [line.split()[-1] for line in listed.splitlines()] == [
            f"mkdev-{account}-{identity['Account']}"
        ]
        assert re.fullmatch(
            rf"arn:aws:sts::{identity['Account']}:assumed-role/"
            rf"UsherSSO_AdministratorAccess_[0-9a-f]{{16}}/{re.escape(OPERATOR)}",
            identity["Arn"],
        )


def test_login_with_a_device_code_waits_for_the_person_to_compare_it(aws: AwsCli, pages: SignInDesk) -> None:
    with aws.login("--use-device-code") as (process, address):
        code = parse_qs(urlsplit(address).query)["user_code"][0]
        pages.sign_in(address, OPERATOR)
        assert code in pages.page.inner_text("main")
        assert process.poll() is None
        pages.allow()
        finish(process)

    identity = aws.json("sts", "get-caller-identity", "--profile", "mkdev-mgmt")
    assert identity["Arn"].endswith(f"/{OPERATOR}")


def test_a_developer_has_no_way_into_the_management_account(aws: AwsCli, pages: SignInDesk) -> None:
    aws.login_as(DEVELOPER, pages)

    entered = aws.json("sts", "get-caller-identity", "--profile", "mkdev-staging")
    refused = aws.text("s3", "ls", "--profile", "mkdev-mgmt", expect=254)

    assert entered["Arn"].endswith(f"/{DEVELOPER}")
    assert "ForbiddenException" in refused
    assert "No access" in refused


def test_after_logout_the_old_token_opens_nothing(aws: AwsCli, pages: SignInDesk, mkdev: Demo) -> None:
    aws.login_as(OPERATOR, pages)
    token = aws.cached_token()
    assert token
    ask = ["sso", "list-accounts", "--region", "eu-central-1", "--endpoint-url", mkdev.directory_url]
    ask += ["--access-token", token]
    assert len(aws.json(*ask)["accountList"]) == 3

    # Without a profile the CLI would tell AWS's own portal, whatever the token says.
    aws.text("sso", "logout", "--profile", "mkdev-staging")

    assert aws.cached_token() is None
    assert "UnauthorizedException" in aws.text(*ask, expect=254)
    assert "does not exist" in aws.text("s3", "ls", "--profile", "mkdev-staging", expect=255)


def test_a_person_who_refuses_is_not_signed_in(aws: AwsCli, pages: SignInDesk) -> None:
    with aws.login() as (process, address):
        pages.sign_in(address, OPERATOR)
        pages.page.get_by_role("button", name="Deny").click()
        words, _ = process.communicate(timeout=60)

    assert process.returncode != 0
    assert "Failed to retrieve an authorization code" in words
    assert aws.cached_token() is None
