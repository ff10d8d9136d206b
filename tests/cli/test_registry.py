"""`usher registry` as a person meets it: what is shown, what is asked, and what is never done unasked."""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess

import pytest

from usher.cli.commands import registry as command
from usher.cli.context import Context
from usher.cli.looks import look_for
from usher.cli.terminal import Terminal
from usher.core.errors import NotFoundError, UnavailableError, UsageError, UsherError
from usher.core.looks import PLAIN, Colour, Look
from usher.profiles.config_text import ConfigFileError
from usher.profiles.index import read_index
from usher.profiles.shared import RegistryError
from usher.session.organizations import new_organization, save_organization

FILE = """
version = 1
[organizations.mkdev]
start_url = "https://mkdev.awsapps.com/start"
region = "eu-central-1"
[profiles.staging]
organization = "mkdev"
account_id = "222222222222"
permission_set = "AdministratorAccess"
description = "where we try things"
"""
MORE = (
    FILE
    + '[profiles.production]\norganization = "mkdev"\naccount_id = "333333333333"\npermission_set = "R"\n'
)


class Person(Terminal):
    """Somebody at a terminal who gives these answers, one after another; None is nobody."""

    def __init__(self, answers):
        self.out, self.words, self.answers = io.StringIO(), io.StringIO(), answers
        super().__init__(self.out, self.words, colour=False)

    @property
    def interactive(self):
        return self.answers is not None

    def ask(self, question):
        self.words.write(question + "\n")
        return self.answers.pop(0)

    def confirm(self, question):
        return self.ask(question) == "y"


class Machine:
    """A person's machine and a team's repository."""

    def __init__(self, folder):
        self.folder, self.repository = folder, folder / "repository"
        self.config = folder / "aws" / "config"
        self.environ = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
        }  # fmt: skip
        (folder / "bin").mkdir()
        (folder / "bin" / "usher").write_text("#!/bin/sh\n")
        (folder / "bin" / "usher").chmod(0o755)
        self.repository.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self):
        return f"file://{self.repository}"

    def git(self, *arguments):
        done = subprocess.run(
            ["git", "-C", self.repository, *arguments], env=self.environ, capture_output=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    def publish(self, text, *options, name="usher-profiles.toml"):
        (self.repository / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "state", *options)

    def run(self, *arguments, answers=None):
        """What `usher registry` prints, on stdout and stderr."""
        person = Person(answers)
        context = Context(
            self.environ, self.folder, self.folder / "config", self.folder / "cache", self.config, person
        )
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        self.context = context
        self.words = person.words
        code = command.run(parser.parse_args([str(each) for each in arguments]), context)
        return code, person.out.getvalue(), person.words.getvalue()

    def add(self, *options, name="platform", answers=None):
        return self.run("add", name, self.url, "--allow-file", *options, answers=answers)

    @property
    def text(self):
        return self.config.read_text() if self.config.exists() else ""


@pytest.fixture
def machine(tmp_path):
    found = Machine(tmp_path)
    found.publish(FILE)
    return found


def test_a_registry_is_looked_at_before_it_is_added(machine):
    with pytest.raises(UsherError, match="not applied"):
        machine.add(answers=["n"])
    assert machine.text == ""
    assert not list((machine.folder / "cache" / "registries").iterdir())
    _, _, words = machine.add(answers=["y"])
    assert "not signed: whoever can write there decides" in words
    assert "people sign in at https://mkdev.awsapps.com/start" in words
    assert "+[profile staging]" in words
    assert "sso_account_id = 222222222222" in machine.text
    assert [(e.profile, e.description) for e in read_index(machine.folder / "cache")] == [
        ("staging", "where we try things")
    ]


def test_where_nobody_is_nothing_is_applied_without_yes(machine):
    with pytest.raises(UsageError, match="nobody to ask"):
        machine.add()
    assert machine.text == ""
    machine.add("--yes")
    assert "[profile staging]" in machine.text


def test_a_sync_shows_what_is_new_and_asks(machine):
    machine.add("--yes")
    assert machine.run("sync")[1].startswith("platform: as before, at ")
    machine.publish(MORE)
    with pytest.raises(UsherError, match="not applied"):
        machine.run("sync", answers=[""])
    assert "production" not in machine.text
    assert machine.run("sync", answers=["y"])[1].startswith("platform: applied, at ")
    assert "[profile production]" in machine.text


def test_another_address_to_sign_in_is_confirmed_by_name_and_yes_is_not_enough(machine):
    machine.add("--yes")
    machine.publish(FILE.replace("mkdev.awsapps.com", "mkdev-awsapps.evil.example"))
    with pytest.raises(UsageError, match="confirmation by name") as caught:
        machine.run("sync", "--yes")
    assert caught.value.hint.endswith("usher registry sync platform --confirm platform")
    with pytest.raises(UsherError, match="not confirmed"):
        machine.run("sync", "--yes", answers=["y"])
    assert "not AWS's" in machine.words.getvalue()
    assert "evil" not in machine.text
    machine.run("sync", "--yes", answers=["platform"])
    assert "mkdev-awsapps.evil.example" in machine.text


def test_rewritten_history_is_confirmed_by_name(machine):
    machine.add("--yes")
    machine.publish(MORE, "--amend")
    with pytest.raises(UsageError, match="confirmation by name"):
        machine.run("sync", "--yes")
    assert "it was rewritten" in machine.words.getvalue()
    assert "production" not in machine.text
    machine.run("sync", "platform", "--yes", "--confirm", "platform")
    assert "production" in machine.text


def test_a_pinned_commit_is_never_left_and_told_when_it_is_gone(machine):
    first = machine.git("rev-parse", "HEAD")
    machine.add("--yes", "--ref", first)
    machine.publish(MORE)
    assert "as before" in machine.run("sync")[1]
    machine.git("checkout", "--quiet", "--orphan", "new")
    machine.publish(FILE + "# begun anew\n")
    machine.git("branch", "-D", "main")
    machine.git("reflog", "expire", "--expire=now", "--all")
    machine.git("gc", "--quiet", "--prune=now")
    assert "as before" in machine.run("sync")[1], "what is kept here needs no server"
    subprocess.run(["rm", "-r", machine.folder / "cache"], check=True)
    with pytest.raises(UnavailableError, match="fetch failed"):
        machine.run("sync")
    assert "[profile staging]" in machine.text


@pytest.mark.client("signing")
def test_a_signed_registry_takes_nothing_that_its_signers_did_not_sign(machine, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    with pytest.raises(RegistryError, match="not signed by"):
        machine.add("--yes", "--signed-by", key.with_suffix(".pub"))
    machine.git("config", "gpg.format", "ssh")
    machine.git("config", "user.signingkey", str(key))
    machine.publish(FILE, "-S")
    assert "(signed)" in machine.add("--yes", "--signed-by", key.with_suffix(".pub"))[2]
    key.with_suffix(".pub").unlink()  # the key was taken over; its file is not needed any more
    machine.publish(MORE, "--no-gpg-sign")
    with pytest.raises(RegistryError, match="not signed by"):
        machine.run("sync", "--yes")
    machine.publish(MORE, "-S")
    machine.run("sync", "--yes")
    assert "production" in machine.text
    with pytest.raises(RegistryError, match="cannot read the signers"):
        machine.add("--signed-by", tmp_path / "nothing", name="other")


def test_what_a_registry_may_not_say_is_told_and_not_written(machine):
    machine.publish(FILE + 'credential_process = "evil"\n')
    assert "credential_process is not taken over" in machine.add("--yes")[2]
    assert "evil" not in machine.text


def test_very_much_that_is_dropped_is_told_in_short(machine):
    machine.publish(FILE + "".join(f"evil{n} = 1\n" for n in range(30)))
    assert "and 10 more" in machine.add("--yes")[2]


def test_a_person_who_signed_in_there_gets_profiles_that_ask_usher(machine):
    known = new_organization(
        name="mine", start_url="https://mkdev.awsapps.com/start", region="eu-central-1", endpoint_url=None,
        aws_endpoint_url=None, alias_start_url="https://d-1234567890.awsapps.com/start",
    )  # fmt: skip
    save_organization(machine.folder / "config", known)
    assert "(yours: mine)" in machine.add("--yes")[2]
    assert "/bin/usher credentials staging" in machine.text
    machine.run("remove", "platform")
    machine.add("--yes", "--native")
    assert "credential_process" not in machine.text


def test_a_registry_may_suggest_a_colour_and_the_persons_own_rules_come_first(machine):
    machine.publish(FILE + 'colour = "green"\n')
    machine.add("--yes")
    assert look_for(machine.context, "staging") == Look(Colour.GREEN)
    (machine.folder / "config" / "settings.toml").write_text(
        "[[protect]]\nprofiles = 'stag*'\ncolour = 'red'\n"
    )
    assert look_for(machine.context, "staging") == Look(Colour.RED)
    machine.run("remove", "platform")
    (machine.folder / "config" / "settings.toml").unlink()
    assert look_for(machine.context, "staging") == PLAIN


def test_own_profiles_come_first_and_registries_by_their_priority(machine):
    machine.config.parent.mkdir()
    machine.config.write_text("[profile staging]\nregion = eu-west-1\n")
    machine.add("--yes")
    machine.add("--yes", "--priority", "5", "--prefix", "all", name="other")
    assert machine.text.startswith("[profile staging]\nregion = eu-west-1\n")
    assert "[profile platform/staging]" in machine.text
    assert "[profile other/staging]" in machine.text
    listed = json.loads(machine.run("list", "--json")[1])
    assert [each["name"] for each in listed] == ["other", "platform"]
    assert machine.run("list")[1].split("\n")[1].startswith("other ")


def test_a_block_that_was_edited_by_hand_is_not_overwritten_unasked(machine):
    machine.add("--yes")
    machine.config.write_text(machine.text.replace("222222222222", "444444444444"))
    with pytest.raises(ConfigFileError, match="edited by hand"):
        machine.run("sync", "--yes")
    machine.run("sync", "--yes", "--overwrite")
    assert "444444444444" not in machine.text


def test_a_registry_is_shown_and_removed_with_its_profiles(machine):
    own = "[default]\n"
    machine.config.parent.mkdir()
    machine.config.write_text(own)
    machine.add("--yes", "--ref", "main")
    shown = machine.run("show", "platform")[1]
    assert "https://mkdev.awsapps.com/start" in shown
    assert "where we try things" in shown
    assert json.loads(machine.run("show", "platform", "--json")[1])["profiles"][0]["profile"] == "staging"
    machine.run("remove", "platform")
    assert machine.text == own
    assert not list((machine.folder / "cache" / "registries").iterdir())
    assert read_index(machine.folder / "cache") == []
    with pytest.raises(NotFoundError):
        machine.run("show", "platform")
    assert "usher registry add" in machine.run("list")[1]
    with pytest.raises(UsageError, match="no registry is followed"):
        machine.run("sync")


def test_a_cache_that_was_cleared_takes_no_profiles_away(machine):
    machine.add("--yes")
    machine.publish(MORE)
    machine.add("--yes", name="other")
    subprocess.run(["rm", "-r", machine.folder / "cache"], check=True)
    assert "not kept here any more" in machine.run("show", "platform")[2]
    machine.run("sync", "other", "--yes", "--confirm", "other")
    assert "[profile staging]" in machine.text
    assert "[profile other/production]" in machine.text or "[profile production]" in machine.text


def test_one_registry_that_fails_does_not_hold_up_the_others(machine):
    machine.add("--yes")
    machine.run("add", "gone", machine.url, "--allow-file", "--yes", "--ref", "main")
    machine.git("branch", "-m", "main", "trunk")
    code, out, words = machine.run("sync", "--yes")
    assert (code, "platform: as before" in out) == (7, True)
    assert "gone: git fetch failed" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "../x", "https://git.example/a"), "cannot name"),
        (("add", "x", "ext::sh -c evil"), "not an address"),
        (("add", "x", "https://git.example/a", "--path", "../../x"), "not the path"),
        (("add", "x", "file:///tmp/x"), "not an address"),
        (("add", "x", "--allow-file", "https://git.example/a", "--ref=--upload-pack=x"), "not a branch"),
    ],
)
def test_wrong_words_are_refused_before_git_runs(machine, arguments, words):
    with pytest.raises(UsageError, match=words):
        machine.run(*arguments)
    assert not (machine.folder / "cache").exists()


def test_a_name_is_given_once(machine):
    machine.add("--yes")
    with pytest.raises(UsageError, match="already a registry"):
        machine.add("--yes")


def test_a_repository_without_a_known_file_is_told(machine):
    machine.git("rm", "--quiet", "usher-profiles.toml")
    machine.publish("x", name="README")
    with pytest.raises(RegistryError, match="has none of"):
        machine.add("--yes")
    machine.publish(FILE, name="team.toml")
    machine.add("--yes", "--path", "team.toml")
    assert "[profile staging]" in machine.text
