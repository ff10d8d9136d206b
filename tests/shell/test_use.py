"""`usher use`, `usher trust` and `usher prompt`: what the hook is told, and what people are."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from usher._entry import main
from usher.cli.context import read_context
from usher.cli.entering import confirm_all, looks_of
from usher.cli.main import run
from usher.cli.terminal import Terminal
from usher.core import machine
from usher.core.credentials import Credentials
from usher.core.errors import UsherError
from usher.core.secrets import Secret
from usher.fastpath import complete, ready, segment
from usher.shell.folder import LARGEST_BYTES
from usher.shell.variables import credential_changes

from .conftest import CONFIG, hostile_names

STAGING = "mkdev-staging/AdministratorAccess"
PRODUCTION = "mkdev-production/ReadOnlyAccess"
PROTECT = f'[[protect]]\nprofiles = ["{PRODUCTION}"]\ncolour = "red"\nlabel = "PRODUCTION"\nconfirm = true\n'


@pytest.fixture
def home(own_home, monkeypatch):
    (own_home / ".aws").mkdir(mode=0o700)
    (own_home / ".aws" / "config").write_text(CONFIG)
    monkeypatch.setenv("SHELL", "/bin/bash")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.chdir(own_home)
    return own_home


@pytest.fixture
def told(home, capsys):
    """`told("plain")` is what the hook is told by `usher use plain`, and what the person reads."""

    def ask(*arguments, shell="nu"):
        code = run(["use", "--shell-output", shell, *arguments])
        out, err = capsys.readouterr()
        return (json.loads(out) if code == 0 and shell == "nu" else out or code), err

    return ask


def protect(home):
    settings = home / ".config" / "usher" / "settings.toml"
    settings.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    settings.write_text(PROTECT)
    settings.chmod(0o600)


def bind(folder, text, *, trusted=True):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".usher").write_text(text)
    if trusted:
        assert run(["trust", str(folder)]) == 0
    return str(folder / ".usher")


def enter(monkeypatch, answer):
    """Take over what the hook would."""
    for name in answer["unset"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in answer["set"].items():
        monkeypatch.setenv(name, value)


# --- usher use -----------------------------------------------------------------------------------


def test_a_profile_is_named_and_nothing_else_of_awss_is_set(told):
    answer, _ = told("plain")
    assert answer["set"] == {"AWS_PROFILE": "plain", "USHER_PROFILE": "plain"}
    assert {"AWS_ACCESS_KEY_ID", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"} <= set(answer["unset"])
    assert "AWS_REGION" not in answer["unset"]


def test_a_short_name_leads_to_the_whole_one(told):
    assert told("staging/AdministratorAccess")[0]["set"]["AWS_PROFILE"] == STAGING


def test_a_profile_of_the_credentials_file_counts_and_its_keys_are_warned_of(home, told):
    (home / ".aws" / "credentials").write_text(
        "[old]\naws_access_key_id = A\n[plain]\naws_access_key_id = B\n"
    )
    assert told("old")[0]["set"]["AWS_PROFILE"] == "old"
    assert "credentials file has keys of that name" in told("plain")[1]


def test_an_unknown_profile_changes_nothing_and_near_ones_are_named(told):
    code, err = told("mkdev-stagin/AdministratorAccess")
    assert code == 5
    assert STAGING in err


def test_somebodys_region_stays_and_is_warned_of_ours_goes(told, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    answer, err = told("plain")
    assert "AWS_REGION=us-east-1 stays set and wins" in err
    answer, err = told("plain", "--region", "eu-west-3")
    assert answer["set"]["AWS_REGION"] == answer["set"]["AWS_DEFAULT_REGION"] == "eu-west-3"
    assert "stays set" not in err
    enter(monkeypatch, answer)
    assert {"AWS_REGION", "AWS_DEFAULT_REGION", "USHER_REGION"} <= set(told("plain")[0]["unset"])


def test_an_endpoint_that_takes_every_call_is_warned_of(told, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")
    assert "every call goes to http://127.0.0.1:5000" in told("plain")[1]
    monkeypatch.setenv("USHER_ENDPOINT_URL", "http://127.0.0.1:5000")
    answer, err = told("plain")
    assert "every call" not in err
    assert "AWS_ENDPOINT_URL" in answer["unset"]


def test_a_shell_that_is_not_there_is_said(home, capsys, monkeypatch):
    monkeypatch.setenv("SHELL", "/no/such/shell")
    assert run(["use", "--shell", "plain"]) == 127
    assert "there is no command '/no/such/shell'" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN


def test_back_and_forth(told, monkeypatch):
    assert told("-")[0] == 5
    enter(monkeypatch, told("plain")[0])
    enter(monkeypatch, told("two words")[0])
    enter(monkeypatch, told("-")[0])
    assert os.environ["AWS_PROFILE"] == "plain"
    enter(monkeypatch, told("plain")[0])
    assert os.environ["USHER_PREVIOUS"] == "two words"


def test_clear_takes_everything_away(told):
    answer, _ = told("--clear")
    assert answer["set"] == {}
    assert {"AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "USHER_PROFILE"} <= set(answer["unset"])
    assert told("--clear", "plain")[0] == 2


def test_a_protected_profile_is_not_entered_where_nobody_can_be_asked(home, told):
    protect(home)
    code, err = told(PRODUCTION)
    assert code == 4
    assert "add --yes" in err
    answer, err = told(PRODUCTION, "--yes")
    assert (answer["set"]["USHER_COLOUR"], answer["set"]["USHER_LABEL"]) == ("red", "PRODUCTION")
    assert " PRODUCTION  mkdev-production/ReadOnlyAccess" in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "sh", "fish", "powershell"])
def test_shells_are_told_in_their_own_words(told, shell):
    assert told("plain", shell=shell)[0].splitlines()[0] == "usher-shell-1"


def test_names_with_control_characters_reach_no_shell(home, told):
    (home / ".aws" / "config").write_text(
        "[profile a\x1bb]\nregion = x\n[profile \udcff]\n", "utf-8", "surrogateescape"
    )
    assert told("a\x1bb")[0] == 2


def test_hostile_names_are_told_to_the_byte(home, told):
    names = [name for name in hostile_names(60, "ran", seed=5) if name.strip() == name]
    quoted = ('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in names)
    (home / ".aws" / "config").write_text("".join(f"[profile {name}]\nregion = x\n" for name in quoted))
    for name in names:
        assert told("--", name)[0]["set"]["AWS_PROFILE"] == name


# --- folders -------------------------------------------------------------------------------------


def test_a_trusted_folder_is_entered_and_left(home, told, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "plain")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    file = bind(home / "work", f'profile = "{STAGING}"\nregion = "eu-west-2"\n')
    answer, err = told("--folder", file)
    assert answer["set"]["AWS_PROFILE"] == STAGING
    assert f"usher: {STAGING} in eu-west-2 ({file})" in err
    enter(monkeypatch, answer)
    again, err = told("--folder", file)
    assert "AWS_PROFILE" not in again["set"]
    assert err == ""
    answer, err = told("--folder", "")
    assert "left the folder; plain" in err
    enter(monkeypatch, answer)
    assert (os.environ["AWS_PROFILE"], os.environ["AWS_REGION"]) == ("plain", "us-east-1")
    assert not any(name.startswith("USHER_") for name in os.environ)


def test_from_folder_to_folder_and_out_again(home, told, monkeypatch):
    outer = bind(home / "work", 'profile = "plain"\n')
    inner = bind(home / "work" / "inner", f'profile = "{STAGING}"\n')
    for file in (outer, inner, outer):
        enter(monkeypatch, told("--folder", file)[0])
    assert os.environ["AWS_PROFILE"] == "plain"
    answer, err = told("--folder", "")
    enter(monkeypatch, answer)
    assert "left the folder; no profile" in err
    assert "AWS_PROFILE" not in os.environ


def test_an_untrusted_folder_is_announced_once_and_never_followed(home, told, monkeypatch):
    file = bind(home / "work", 'profile = "plain"\n', trusted=False)
    answer, err = told("--folder", file)
    assert "is not followed: it is not trusted" in err
    assert "AWS_PROFILE" not in answer["set"]
    enter(monkeypatch, answer)
    assert told("--folder", file)[1] == ""


def test_a_change_takes_trust_away(home, told):
    file = bind(home / "work", 'profile = "plain"\n')
    Path(file).write_text(f'profile = "{STAGING}"\n')
    assert "it is not trusted" in told("--folder", file)[1]


def test_a_protected_profile_is_never_entered_by_walking_into_a_folder(home, told):
    protect(home)
    file = bind(home / "work", f'profile = "{PRODUCTION}"\n')
    answer, err = told("--folder", file)
    assert "AWS_PROFILE" not in answer["set"]
    assert "is protected" in err
    assert "'usher use .' asks and enters it" in err


def test_keys_in_the_environment_are_not_taken_away_by_walking(home, told, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    file = bind(home / "work", 'profile = "plain"\n')
    answer, err = told("--folder", file)
    assert "AWS_ACCESS_KEY_ID is set and would win" in err
    assert "AWS_ACCESS_KEY_ID" not in answer["unset"]


def test_a_persons_own_word_outlasts_the_folder(home, told, monkeypatch):
    file = bind(home / "work", f'profile = "{STAGING}"\n')
    enter(monkeypatch, told("--folder", file)[0])
    enter(monkeypatch, told("plain")[0])
    enter(monkeypatch, told("--folder", "")[0])
    assert os.environ["AWS_PROFILE"] == "plain"


def test_a_dot_means_this_folders_profile(home, told, monkeypatch):
    assert told(".")[0] == 5
    bind(
        home / "work",
        'profile = "staging/AdministratorAccess"\norganization = "mkdev"\nregion = "eu-west-2"\n',
    )
    monkeypatch.chdir(home / "work")
    answer, _ = told(".")
    assert (answer["set"]["AWS_PROFILE"], answer["set"]["AWS_REGION"]) == (STAGING, "eu-west-2")
    (home / "work" / ".usher").write_text('profile = "plain"')
    assert told(".")[0] == 2


def test_exec_without_a_name_means_the_folders_profile_once_it_is_trusted(home, capsys, monkeypatch):
    bind(home / "work", 'profile = "no-such"\n', trusted=False)
    monkeypatch.chdir(home / "work")
    assert run(["exec", "--", "true"]) == 2
    assert "is not trusted" in capsys.readouterr().err
    assert run(["trust"]) == 0
    assert run(["exec", "--", "true"]) == 5
    assert "no-such" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("profile = ", "Invalid value"),
        ('region = "eu-west-1"', "it names no profile"),
        ('profile = ""', "'profile' must be a text"),
        ("profile = 1", "'profile' must be a text"),
        ('profile = "a"\ncredential_process = "curl"', "'credential_process' is not a setting"),
        ('profile = "a"\nregion = "$(touch ran)"', "is not a region"),
        ('profile = "a\\u001bb"', "U+001B"),
        ('profile = "a"\n' + "#" * LARGEST_BYTES, "larger than"),
    ],
)
def test_a_folders_file_says_three_things_and_nothing_else(home, capsys, text, words):
    (home / ".usher").write_text(text)
    assert run(["trust"]) == 2
    assert words in capsys.readouterr().err


def test_the_search_ends_at_home_and_at_somebody_elses_folder(home, capsys, monkeypatch):
    (home.parent / ".usher").write_text('profile = "plain"\n')
    assert run(["trust"]) == 5
    work = home / "work" / "deep"
    work.mkdir(parents=True)
    bind(home, 'profile = "plain"\n', trusted=False)
    monkeypatch.chdir(work)
    assert run(["trust"]) == 0
    uid = os.getuid()
    real = Path.stat

    def foreign(path, **how):
        state = real(path, **how)
        if path == home / "work":
            return os.stat_result([*state[:4], uid + 1, *state[5:]])
        return state

    monkeypatch.setattr(Path, "stat", foreign)
    capsys.readouterr()
    assert run(["trust"]) == 5


def test_trust_is_kept_privately_listed_and_revoked(home, capsys):
    file = bind(home / "work", 'profile = "plain"\nregion = "eu-west-1"\norganization = "mkdev"\n')
    gone = bind(home / "gone", 'profile = "plain"\n')
    Path(gone).unlink()
    store = home / ".config" / "usher" / "trusted-folders.json"
    assert oct(store.stat().st_mode & 0o777) == "0o600"
    capsys.readouterr()
    assert run(["trust", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"gone      {gone}", f"trusted   {file}"]
    Path(file).write_text('profile = "other"\n')
    run(["trust", "--list", "--json"])
    assert {"path": file, "state": "changed"} in json.loads(capsys.readouterr().out)
    assert run(["trust", "--revoke", file]) == 0
    assert run(["trust", "--revoke", file]) == 5
    store.write_text("{")
    capsys.readouterr()
    run(["trust", "--list"])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("path", "code"), [("other.toml", 2), ("no-such-folder/.usher", 5), (".", 5)])
def test_only_a_folders_own_file_is_trusted(home, path, code):
    assert run(["trust", path]) == code


def test_somebody_elses_file_is_never_read(home, capsys, monkeypatch):
    file = bind(home / "work", 'profile = "plain"\n', trusted=False)
    monkeypatch.setattr(machine, "user_id", lambda: 12_345)
    assert run(["trust", file]) == 2
    assert "not a plain file of your own" in capsys.readouterr().err


# --- usher prompt --------------------------------------------------------------------------------


def shown(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["usher", "prompt", *arguments])
    assert main() == 0
    return capsys.readouterr().out.rstrip("\n")


def test_no_profile_no_segment(home, monkeypatch, capsys):
    assert shown(monkeypatch, capsys) == ""
    assert shown(monkeypatch, capsys, "--format", "json") == ""


def test_the_profile_that_usher_gave_is_shown_with_its_look(home, monkeypatch, capsys):
    for name, value in {"AWS_PROFILE": PRODUCTION, "USHER_PROFILE": PRODUCTION}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("USHER_COLOUR", "red")
    monkeypatch.setenv("USHER_LABEL", "PRODUCTION")
    assert shown(monkeypatch, capsys) == f"PRODUCTION {PRODUCTION}"
    assert shown(monkeypatch, capsys, "--format", "ansi") == (
        f"\x1b[7;31m PRODUCTION \x1b[0m \x1b[31m{PRODUCTION}\x1b[0m"
    )
    assert shown(monkeypatch, capsys, "--format", "zsh") == (
        f"%S%F{{red}} PRODUCTION %f%s %F{{red}}{PRODUCTION}%f"
    )
    assert shown(monkeypatch, capsys, "--format", "bash").startswith("\x01\x1b[7;31m\x02 PRODUCTION \x01")
    assert json.loads(shown(monkeypatch, capsys, "--format", "json"))["label"] == "PRODUCTION"


def test_a_profile_set_by_hand_is_looked_up_once_and_its_look_noted(home, monkeypatch, capsys):
    protect(home)
    monkeypatch.setenv("AWS_PROFILE", PRODUCTION)
    assert shown(monkeypatch, capsys) == f"PRODUCTION {PRODUCTION}"
    assert segment.noted_look(os.environ, PRODUCTION) == ("red", "PRODUCTION")
    assert shown(monkeypatch, capsys) == f"PRODUCTION {PRODUCTION}"
    settings = home / ".config" / "usher" / "settings.toml"
    settings.write_text(PROTECT.replace("PRODUCTION", "LIVE"))
    assert shown(monkeypatch, capsys) == f"LIVE {PRODUCTION}"
    settings.write_text("[[protect]]\nnonsense = 1\n")
    assert shown(monkeypatch, capsys) == f"? {PRODUCTION}"


def test_a_stale_look_is_not_another_profiles(home, monkeypatch, capsys):
    monkeypatch.setenv("AWS_PROFILE", "plain")
    monkeypatch.setenv("USHER_PROFILE", PRODUCTION)
    monkeypatch.setenv("USHER_LABEL", "PRODUCTION")
    assert shown(monkeypatch, capsys) == "plain"


def test_how_long_keys_in_the_environment_last(home, monkeypatch, capsys):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIA")
    assert shown(monkeypatch, capsys) == "keys in the environment"
    monkeypatch.setenv("USHER_PROFILE", "plain")
    for seconds, words in ((7_530, "plain 2h05m"), (630, "plain 10m"), (-61, "plain expired")):
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", moment)
        assert shown(monkeypatch, capsys) == words
    for odd in ("soon", "²-²-²T²:²:²Z", "9" * 5_000 + "-1-1T1:1:1Z"):
        monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", odd)
        assert segment.time_left(os.environ, "p") == ""
    assert shown(monkeypatch, capsys) == "plain"


def test_a_ready_records_end_is_the_profiles(home, tmp_path, monkeypatch, capsys):
    runtime = tmp_path / "run"
    (runtime / "usher").mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("AWS_PROFILE", "plain")
    monkeypatch.setenv("USHER_PROFILE", "plain")
    record = runtime / "usher" / ready.record_name(ready.record_key("plain", os.environ))
    record.write_text(f"{int(time.time()) + 3_630:012d}\n")
    assert shown(monkeypatch, capsys) == "plain 1h00m"
    record.write_text("nonsense")
    assert shown(monkeypatch, capsys) == "plain"


@pytest.mark.parametrize("seconds", [0, 951_782_400, 1_709_164_800, 1_709_251_199, 4_107_542_399])
def test_moments_are_read_as_the_calendar_has_them(seconds):
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    assert segment._moment(text) == seconds


@pytest.mark.parametrize("format_name", segment.FORMATS)
def test_names_spoof_nothing_in_a_prompt(format_name):
    name = "a\x1b]0;x\x07\u202eb%F{red}$(touch ran)"
    text = segment.segment(format_name, name, ("", "L\x9b2J"), "")
    assert not any(mark in text for mark in ("\x1b]", "\x07", "\u202e", "\x9b"))
    if format_name == "zsh":
        assert "%%F{red}" in text


# --- what is rare --------------------------------------------------------------------------------


def test_what_was_outside_is_dropped_when_it_is_damaged(home, told, monkeypatch):
    monkeypatch.setenv("USHER_FOLDER", "/somewhere/.usher")
    for damaged in ("{", "[]", '{"AWS_PROFILE": 1}'):
        monkeypatch.setenv("USHER_OUTSIDE", damaged)
        answer, _ = told("--folder", "")
        assert answer["set"] == {}
        assert "AWS_PROFILE" in answer["unset"]


def test_a_folders_file_that_cannot_be_read_is_an_error_of_the_hook(home, told):
    assert told("--folder", str(home / "no-such"))[0] == 5


def test_notes_and_tables_follow_usher_home(home, monkeypatch, capsys):
    protect(home)
    monkeypatch.setenv("USHER_HOME", str(home / "own"))
    (home / "own").mkdir(mode=0o700)
    (home / ".config" / "usher").rename(home / "own" / "config")
    monkeypatch.setenv("AWS_PROFILE", PRODUCTION)
    assert shown(monkeypatch, capsys) == f"PRODUCTION {PRODUCTION}"
    assert segment.noted_look(os.environ, PRODUCTION) == ("red", "PRODUCTION")
    assert complete.table_place(os.environ) == f"{home}/own/cache/completion"


def test_completion_alone_is_printed_for_those_who_want_it(home, capsys):
    assert run(["completion", "bash"]) == 0
    assert "complete -F __usher_complete usher" in capsys.readouterr().out


def test_several_protected_profiles_are_one_question(home, capsys, monkeypatch):
    protect(home)
    settings = home / ".config" / "usher" / "settings.toml"
    settings.write_text(settings.read_text() + '[[protect]]\nprofiles = ["plain"]\nconfirm = true\n')
    answers = []
    monkeypatch.setattr(Terminal, "interactive", property(lambda _: True))
    monkeypatch.setattr(Terminal, "confirm", lambda _, question: answers.append(question))
    context = read_context()
    looks = looks_of(context, [PRODUCTION, "plain", "two words"])
    with pytest.raises(UsherError, match="nothing was run"):
        confirm_all(context, looks, yes=False)
    assert answers == [f"2 of 3 are protected: {PRODUCTION}, plain. Enter them?"]
    confirm_all(context, looks, yes=True)
    monkeypatch.setattr(Terminal, "confirm", lambda _, question: True)
    confirm_all(context, looks, yes=False)


def test_keys_of_every_kind_make_complete_environments():
    lasting = Credentials("AKIA", Secret("s"))
    given = credential_changes({}, "p", lasting, "")
    assert set(given.set) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "USHER_PROFILE"}
    emulated = credential_changes({}, "p", lasting, "eu-west-1", endpoint_url="http://127.0.0.1:5000")
    inside = emulated.applied_to({})
    assert inside["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"
    assert "AWS_ENDPOINT_URL" not in credential_changes(inside, "p", lasting, "").applied_to(inside)
