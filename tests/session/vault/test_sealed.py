"""Sealed files: the format as written down, tampering, and hostile folders."""

import os
import stat
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from usher.core.errors import ExitCode
from usher.session.vault.contract import UnreadableRecordError, UnsafePlaceError
from usher.session.vault.files import make_private_folder, read_private, record_name, write_private
from usher.session.vault.sealed import SealedVault

KEY = bytes(range(32))


@pytest.fixture
def vault(tmp_path):
    return SealedVault(tmp_path / "vault", lambda: KEY)


def the_file(tmp_path, name="token.sealed"):
    return tmp_path / "vault" / name


def test_the_file_has_the_documented_format(vault, tmp_path):
    vault.write("token", b"secret")
    content = the_file(tmp_path).read_bytes()
    assert content[:16] == b"usher-sealed-1\n\0"
    opened = AESGCM(KEY).decrypt(content[16:28], content[28:], b"usher-sealed-1\n\0token")
    assert opened == b"secret"


def test_every_write_has_its_own_nonce(vault, tmp_path):
    nonces = set()
    for _ in range(50):
        vault.write("token", b"same")
        nonces.add(the_file(tmp_path).read_bytes()[16:28])
    assert len(nonces) == 50


@pytest.mark.parametrize("position", [0, 15, 16, 28, -1])
def test_a_changed_byte_is_noticed(vault, tmp_path, position):
    vault.write("token", b"secret")
    content = bytearray(the_file(tmp_path).read_bytes())
    content[position] ^= 1
    write_private(the_file(tmp_path), bytes(content))
    with pytest.raises(UnreadableRecordError) as caught:
        vault.read("token")
    assert caught.value.exit_code is ExitCode.SIGN_IN_NEEDED


@pytest.mark.parametrize("length", [0, 10, 16, 30, 43])
def test_a_cut_file_is_noticed(vault, tmp_path, length):
    vault.write("token", b"secret")
    write_private(the_file(tmp_path), the_file(tmp_path).read_bytes()[:length])
    with pytest.raises(UnreadableRecordError):
        vault.read("token")


def test_a_record_moved_to_another_name_does_not_open(vault, tmp_path):
    vault.write("token", b"secret")
    the_file(tmp_path).rename(the_file(tmp_path, "other.sealed"))
    with pytest.raises(UnreadableRecordError):
        vault.read("other")


def test_another_key_does_not_open(vault, tmp_path):
    vault.write("token", b"secret")
    with pytest.raises(UnreadableRecordError):
        SealedVault(tmp_path / "vault", lambda: bytes(32)).read("token")


def test_the_key_is_not_asked_for_without_a_record(tmp_path):
    def no_key():
        raise OSError("asked")

    vault = SealedVault(tmp_path / "vault", no_key)
    assert vault.read("token") is None
    assert vault.names() == []


def test_files_that_are_no_records_are_not_listed(vault, tmp_path):
    vault.write("token", b"x")
    (tmp_path / "vault" / "README").write_text("x")
    assert vault.names() == ["token"]
    assert record_name("README") is None


@pytest.mark.parametrize("umask", [0o000, 0o777, 0o022])
def test_a_hostile_umask_changes_nothing(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_private(tmp_path / "new" / "folder" / "file", b"x")
    finally:
        os.umask(before)
    for folder in ("new", "new/folder"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new/folder/file").stat().st_mode) == 0o600


def test_a_link_in_place_of_a_file_is_not_read(tmp_path):
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(UnsafePlaceError, match="symbolic links"):
        read_private(tmp_path / "link")


def test_a_link_in_place_of_a_file_is_replaced_not_followed(tmp_path):
    (tmp_path / "real").write_bytes(b"untouched")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_private(tmp_path / "link", b"new")
    assert (tmp_path / "real").read_bytes() == b"untouched"
    assert read_private(tmp_path / "link") == b"new"


def test_a_link_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(UnsafePlaceError, match="not a folder"):
        write_private(tmp_path / "link" / "file", b"x")
    assert list((tmp_path / "real").iterdir()) == []


def test_a_file_that_others_can_read_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "file").chmod(0o644)
    with pytest.raises(UnsafePlaceError, match="other users"):
        read_private(tmp_path / "file")


def test_a_folder_that_others_can_read_is_closed(tmp_path):
    (tmp_path / "folder").mkdir(mode=0o755)
    make_private_folder(tmp_path / "folder")
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "file").chmod(0o600)
    os.chown(tmp_path / "file", 12345, 12345)
    with pytest.raises(UnsafePlaceError, match="your own"):
        read_private(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    os.chown(tmp_path / "folder", 12345, 12345)
    with pytest.raises(UnsafePlaceError, match="another user"):
        make_private_folder(tmp_path / "folder")


def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "folder").mkdir(mode=0o700)
    with pytest.raises(UnsafePlaceError, match="not a plain file"):
        read_private(tmp_path / "folder")


def test_a_pipe_in_place_of_a_file_neither_hangs_nor_passes(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(UnsafePlaceError):
        read_private(tmp_path / "pipe")


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnsafePlaceError):
        write_private(tmp_path / "file" / "below" / "x", b"")


def test_a_folder_whose_name_is_too_long_is_one_clear_error(tmp_path):
    with pytest.raises(UnsafePlaceError, match="cannot create"):
        make_private_folder(tmp_path / ("x" * 300))


def test_a_target_that_cannot_be_replaced_leaves_nothing_behind(tmp_path):
    (tmp_path / "target").mkdir()
    with pytest.raises(UnsafePlaceError, match="cannot write"):
        write_private(tmp_path / "target", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


WRITER = """
import sys
from pathlib import Path
from usher.session.vault.sealed import SealedVault
vault = SealedVault(Path(sys.argv[1]), lambda: bytes(range(32)))
for number in range(60):
    vault.write("token", (sys.argv[2] * 4000).encode())
"""


def test_readers_see_whole_records_while_processes_write(vault, tmp_path):
    vault.write("token", b"a" * 4000)
    command = [sys.executable, "-c", WRITER, str(tmp_path / "vault")]
    writers = [subprocess.Popen([*command, letter]) for letter in "abc"]
    while any(writer.poll() is None for writer in writers):
        content = vault.read("token")
        assert content in {letter * 4000 for letter in (b"a", b"b", b"c")}
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert [path.name for path in (tmp_path / "vault").iterdir()] == ["token.sealed"]
