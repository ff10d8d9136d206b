"""The example organization `mkdev`, running as a user would run it, and a browser to sign in with.

Real clients talk to a real `usher demo` process over loopback. What they share is only what a person
has: the AWS config file that the demo names, the sign-in page, and a one-time password.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyrage
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Response

OPERATOR = "operator@mkdev.example"
DEVELOPER = "developer@mkdev.example"
START_SECONDS = 90
CHROMIUM_FLAGS = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(slots=True)
class Demo:
    """A running demo: addresses, the AWS config file it wrote, and who may sign in with what."""

    directory_url: str
    cloud_url: str
    aws_config_file: Path
    data: Path
    passwords: dict[str, str] = field(repr=False)

    def environment(self, home: Path) -> dict[str, str]:
        """A person's environment: their own home, the demo's AWS config file, no other AWS settings."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "USHER_", "XDG_")) and "proxy" not in name.lower()
        }
        bin_folder = str(Path(sys.executable).parent)
        return kept | {
            "HOME": str(home),
            "USHER_HOME": str(home / "usher"),
            "USHER_VAULT": "file",
            "USHER_VAULT_IDENTITY": str(home / "identity.txt"),
            "AWS_CONFIG_FILE": str(self.aws_config_file),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        }


@pytest.fixture(scope="session")
def mkdev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`usher demo --data DIR`, up and applied; stopped with Ctrl-C's own signal afterwards."""
    folder = tmp_path_factory.mktemp("mkdev")
    data, home, log = folder / "data", folder / "home", folder / "demo.log"
    home.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "USHER_", "XDG_"))
    }
    usher = Path(sys.executable).with_name("usher")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [usher, "demo", "--data", data],
            env=environment | {"HOME": str(home), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _when_ready(process, data, log)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _when_ready(process: subprocess.Popen[bytes], data: Path, log: Path) -> Demo:
    facts = data / "demo.json"
    deadline = time.monotonic() + START_SECONDS
    while not facts.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(
                f"usher demo is not up (exit code {process.poll()}):\n{log.read_text()}", pytrace=False
            )
        time.sleep(0.1)
    assert facts.stat().st_mode & 0o077 == 0, "it holds one-time passwords"
    found = json.loads(facts.read_text())
    return Demo(
        directory_url=found["directory_url"],
        cloud_url=found["cloud_url"],
        aws_config_file=Path(found["aws_config_file"]),
        data=data,
        passwords=dict(found["users"]),
    )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at their own machine: a home folder, an environment, and a way to run programs."""

    home: Path
    environment: Mapping[str, str]

    def run(
        self, *command: str | Path, expect: int = 0, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return it; fails with its words if the exit code is another."""
        done = subprocess.run(
            [str(part) for part in command],
            env={**self.environment, **variables},
            cwd=cwd or self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode != expect:
            words = "\n".join([f"exit code {done.returncode}", done.stdout[-4000:], done.stderr[-4000:]])
            pytest.fail(f"{' '.join(map(str, command))}\n{words}", pytrace=False)
        return done


@pytest.fixture
def person(mkdev: Demo, tmp_path: Path) -> Person:
    """A person with a fresh home folder and their own copy of the demo's AWS config file."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True, mode=0o700)
    (home / "identity.txt").write_text(f"{pyrage.x25519.Identity.generate()}\n")
    config = home / ".aws" / "config"
    shutil.copyfile(mkdev.aws_config_file, config)
    return Person(home, mkdev.environment(home) | {"AWS_CONFIG_FILE": str(config)})


@pytest.fixture
def browser(find_client: Callable[[str], Path]) -> Iterator[Browser]:
    """Headless Chromium from Debian. One per test: Playwright's loop would trouble its neighbours'."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_client("chromium"), args=list(CHROMIUM_FLAGS), headless=True
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of a browser that has never been here. What its console would show a developer fails the test."""
    context = browser.new_context(viewport={"width": 1100, "height": 760})
    page = context.new_page()
    troubles: list[str] = []

    def heard(line: ConsoleMessage) -> None:
        # Pages that answer 4xx on purpose are reported by the browser too; their assets are seen below.
        if line.type == "error" and not line.text.startswith("Failed to load resource"):
            troubles.append(line.text)

    def answered(response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            troubles.append(f"{response.status} {response.url}")

    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", heard)
    page.on("response", answered)
    yield page
    context.close()
    assert troubles == []


@dataclass(frozen=True, slots=True)
class BrowserDesk:
    """Where programs think they open the person's browser: each address they open is handed to us."""

    folder: Path

    @property
    def program(self) -> str:
        """The value for the BROWSER variable."""
        return str(self.folder / "browser")

    def opened(self, by: subprocess.Popen[str], seconds: float = 60) -> str:
        """The address that program `by` opens."""
        address = self.folder / "address"
        deadline = time.monotonic() + seconds
        while not address.exists():
            if by.poll() is not None or time.monotonic() > deadline:
                by.kill()
                out, err = by.communicate()
                pytest.fail(
                    f"no browser was opened (exit code {by.returncode}):\n{out}\n{err}", pytrace=False
                )
            time.sleep(0.05)
        text = address.read_text().strip()
        address.unlink()
        return text


@pytest.fixture
def browser_desk(tmp_path: Path) -> BrowserDesk:
    """A program for the BROWSER variable that hands the address over instead of showing it."""
    folder = tmp_path / "desk"
    folder.mkdir()
    program = folder / "browser"
    program.write_text(
        f'#!/bin/sh\nprintf "%s" "$1" >"{folder}/draft" && mv "{folder}/draft" "{folder}/address"\n'
    )
    program.chmod(0o755)
    return BrowserDesk(folder)


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """What a person does on the directory's pages, found as a person finds it: by label and button."""

    page: Page
    passwords: dict[str, str]

    def sign_in(self, url: str, user: str) -> None:
        """Open `url` and sign in as `user`; the first time, replace the one-time password as asked."""
        self.page.goto(url)
        self.page.get_by_label("Email").fill(user)
        self.page.get_by_label("Password", exact=True).fill(self.passwords[user])
        with self.page.expect_navigation():  # what comes next is asked below, without waiting
            self.page.get_by_role("button", name="Sign in").click()
        new = self.page.get_by_label("New password", exact=True)
        if new.count():
            chosen = f"a long enough sentence for {user}"
            new.fill(chosen)
            self.page.get_by_label("New password again").fill(chosen)
            self.page.get_by_role("button", name="Save").click()
            self.passwords[user] = chosen

    def allow(self) -> None:
        """Answer yes to the program that asks to act for this person."""
        self.page.get_by_role("button", name="Allow").click()


@pytest.fixture
def pages(page: Page, mkdev: Demo) -> SignInDesk:
    """The directory's pages in a fresh browser."""
    return SignInDesk(page, mkdev.passwords)


@pytest.fixture
def aws_signed_in(
    person: Person, pages: SignInDesk, browser_desk: BrowserDesk, find_client: Callable[[str], Path]
) -> Person:
    """The operator after `aws sso login`: native profiles `mkdev-<account>` work."""
    _sign_in_with(
        [str(find_client("aws-cli")), "sso", "login", "--profile", "mkdev-mgmt"], person, pages, browser_desk
    )
    return person


@pytest.fixture
def usher_signed_in(person: Person, pages: SignInDesk, browser_desk: BrowserDesk, mkdev: Demo) -> Person:
    """The operator after `usher login` and `usher profiles sync`: plain profiles work."""
    config = Path(person.environment["AWS_CONFIG_FILE"])
    config.write_text("")
    usher = str(Path(sys.executable).with_name("usher"))
    addresses = ["--start-url", f"{mkdev.directory_url}/start", "--aws-endpoint-url", mkdev.cloud_url]
    _sign_in_with([usher, "login", "mkdev", *addresses], person, pages, browser_desk)
    person.run(usher, "profiles", "sync")
    return person


def _sign_in_with(command: list[str], person: Person, pages: SignInDesk, browser_desk: BrowserDesk) -> None:
    process = subprocess.Popen(
        command,
        env={**person.environment, "BROWSER": browser_desk.program},
        cwd=person.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        pages.sign_in(browser_desk.opened(process), OPERATOR)
        pages.allow()
        words, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        pytest.fail(f"{' '.join(command)}\n{words}", pytrace=False)
