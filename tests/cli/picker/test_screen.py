"""The picker as a person meets it: in a real terminal (tmux), with keys typed and the screen looked at."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from usher.profiles.index import IndexEntry, write_index
from usher.profiles.recent import note_use

pytestmark = [pytest.mark.client("tmux"), pytest.mark.once]

USHER = [sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())"]
ALL = "45/45"


def test_letters_narrow_arrows_move_and_enter_prints_the_name_on_stdout(pick):
    screen = pick()
    lines = screen.until(ALL)
    assert lines[0].startswith("> ")
    assert lines[2].startswith(">  mkdev-payments-dev/AdministratorAccess"[:2])
    screen.type("fraud prod")
    lines = screen.until("3/45")
    assert lines[0].startswith("> fraud prod")
    assert all("fraud-production" in line for line in lines[2:5])
    first = lines[2].split()[1]
    second = lines[3].split()[0]
    screen.press("Down")
    screen.until(rf"^> {re.escape(second)}")
    screen.press("Enter")
    lines = screen.until("EXIT:0:")
    assert second in lines
    assert first not in lines


@pytest.mark.parametrize("key", ["Escape", "C-c", "C-g"])
def test_leaving_ends_with_130_and_gives_the_terminal_back(pick, key):
    screen = pick()
    screen.until(ALL)
    screen.type("xyz")
    screen.until("0/45")
    screen.press(key)
    assert screen.exit_code() == 130
    lines = screen.lines()
    assert not any("xyz" in line or "Enter print" in line for line in lines)
    screen.type("echoed")  # the terminal echoes again: its mode is what it was
    screen.until("^echoed$")


def test_told_to_end_it_gives_the_terminal_back_too(pick):
    screen = pick()
    screen.until(ALL)
    screen.type("search")
    screen.until("9/45")
    shell = int(screen.tmux("display-message", "-p", "#{pane_pid}"))
    usher = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0]
    os.kill(int(usher), signal.SIGTERM)
    assert screen.exit_code() == 130
    screen.type("echoed")
    screen.until("^echoed$")


def test_editing_the_query_searches_again(pick):
    screen = pick("ledger", "prod")
    screen.until("3/45")
    screen.press("BSpace", "BSpace", "BSpace", "BSpace")
    screen.until("9/45")
    screen.press("C-u")
    screen.until(ALL)
    screen.type("xx")
    assert any("nothing is called so" in line for line in screen.until("0/45"))
    screen.press("Enter", "C-u")  # nothing to pick: Enter waits for more
    screen.until(ALL)


def test_pages_ends_and_the_letters_of_vi_and_emacs_move_the_pointer(pick):
    screen = pick(columns=80, rows=14)
    screen.until(ALL)
    names = [entry.split()[0] for entry in (line.lstrip("> ") for line in screen.lines()[2:12])]
    at = "^> {}".format
    for keys, number in ((("C-n", "C-j", "Down"), 3), (("C-p", "C-k", "Up"), 0), (("PageDown",), 9)):
        screen.press(*keys)
        screen.until(at(re.escape(names[number])))
    screen.press("C-End")
    screen.until(at("mkdev-fraud-production/DatabaseOperator"))
    screen.press("C-Home")
    screen.until(at(re.escape(names[0])))


def test_the_window_may_be_resized_down_to_almost_nothing_and_up_again(pick):
    screen = pick("search")
    screen.until("9/45")
    for columns, rows in ((40, 10), (20, 5), (8, 3), (2, 2), (120, 30)):
        screen.resize(columns, rows)
        time.sleep(0.1)
    lines = screen.until("account id")
    assert len([line for line in lines if "mkdev-search-" in line]) == 9
    screen.resize(40, 12)
    lines = screen.until(lambda found: "9/45" in found[0] and found[0].startswith("> search"))
    assert max(map(len, lines)) <= 40
    screen.press("Enter")
    assert screen.exit_code() == 0


def test_production_looks_different_and_marked_letters_stand_out(pick):
    screen = pick("ledger")
    screen.until("9/45")
    styled = "\n".join(screen.lines(styled=True))
    assert re.search(r"\x1b\[[\d;]*31m[^\n]*PRODUCTION", styled)
    assert re.search(r"\x1b\[[\d;]*1;4[\d;]*mledger", styled)
    assert not re.search(r"\x1b\[[\d;]*31m[^\n]*staging/", styled)


def test_without_colour_no_colour_is_used_and_labels_still_tell(screen):
    screen.environ["NO_COLOR"] = "1"
    screen.open([*USHER, "pick", "ledger"])
    screen.until("9/45")
    styled = "\n".join(screen.lines(styled=True))
    assert "PRODUCTION" in styled
    assert not re.search(r"\x1b\[(?:[\d;]*;)?(?:3[0-7]|38)(?:;[\d;]*)?m", styled)


def test_the_entry_at_the_pointer_is_told_in_full_below(pick):
    screen = pick("fraud-dev", "readonly", columns=110)
    lines = screen.until("1/45")
    assert "fraud-dev · 100000013332 · ReadOnlyAccess · fraud-dev@mkdev.example" in lines[-2]
    assert "Enter print  Esc leave  ^O console  ^X exec  ^V env  ^Y copy" in lines[-1]


def test_what_is_used_comes_first_with_its_age_and_how_long_keys_last(pick, picker_home):
    home, _ = picker_home
    now = time.time()
    note_use(home / "cache", "mkdev-media-dev/ReadOnlyAccess", now - 7300, now + 3000)
    note_use(home / "cache", "mkdev-gone/Admin", now, None)
    screen = pick(columns=100)
    lines = screen.until("49m|50m")
    assert re.match(r">  ?mkdev-media-dev/ReadOnlyAccess .* (49|50)m +2h$", lines[2])
    screen.press("Enter")
    assert screen.exit_code() == 0
    assert "mkdev-gone" not in (home / "cache" / "recent.json").read_text()


def test_several_are_marked_with_tab_and_printed_in_the_order_of_marking(pick):
    screen = pick("--many", "media", "readonly")
    screen.until("3/45")
    screen.press("Tab", "Tab", "Tab")  # all three, and the pointer stays at the last one
    lines = screen.until("3 marked")
    assert [line[1:2] for line in lines[2:5]] == ["*", "*", "*"]
    screen.press("Up", "Tab")  # takes the middle one back
    screen.until("2 marked")
    screen.press("Up", "Up", "Tab")  # and the first
    screen.until("1 marked")
    screen.press("Up", "Tab")  # and marks it again: now it is the last one
    screen.until("2 marked")
    screen.press("Enter")
    lines = screen.until("EXIT:0:")
    printed = [line for line in lines if line.startswith("mkdev-")]
    assert printed == ["mkdev-media-production/ReadOnlyAccess", "mkdev-media-dev/ReadOnlyAccess"]


def test_the_name_is_copied_through_the_terminal(pick):
    screen = pick("fraud-dev", "readonly")
    screen.tmux("set-option", "-g", "set-clipboard", "on")
    screen.until("1/45")
    screen.press("C-y")
    screen.until("Copied mkdev-fraud-dev/ReadOnlyAccess")
    assert screen.tmux("show-buffer") == "mkdev-fraud-dev/ReadOnlyAccess"


@pytest.mark.parametrize(("key", "command"), [("C-o", "console"), ("C-x", "exec"), ("C-v", "env")])
def test_other_keys_run_their_command_for_the_profile(pick, key, command):
    screen = pick("fraud-dev", "readonly")
    screen.until("1/45")
    screen.press(key)
    screen.until("mkdev")
    assert screen.exit_code() == 3  # nobody is signed in: the command ran, and says so
    assert any("usher login mkdev" in line for line in screen.lines())


def test_names_that_somebody_chose_to_do_harm_stay_in_their_cells(pick, picker_home):
    home, _ = picker_home
    hostile = [
        ("mkdev-\x1b[2J\x1b]0;pwned\x07x/R", "esc"),
        ("mkdev-\u202egnp.exe/R", "bidi"),
        ("mkdev-字字字字字字字字字字字字字字字字字字字字字字字字/R", "wide"),
        ("mkdev-e" + "\u0301" * 40 + "/R", "marks"),
        ("mkdev-\u2028line/R", "separator"),
    ]
    write_index(home / "cache", "mkdev", [])
    names = [IndexEntry(name, "mkdev", "111111111111", why, "R") for name, why in hostile]
    write_index(home / "cache", "hostile", names)
    (home / "aws.config").write_text("".join(f"[profile {name}]\n" for name, _ in hostile))
    screen = pick(columns=60, rows=12)
    lines = screen.until("Esc leave")
    text = "\n".join(lines)
    assert "pwned" not in screen.tmux("display-message", "-p", "#{pane_title}")
    assert "\u202e" not in text
    assert "\u2028" not in text
    assert text.count("\u0301") <= 2
    assert all(line.count("mkdev-") <= 1 for line in lines)
    screen.type("wide")
    lines = screen.until("1/")
    assert "字" in lines[2]


def test_keys_typed_before_the_library_is_there_are_neither_lost_nor_echoed(picker_home):
    """What is typed right after the first paint is in the query, in order, and Enter comes last."""
    _, environ = picker_home
    for _ in range(3):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*USHER, "pick"],
            env={**environ, "PATH": os.environ["PATH"], "TERM": "xterm-256color"},
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        seen = b""
        while b"leave" not in seen:
            seen += os.read(ours, 65_536)
        os.write(ours, b"fraud prod databas\r")
        shown = _rest(ours)
        out, _ = process.communicate(timeout=30)
        os.close(ours)
        assert (process.returncode, out) == (0, b"mkdev-fraud-production/DatabaseOperator\n")
        assert b"databas\r" not in shown


def _rest(terminal):
    """What is written to the terminal until nobody has it open any more."""
    written = b""
    with contextlib.suppress(OSError):
        while more := os.read(terminal, 65_536):
            written += more
    return written


def test_use_without_a_profile_picks_one_and_answers_the_hook(screen):
    hook = 'answer="$("$@")"; printf "%s\\n" "$answer"'
    screen.open(["sh", "-c", hook, "sh", *USHER, "use", "--shell-output", "sh"])
    screen.until(ALL)
    screen.type("fraud-dev readonly")
    lines = screen.until("1/45")
    assert "Enter use  Esc leave  ^O console  ^Y copy" in lines[-1]
    screen.press("Enter")
    lines = screen.until("EXIT:0:")
    assert any("AWS_PROFILE" in line and "mkdev-fraud-dev/ReadOnlyAccess" in line for line in lines)


def test_use_with_a_name_that_is_none_searches_for_it(screen):
    screen.open([*USHER, "use", "--shell-output", "sh", "frauddev"])
    lines = screen.until("> frauddev")
    assert "mkdev-fraud-dev/" in lines[2]
    screen.press("C-c")
    assert screen.exit_code() == 130


def test_a_terminal_that_knows_no_cursor_gets_no_picker(screen):
    screen.open(["env", "TERM=dumb", *USHER, "pick"])
    assert screen.exit_code() == 2
    assert any("which profile?" in line for line in screen.lines())
