"""The hot path: serves exactly what was made ready, and nothing on any doubt; loads next to nothing."""

import os
import subprocess
import sys
import time

import pytest

from usher.fastpath import ready
from usher.session.ready_record import ReadyShelf

# What a warm `usher credentials PROFILE` may load beyond what `python -c pass` does. Each has a reason.
ALLOWED = {
    "usher",  # the package: a docstring
    "usher._entry",  # the console script
    "usher.fastpath",  # the room: a docstring
    "usher.fastpath.ready",  # the hot path itself
    "__future__",  # annotations in _entry
}
SERVE = (
    "import sys; sys.argv = ['usher', 'credentials', 'a']; before = set(sys.modules);"
    "from usher._entry import main; code = main();"
    "sys.stderr.write('\\n'.join(sorted(set(sys.modules) - before))); sys.exit(code)"
)
DOCUMENT = b'{"Version": 1, "SecretAccessKey": "secret"}\n'


@pytest.fixture
def environ(tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile a]\n")
    (tmp_path / "run").mkdir(mode=0o700)
    source = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run"), **source}


@pytest.fixture
def record(environ, tmp_path):
    mounts = f"22 21 0:2 / {tmp_path}/run rw - tmpfs tmpfs rw\n"
    shelf = ReadyShelf(environ, mounts, os.getuid())
    assert shelf.put("a", DOCUMENT, time.time() + 3600, shelf.stamp())
    [path] = (tmp_path / "run" / "usher").iterdir()
    return path


def serve(environ, profile="a"):
    """What `serve` wrote to stdout, or None when it declined."""
    code = "import sys; from usher.fastpath.ready import serve; sys.exit(not serve(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, profile], env=environ, capture_output=True)
    assert done.stderr == b""
    assert done.returncode == 0 or done.stdout == b""
    return done.stdout if done.returncode == 0 else None


def test_a_ready_record_is_served_byte_for_byte(environ, record):
    assert serve(environ) == DOCUMENT


def test_the_hot_path_loads_only_what_the_budget_names(environ, record):
    done = subprocess.run([sys.executable, "-c", SERVE], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.encode() == DOCUMENT
    assert set(done.stderr.split()) <= ALLOWED


def test_another_profile_is_a_miss(environ, record):
    assert serve(environ, "b") is None


@pytest.mark.parametrize("name", ["USHER_HOME", "AWS_CONFIG_FILE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"])
def test_another_environment_is_a_miss(environ, record, tmp_path, name):
    value = str(tmp_path / ".aws" / "config")
    assert serve({**environ, name: value}) is None


def test_no_environment_at_all_is_a_miss():
    assert serve({"PATH": os.environ["PATH"]}) is None


def test_a_config_file_that_changed_is_a_miss(environ, record, tmp_path):
    (tmp_path / ".aws" / "config").write_text("[profile a]\nregion = eu-west-1\n")
    assert serve(environ) is None


def test_a_config_file_that_is_gone_is_a_miss(environ, record, tmp_path):
    (tmp_path / ".aws" / "config").unlink()
    assert serve(environ) is None


@pytest.mark.parametrize("seconds", [-1, 0, 200, 299])
def test_keys_that_end_within_five_minutes_are_a_miss(environ, record, seconds):
    head = f"{int(time.time()) + seconds:012d}".encode()
    record.write_bytes(head + record.read_bytes()[12:])
    assert serve(environ) is None


@pytest.mark.parametrize(
    "content", [b"", b"\n\n\n", b"x" * 12 + b"\na\nb\nc", b"002000000000\nkey\nstamp\nx", b"2000000000\n\n\n"]
)
def test_a_record_of_another_shape_is_a_miss(environ, record, content):
    record.write_bytes(content)
    assert serve(environ) is None


def test_a_record_for_another_key_under_the_same_name_is_a_miss(environ, record):
    lines = record.read_bytes().split(b"\n", 3)
    lines[1] = ready.record_key("b", environ).encode()
    record.write_bytes(b"\n".join(lines))
    assert serve(environ) is None


def test_a_record_that_is_too_large_is_a_miss(environ, record):
    record.write_bytes(record.read_bytes() + b" " * ready.LARGEST_RECORD_BYTES)
    assert serve(environ) is None


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o700, 0o400])
def test_a_record_that_is_not_exactly_private_is_a_miss(environ, record, mode):
    record.chmod(mode)
    assert serve(environ) is None


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o750])
def test_a_folder_that_is_not_exactly_private_is_a_miss(environ, record, mode):
    record.parent.chmod(mode)
    assert serve(environ) is None


def test_a_link_in_place_of_the_record_is_a_miss(environ, record, tmp_path):
    record.rename(tmp_path / "moved")
    record.symlink_to(tmp_path / "moved")
    assert serve(environ) is None


def test_a_link_in_place_of_the_folder_is_a_miss(environ, record, tmp_path):
    record.parent.rename(tmp_path / "moved")
    (tmp_path / "run" / "usher").symlink_to(tmp_path / "moved")
    assert serve(environ) is None


def test_a_pipe_in_place_of_the_record_neither_hangs_nor_serves(environ, record):
    record.unlink()
    os.mkfifo(record, 0o600)
    assert serve(environ) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("what", ["record", "folder"])
def test_what_belongs_to_another_user_is_a_miss(environ, record, what):
    os.chown(record if what == "record" else record.parent, 12345, 12345)
    assert serve(environ) is None


def test_a_relative_runtime_folder_is_not_used():
    assert ready.directories({"XDG_RUNTIME_DIR": "run"}, 7) == ["/dev/shm/usher-7"]


def test_different_environments_never_share_a_key():
    keys = {
        ready.record_key("a", {}),
        ready.record_key("a", {"USHER_HOME": "x"}),
        ready.record_key("a", {"AWS_CONFIG_FILE": "x"}),
        ready.record_key("ax", {}),
        ready.record_key("a", {"USHER_HOME": "x", "HOME": "x"}),
        ready.record_key("a", {"USHER_HOME": "xx"}),
    }
    assert len(keys) == 6
    assert len({ready.record_name(key) for key in keys}) == 6


def test_a_reader_that_hangs_up_gets_no_second_copy(environ, record):
    code = "from usher.fastpath.ready import serve; serve('a')"
    process = subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(10) in {0, 120}
