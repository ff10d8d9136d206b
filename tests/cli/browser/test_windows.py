"""What a terminal's window is in: the file that shells look at and the browser's host writes."""

import json
import os
import stat
import time
from dataclasses import replace

import pytest

from usher.cli.browser.windows import (
    LONGEST_UNUSED_SECONDS,
    Who,
    forget_old_windows,
    new_window,
    read_window,
    switch_from_browser,
    window_file,
    window_here,
    write_window,
)
from usher.cli.context import read_context
from usher.cli.terminal import Terminal
from usher.core.errors import NotFoundError, UsageError

CONFIG = (
    "[profile plain]\nregion = eu-west-1\n[profile mkdev-staging/AdministratorAccess]\nregion = eu-west-1\n"
)


@pytest.fixture
def context(own_home):
    (own_home / ".aws").mkdir(mode=0o700)
    (own_home / ".aws" / "config").write_text(CONFIG)
    return read_context()


def test_a_window_is_in_what_was_entered_last_and_every_switch_has_a_mark_of_its_own(context):
    first = write_window(context, "w1", "plain", Who.TERMINAL, "")
    again = write_window(context, "w1", "plain", Who.BROWSER, "")
    assert read_window(context, "w1") == again
    assert (again.profile, again.who) == ("plain", Who.BROWSER)
    assert first.mark != again.mark
    assert window_file(context, "w1").read_text().startswith(f"{again.mark}\n")


def test_the_file_is_private_and_beside_it_nothing_is_written(context, own_home):
    config = (own_home / ".aws" / "config").stat()
    write_window(context, new_window(), "plain", Who.TERMINAL, "")
    [file] = (context.cache_dir / "windows").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert (own_home / ".aws" / "config").stat() == config


def test_windows_do_not_know_each_other(context):
    write_window(context, "w1", "plain", Who.TERMINAL, "")
    write_window(context, "w2", "mkdev-staging/AdministratorAccess", Who.BROWSER, "")
    assert read_window(context, "w1").profile == "plain"
    assert read_window(context, "w3") is None


@pytest.mark.parametrize("window", ["", "../w1", "a/b", "a b", "a\n", "é", "x" * 65])
def test_what_is_no_id_is_no_window(context, window):
    with pytest.raises(UsageError, match="window's id"):
        window_file(context, window)
    assert window_here(in_shell(context, window)) is None


class At(Terminal):
    """A terminal of that name."""

    device = ""

    def __init__(self, device):
        super().__init__()
        self.device = device


def in_shell(context, window, device=""):
    return replace(context, environ={**context.environ, "USHER_WINDOW": window}, terminal=At(device))


def test_a_shell_has_no_window_before_its_first_switch(context):
    assert window_here(context) is None
    assert window_here(in_shell(context, "w-1_A")) == "w-1_A"


def test_a_window_is_one_terminals_and_no_others_that_inherited_its_name(context):
    write_window(context, "w1", "plain", Who.TERMINAL, "/dev/pts/1")
    assert window_here(in_shell(context, "w1", "/dev/pts/1")) == "w1"
    assert window_here(in_shell(context, "w1", "/dev/pts/2")) is None
    assert window_here(in_shell(context, "w1", "")) == "w1", "nothing tells that it is another"
    switch_from_browser(context, "w1", "mkdev-staging/AdministratorAccess")
    assert window_here(in_shell(context, "w1", "/dev/pts/2")) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"00000000000000a1\n",
        b"00000000000000a1\n[]",
        b"00000000000000a1\n" + b"[" * 5_000,
        b'00000000000000a1\n{"profile": "plain", "who": "browser"}',
        b'00000000000000a1\n{"profile": "plain", "who": "somebody", "at": 1, "device": ""}',
        b'00000000000000a1\n{"profile": "", "who": "browser", "at": 1, "device": ""}',
        b'00000000000000a1\n{"profile": 5, "who": "browser", "at": 1, "device": ""}',
        b'00000000000000a1\n{"profile": "a\\nb", "who": "browser", "at": 1, "device": ""}',
        b'00000000000000a1\n{"profile": "\\u001b[31m", "who": "browser", "at": 1, "device": ""}',
        b'$(touch ran)\n{"profile": "plain", "who": "browser", "at": 1, "device": ""}',
        b'\xff\n{"profile": "plain", "who": "browser", "at": 1, "device": ""}',
        b'00000000000000a1\n{"profile": "' + b"x" * 9_000 + b'", "who": "browser", "at": 1, "device": ""}',
        b'00000000000000a1\n{"profile": "' + b"x" * 1_025 + b'", "who": "browser", "at": 1, "device": ""}',
    ],
)
def test_a_file_that_usher_did_not_write_says_nothing(context, content):
    write_window(context, "w1", "plain", Who.TERMINAL, "")
    window_file(context, "w1").write_bytes(content)
    assert read_window(context, "w1") is None


def test_a_link_and_a_file_that_others_may_read_say_nothing(context):
    write_window(context, "w1", "plain", Who.TERMINAL, "")
    window_file(context, "w2").symlink_to(window_file(context, "w1"))
    assert read_window(context, "w2") is None
    window_file(context, "w1").chmod(0o644)
    assert read_window(context, "w1") is None


def test_a_switch_in_the_browser_is_for_the_terminal_of_that_window_alone(context):
    write_window(context, "w1", "plain", Who.TERMINAL, "")
    write_window(context, "w2", "plain", Who.TERMINAL, "")
    switch_from_browser(context, "w1", "mkdev-staging/AdministratorAccess")
    state = read_window(context, "w1")
    assert (state.profile, state.who) == ("mkdev-staging/AdministratorAccess", Who.BROWSER)
    assert read_window(context, "w2").profile == "plain"


def test_the_browser_makes_no_windows_and_names_no_profile_that_is_not_there(context):
    with pytest.raises(NotFoundError, match="no terminal belongs to this browser window"):
        switch_from_browser(context, "w1", "plain")
    write_window(context, "w1", "plain", Who.TERMINAL, "")
    with pytest.raises(NotFoundError, match="no-such"):
        switch_from_browser(context, "w1", "no-such")
    for window, profile in [("w1", "a\nb"), ("w1", ""), ("w1", "x" * 2_000), ("../w1", "plain")]:
        with pytest.raises(UsageError):
            switch_from_browser(context, window, profile)
    assert read_window(context, "w1").who is Who.TERMINAL


def test_windows_of_terminals_that_are_gone_are_dropped(context):
    write_window(context, "old", "plain", Who.TERMINAL, "")
    write_window(context, "new", "plain", Who.TERMINAL, "")
    long_ago = time.time() - LONGEST_UNUSED_SECONDS - 60
    os.utime(window_file(context, "old"), (long_ago, long_ago))
    forget_old_windows(context)
    assert [file.name for file in (context.cache_dir / "windows").iterdir()] == ["new"]
    assert json.loads(window_file(context, "new").read_text().partition("\n")[2])["profile"] == "plain"
