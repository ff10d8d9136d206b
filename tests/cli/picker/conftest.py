"""A home with many profiles, and a terminal to pick one in."""

from __future__ import annotations

import os
import sys

import pytest

from usher.core.ids import AccountId
from usher.profiles.index import IndexEntry, write_index

USHER = [sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())"]
WORDS = ("payments", "ledger", "search", "media", "fraud")
STAGES = ("dev", "staging", "production")
SETS = ("AdministratorAccess", "ReadOnlyAccess", "DatabaseOperator")
SETTINGS = """[[protect]]
accounts = "*-production"
colour = "red"
label = "PRODUCTION"
confirm = true
"""


def entries():
    """45 ways in, and one of a name that somebody chose to do harm."""
    found = []
    for number, (word, stage) in enumerate((word, stage) for word in WORDS for stage in STAGES):
        account, name = AccountId(f"{100000000000 + number * 1111}"), f"{word}-{stage}"
        found += [
            IndexEntry(f"mkdev-{name}/{each}", "mkdev", account, name, each, f"{name}@mkdev.example")
            for each in SETS
        ]
    return found


@pytest.fixture
def picker_home(tmp_path):
    """A home of its own: folder and environment."""
    cache, config = tmp_path / "cache", tmp_path / "config"
    write_index(cache, "mkdev", entries())
    config.mkdir()
    (config / "settings.toml").write_text(SETTINGS)
    write_config(tmp_path, entries())
    environ = {
        "HOME": str(tmp_path),
        "USHER_HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "aws.config"),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SHELL": "/bin/sh",
    }
    kept = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "PYTHONOPTIMIZE")
    environ |= {name: os.environ[name] for name in kept if name in os.environ}
    return tmp_path, environ


def write_config(folder, ways):
    sections = (
        f"[profile {way.profile}]\nusher_organization = mkdev\nusher_account_id = {way.account_id}\n"
        f"usher_permission_set = {way.permission_set}\nregion = eu-central-1\n"
        for way in ways
    )
    (folder / "aws.config").write_text("# usher:begin mkdev\n" + "".join(sections) + "# usher:end mkdev\n")


@pytest.fixture
def screen(picker_home, new_screen):
    """A terminal in that home."""
    return new_screen(picker_home[1])


@pytest.fixture
def pick(screen):
    """A function that opens `usher pick` with these arguments on a screen of that size."""

    def opened(*arguments, columns=80, rows=24):
        return screen.open([*USHER, "pick", *arguments], columns, rows)

    return opened
