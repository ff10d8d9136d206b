"""The AWS config file on disk: links, modes, back-up, locks, and other programs writing too."""

import multiprocessing
import os
from functools import partial
from pathlib import Path

import pytest

from usher.profiles.config_file import edit_config, read_config
from usher.profiles.config_text import ConfigFileError, replace_block


def mode(path):
    return path.stat().st_mode & 0o777


def test_a_new_file_and_folder_are_private(tmp_path):
    path = tmp_path / ".aws" / "config"
    before = os.umask(0)
    try:
        assert edit_config(path, lambda text: text + "[default]\n") == ("", "[default]\n")
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert not (tmp_path / ".aws" / "config.usher-backup").exists()


def test_the_mode_is_kept_and_a_private_back_up_made(tmp_path):
    path = tmp_path / "config"
    path.write_text("old\n")
    path.chmod(0o644)
    edit_config(path, lambda text: text + "new\n")
    assert mode(path) == 0o644
    backup = tmp_path / "config.usher-backup"
    assert (backup.read_text(), mode(backup)) == ("old\n", 0o600)


def test_an_edit_that_changes_nothing_writes_nothing(tmp_path):
    path = tmp_path / "config"
    path.write_text("same\n")
    state = path.stat()
    edit_config(path, lambda text: text)
    assert path.stat().st_ino == state.st_ino
    assert not (tmp_path / "config.usher-backup").exists()


def test_bytes_that_are_no_text_survive(tmp_path):
    path = tmp_path / "config"
    path.write_bytes(b"# caf\xe9\r\n[default]\r\n\x00")
    edit_config(path, lambda text: replace_block(text, "m", "[profile a]\n", path))
    assert path.read_bytes().startswith(b"# caf\xe9\r\n[default]\r\n\x00\n# usher:begin m")


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "dotfiles").mkdir()
    target, link = tmp_path / "dotfiles" / "awsconfig", tmp_path / "config"
    target.write_text("old\n")
    link.symlink_to(target)
    edit_config(link, lambda text: text + "new\n")
    assert link.is_symlink()
    assert target.read_text() == "old\nnew\n"


def test_what_is_no_plain_file_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigFileError, match="not a plain file"):
        read_config(tmp_path / "folder")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigFileError):
        edit_config(tmp_path / "file" / "config", lambda text: text + "x")


def test_no_file_may_be_named_as_dev_null():
    assert read_config(Path("/dev/null")) == ""
    with pytest.raises(ConfigFileError, match="not a plain file"):
        edit_config(Path("/dev/null"), lambda text: text + "x")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_refused(tmp_path):
    (tmp_path / "config").write_text("x")
    os.chown(tmp_path / "config", 12345, 12345)
    with pytest.raises(ConfigFileError, match="another user"):
        edit_config(tmp_path / "config", lambda text: text + "x")


def test_another_programs_change_during_the_edit_is_kept(tmp_path):
    path = tmp_path / "config"
    path.write_text("old\n")
    disturbed = []

    def edit(text):
        if not disturbed:
            disturbed.append(True)
            path.write_text("old\ntheirs\n")
        return text + "ours\n"

    edit_config(path, edit)
    assert path.read_text() == "old\ntheirs\nours\n"


def test_a_file_that_never_rests_is_left_alone(tmp_path):
    path = tmp_path / "config"
    path.write_text("0\n")

    def edit(text):
        path.write_text(text + "theirs\n")
        return text + "ours\n"

    with pytest.raises(ConfigFileError, match="keeps changing"):
        edit_config(path, edit)
    assert "ours" not in path.read_text()


def test_an_edit_that_fails_leaves_everything_as_it_was(tmp_path):
    path = tmp_path / "config"
    path.write_text("old\n")

    def edit(text):
        raise ConfigFileError("no")

    with pytest.raises(ConfigFileError):
        edit_config(path, edit)
    assert path.read_text() == "old\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config", "config.usher-lock"]


def _sync(path, name):
    for number in range(5):
        body = f"[profile {name}-{number}]\n"
        edit_config(path, partial(replace_block, name=name, sections=body, path=path))


def test_eight_processes_at_once_lose_nothing(tmp_path):
    path = tmp_path / "config"
    path.write_text("[default]\nregion = eu-west-1\n")
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_sync, args=(path, f"org{n}")) for n in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    text = path.read_text()
    assert text.startswith("[default]\nregion = eu-west-1\n")
    assert all(text.count(f"[profile org{n}-4]") == 1 for n in range(8))
    assert text.count("# usher:begin") == 8
