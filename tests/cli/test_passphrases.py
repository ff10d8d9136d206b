"""Where the vault's passphrase may come from, and every way in which it does not come."""

import os
import sys

import pytest

from usher.cli import passphrases
from usher.cli.passphrases import PassphraseDesk, check_may_name_commands
from usher.cli.wire_vault import key_ring_patience
from usher.core.errors import UsageError
from usher.core.secrets import Secret
from usher.session.vault.keys import VaultLockedError

WORDS = "several random words"


class Screen:
    """A terminal at which the given answers are typed."""

    def __init__(self, *answers, interactive=True):
        self.answers, self.interactive, self.said = list(answers), interactive, []

    def ask_secret(self, _question):
        return Secret(self.answers.pop(0))

    def say(self, text):
        self.said.append(text)

    def style(self, _name, text):
        return text


@pytest.fixture
def descriptor(tmp_path):
    opened = []

    def give(content):
        (tmp_path / "words").write_bytes(content)
        opened.append(os.open(tmp_path / "words", os.O_RDONLY))
        return opened[-1]

    yield give
    for each in opened:
        os.close(each)


def test_three_tries_are_given_and_empty_ones_are_not_tried():
    screen = Screen("one", "", "three")
    desk = PassphraseDesk(screen, {})
    assert [each.reveal() for each in desk.candidates()] == ["one", "three"]
    assert desk.typed
    assert screen.said == ["That does not open it."] * 2


def test_without_a_terminal_nobody_is_asked():
    desk = PassphraseDesk(Screen(interactive=False), {})
    for ask in (lambda: list(desk.candidates()), desk.new):
        with pytest.raises(VaultLockedError):
            ask()
    assert not desk.typed


def test_a_new_passphrase_is_typed_twice_and_a_short_one_is_warned_about():
    screen = Screen(WORDS, WORDS)
    assert PassphraseDesk(screen, {}).new().secret == Secret(WORDS)
    assert screen.said == []
    screen = Screen("short", "short")
    assert PassphraseDesk(screen, {}).new().is_short
    assert "less than 12 characters" in screen.said[0]
    with pytest.raises(UsageError, match="differ"):
        PassphraseDesk(Screen(WORDS, "other"), {}).new()


def test_one_descriptor_opens_and_another_seals(descriptor):
    old = descriptor(b"old words\r\nrest")
    desk = PassphraseDesk(Screen(interactive=False), {}, descriptor=old)
    assert [each.reveal() for each in desk.candidates()] == ["old words"]
    new = descriptor(WORDS.encode())
    desk = PassphraseDesk(Screen(interactive=False), {}, new_descriptor=new)
    assert desk.new().secret == Secret(WORDS)


@pytest.mark.parametrize("content", [b"", b"\nsecond line", b"  \n", b"\xff\xfe", b"x" * 5000])
def test_what_is_no_passphrase_is_refused(descriptor, content):
    with pytest.raises(UsageError, match="gives no passphrase"):
        list(PassphraseDesk(Screen(), {}, descriptor=descriptor(content)).candidates())


def test_a_descriptor_that_is_not_open_is_said():
    with pytest.raises(UsageError, match="cannot read the passphrase from descriptor 987"):
        list(PassphraseDesk(Screen(), {}, descriptor=987).candidates())


def test_a_command_gives_it_with_its_arguments_as_they_are():
    command = (sys.executable, "-c", "import os, sys; print(sys.argv[1] + os.environ['X'])", "a $HOME; b")
    (found,) = PassphraseDesk(Screen(interactive=False), {"X": "!"}, command).candidates()
    assert found.reveal() == "a $HOME; b!"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/no/such/program",), "does not run"),
        ((sys.executable, "-c", "import sys; sys.exit(4)"), "ended with exit code 4"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "gave nothing"),
    ],
)
def test_a_command_that_fails_is_a_locked_vault(command, words, monkeypatch):
    monkeypatch.setattr(passphrases, "COMMAND_SECONDS", 0.2 if "60" in command[-1] else 30)
    with pytest.raises(VaultLockedError, match=words):
        list(PassphraseDesk(Screen(), {}, command).candidates())


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_settings_that_others_can_write_name_no_commands(tmp_path, mode):
    settings = tmp_path / "settings.toml"
    settings.touch(mode=0o600)
    check_may_name_commands(settings)
    settings.chmod(mode)
    with pytest.raises(UsageError, match="can be written by others"):
        check_may_name_commands(settings)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems show their windows themselves")
@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, 5),
        ({"DISPLAY": ":0"}, 60),
        ({"WAYLAND_DISPLAY": "wayland-0"}, 60),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, 5),
    ],
)
def test_a_key_ring_is_waited_for_only_where_its_window_is_seen(environ, seconds):
    assert key_ring_patience(environ) == seconds
