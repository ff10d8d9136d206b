"""Running a command without becoming it, as Windows needs it: here on the system at hand."""

import signal
import sys

import pytest

from usher.cli.running import exit_code, explain_start_failure, run_and_wait
from usher.cli.terminal import Terminal
from usher.core.errors import UsageError

PATH = {"PATH": "/usr/bin:/bin"}


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_code_is_the_commands_own(code):
    assert run_and_wait([sys.executable, "-c", f"import sys; sys.exit({code})"], PATH) == code


def test_an_end_by_a_signal_is_said_as_shells_say_it():
    assert run_and_wait(["sh", "-c", "kill -TERM $$"], PATH) == 128 + signal.SIGTERM


def test_windows_codes_of_32_bits_are_handed_on_as_they_are():
    assert exit_code(0xC000013A) & 0xFFFFFFFF == 0xC000013A
    assert exit_code(0xC000013A) < 0


def test_an_interrupt_is_the_commands_to_answer():
    code = "import os, signal; os.kill(os.getppid(), signal.SIGINT); raise SystemExit(5)"
    assert run_and_wait([sys.executable, "-c", code], PATH) == 5
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_environment_is_what_was_given():
    code = "import os, sys; sys.exit(0 if os.environ['GIVEN'] == 'b c' else 1)"
    assert run_and_wait([sys.executable, "-c", code], {**PATH, "GIVEN": "b c"}) == 0


def test_a_command_that_is_not_there_is_not_there(capsys):
    with pytest.raises(FileNotFoundError):
        run_and_wait(["no-such-command"], PATH)
    assert explain_start_failure("no-such", FileNotFoundError(), Terminal()) == 127
    assert explain_start_failure("plain", PermissionError(13, "Permission denied"), Terminal()) == 126
    assert "there is no command 'no-such'" in capsys.readouterr().err


@pytest.mark.parametrize("argument", ['"&calc', "%PATH%", "a|b", "a\nb"])
def test_batch_files_get_no_argument_that_cmd_would_take_apart(tmp_path, argument):
    file = tmp_path / "tool.cmd"
    file.write_text("#!/bin/sh\nexit 0\n")
    file.chmod(0o700)
    assert run_and_wait([str(file), "plain words"], PATH) == 0
    with pytest.raises(UsageError, match="batch file"):
        run_and_wait([str(file), argument], PATH)
