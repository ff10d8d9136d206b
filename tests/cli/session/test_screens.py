"""What people look at most, kept as artefacts: picker, status and plan on a real terminal (tmux)."""

from __future__ import annotations

import os
import sys

import pytest

pytestmark = [pytest.mark.client("tmux"), pytest.mark.once]

USHER = [sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())"]
PRODUCTION = """[[protect]]
accounts = "production"
colour = "red"
label = "PRODUCTION"
confirm = true
"""
ACCESS = """version: 1
accounts:
  management: {id: "111111111111"}
  staging: {id: "222222222222"}
  production: {id: "333333333333"}
groups:
  devops: {members: [operator@mkdev.example]}
  developers: {members: [developer@mkdev.example]}
users:
  operator@mkdev.example: {name: Example Operator}
  developer@mkdev.example: {name: Example Developer}
permission_sets:
  AdministratorAccess: {managed_policies: [AdministratorAccess], session: 8h}
  ReadOnlyAccess: {managed_policies: [ReadOnlyAccess], session: 12h}
access:
  - {group: devops, permission_set: AdministratorAccess, accounts: all}
  - {group: developers, permission_set: AdministratorAccess, accounts: [staging]}
  - {group: developers, permission_set: ReadOnlyAccess, accounts: [production]}
"""


@pytest.fixture
def marked(synced):
    """A signed-in home whose production is marked."""
    settings = synced.folder / ".config" / "usher" / "settings.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(PRODUCTION)
    return synced


def surroundings(home):
    return {**home.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_the_picker_shows_what_may_be_entered_and_production_stands_out(marked, new_screen, keep_screen):
    marked.ok("exec", "mkdev-staging/AdministratorAccess", "--", "true")
    screen = new_screen(surroundings(marked))
    screen.open([*USHER, "pick"], 100, 16)
    lines = screen.until(r"\dm +<1m")
    assert "mkdev-staging/AdministratorAccess" in lines[2]
    assert any("PRODUCTION" in line for line in lines)
    keep_screen(screen, "picker", 100, 16)
    screen.type("prod")
    screen.until("^> prod")
    keep_screen(screen, "picker-narrowed", 100, 16)
    screen.resize(40, 12)
    screen.until(lambda found: max(map(len, found)) <= 40 and found[0].startswith("> prod"))
    keep_screen(screen, "picker-narrow", 40, 12)
    screen.press("Escape")
    assert screen.exit_code() == 130


def test_entering_production_asks(marked, new_screen, keep_screen):
    screen = new_screen(surroundings(marked))
    profile = marked.ok("pick", "--filter", "production").splitlines()[0]
    screen.open([*USHER, "exec", profile, "--", "true"], 100, 6)
    screen.until("is protected. Enter it")
    keep_screen(screen, "protected", 100, 6)
    screen.type("n\n")
    assert screen.exit_code() == 1
    assert marked.run("exec", profile, "--", "true").returncode == 4
    assert marked.run("exec", "--yes", profile, "--", "true").returncode == 0


def test_a_command_without_a_profile_runs_in_all_that_are_marked(marked, new_screen):
    screen = new_screen(surroundings(marked))
    screen.open([*USHER, "exec", "--", "sh", "-c", 'echo "in $AWS_ACCOUNT_ID"'], 100, 16)
    screen.until("Tab mark")
    screen.type("staging")
    screen.until("2/4")
    screen.press("Tab", "Tab")
    screen.until("2 marked")
    screen.press("Enter")
    lines = screen.until("EXIT:0:")
    assert len([line for line in lines if line.endswith("in 222222222222")]) == 2


def test_status_shows_the_clocks(marked, new_screen, keep_screen):
    profile = marked.ok("pick", "--filter", "staging").splitlines()[0]
    marked.ok("exec", profile, "--", "true")
    screen = new_screen(surroundings(marked))
    screen.open([*USHER, "status"], 100, 16)
    assert screen.exit_code() == 0
    assert any("mkdev" in line for line in screen.lines())
    keep_screen(screen, "status", 100, 16)


def test_plan_shows_who_gains_what(access_directory, new_screen, keep_screen):
    access_directory.write(ACCESS)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    screen = new_screen(environ)
    where = ["--endpoint-url", access_directory.origin, "--region", "eu-central-1"]
    screen.open([*USHER, "access", "plan", str(access_directory.folder / "access.yaml"), *where], 110, 50)
    assert screen.exit_code() == 0
    assert any("AdministratorAccess" in line for line in screen.lines())
    keep_screen(screen, "plan", 110, 50)
