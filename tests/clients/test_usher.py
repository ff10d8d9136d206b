"""Usher's own client against the directory, with a person's browser in between."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Demo, Person, SignInDesk

USHER = Path(sys.executable).with_name("usher")
DEVELOPER = "developer@mkdev.example"
STAGING = "mkdev-staging/AdministratorAccess"

pytestmark = [pytest.mark.client("chromium")]


def test_a_device_code_is_compared_allowed_and_works_until_logout(
    person: Person, pages: SignInDesk, mkdev: Demo
) -> None:
    person.run(USHER, "status", expect=3)
    address = ["--start-url", f"{mkdev.directory_url}/start", "--aws-endpoint-url", mkdev.cloud_url]
    with subprocess.Popen(
        [USHER, "login", "mkdev", "--device", *address],
        env=person.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        words = iter(process.stderr or ())
        link = next(found[0] for line in words if (found := re.search(r"http\S+user_code=(\S+)", line)))
        pages.sign_in(link, DEVELOPER)
        shown = pages.page.locator("main .bigcode").inner_text()
        pages.allow()
        assert process.wait(60) == 0
    assert link.endswith(shown)

    status = json.loads(person.run(USHER, "status", "--json").stdout)
    assert "mkdev" in json.dumps(status)
    person.run(USHER, "profiles", "sync")
    listed = person.run(USHER, "profiles", "list").stdout
    assert "mkdev-production/ReadOnlyAccess" in listed
    assert "mkdev-management/" not in listed
    document = json.loads(person.run(USHER, "credentials", STAGING).stdout)
    assert document["Version"] == 1

    person.run(USHER, "logout")
    person.run(USHER, "status", expect=3)
    refused = person.run(USHER, "credentials", STAGING, expect=3)
    assert "usher login mkdev" in refused.stderr


@pytest.mark.client("aws-cli")
def test_exec_becomes_the_command_with_the_accounts_keys(
    usher_signed_in: Person, find_client: Callable[[str], Path]
) -> None:
    aws = find_client("aws-cli")
    listed = usher_signed_in.run(USHER, "exec", STAGING, "--", aws, "s3", "ls").stdout
    assert listed.split()[-1].startswith("mkdev-staging-")
    usher_signed_in.run(USHER, "exec", STAGING, "--", "sh", "-c", "exit 7", expect=7)
    usher_signed_in.run(USHER, "exec", STAGING, "--", "no-such-command", expect=127)
    near = usher_signed_in.run(USHER, "exec", "mkdev-stagin/AdministratorAccess", "--", "true", expect=5)
    assert STAGING in near.stderr


def test_the_console_opens_in_the_right_account(usher_signed_in: Person, pages: SignInDesk) -> None:
    address = usher_signed_in.run(USHER, "console", STAGING, "--print").stdout.strip()
    pages.page.goto(address)
    assert "staging" in pages.page.title()
    assert "AdministratorAccess" in pages.page.title()
    pages.page.goto(address)
    assert "staging" not in pages.page.title(), "a console link opens once"


def test_the_portals_link_leads_to_the_page_after_signing_in_and_when_signed_in(
    usher_signed_in: Person, pages: SignInDesk, mkdev: Demo
) -> None:
    link = usher_signed_in.run(
        USHER, "console", STAGING, "--portal", "--print", "--service", "lambda"
    ).stdout.strip()
    assert link.startswith(f"{mkdev.directory_url}/console?account_id=")
    pages.page.context.clear_cookies()
    pages.sign_in(link, DEVELOPER)
    for _ in ("signed out", "signed in"):
        assert "staging" in pages.page.locator("main").inner_text()
        pages.page.get_by_role("button", name="Open the console").click()
        assert "staging" in pages.page.title()
        assert "/lambda/home" in pages.page.locator("body").inner_text()
        pages.page.goto(link)
