"""Every file and folder that the client makes: private under any umask, and not to be turned against it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

STAGING = "mkdev-staging/ReadOnlyAccess"


def everything(home, portal, umask=None, more=()):
    """Run all commands that write, as a person with this umask would; returns what they said."""
    said = []

    def run(*arguments):
        done = subprocess.run(
            [*home.usher, *arguments],
            env=home.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            preexec_fn=None if umask is None else lambda: os.umask(umask),
        )
        said.append((arguments, done.returncode, done.stderr))

    address = ["--start-url", portal.url + "/start", "--region", "eu-central-1"]
    run("login", "mkdev", *address)
    run("login", "mkdev", "--device")
    run("profiles", "sync")
    run("credentials", STAGING)
    run("exec", "mkdev-production/ReadOnlyAccess", "--", sys.executable, "-c", "pass")
    run("vault", "move", "--to", "file")
    run("status")
    for command in more:
        run(*command)
    return said


def everything_else(home):
    """The commands beside the daily ones that leave files behind."""
    (home.folder / ".usher").write_text(f'profile = "{STAGING}"\n')
    return [
        ["login", "--device", "--share"],
        ["env", STAGING, "--format", "dotenv", "--output", str(home.folder / ".env"), "--even-in-git"],
        ["pick", "--filter", "staging"],
        ["trust", str(home.folder)],
        ["agent", "start"],
        ["agent", "grant", STAGING],
        ["agent", "log"],
        ["agent", "stop"],
    ]


@pytest.mark.once
@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_under_a_hostile_umask_everything_is_private(home, portal, tmp_path, umask):
    for arguments, code, words in everything(home, portal, umask, everything_else(home)):
        assert code == 0, (arguments, words)
    (home.folder / ".usher").unlink()  # the person's own
    runtime = Path(home.environ["XDG_RUNTIME_DIR"])
    made = [*home.folder.rglob("*"), *runtime.rglob("*"), *shared_memory(home)]
    assert len(made) > 15
    for path in made:
        state = path.lstat()
        wanted = 0o700 if stat.S_ISDIR(state.st_mode) else 0o600
        assert stat.S_IMODE(state.st_mode) == wanted, path


def shared_memory(home):
    shelf = Path(f"/dev/shm/usher-{os.getuid()}")
    mark = os.fsencode(str(home.folder)).hex().encode()
    return [record for record in shelf.glob("*") if mark in record.read_bytes()] if shelf.is_dir() else []


def own_files(home):
    """All files of usher's own, by what they are to it; the AWS config file is the person's."""
    return [path for path in home.files() if ".aws" not in path.parts]


def snapshot(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


KINDS = (
    ".config/usher/organizations.json",
    ".cache/usher/locks/mkdev.lock",
    ".cache/usher/locks/vault.lock",
    ".local/share/usher/vault/current",
    ".local/share/usher/vault/*/vault.key.age",
    ".local/share/usher/vault/*/session%2Fmkdev.sealed",
)


@pytest.mark.once
def test_a_link_in_place_of_a_file_is_never_read_or_written_through(synced, tmp_path):
    victim = tmp_path / "victim"
    for kind in KINDS:
        (file,) = synced.folder.glob(kind)
        kept = file.read_bytes()
        victim.write_bytes(kept)
        victim.chmod(0o600)
        before = victim.stat()
        file.unlink()
        file.symlink_to(victim)
        for command in (["credentials", STAGING], ["login", "--device"]):
            done = synced.run(*command)
            assert "Traceback" not in done.stderr
            assert done.returncode == 0 or file.name in done.stderr, done.stderr
        assert victim.stat() == before, kind
        if file.is_symlink():
            file.unlink()
            file.write_bytes(kept)
            file.chmod(0o600)


@pytest.mark.once
def test_a_hard_link_to_any_file_never_sees_what_is_written_next(home, portal, tmp_path):
    everything(home, portal)
    spies = []
    for number, file in enumerate(own_files(home)):
        spy = tmp_path / f"spy-{number}"
        spy.hardlink_to(file)
        spies.append((file, spy, spy.read_bytes()))
    for arguments, code, words in everything(home, portal):
        assert code == 0, (arguments, words)
    changed = [file.parent.name for file, spy, content in spies if spy.read_bytes() != content]
    assert set(changed) <= {"pace"}, "only how fast AWS was asked may be written in place: it is no secret"


@pytest.mark.once
def test_what_stands_in_the_way_of_the_vaults_note_is_named_and_hangs_nobody(mkdev):
    note = mkdev.folder / ".local/share/usher/vault/current"

    def in_the_way(make):
        note.unlink()
        make()
        done = mkdev.run("status")
        assert done.returncode == 1
        assert str(note) in done.stderr
        assert "Traceback" not in done.stderr

    in_the_way(lambda: os.mkfifo(note, 0o600))
    in_the_way(lambda: (note.write_text("{}"), note.chmod(0o644)))
    in_the_way(lambda: note.mkdir(mode=0o700))


@pytest.mark.once
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("place", [".local/share/usher/vault", ".cache/usher/locks", ".config/usher"])
def test_a_folder_of_somebody_else_is_refused(home, portal, place):
    folder = home.folder / place
    folder.mkdir(parents=True, mode=0o700)
    os.chown(folder, 12345, 12345)
    address = ["--start-url", portal.url + "/start", "--region", "eu-central-1"]
    done = home.run("login", "mkdev", *address, "--device")
    assert done.returncode == 1
    assert "belongs to another user" in done.stderr
    assert snapshot(folder) == {}


@pytest.mark.once
def test_a_folder_that_a_group_can_write_is_closed_before_anything_is_kept_there(home, portal):
    for place in (".local/share/usher/vault", ".cache/usher/locks", ".config/usher"):
        (home.folder / place).mkdir(parents=True)
        (home.folder / place).chmod(0o770)
    address = ["--start-url", portal.url + "/start", "--region", "eu-central-1"]
    home.ok("login", "mkdev", *address, "--device")
    for place in (".local/share/usher/vault", ".cache/usher/locks", ".config/usher"):
        assert stat.S_IMODE((home.folder / place).stat().st_mode) == 0o700
