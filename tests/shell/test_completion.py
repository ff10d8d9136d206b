"""Completion in real shells: what Tab offers, with names that a shell would take apart."""

import json
import os

import pytest

from usher.fastpath import complete

from .conftest import USHER, hostile_names, real_shell

_BASH = """
_ask() {{
    COMP_LINE="$1" COMP_POINT=${{#1}}
    read -ra COMP_WORDS <<< "$1"
    [[ $1 == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMPREPLY=()
    local typed="${{COMP_WORDS[COMP_CWORD]}}"
    __usher_complete usher "${{typed##*[:=]}}" "" 2>/dev/null
    printf '%s\\n' "${{COMPREPLY[@]}}"
}}
{install}
{asks}
"""
# compadd's own words are kept instead of shown; what it is given is what a person could choose.
_ZSH = """
autoload -Uz compinit; compinit -u -d {home}/.zcompdump
{install}
compadd() {{ while [[ $1 != -a ]]; do shift; done; print -rl -- ${{(P)2}} }}
_files() {{ print files }}
_ask() {{
    local -a words; words=(${{(z)1}}); [[ $1 == *' ' ]] && words+=('')
    local CURRENT=$#words PREFIX=$words[-1]
    _usher
}}
{asks}
"""
_ASK = {
    "bash": (_BASH, "_ask {}; echo -----"),
    "zsh": (_ZSH, "_ask {}; echo -----"),
    "fish": ("{install}\n{asks}", "complete -C {} | string replace -r '\\t.*' ''; echo -----"),
    "nu": ("{install}\n{asks}", "__usher_candidates {} | get value | to text | print; print '-----'"),
}
STAGING = "mkdev-staging/AdministratorAccess"
SHELLS = [real_shell(name) for name in _ASK]


def offered(machine, shell, *lines):
    """What the shell offers after each of `lines`."""
    if shell == "nu":
        file = machine.home / "usher.nu"
        file.write_text(machine.usher("shell-init", "nu").stdout)
        install = f"source {file}"
    elif shell == "fish":
        install = f"{USHER} shell-init fish | source"
    else:
        install = f'eval "$({USHER} shell-init {shell})"'
    text, ask = _ASK[shell]
    asks = "\n".join(
        ask.format(json.dumps(line) if shell == "nu" else "'" + line.replace("'", "'\\''") + "'")
        for line in lines
    )
    done = machine.script(shell, text.format(install=install, asks=asks, home=machine.home))
    parts = done.stdout.decode().split("-----\n")
    return [[word for word in part.splitlines() if word] for part in parts[: len(lines)]]


OFFERS = {
    "usher shell-": ["shell-init"],
    "usher use mkdev-s": ["mkdev-staging/AdministratorAccess"],
    "usher exec --region eu-central-": ["eu-central-1", "eu-central-2"],
    "usher shell-init po": ["powershell"],
    "usher use --cl": ["--clear"],
}


@pytest.mark.once
@pytest.mark.parametrize("shell", SHELLS)
def test_commands_options_profiles_and_regions_are_offered(machine, shell):
    assert offered(machine, shell, *OFFERS) == list(OFFERS.values())


@pytest.mark.once
@pytest.mark.client("fish")
def test_after_two_dashes_fish_completes_the_other_command(machine):
    [found] = offered(machine, "fish", "usher exec plain -- usher use mkdev-s")
    assert found == [STAGING]


@pytest.mark.once
@pytest.mark.client("zsh")
def test_zsh_completes_at_a_real_tab_with_quotes_where_they_are_needed(machine):
    shown = machine.typed(
        "zsh",
        [
            "autoload -Uz compinit",
            f'eval "$({USHER} shell-init zsh)"',
            f"compinit -u -d {machine.home}/.zcompdump",
            ('usher() { print -r -- "got:$*." }', "}"),
            ("usher use tw\t", "got:use two words."),
            ("usher exec plain -- usher use mkdev-s\t", f"got:exec plain -- usher use {STAGING}."),
        ],
    )
    assert "got:use two words." in shown, shown
    assert f"got:exec plain -- usher use {STAGING}." in shown, shown


@pytest.mark.once
def test_bash_completes_at_a_real_tab_with_quotes_where_they_are_needed(machine):
    shown = machine.typed(
        "bash",
        [
            f'eval "$({USHER} shell-init bash)"',
            'usher() { echo "got:$*."; }',
            ("usher use tw\t", "got:use two words."),
            ("usher use mkdev-s\t", f"got:use {STAGING}."),
        ],
    )
    assert "got:use two words." in shown, shown
    assert f"got:use {STAGING}." in shown, shown


@pytest.mark.once
@pytest.mark.parametrize("shell", SHELLS)
def test_a_name_with_a_space_is_offered_as_one_word_of_the_shell(machine, shell):
    expected = {"bash": r"two\ words", "nu": '"two words"'}.get(shell, "two words")
    assert offered(machine, shell, "usher use tw") == [[expected]]


@pytest.mark.once
@pytest.mark.parametrize("shell", SHELLS)
def test_no_name_runs_by_being_offered(machine, shell):
    marker = machine.home / "ran"
    names = [
        name for name in hostile_names(400, marker, seed=3) if name.isprintable() and name.strip() == name
    ]
    quoted = ('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in names)
    (machine.home / ".aws" / "config").write_text(
        "".join(f"[profile {name}]\nregion = x\n" for name in quoted)
    )
    [found] = offered(machine, shell, "usher use ")
    assert not marker.exists()
    assert len(found) > 250


def test_organizations_come_from_their_file(machine):
    folder = machine.home / ".config" / "usher"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "organizations.json").write_text('{"mkdev": {}, "customer-b": {}}')
    (folder / "organizations.json").chmod(0o600)
    assert machine.usher("--complete", "logout", "").stdout.splitlines() == ["mkdev\t", "customer-b\t"]
    (folder / "organizations.json").write_text("{")
    assert machine.usher("--complete", "logout", "").stdout == ""


def test_the_table_is_made_once_and_again_after_an_upgrade(machine):
    table = machine.home / ".cache" / "usher" / "completion"
    first = machine.usher("--complete", "stat").stdout
    assert first == "status\twho is signed in, and for how long\n"
    assert oct(table.stat().st_mode & 0o777) == "0o600"
    made = table.read_text()
    assert machine.usher("--complete", "stat").stdout == first
    table.write_text(made.replace("version\t", "version\told", 1))
    assert machine.usher("--complete", "stat").stdout == first
    assert table.read_text() == made


def test_after_two_dashes_the_command_is_the_shells_to_complete(machine):
    assert machine.usher("--complete", "exec", "plain", "--", "aws", "").stdout == complete.FILES + "\n"


TABLE = """\
version\t1
command\t\tuse\tswitch
command\t\tdirectory\tset up
command\tdirectory\tkey\tkeys
argument\tuse\tPROFILE
option\tuse\t--region\tREGION\tset it
option\tuse\t--yes\t\tdo not ask
option\tuse\t--file\tFILE\ta file
argument\texec\tPROFILE*
command\t\texec\trun
value\tREGION\teu-west-1
value\tREGION\tus-east-1
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([""], ["use\tswitch", "directory\tset up", "exec\trun"]),
        (["directory", ""], ["key\tkeys"]),
        (["use", ""], ["a\t", "b\t"]),
        (["use", "a", ""], []),
        (["use", "-", ""], []),
        (["use", "--yes", ""], ["a\t", "b\t"]),
        (["use", "--region", "us"], ["us-east-1\t"]),
        (["use", "--region=us"], ["--region=us-east-1\t"]),
        (["use", "--file=x"], [complete.FILES]),
        (["use", "--yes=x"], []),
        (["use", "--file", ""], [complete.FILES]),
        (["use", "--"], ["--region\tset it", "--yes\tdo not ask", "--file\ta file"]),
        (["exec", "a", "b", ""], ["a\t", "b\t"]),
        (["no-such", ""], []),
    ],
)
def test_what_may_follow(tmp_path, words, expected):
    (tmp_path / "config").write_text("[profile a]\n[profile b]\n")
    environ = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / "config")}
    assert list(complete.candidates(TABLE, words, environ)) == expected


def test_profiles_are_read_as_the_sdks_read_them():
    headers = ["[default]", "[ profile a ]", '[profile "b c"]', "[profile 'd']", "[sso-session x]"]
    text = "\n".join([*headers, "[profile a]", "[profile e", ""])
    assert complete.profile_names(text) == ["default", "a", "b c", "d"]
    assert complete.profile_names('[profile "a\x1bb"]\n[profile ]\n') == []


def test_no_config_file_means_no_profiles(tmp_path):
    assert list(complete.candidates(TABLE, ["use", ""], {"HOME": str(tmp_path)})) == []


def test_every_command_and_option_of_the_parsers_is_in_the_table(machine):
    from usher.cli.completing import make_table

    table = make_table()
    for words, name in [
        (["profiles", ""], "sync"),
        (["exec", "--"], "--each"),
        (["access", "pl"], "plan"),
        (["directory", "key", ""], "create"),
        (["console", "--service", "lamb"], "lambda"),
        (["console", "a", "--service=s3"], "--service=s3"),
        (["console", "--region", "eu-west-"], "eu-west-3"),
    ]:
        assert name in [line.split("\t")[0] for line in complete.candidates(table, words, os.environ)]
    hidden = [
        line for line in complete.candidates(table, ["use", "--"], os.environ) if "shell-output" in line
    ]
    assert hidden == []
