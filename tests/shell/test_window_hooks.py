"""`usher switch` in real shells: they follow their own window at the next prompt, and no other."""

import os

import pytest

from .conftest import USHER, real_shell
from .test_hooks import echo, install

STAGING = "mkdev-staging/AdministratorAccess"
PRODUCTION = "mkdev-production/ReadOnlyAccess"
PROTECT = f'[[protect]]\nprofiles = ["{PRODUCTION}"]\nlabel = "PRODUCTION"\nconfirm = true\n'
WITH_PROMPT = [real_shell(name) for name in ("bash", "zsh", "fish", "nu", "elvish")]
MARK = "00000000000000a{}"


def switched(profile, number=1, device=""):
    """What a window's file says after a person switched in the browser."""
    who = f'"who": "browser", "at": 1.0, "device": "{device}"'
    return f'{MARK.format(number)}\n{{"profile": "{profile}", {who}}}\n'


@pytest.fixture
def windows(machine):
    folder = machine.home / ".cache" / "usher" / "windows"
    folder.mkdir(parents=True, mode=0o700)
    folder.parent.chmod(0o700)
    return folder


@pytest.fixture
def window(windows):
    """A window that was switched to `plain`: its file, and the variables of its shells."""
    file = windows / "w1"
    file.write_text(switched("plain"))
    file.chmod(0o600)
    return file, {
        "AWS_PROFILE": "plain",
        "USHER_WINDOW": "w1",
        "USHER_WINDOW_FILE": str(file),
        "USHER_WINDOW_SEEN": MARK.format(1),
    }


def meanwhile(machine, file, content):
    """A line that a shell is given, in which the browser writes `content`."""
    new = machine.home / "new"
    new.write_bytes(content if isinstance(content, bytes) else content.encode())
    return f"cp {new} {file}"


@pytest.mark.once
@pytest.mark.parametrize("shell", WITH_PROMPT)
def test_a_shell_follows_its_browser_window_at_the_next_prompt(machine, window, shell):
    file, variables = window
    shown = machine.typed(
        shell,
        [
            install(machine, shell),
            meanwhile(machine, file, switched(STAGING, 2)),
            echo(shell, "followed", "AWS_PROFILE"),
            echo(shell, "seen", "USHER_WINDOW_SEEN"),
            "usher use 'two words'",
            echo(shell, "own", "AWS_PROFILE"),
        ],
        **variables,
    )
    assert f"followed={STAGING}." in shown, shown
    assert f"seen={MARK.format(2)}." in shown, shown
    assert shown.count("(switched in the browser)") == 1, shown
    assert "own=two words." in shown, "a word of one's own outlasts the switch"


_SCRIPT = "usher switch --no-browser 'two words'; env | grep -E '^(AWS_PROFILE|USHER_WINDOW_SEEN)='"
_SCRIPTS = {
    "nu": "usher switch --no-browser 'two words'; print $'AWS_PROFILE=($env.AWS_PROFILE)' "
    "$'USHER_WINDOW_SEEN=($env.USHER_WINDOW_SEEN)'",
    "powershell": "usher switch --no-browser 'two words' 2>$null; \"AWS_PROFILE=$env:AWS_PROFILE\"; "
    '"USHER_WINDOW_SEEN=$env:USHER_WINDOW_SEEN"',
}


@pytest.mark.once
@pytest.mark.parametrize(
    "shell", [real_shell(name) for name in ("bash", "zsh", "sh", "fish", "nu", "powershell")]
)
def test_the_hook_takes_over_a_switch_and_what_the_window_is_in_then(machine, window, shell):
    file, variables = window
    text = f"{install(machine, shell)}\n{_SCRIPTS.get(shell, _SCRIPT)}\n"
    done = machine.script(shell, text, **variables)
    lines = done.stdout.decode().splitlines()
    mark = file.read_text().partition("\n")[0]
    assert sorted(lines) == ["AWS_PROFILE=two words", f"USHER_WINDOW_SEEN={mark}"], done.stderr.decode()
    assert mark != MARK.format(1)


@pytest.mark.once
@pytest.mark.parametrize("shell", WITH_PROMPT)
def test_a_terminal_that_inherited_anothers_window_does_not_follow_it(machine, window, shell):
    file, variables = window
    lines = [
        install(machine, shell),
        meanwhile(machine, file, switched(STAGING, 2, "/dev/pts/another")),
        echo(shell, "still", "AWS_PROFILE"),
        echo(shell, "window", "USHER_WINDOW"),
    ]
    shown = machine.typed(shell, lines, **variables)
    assert "still=plain." in shown, shown
    assert "window=." in shown, shown


@pytest.mark.once
def test_two_terminals_keep_each_their_own_account(machine, window):
    file, first = window
    other = file.with_name("w2")
    other.write_text(switched("plain"))
    other.chmod(0o600)
    second = {**first, "USHER_WINDOW": "w2", "USHER_WINDOW_FILE": str(other)}
    lines = [
        install(machine, "bash"),
        meanwhile(machine, file, switched(STAGING, 2)),
        echo("bash", "not-mine", "AWS_PROFILE"),
        "usher switch --no-browser 'two words' 2>/dev/null",
        echo("bash", "mine", "AWS_PROFILE"),
    ]
    shown = machine.typed("bash", lines, **second)
    assert "not-mine=plain." in shown, shown
    assert "mine=two words." in shown, shown
    assert file.read_text() == switched(STAGING, 2)
    shown = machine.typed("bash", [install(machine, "bash"), echo("bash", "first", "AWS_PROFILE")], **first)
    assert f"first={STAGING}." in shown, shown


_STRICT = {
    "bash": "set -euo pipefail; set -o noclobber -o posix; shopt -s expand_aliases",
    "zsh": "set -eu; setopt noclobber ksharrays shwordsplit nullglob",
}


@pytest.mark.once
@pytest.mark.parametrize("shell", [real_shell(name) for name in _STRICT])
def test_a_window_is_followed_under_strict_options_and_aliases(machine, window, shell):
    file, variables = window
    file.write_text(switched(STAGING, 2))
    aliases = "".join(
        f"alias {name}='echo aliased'\n" for name in ("local", "read", "export", "eval", "return")
    )
    text = f"{_STRICT[shell]}\n{aliases}IFS=u\n\\{install(machine, shell)}\n"
    done = machine.script(shell, text + "__usher_prompt\nenv | grep ^AWS_PROFILE\n", **variables)
    assert (done.returncode, done.stdout.decode()) == (0, f"AWS_PROFILE={STAGING}\n"), done.stderr.decode()


@pytest.mark.once
@pytest.mark.parametrize("shell", [real_shell(name) for name in ("bash", "zsh", "fish")])
def test_a_protected_account_is_announced_and_entered_by_a_persons_word(machine, window, shell):
    file, variables = window
    settings = machine.home / ".config" / "usher" / "settings.toml"
    settings.parent.mkdir(parents=True, mode=0o700)
    settings.write_text(PROTECT)
    settings.chmod(0o600)
    shown = machine.typed(
        shell,
        [
            install(machine, shell),
            meanwhile(machine, file, switched(PRODUCTION, 2)),
            echo(shell, "still", "AWS_PROFILE"),
            ("usher switch .", "[y/N]"),
            ("y", PRODUCTION),
            echo(shell, "then", "AWS_PROFILE"),
        ],
        **variables,
    )
    assert "still=plain." in shown, shown
    assert shown.count("'usher switch .' asks and enters it") == 1, shown
    assert f"then={PRODUCTION}." in shown, shown


_HOSTILE = {
    "quotes": switched("'; touch ran; '\\\"$(touch ran)`touch ran`", 2),
    "a line break": switched("plain\\ntouch ran", 3),
    "escapes": switched("\\u001b]0;owned\\u0007\\u202e", 4),
    "a mark that is a command": switched(STAGING, "$(touch ran);a=b"),
    "no JSON": MARK.format(5) + "\n[[[[",
    "a list": MARK.format(6) + "\n[1]\n",
    "nothing": "",
    "not text": b"\x00\xff" * 40,
}


@pytest.mark.once
@pytest.mark.parametrize("shell", WITH_PROMPT)
def test_a_hostile_file_runs_nothing_and_shows_no_escape(machine, window, shell):
    file, variables = window
    lines = []
    for number, content in enumerate(_HOSTILE.values()):
        hostile = machine.home / f"hostile{number}"
        hostile.write_bytes(content if isinstance(content, bytes) else content.encode())
        lines.append(f"cp {hostile} {file}")
    shown = machine.typed(
        shell, [install(machine, shell), *lines, echo(shell, "still", "AWS_PROFILE")], **variables
    )
    assert "still=plain." in shown, shown
    assert not (machine.home / "ran").exists()
    assert "\x1b]0;owned" not in shown


@pytest.mark.once
@pytest.mark.parametrize("shell", WITH_PROMPT)
def test_a_prompt_starts_no_program_while_nobody_switched(machine, window, shell):
    file, variables = window
    text = machine.usher(
        "shell-init", shell, *([] if shell in {"nu", "elvish"} else ["--no-completion"])
    ).stdout
    told = machine.home / "told"
    counted = machine.home / "counted-usher"
    counted.write_text(f'#!/bin/sh\necho "$*" >> {told}\nexec {USHER} "$@"\n')
    counted.chmod(0o700)
    hook = machine.home / f"hook.{shell}"
    hook.write_text(text.replace(USHER, str(counted)))
    read = f"eval (slurp < {hook})" if shell == "elvish" else f"source {hook}"
    lines = [read, "echo 1", "echo 2", f"cp {file} {file}.new", f"mv {file}.new {file}", "echo 3"]
    shown = machine.typed(
        shell,
        [*lines, meanwhile(machine, file, switched(STAGING, 2)), "echo 4", "echo 5"],
        **variables,
    )
    assert told.read_text().splitlines() == [f"switch --shell-output {shell} --follow"], shown


@pytest.mark.once
@pytest.mark.parametrize("shell", [real_shell(name) for name in ("bash", "zsh", "fish")])
def test_a_file_of_somebody_else_a_link_and_a_huge_one_are_not_followed(machine, window, shell, tmp_path):
    file, variables = window
    elsewhere = machine.home / "elsewhere"
    elsewhere.write_text(switched(STAGING, 2))
    huge = machine.home / "huge"
    huge.write_text(switched(STAGING + " " * 3_000_000, 3))
    lines = [f"ln -sf {elsewhere} {file}", "echo", f"rm {file}", f"mkfifo {file}", "echo", f"rm {file}"]
    lines += [f"cp {huge} {file}", "echo", f"rm {file}"]
    if os.getuid() == 0:
        foreign = switched(STAGING, 4)
        lines += [meanwhile(machine, file, foreign), f"chown 1 {file}", "echo"]
    shown = machine.typed(
        shell, [install(machine, shell), *lines, echo(shell, "still", "AWS_PROFILE")], **variables
    )
    assert "still=plain." in shown, shown
