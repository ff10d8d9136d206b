"""Names that others chose can neither run anything in a shell nor arrive as something else (G25)."""

import json
import subprocess

import pytest

from usher.core.errors import UsageError
from usher.shell.changes import Changes, dotenv_text, hook_text, json_text, shell_code
from usher.shell.quoting import Shell, UnquotableError, is_plain, quote

from .conftest import ARGUMENTS, hostile_names, real_shell

NAMES = {"nu": 300}  # nu parses as slowly as others run

_ZSH = pytest.mark.client("zsh")

# Prints the variable and a NUL, which is in no name.
_PRINT = {
    "bash": "\\builtin printf '%s\\0' \"$AWS_PROFILE\"",
    "zsh": "\\builtin printf '%s\\0' \"$AWS_PROFILE\"",
    "sh": "printf '%s\\0' \"$AWS_PROFILE\"",
    "fish": "printf '%s\\0' $AWS_PROFILE",
    "nu": "print --no-newline $env.AWS_PROFILE (char --integer 0)",
    "elvish": 'print $E:AWS_PROFILE"\\x00"',
    "powershell": "[Console]::Out.Write($env:AWS_PROFILE + [char]0)",
}


def _assignments(shell, names):
    code = (shell_code(Shell(shell), Changes({"AWS_PROFILE": name})) for name in names)
    return "\n".join(f"{line}\n{_PRINT[shell]}" for line in code) + "\n"


@pytest.mark.once
@pytest.mark.parametrize("shell", [real_shell(name) for name in ARGUMENTS])
def test_no_name_runs_and_each_arrives_to_the_byte(machine, shell):
    marker = machine.home / "ran"
    names = hostile_names(NAMES.get(shell, 3_000), marker)
    done = machine.script(shell, _assignments(shell, names))
    assert done.returncode == 0, done.stderr[:2_000]
    assert done.stdout.decode().split("\0")[:-1] == names
    assert not marker.exists()


@pytest.mark.once
@pytest.mark.parametrize(
    ("shell", "arguments", "first"),
    [
        pytest.param("bash", ["-i", "-H", "-O", "extglob"], "", id="bash with history expansion"),
        pytest.param("bash", ["--posix"], "", id="bash as POSIX shell"),
        pytest.param("zsh", ["-i"], "emulate sh", id="zsh as sh", marks=_ZSH),
        pytest.param("zsh", [], "emulate ksh", id="zsh as ksh", marks=_ZSH),
        pytest.param(
            "zsh",
            ["-i", "-o", "rcquotes", "-o", "cshjunkiequotes", "-o", "promptsubst", "-o", "extendedglob"],
            "",
            id="zsh with other quoting rules",
            marks=_ZSH,
        ),
    ],
)
def test_no_option_of_a_shell_makes_a_name_run(machine, shell, arguments, first):
    marker = machine.home / "ran"
    names = hostile_names(500, marker, seed=2)
    done = machine.script(shell, f"{first}\n{_assignments(shell, names)}", *arguments)
    assert done.stdout.decode().split("\0")[:-1] == names
    assert not marker.exists()


@pytest.mark.parametrize("shell", Shell)
@pytest.mark.parametrize(
    "wrong", ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x9b", "\u2028", "\u2029", "\udcff"]
)
def test_control_characters_and_broken_text_are_refused_for_every_shell(shell, wrong):
    with pytest.raises(UnquotableError, match="U\\+"):
        quote(shell, f"a{wrong}b")
    assert not is_plain(f"a{wrong}b")


@pytest.mark.parametrize("special", '"%!^&|<>()')
def test_cmd_gets_only_what_it_takes_literally(special):
    with pytest.raises(UnquotableError, match="cmd"):
        quote(Shell.CMD, f"a{special}b")
    assert shell_code(Shell.CMD, Changes({"A": "b c"}, ("D",))) == '@set "D="\n@set "A=b c"'


def test_typographic_quotes_end_no_powershell_string():
    assert quote(Shell.POWERSHELL, "a’b'c‘d‚e‛") == "'a’’b''c‘‘d‚‚e‛‛'"


def test_what_a_hook_evaluates_opens_with_the_protocols_version():
    assert hook_text(Shell.BASH, Changes({"A": "b"}, ("C",))).split("\n") == [
        "usher-shell-1",
        "\\builtin unset -v C",
        "\\builtin export A='b'",
    ]


@pytest.mark.parametrize("shell", [Shell.NU, Shell.ELVISH])
def test_shells_that_evaluate_nothing_get_json(shell):
    assert json.loads(hook_text(shell, Changes({"A": "b"}, ("C",)))) == {
        "protocol": "usher-shell-1",
        "set": {"A": "b"},
        "unset": ["C"],
    }


def test_json_holds_no_control_characters_either():
    with pytest.raises(UsageError):
        json_text(Changes({"A": "b\nc"}))


def test_a_dotenv_file_holds_only_words_that_all_its_readers_agree_on():
    given = {"AWS_SECRET_ACCESS_KEY": "a+/=b", "USHER_PROFILE": "two words", "A": "$(b)", "B": "é", "C": ""}
    assert dotenv_text(given) == "AWS_SECRET_ACCESS_KEY=a+/=b\nC="


def test_a_file_of_variables_is_read_by_a_posix_shell_as_it_was_meant():
    text = shell_code(Shell.SH, Changes({"A": "it's", "B": ""}, ("HOME",)))
    printed = subprocess.run(
        ["sh", "-c", f'{text}\nprintf \'%s|%s|%s\' "$A" "$B" "${{HOME-gone}}"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == "it's||gone"
