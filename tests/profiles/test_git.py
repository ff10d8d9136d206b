"""Git against real repositories, most of them hostile: nothing runs, leaves its place or is endless."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from usher.core.errors import UnavailableError
from usher.profiles import git as git_room
from usher.profiles.git import Git, allowed_signers, check_commit, check_path, check_url
from usher.profiles.shared import RegistryError


class Repository:
    """A repository that a test writes to with the real git."""

    def __init__(self, folder, environ):
        self.folder, self.environ = folder, environ
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self):
        return f"file://{self.folder}"

    def git(self, *arguments, **environ):
        done = subprocess.run(
            ["git", "-C", self.folder, *arguments],
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, *options, **files):
        for name, content in files.items():
            place = self.folder / name.replace("__", ".").replace("_S_", "/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "state", *options)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def environ(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@mkdev.example",
        "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@mkdev.example",
        "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip


@pytest.fixture
def repository(tmp_path, environ):
    return Repository(tmp_path / "repository", environ)


@pytest.fixture
def opened(tmp_path, environ):
    def open_git(repository, **more):
        return Git(
            tmp_path / "kept" / "platform.git",
            repository.url,
            {**environ, **more},
            interactive=False,
            allow_file=True,
        )

    return open_git


def test_a_branch_a_tag_and_a_commit_are_fetched_and_read(repository, opened):
    first = repository.commit(a__txt="one")
    repository.git("tag", "v1")
    second = repository.commit(a__txt="two", sub_S_b="three")
    git = opened(repository)
    assert git.fetch("").commit == git.fetch("main").commit == second
    assert git.read(second, "./sub/b") == b"three"
    assert git.fetch("v1").commit == first
    assert git.read(first, "a.txt") == b"one"
    assert git.fetch(first).commit == first
    assert git.descends(second, first)
    assert not git.descends(first, second)
    assert not git.has("0" * 40)


def test_nothing_is_ever_checked_out(repository, opened, tmp_path):
    repository.commit(a__txt="x")
    git = opened(repository)
    assert git.read(git.fetch("").commit, "a.txt") == b"x"
    assert not list((tmp_path / "kept").rglob("a.txt"))
    assert not (tmp_path / "kept" / "platform.git" / "hooks").exists()


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c 'touch x'",
        "ext::sh%20-c%20touch",
        "http://git.example/a",
        "git://git.example/a",
        "file:///tmp/a",
        "/tmp/a",
        "--upload-pack=touch x",
        "-oProxyCommand=touch",
        "ssh://-oProxyCommand=touch x/a",
        "ssh://-oProxyCommand=touch/a",
        "ssh://-lroot@git.example/a",
        "-oProxyCommand=x@git.example:a",
        "git@-oProxyCommand=x:a",
        "https://user:secret@git.example/a",
        "https://user@git.example/a",
        "ssh://git:secret@git.example/a",
        "https://git.example",
        "https://git.example/a b",
        "https://git.example/a\n",
        "https://git.exämple/a",
        "https://[::1/a",
        "https://git.example:x/a",
        "ext::git@git.example:a",
        "fd::17/a",
        "",
    ],
)
def test_addresses_that_run_something_or_travel_in_clear_are_refused(url):
    with pytest.raises(RegistryError):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://git.example/platform/profiles.git", None),
        ("ssh://git@git.example:2222/profiles", None),
        ("ssh://[2001:db8::1]/profiles", None),
        ("git@git.example:platform/profiles.git", "ssh://git@git.example/platform/profiles.git"),
    ],
)
def test_https_and_ssh_are_taken(url, seen):
    assert check_url(url) == seen or url == check_url(url)


@pytest.mark.parametrize(
    "ref", ["--upload-pack=x", "a:refs/heads/x", "+a", "a..b", "a b", "@{-1}", "a\n", "^a"]
)
def test_refs_that_are_options_or_more_than_a_name_are_refused(repository, opened, ref):
    repository.commit(a__txt="x")
    with pytest.raises(RegistryError, match="not a branch"):
        opened(repository).fetch(ref)


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", ".", "a\nb", ".git/config"])
def test_paths_that_leave_the_repository_are_refused(path):
    with pytest.raises(RegistryError, match="path"):
        check_path(path)


@pytest.mark.parametrize("commit", ["main", "abc", "--help", "A" * 40])
def test_only_a_full_commit_id_is_a_commit(commit):
    with pytest.raises(RegistryError, match="full commit"):
        check_commit(commit)


def test_links_and_submodules_are_not_followed(repository, opened, environ, tmp_path):
    (repository.folder / "link").symlink_to("/etc/passwd")
    (repository.folder / "folder").symlink_to("/etc")
    other = Repository(tmp_path / "other", environ)
    other.commit(a__txt="x")
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", other.url, "module")
    commit = repository.commit(a__txt="x")
    git = opened(repository)
    git.fetch("")
    for path in ("link", "module"):
        with pytest.raises(RegistryError, match="no plain file"):
            git.read(commit, path)
    for path in ("folder/passwd", "module/a.txt", "nothing", "*"):
        with pytest.raises(RegistryError, match="no file"):
            git.read(commit, path)


def test_a_file_that_is_too_large_is_not_read(repository, opened):
    commit = repository.commit(a__txt="x" * 2_000_001)
    git = opened(repository)
    git.fetch("")
    with pytest.raises(RegistryError, match="larger than 2,000,000"):
        git.read(commit, "a.txt")


def test_a_repository_that_is_too_large_is_stopped_and_removed(repository, opened, tmp_path, monkeypatch):
    (repository.folder / "huge").write_bytes(os.urandom(40_000_000))
    repository.commit()
    monkeypatch.setattr(git_room, "MOST_BYTES", 100_000)
    with pytest.raises(UnavailableError, match="more than 100,000 bytes"):
        opened(repository).fetch("")
    assert not (tmp_path / "kept" / "platform.git").exists()


def test_a_server_that_never_answers_is_given_up(opened, repository, environ, tmp_path, monkeypatch):
    slow = tmp_path / "ssh"
    slow.write_text("#!/bin/sh\ntrap '' TERM\nexec sleep 60\n")
    slow.chmod(0o700)
    monkeypatch.setattr(git_room, "LONGEST_SECONDS", 0.5)
    git = Git(
        tmp_path / "kept" / "a.git",
        "ssh://git@git.example/a",
        {**environ, "GIT_SSH": str(slow)},
        interactive=False,
    )
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="was stopped"):
        git.fetch("")
    assert time.monotonic() - began < 10


def test_ssh_gets_a_host_and_never_an_option_and_asks_nothing_where_nobody_is(environ, tmp_path):
    seen, ssh = tmp_path / "seen", tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{seen}"\nexit 1\n')
    ssh.chmod(0o700)
    place = tmp_path / "kept" / "a.git"
    git = Git(place, "git@git.example:a/b", {**environ, "GIT_SSH_COMMAND": str(ssh)}, interactive=False)
    with pytest.raises(UnavailableError, match="fetch failed"):
        git.fetch("")
    arguments = seen.read_text().splitlines()
    assert "-oBatchMode=yes" in arguments
    assert "git@git.example" in arguments
    assert arguments[-1] == "git-upload-pack '/a/b'"


def test_git_is_given_neither_aws_keys_nor_its_own_switches(environ, tmp_path):
    seen, ssh = tmp_path / "seen", tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\nenv > "{seen}"\nexit 1\n')
    ssh.chmod(0o700)
    hostile = {
        "AWS_SECRET_ACCESS_KEY": "canary",
        "GIT_DIR": "/tmp",
        "GIT_CONFIG_COUNT": "1",
        "GIT_SSH": str(ssh),
    }
    with pytest.raises(UnavailableError):
        Git(tmp_path / "kept" / "a.git", "git@git.example:a", {**environ, **hostile}, interactive=True).fetch(
            ""
        )
    text = seen.read_text()
    assert "canary" not in text
    assert "GIT_CONFIG_COUNT" not in text


def test_hooks_and_system_configuration_do_nothing(repository, opened, environ, tmp_path):
    """A hook that somebody puts into the kept repository, and templates that the person has, do not run."""
    marker = tmp_path / "ran"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-update", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (hooks / name).chmod(0o700)
    (Path(environ["HOME"]) / ".gitconfig").write_text(
        f"[core]\nhooksPath = {hooks}\n[protocol]\nallow = always\n"
    )
    repository.environ = {**environ, "GIT_CONFIG_GLOBAL": os.devnull}
    repository.commit(a__txt="x")
    opened(repository).fetch("")
    assert not marker.exists()


def test_no_transport_but_the_allowed_ones_even_where_the_person_allows_all(tmp_path, environ, monkeypatch):
    marker = tmp_path / "ran"
    (Path(environ["HOME"]) / ".gitconfig").write_text(
        f'[protocol]\nallow = always\n[url "ext::sh -c touch% {marker} "]\ninsteadOf = https://git.example/\n'
    )
    git = Git(tmp_path / "kept" / "a.git", "https://git.example/a", environ, interactive=False)
    with pytest.raises(UnavailableError, match=r"fetch failed.*'ext'"):
        git.fetch("")
    assert not marker.exists()


def test_a_place_without_git_is_told(tmp_path, repository, environ):
    git = Git(
        tmp_path / "kept" / "a.git",
        repository.url,
        {"PATH": str(tmp_path)},
        interactive=False,
        allow_file=True,
    )
    with pytest.raises(RegistryError, match="cannot run git"):
        git.fetch("")


def test_a_ref_that_is_gone_is_told_and_worth_another_try(repository, opened):
    repository.commit(a__txt="x")
    with pytest.raises(UnavailableError, match="fetch failed"):
        opened(repository).fetch("v9")


def test_history_that_was_rewritten_does_not_descend(repository, opened):
    first = repository.commit(a__txt="one")
    git = opened(repository)
    git.fetch("")
    second = repository.commit("--amend", a__txt="two")
    assert git.fetch("").commit == second
    assert not git.descends(second, first)


@pytest.fixture
def key(tmp_path):
    def make(name):
        path = tmp_path / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
        return path, path.with_suffix(".pub").read_text()

    return make


def signing(path):
    return ["-c", "gpg.format=ssh", "-c", f"user.signingkey={path}"]


def sign_commit(repository, path, text="x"):
    (repository.folder / "a.txt").write_text(text)
    repository.git("add", "--all")
    repository.git(*signing(path), "commit", "--quiet", "--allow-empty", "-S", "-m", "signed")
    return repository.git("rev-parse", "HEAD")


@pytest.mark.client("signing")
def test_a_commit_signed_by_the_registrys_key_is_accepted_and_no_other(repository, opened, key):
    (own, own_public), (_, other_public) = key("own"), key("other")
    sign_commit(repository, own)
    git = opened(repository)
    fetched = git.fetch("")
    git.verify(fetched, own_public)
    git.verify(fetched, f"# who may\na@mkdev.example {own_public}\n{other_public}")
    with pytest.raises(RegistryError, match="not signed by"):
        git.verify(fetched, other_public)


@pytest.mark.client("signing")
def test_an_unsigned_commit_is_refused(repository, opened, key):
    repository.commit(a__txt="x")
    git = opened(repository)
    with pytest.raises(RegistryError, match="not signed by"):
        git.verify(git.fetch(""), key("own")[1])


@pytest.mark.client("signing")
def test_a_signed_commit_that_was_changed_afterwards_is_refused(repository, opened, key):
    own, public = key("own")
    sign_commit(repository, own)
    raw = repository.git("cat-file", "commit", "HEAD").replace("signed", "forged")
    forged = subprocess.run(
        ["git", "-C", repository.folder, "hash-object", "-t", "commit", "-w", "--stdin"],
        input=raw + "\n", env=repository.environ, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    repository.git("update-ref", "refs/heads/main", forged)
    git = opened(repository)
    with pytest.raises(RegistryError, match="not signed by"):
        git.verify(git.fetch(""), public)


@pytest.mark.client("signing")
def test_a_signed_tag_stands_for_its_commit_but_not_under_another_name(repository, opened, key):
    own, public = key("own")
    repository.commit(a__txt="x")
    repository.git(*signing(own), "tag", "-s", "-m", "one", "v1")
    git = opened(repository)
    git.verify(git.fetch("v1"), public)
    repository.git("update-ref", "refs/tags/v2", repository.git("rev-parse", "v1"))
    with pytest.raises(RegistryError, match="another tag"):
        git.fetch("v2")


@pytest.mark.client("signing")
def test_pgp_counts_by_the_given_key_alone_whatever_the_persons_keyring_trusts(
    repository, opened, environ, key, tmp_path
):
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    with_keys = {**environ, "GNUPGHOME": str(home)}

    def gpg(*arguments):
        command = ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", *arguments]
        return subprocess.run(command, env=with_keys, capture_output=True, text=True, check=True).stdout

    for name in ("own", "other"):
        gpg("--quick-generate-key", f"{name}@mkdev.example", "ed25519", "sign", "never")
    repository.environ = with_keys
    repository.git(
        "-c", "user.signingkey=own@mkdev.example", "commit", "-q", "--allow-empty", "-S", "-m", "x"
    )
    git = opened(repository)
    git._environ["GNUPGHOME"] = str(home)
    fetched = git.fetch("")
    git.verify(fetched, gpg("--armor", "--export", "own@mkdev.example"))
    with pytest.raises(RegistryError, match="not signed by"):
        git.verify(fetched, gpg("--armor", "--export", "other@mkdev.example"))
    with pytest.raises(RegistryError, match="not signed by"):
        git.verify(fetched, key("ssh")[1])
    with pytest.raises(RegistryError, match="cannot be read"):
        git.verify(fetched, "-----BEGIN PGP PUBLIC KEY BLOCK-----\nnothing\n")


@pytest.mark.parametrize(("gpg", "words"), [(None, "gpg cannot be run"), ("exec sleep 60", "did not read")])
def test_a_gpg_that_is_not_there_or_hangs_is_said(repository, opened, tmp_path, monkeypatch, gpg, words):
    repository.commit(a__txt="x")
    git = opened(repository)
    fetched = git.fetch("")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sleep").symlink_to(shutil.which("sleep"))
    if gpg is not None:
        (programs / "gpg").write_text(f"#!/bin/sh\n{gpg}\n")
        (programs / "gpg").chmod(0o700)
    git._environ["PATH"] = str(programs)
    monkeypatch.setattr("usher.profiles.git.LONGEST_SECONDS", 0.2)
    with pytest.raises(RegistryError, match=words):
        git.verify(fetched, "-----BEGIN PGP PUBLIC KEY BLOCK-----\nnothing\n")


@pytest.mark.parametrize("text", ["", "# nothing\n", "hello"])
def test_a_signers_file_without_a_key_is_refused(text):
    with pytest.raises(RegistryError, match="holds no key"):
        allowed_signers(text)
