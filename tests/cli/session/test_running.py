"""`usher exec` and `usher env`: keys for one command, for many accounts at once, and for other shells."""

import json
import os
import signal
import subprocess
import sys

import pytest

STAGING = "mkdev-staging/ReadOnlyAccess"
PRODUCTION = "mkdev-production/ReadOnlyAccess"
PROTECT_PRODUCTION = (
    '[[protect]]\naccounts = ["production"]\ncolour = "red"\nlabel = "PRODUCTION"\nconfirm = true\n'
)
ACCOUNT = "import os; print(os.environ['AWS_ACCOUNT_ID'])"


@pytest.fixture
def protected(synced):
    """A home whose production asks before it is entered."""
    settings = synced.folder / ".config" / "usher" / "settings.toml"
    settings.write_text(PROTECT_PRODUCTION)
    settings.chmod(0o600)
    return synced


def python(code):
    return ["--", sys.executable, "-c", code]


def test_a_command_runs_in_every_matching_profile_and_each_line_says_whose_it_is(synced):
    done = synced.run("exec", "--each", "mkdev-*/ReadOnlyAccess", *python(ACCOUNT))
    assert done.returncode == 0, done.stderr
    width = len(PRODUCTION)
    assert sorted(done.stdout.splitlines()) == sorted(
        f"{profile:<{width}} │ {account}"
        for profile, account in {STAGING: "222222222222", PRODUCTION: "333333333333"}.items()
    )
    assert "2 of 2 succeeded" in done.stderr


def test_the_exit_code_of_many_is_the_worst_and_names_who_failed(synced):
    code = "import os, sys; sys.exit(7 if os.environ['AWS_ACCOUNT_ID'][0] == '3' else 0)"
    done = synced.run("exec", STAGING, PRODUCTION, *python(code))
    assert done.returncode == 7
    assert f"failed: {PRODUCTION} (exit code 7)" in done.stderr


def test_a_profile_that_cannot_be_opened_fails_alone(synced, portal):
    portal.accounts["333333333333"] = ("production", [])
    done = synced.run("exec", PRODUCTION, STAGING, *python(ACCOUNT))
    assert done.returncode == 4
    assert "222222222222" in done.stdout
    assert f"{PRODUCTION} │ error: " in done.stderr


def test_nobody_signed_in_is_said_once_and_nothing_runs(synced):
    synced.ok("logout")
    done = synced.run("exec", STAGING, PRODUCTION, *python(ACCOUNT))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("usher login mkdev") == 1


def test_json_of_many_holds_every_outcome(synced):
    code = "import os, sys; print(os.environ['USHER_PROFILE']); print('e', file=sys.stderr); sys.exit(3)"
    done = synced.run("exec", "--json", STAGING, PRODUCTION, *python(code))
    outcomes = json.loads(done.stdout)
    assert [(each["profile"], each["exit_code"], each["stdout"], each["stderr"]) for each in outcomes] == [
        (STAGING, 3, STAGING, "e"),
        (PRODUCTION, 3, PRODUCTION, "e"),
    ]
    assert done.returncode == 3


def test_a_command_that_does_not_exist_ends_as_shells_say_it(synced):
    done = synced.run("exec", STAGING, PRODUCTION, "--", "no-such-command")
    assert done.returncode == 127
    assert done.stderr.count("no-such-command") == 2
    (synced.folder / "plain").write_text("")
    assert synced.run("exec", STAGING, PRODUCTION, "--", str(synced.folder / "plain")).returncode == 126


def test_at_most_so_many_run_at_a_time(synced):
    code = (
        "import os, time, pathlib; here = pathlib.Path(os.environ['HOME'], 'running')\n"
        "here.mkdir(); time.sleep(0.2); here.rmdir()"
    )
    assert synced.run("exec", "--jobs", "1", STAGING, PRODUCTION, *python(code)).returncode == 0
    for wrong in ("0", "65", "x"):
        assert synced.run("exec", "--jobs", wrong, STAGING, *python(code)).returncode == 2


def test_being_ended_ends_every_command(synced):
    code = "import time; print('up', flush=True); time.sleep(60)"
    process = synced.start("exec", STAGING, PRODUCTION, *python(code))
    process.stdout.readline()
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode in {130, 128 + signal.SIGTERM}


def test_what_was_not_begun_when_all_was_ended_is_named(synced):
    code = "import time; print('up', flush=True); time.sleep(60)"
    process = synced.start("exec", "--jobs", "1", STAGING, PRODUCTION, *python(code))
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, words = process.communicate(timeout=20)
    assert process.returncode == 130
    assert f"failed: {PRODUCTION} (not started)" in words
    assert "Traceback" not in words


def test_the_second_interrupt_kills_what_ignores_the_first(synced):
    code = "import signal, time; signal.signal(2, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    process = synced.start("exec", STAGING, PRODUCTION, *python(code))
    process.stdout.readline()
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130


def test_nobody_listening_ends_every_command(synced):
    code = "import time\nfor _ in range(600): print('x' * 999, flush=True); time.sleep(0.1)"
    process = synced.start("exec", STAGING, PRODUCTION, *python(code))
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=20) != 0
    process.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--each", "no-*", "--", "true"], 5, "no profile matches 'no-*'"),
        (["--json", STAGING, "--", "true"], 2, "--json is for several profiles"),
        (["--", "true"], 2, "which profile?"),
        ([STAGING, "--region", "x", "true"], 2, "put -- before the command"),
    ],
)
def test_wrong_words_are_explained(synced, arguments, code, words):
    done = synced.run("exec", *arguments)
    assert done.returncode == code
    assert words in done.stderr


def test_a_command_may_follow_its_profile_without_dashes(synced):
    """PowerShell takes `--` away before a function sees it."""
    done = synced.run("exec", "--region", "eu-west-3", STAGING, sys.executable, "-c", ACCOUNT)
    assert done.stdout == "222222222222\n"


def test_the_region_that_is_asked_for_is_in_both_variables(synced):
    code = "import os; print(os.environ['AWS_REGION'], os.environ['AWS_DEFAULT_REGION'])"
    assert synced.ok("exec", STAGING, "--region", "eu-west-3", *python(code)) == "eu-west-3 eu-west-3\n"


def test_the_profile_in_use_is_meant_when_none_is_named(synced):
    assert synced.ok("exec", *python(ACCOUNT), AWS_PROFILE=STAGING) == "222222222222\n"


def test_exec_within_exec_is_the_inner_profile_alone(synced):
    inner = [sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())", "exec"]
    code = "import os; print(os.environ['USHER_PROFILE'], os.environ['AWS_ACCOUNT_ID'])"
    printed = synced.ok("exec", STAGING, "--", *inner, PRODUCTION, *python(code))
    assert printed == f"{PRODUCTION} 333333333333\n"


def test_a_script_does_not_enter_production_without_yes(protected):
    refused = protected.run("exec", PRODUCTION, *python(ACCOUNT))
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "add --yes" in refused.stderr
    assert protected.run("exec", STAGING, PRODUCTION, *python(ACCOUNT)).returncode == 4
    assert protected.run("env", PRODUCTION).returncode == 4
    assert protected.ok("exec", "--yes", PRODUCTION, *python(ACCOUNT)) == "333333333333\n"


def test_a_name_that_does_not_tell_where_it_leads_enters_nothing_protected(protected):
    config = protected.config
    settings = protected.folder / ".config" / "usher" / "settings.toml"
    settings.write_text('[[protect]]\naccounts = ["333333333333"]\nconfirm = true\n')
    program = f'{sys.executable} -c "import sys; from usher._entry import main; sys.exit(main())"'
    claimed = "[profile disguised]\nusher_account_id = 222222222222\n"
    config.write_text(
        config.read_text() + f"{claimed}credential_process = {program} credentials {PRODUCTION}\n"
    )
    assert protected.run("exec", "disguised", *python(ACCOUNT)).returncode == 4
    done = protected.run("exec", STAGING, "disguised", *python(ACCOUNT))
    assert (done.returncode, done.stdout.count("222222222222")) == (4, 1)
    assert "which its name did not tell" in done.stderr


def test_production_is_marked_where_many_run(protected):
    out = protected.ok("exec", "--yes", STAGING, PRODUCTION, *python(ACCOUNT))
    assert sorted(out.splitlines()) == [
        f"             {STAGING}    │ 222222222222",
        f" PRODUCTION  {PRODUCTION} │ 333333333333",
    ]
    code = "import os; print(os.environ['USHER_COLOUR'], os.environ['USHER_LABEL'])"
    assert protected.ok("exec", "--yes", PRODUCTION, *python(code)) == "red PRODUCTION\n"


# --- usher env -----------------------------------------------------------------------------------


def test_a_shell_reads_env_and_has_keys_and_no_profile(synced):
    text = synced.ok("env", STAGING)
    code = "import os; print(os.environ['AWS_ACCOUNT_ID'], 'AWS_PROFILE' in os.environ)"
    command = f'eval "$TEXT"; "{sys.executable}" -c "{code}"'
    printed = subprocess.run(
        ["sh", "-c", command],
        env={**os.environ, "TEXT": text, "AWS_PROFILE": "other"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == "222222222222 False\n"


@pytest.mark.parametrize(
    ("format_name", "expected"),
    [
        ("fish", "set -gx AWS_ACCOUNT_ID '222222222222'"),
        ("powershell", "$env:AWS_ACCOUNT_ID = '222222222222'"),
        ("nu", '$env.AWS_ACCOUNT_ID = "222222222222"'),
        ("cmd", '@set "AWS_ACCOUNT_ID=222222222222"'),
        ("dotenv", "AWS_ACCOUNT_ID=222222222222"),
    ],
)
def test_every_shell_gets_its_own_words(synced, format_name, expected):
    assert expected in synced.ok("env", STAGING, "--format", format_name).splitlines()


def test_json_tells_what_to_set_and_what_to_take_away(synced):
    document = json.loads(synced.ok("env", STAGING, "--format", "json", "--region", "eu-west-3"))
    assert document["set"]["AWS_REGION"] == document["set"]["AWS_DEFAULT_REGION"] == "eu-west-3"
    assert {"AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"} <= set(document["unset"])


def test_everything_can_be_taken_away_again(synced):
    lines = synced.ok("env", "--clear").splitlines()
    assert "\\unset -v AWS_SECRET_ACCESS_KEY" in lines
    assert all(line.startswith("\\unset -v ") for line in lines)
    assert synced.run("env", "--clear", STAGING).returncode == 2


def test_a_file_is_the_owners_alone(synced):
    file = synced.folder / "keys.env"
    file.write_text("old")
    file.chmod(0o644)
    synced.ok("env", STAGING, "--format", "dotenv", "--output", str(file))
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert "AWS_SECRET_ACCESS_KEY=" in file.read_text()
    link = synced.folder / "link"
    link.symlink_to(file)
    assert synced.run("env", STAGING, "--output", str(link)).returncode == 2
    assert synced.run("env", STAGING, "--output", str(synced.folder / "no" / "where")).returncode == 2


def test_keys_do_not_go_where_git_takes_them_along(synced):
    repository = synced.folder / "repository"
    repository.mkdir()

    def git(*arguments):
        names = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        subprocess.run(["git", *names, *arguments], cwd=repository, check=True, capture_output=True)

    git("init")
    file = repository / ".env"
    write = ("env", STAGING, "--format", "dotenv", "--output", str(file))
    refused = synced.run(*write)
    assert refused.returncode == 2
    assert "git does not ignore" in refused.stderr
    assert not file.exists()
    (repository / ".gitignore").write_text(".env\n")
    assert synced.run(*write).returncode == 0
    git("add", "--force", ".env")
    git("commit", "--message", "a mistake")
    assert "is in git" in synced.run(*write).stderr
    assert synced.run(*write, "--even-in-git").returncode == 0
    assert synced.run(*write, PATH="/nowhere").returncode == 2
