"""Ready records: written only into memory, private, exact, and removed when they must not serve."""

import os
import time

import pytest

from usher.fastpath import ready
from usher.session.ready_record import ReadyShelf, environment_of


def mounts(folder, kind):
    return f"21 1 0:1 / / rw - ext4 /dev/sda rw\n22 21 0:2 / {folder} rw - {kind} {kind} rw\nbroken line\n"


@pytest.fixture
def environ(tmp_path):
    (tmp_path / "home" / ".aws").mkdir(parents=True)
    (tmp_path / "home" / ".aws" / "config").write_text("[profile a]\n")
    (tmp_path / "run").mkdir(mode=0o700)
    return {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run")}


@pytest.fixture
def shelf(environ, tmp_path):
    return ReadyShelf(environ, mounts(tmp_path / "run", "tmpfs"), os.getuid())


def records(tmp_path):
    return list((tmp_path / "run" / "usher").iterdir()) if (tmp_path / "run" / "usher").exists() else []


def test_a_record_is_private_and_holds_the_document_last(shelf, tmp_path, environ):
    assert shelf.put("a", b'{"Version": 1}\n', 2_000_000_000.9, shelf.stamp())
    [record] = records(tmp_path)
    lines = record.read_bytes().split(b"\n", 3)
    assert lines[0] == b"002000000000"
    assert lines[1].decode() == ready.record_key("a", environ)
    assert lines[3] == b'{"Version": 1}\n'
    assert record.stat().st_mode & 0o777 == 0o600
    assert record.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["ext4", "overlay", "btrfs", "fuse"])
def test_nothing_is_written_to_a_file_system_on_disk(environ, tmp_path, kind):
    shelf = ReadyShelf(environ, mounts(tmp_path / "run", kind), os.getuid())
    assert not shelf.put("a", b"secret", time.time() + 3600, shelf.stamp())
    assert not (tmp_path / "run" / "usher").exists()


def test_without_a_mount_table_nothing_is_written(environ):
    shelf = ReadyShelf(environ, "", os.getuid())
    assert not shelf.put("a", b"secret", time.time() + 3600, shelf.stamp())


def test_the_deepest_and_latest_mount_decides(environ, tmp_path):
    run = tmp_path / "run"
    covered = mounts(run, "tmpfs") + f"23 22 0:3 / {run} rw - ext4 ext4 rw\n"
    assert not ReadyShelf(environ, covered, os.getuid()).put("a", b"x", 2e9, "stamp")
    beside = mounts(tmp_path / "ru", "tmpfs")
    assert not ReadyShelf(environ, beside, os.getuid()).put("a", b"x", 2e9, "stamp")


def test_mount_points_with_spaces_are_understood(tmp_path):
    run = tmp_path / "a b"
    run.mkdir()
    environ = {"XDG_RUNTIME_DIR": str(run)}
    shelf = ReadyShelf(environ, mounts(str(run).replace(" ", "\\040"), "tmpfs"), os.getuid())
    assert shelf.put("a", b"x", 2e9, "stamp")


def test_a_folder_that_is_not_ours_is_not_used(shelf, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "run" / "usher").symlink_to(tmp_path / "real")
    assert not shelf.put("a", b"secret", 2e9, "stamp")
    assert list((tmp_path / "real").iterdir()) == []
    shelf.clear()


def test_without_a_config_file_there_is_nothing_to_make_ready(tmp_path):
    shelf = ReadyShelf({"HOME": str(tmp_path)}, "", os.getuid())
    assert shelf.stamp() is None
    assert not shelf.put("a", b"x", 2e9, None)


def test_a_record_that_cannot_be_written_is_only_a_miss(shelf, tmp_path, environ):
    (tmp_path / "run" / "usher").mkdir(mode=0o700)
    name = ready.record_name(ready.record_key("a", environ))
    (tmp_path / "run" / "usher" / name).mkdir()
    assert not shelf.put("a", b"x", 2e9, "stamp")


def test_removing_takes_one_record_and_clearing_all(shelf, tmp_path):
    for profile in "abc":
        shelf.put(profile, b"x", 2e9, "stamp")
    shelf.remove("a")
    shelf.remove("a")
    assert len(records(tmp_path)) == 2
    shelf.clear()
    assert records(tmp_path) == []


def read(record):
    time.sleep(0.01)  # file systems keep time in steps
    return record.read_bytes()


def test_a_record_is_in_use_once_the_hot_path_has_read_it(shelf, tmp_path, environ):
    shelf.put("a b/ü", b"x", 2e9, "stamp")
    [record] = records(tmp_path)
    assert shelf.in_use() == []
    assert shelf.in_use() == [], "looking for it is no use of it"
    read(record)
    [found] = shelf.in_use()
    assert (found.profile, found.expires_at) == ("a b/ü", 2e9)
    assert found.environment == environment_of(environ) == {"HOME": environ["HOME"]}
    assert found.written_at == record.stat().st_mtime
    shelf.put("a b/ü", b"y", 2e9, "stamp")
    assert shelf.in_use() == []


@pytest.mark.parametrize(
    "content", [b"", b"1\n2\n3", b"000000000001\nzz\nstamp\n", b"000000000001\n61\nstamp\n"]
)
def test_what_is_no_record_is_never_in_use(shelf, tmp_path, content):
    shelf.put("a", b"x", 2e9, "stamp")
    [record] = records(tmp_path)
    record.write_bytes(content)
    read(record)
    (record.parent / "link").symlink_to(record)
    assert shelf.in_use() == []


def test_other_things_in_memory_have_folders_of_their_own(shelf, tmp_path):
    assert shelf.memory_folder("-grants") == tmp_path / "run" / "usher-grants"


def test_when_ready_keys_end_is_told_without_using_them(shelf, tmp_path):
    assert shelf.expiry("a") is None
    shelf.put("a", b"x", 2e9, "stamp")
    assert shelf.expiry("a") == 2e9
    assert shelf.in_use() == []
    [record] = records(tmp_path)
    record.write_bytes(b"no record")
    assert shelf.expiry("a") is None
