"""`usher use` in real shells, through the hook that `usher shell-init` prints."""

import subprocess

import pytest

from usher.core.errors import UsageError
from usher.shell.quoting import Shell
from usher.shell.templates import completion, hook

from .conftest import USHER, real_shell

SHELLS = [real_shell(name) for name in ("bash", "zsh", "sh", "fish", "nu", "powershell")]
WITH_PROMPT = [real_shell(name) for name in ("bash", "zsh", "fish", "nu")]
STAGING = "mkdev-staging/AdministratorAccess"

_INSTALL = {
    "bash": f'eval "$({USHER} shell-init bash)"',
    "zsh": f'eval "$({USHER} shell-init zsh)"',
    "sh": f'eval "$({USHER} shell-init sh)"',
    "fish": f"{USHER} shell-init fish | source",
    "elvish": f"eval ({USHER} shell-init elvish | slurp)",
    "powershell": f"& {USHER} shell-init powershell | Out-String | Invoke-Expression",
}
_POSIX = """
usher use plain;         echo "1 $AWS_PROFILE ${AWS_ACCESS_KEY_ID-none} ${AWS_DEFAULT_PROFILE-none}"
usher use 'two words';                echo "2 $AWS_PROFILE"
usher use -;                          echo "3 $AWS_PROFILE"
usher use no-such || echo "4 $? $AWS_PROFILE"
usher use --region eu-west-3 plain;   echo "5 $AWS_REGION $AWS_DEFAULT_REGION"
usher use staging/AdministratorAccess; echo "6 $AWS_PROFILE ${AWS_REGION-none}"
usher use --clear;       echo "7 ${AWS_PROFILE-none} ${USHER_PROFILE-none} ${USHER_PREVIOUS-none}"
usher use --help | head -n 1
echo '{"a": "$(b) c"}' | usher exec -- cat 2>/dev/null || echo "8 $?"
"""
_FISH = """
usher use plain;                      echo "1 $AWS_PROFILE $(set -q AWS_ACCESS_KEY_ID || echo none) $(set -q AWS_DEFAULT_PROFILE || echo none)"
usher use 'two words';                echo "2 $AWS_PROFILE"
usher use -;                          echo "3 $AWS_PROFILE"
usher use no-such || echo "4 $status $AWS_PROFILE"
usher use --region eu-west-3 plain;   echo "5 $AWS_REGION $AWS_DEFAULT_REGION"
usher use staging/AdministratorAccess; echo "6 $AWS_PROFILE $(set -q AWS_REGION || echo none)"
usher use --clear;                    echo "7 $(set -q AWS_PROFILE || echo none) $(set -q USHER_PROFILE || echo none) $(set -q USHER_PREVIOUS || echo none)"
usher use --help | head -n 1
usher exec -- cat 2>/dev/null || echo "8 $status"
"""  # noqa: E501 -- read beside the other shells'
_NU = """
usher use plain;                      print $"1 ($env.AWS_PROFILE) ($env.AWS_ACCESS_KEY_ID? | default none) ($env.AWS_DEFAULT_PROFILE? | default none)"
usher use 'two words';                print $"2 ($env.AWS_PROFILE)"
usher use -;                          print $"3 ($env.AWS_PROFILE)"
try { usher use no-such } catch { print $"4 ($env.LAST_EXIT_CODE) ($env.AWS_PROFILE)" }
usher use --region eu-west-3 plain;   print $"5 ($env.AWS_REGION) ($env.AWS_DEFAULT_REGION)"
usher use staging/AdministratorAccess; print $"6 ($env.AWS_PROFILE) ($env.AWS_REGION? | default none)"
usher use --clear;                    print $"7 ($env.AWS_PROFILE? | default none) ($env.USHER_PROFILE? | default none) ($env.USHER_PREVIOUS? | default none)"
usher use --help | lines | first | print
try { usher exec -- cat } catch { print $"8 ($env.LAST_EXIT_CODE)" }
"""  # noqa: E501 -- read beside the other shells'
_POWERSHELL = """
usher use plain;                      "1 $env:AWS_PROFILE $($env:AWS_ACCESS_KEY_ID ?? 'none') $($env:AWS_DEFAULT_PROFILE ?? 'none')"
usher use 'two words';                "2 $env:AWS_PROFILE"
usher use '-';                        "3 $env:AWS_PROFILE"
usher use no-such;                    "4 $LASTEXITCODE $env:AWS_PROFILE"
usher use --region eu-west-3 plain;   "5 $env:AWS_REGION $env:AWS_DEFAULT_REGION"
usher use staging/AdministratorAccess; "6 $env:AWS_PROFILE $($env:AWS_REGION ?? 'none')"
usher use --clear;                    "7 $($env:AWS_PROFILE ?? 'none') $($env:USHER_PROFILE ?? 'none') $($env:USHER_PREVIOUS ?? 'none')"
usher use --help | Select-Object -First 1
usher exec '--' cat 2>$null;          "8 $LASTEXITCODE"
"""  # noqa: E501 -- read beside the other shells'
_SESSIONS = {"bash": _POSIX, "zsh": _POSIX, "sh": _POSIX, "fish": _FISH, "nu": _NU, "powershell": _POWERSHELL}
_EXPECTED = [
    "1 plain none none",
    "2 two words",
    "3 plain",
    "4 5 plain",
    "5 eu-west-3 eu-west-3",
    f"6 {STAGING} none",
    "7 none none none",
    "usage: usher use [-h] [--region REGION] [--clear] [--shell] [--yes] [PROFILE]",
    "8 2",
]
_COMPETING = {
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "s",
    "AWS_SESSION_TOKEN": "t",
    "AWS_DEFAULT_PROFILE": "old",
}


def install(machine, shell):
    """The lines that install the hook; nu can only source a file that is there before."""
    if shell != "nu":
        return _INSTALL[shell]
    file = machine.home / "usher.nu"
    file.write_text(machine.usher("shell-init", "nu").stdout)
    return f"source {file}"


@pytest.mark.once
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_switches_and_takes_away_what_would_win(machine, shell):
    done = machine.script(shell, f"{install(machine, shell)}\n{_SESSIONS[shell]}", **_COMPETING)
    assert done.stdout.decode().splitlines() == _EXPECTED, done.stderr.decode()


@pytest.mark.once
@pytest.mark.parametrize(
    ("shell", "strict"),
    [
        pytest.param("bash", "set -euo pipefail; set -o noclobber -o posix; IFS=u", id="bash"),
        pytest.param("zsh", "set -eu; setopt noclobber ksharrays shwordsplit nullglob", id="zsh"),
        pytest.param("sh", "set -euC; IFS=u", id="sh"),
    ],
)
def test_the_hook_works_under_strict_options_aliases_and_twice(machine, shell, strict):
    aliases = "".join(
        f"alias {name}='echo aliased'\n" for name in ("usher", "local", "eval", "export", "printf", "unset")
    )
    expand = "shopt -s expand_aliases" if shell == "bash" else ""
    installed = f"\\{_INSTALL[shell]}\n" * 2
    text = f"{strict}\n{expand}\n{aliases if shell != 'sh' else ''}{installed}"
    text += "usher use plain\nenv | grep ^AWS_PROFILE\nusher use --clear\n"
    if shell != "sh":
        text += "(exit 7) || __usher_prompt || command true\n"
    done = machine.script(shell, text)
    assert (done.returncode, done.stdout.decode()) == (0, "AWS_PROFILE=plain\n"), done.stderr.decode()


@pytest.mark.once
@pytest.mark.parametrize("shell", SHELLS)
def test_a_hook_evaluates_nothing_of_another_version_or_of_a_failure(machine, shell):
    for number, (output, status) in enumerate(
        [("usher-shell-2\\ntouch ran", 0), ("usher-shell-1\\ntouch ran", 3)]
    ):
        fake = machine.home / f"fake{number}"
        fake.write_text(f"#!/bin/sh\nprintf '{output}\\n'\nexit {status}\n")
        fake.chmod(0o700)
        text = hook(Shell(shell), str(fake))
        machine.script(shell, f"{text}\nusher use plain")
        assert not (machine.home / "ran").exists()


def echo(shell, label, variable):
    if shell == "nu":
        return f'print $"{label}=($env.{variable}? | default "")."'
    if shell == "elvish":
        return f'echo {label}=$E:{variable}"."'
    return f'echo "{label}=${variable}."'


@pytest.mark.once
@pytest.mark.parametrize("shell", WITH_PROMPT)
def test_a_trusted_folder_is_entered_and_left_at_the_prompt(machine, shell):
    work = machine.home / "work"
    machine.trust(work, f'profile = "{STAGING}"\nregion = "eu-west-2"\n')
    (work / "deep" / "er").mkdir(parents=True)
    shown = machine.typed(
        shell,
        [
            install(machine, shell),
            "usher use plain",
            f"cd {work}/deep/er",
            echo(shell, "in", "AWS_PROFILE"),
            echo(shell, "region", "AWS_REGION"),
            f"cd {machine.home}",
            echo(shell, "out", "AWS_PROFILE"),
            echo(shell, "outregion", "AWS_REGION"),
        ],
    )
    for expected in (f"in={STAGING}.", "region=eu-west-2.", "out=plain.", "outregion=."):
        assert expected in shown, shown


@pytest.mark.once
@pytest.mark.parametrize("shell", WITH_PROMPT)
def test_a_changed_folder_file_is_noticed_and_not_followed(machine, shell):
    work = machine.home / "work"
    machine.trust(work, f'profile = "{STAGING}"\n')
    change = machine.home / "change.sh"
    change.write_text("printf 'profile = \"mkdev-production/ReadOnlyAccess\"' > .new; mv .new .usher\n")
    shown = machine.typed(
        shell,
        [
            install(machine, shell),
            f"cd {work}",
            echo(shell, "first", "AWS_PROFILE"),
            f"sh {change}",
            echo(shell, "then", "AWS_PROFILE"),
            "usher trust",
            echo(shell, "trusted", "AWS_PROFILE"),
        ],
    )
    assert f"first={STAGING}." in shown, shown
    assert "then=." in shown, shown
    assert shown.count("is not followed: it is not trusted") == 1, shown
    assert "trusted=mkdev-production/ReadOnlyAccess." in shown, shown


@pytest.mark.once
@pytest.mark.parametrize("shell", [real_shell(name) for name in ("bash", "zsh", "fish")])
def test_a_shell_for_one_profile_says_so_and_ends_with_exit(machine, shell):
    start_up = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}[shell]
    (machine.home / start_up).parent.mkdir(parents=True, exist_ok=True)
    (machine.home / start_up).write_text(_INSTALL[shell] + "\n")
    program = machine.program(shell)
    inner = machine.typed(
        "bash",
        [
            (f"{USHER} use --shell 'two words'", "(two words)"),
            echo(shell, "in", "AWS_PROFILE"),
            ("exit", "exit"),
        ],
        SHELL=subprocess.check_output(["which", program], text=True).strip(),
    )
    assert "in=two words." in inner, inner
    assert "(two words)" in inner, inner


def test_without_the_hook_use_says_how_to_install_it(machine):
    done = machine.usher("use", "plain", SHELL="/bin/zsh")
    assert done.returncode == 2
    assert 'in ~/.zshrc: eval "$(usher shell-init zsh)"' in done.stderr
    assert done.stdout == ""


def test_there_is_no_hook_and_no_completion_for_what_can_have_none():
    with pytest.raises(UsageError, match="no hook for cmd"):
        hook(Shell.CMD, "usher")
    with pytest.raises(UsageError, match="no completion for sh"):
        completion(Shell.SH, "usher")


@pytest.mark.once
@pytest.mark.client("elvish")
def test_elvish_switches_without_evaluating_anything(machine):
    shown = machine.typed(
        "elvish",
        [
            f"eval ({USHER} shell-init elvish | slurp)",
            "usher use 'two words'",
            'echo in=$E:AWS_PROFILE"."',
            "usher use --region eu-west-3 plain",
            'echo then=$E:AWS_PROFILE"-"$E:AWS_REGION"."',
            "usher use --clear",
            'echo out=$E:AWS_PROFILE"."',
        ],
        **_COMPETING,
    )
    for expected in ("in=two words.", "then=plain-eu-west-3.", "out=."):
        assert expected in shown, shown
