"""Closed and full standard streams: what was asked for is done, and nothing ends in a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = [sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())"]
# A POSIX shell's way of closing streams, around the given command.
CLOSED = ["sh", "-c", 'shift "$1"; exec "$@" {}', "sh", "1"]


def run(tmp_path, arguments, redirection=""):
    environ = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    (tmp_path / ".aws").mkdir(exist_ok=True)
    (tmp_path / ".aws" / "config").write_text(
        "[profile a]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\nregion = eu-west-1\n"
    )
    shell = [part.replace("{}", redirection) for part in CLOSED]
    return subprocess.run(
        [*shell, *RUN, *arguments], env={**environ, "HOME": str(tmp_path)}, capture_output=True, text=True
    )


@pytest.mark.parametrize("closed", ["2>&-", "<&-", "<&- 2>&-"])
def test_keys_are_printed_whatever_other_stream_is_closed(tmp_path, closed):
    done = run(tmp_path, ["credentials", "a"], closed)
    assert done.returncode == 0
    assert '"SecretAccessKey": "secret"' in done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_command_runs_whatever_stream_is_closed_and_finds_none_of_ours_in_its_place(tmp_path, closed):
    told = tmp_path / "told"
    script = f"for n in 0 1 2; do readlink /proc/$$/fd/$n; done >{told} 3>&1"
    done = run(tmp_path, ["exec", "a", "--", "sh", "-c", script], closed)
    assert done.returncode == 0
    assert str(tmp_path / ".") not in told.read_text().replace(str(told), "")


def test_completion_goes_on_without_anybody_who_reads(tmp_path):
    done = run(tmp_path, ["--complete", "us"], ">&-")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("arguments", [["credentials", "a"], ["--help"]])
def test_a_result_that_cannot_be_written_fails_with_one_message(tmp_path, arguments):
    done = run(tmp_path, arguments, ">/dev/full")
    assert done.returncode == 1
    assert done.stderr == "error: No space left on device\n"
