"""`usher credentials`, `usher exec` and `usher console` as other programs and people run them."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

STAGING = "mkdev-staging/ReadOnlyAccess"


def test_the_document_is_what_credential_process_asks_for(synced):
    document = json.loads(synced.ok("credentials", STAGING))
    assert set(document) == {
        "Version",
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
        "AccountId",
    }
    assert (document["Version"], document["AccountId"]) == (1, "222222222222")
    assert 3500 < datetime.fromisoformat(document["Expiration"]).timestamp() - time.time() <= 3600


def test_a_second_call_gives_the_same_bytes_without_asking_the_portal(synced, portal):
    first = synced.ok("credentials", STAGING)
    calls = len(portal.calls)
    assert synced.ok("credentials", STAGING) == first
    assert len(portal.calls) == calls


def test_eight_calls_at_once_ask_the_portal_once(synced, portal):
    processes = [synced.start("credentials", STAGING) for _ in range(8)]
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert len(answers) == 1
    assert portal.count("credentials") == 1


def test_nobody_signed_in_exits_3_at_once_with_the_command_to_run(synced):
    synced.ok("logout")
    done = synced.run("credentials", STAGING)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "usher login mkdev" in done.stderr


def test_a_removed_assignment_exits_4_and_names_what_was_refused(synced, portal):
    portal.accounts["222222222222"] = ("staging", [])
    done = synced.run("credentials", STAGING)
    assert done.returncode == 4
    assert "ReadOnlyAccess" in done.stderr
    assert "222222222222" in done.stderr


def test_a_misspelt_profile_exits_5_with_the_near_ones(synced):
    done = synced.run("credentials", "mkdev-staging/ReadOnlyAcess")
    assert done.returncode == 5
    assert f"did you mean: {STAGING}" in done.stderr


def test_the_organizations_prefix_may_be_left_out(synced):
    assert json.loads(synced.ok("credentials", "production/ReadOnlyAccess"))["AccountId"] == "333333333333"


def test_profiles_of_other_tools_work_through_their_start_url(mkdev, portal):
    mkdev.config.parent.mkdir(exist_ok=True)
    mkdev.config.write_text(
        f"[profile legacy]\nsso_start_url = {portal.url}/start/\nsso_region = eu-central-1\n"
        "sso_account_id = 222222222222\nsso_role_name = ReadOnlyAccess\n"
        f"[sso-session corp]\nsso_start_url = {portal.url}/start\nsso_region = eu-central-1\n"
        "[profile modern]\nsso_session = corp\nsso_account_id = 333333333333\n"
        "sso_role_name = ReadOnlyAccess\n"
    )
    assert json.loads(mkdev.ok("credentials", "legacy"))["AccountId"] == "222222222222"
    assert json.loads(mkdev.ok("credentials", "modern"))["AccountId"] == "333333333333"


def test_a_profile_of_an_unknown_portal_says_how_to_sign_in_there(mkdev):
    mkdev.config.parent.mkdir(exist_ok=True)
    mkdev.config.write_text(
        "[profile other]\nsso_start_url = https://other.awsapps.com/start\nsso_region = us-east-1\n"
        "sso_account_id = 222222222222\nsso_role_name = ReadOnlyAccess\n"
    )
    done = mkdev.run("credentials", "other")
    assert done.returncode == 3
    assert "usher login --start-url https://other.awsapps.com/start --region us-east-1" in done.stderr


def test_boto3_takes_keys_from_a_synced_profile(synced):
    code = (
        "import boto3; c = boto3.Session(profile_name='mkdev-staging/ReadOnlyAccess').get_credentials();"
        "print(c.method, c.get_frozen_credentials().access_key)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=synced.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    method, key = done.stdout.split()
    assert method == "custom-process"
    assert key == json.loads(synced.ok("credentials", STAGING))["AccessKeyId"]


def test_boto3_finds_the_directorys_endpoints_in_native_profiles(mkdev, portal):
    mkdev.ok("login", "--device", "--aws-endpoint-url", "http://127.0.0.1:5000")
    mkdev.ok("profiles", "sync", "--native")
    code = (
        "import boto3; s = boto3.Session(profile_name='mkdev-staging/ReadOnlyAccess');"
        "print(*(s.client(n).meta.endpoint_url for n in ('sso', 'sso-oidc', 'sts')))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=synced_env(mkdev), capture_output=True, text=True)
    assert done.stdout.split() == [portal.url, portal.url, "http://127.0.0.1:5000"], done.stderr


def synced_env(home):
    return {**home.environ, "AWS_EC2_METADATA_DISABLED": "true"}


def test_exec_gives_the_command_the_profiles_keys_and_no_others(synced):
    synced.ok("login", "--device", "--aws-endpoint-url", "http://127.0.0.1:5000")
    foreign = {
        "AWS_PROFILE": "other",
        "AWS_ACCESS_KEY_ID": "old",
        "AWS_SECURITY_TOKEN": "old",
        "AWS_ROLE_ARN": "x",
    }
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    environ = json.loads(synced.ok("exec", STAGING, "--", sys.executable, "-c", code, **foreign))
    document = json.loads(synced.ok("credentials", STAGING))
    assert environ["AWS_ACCESS_KEY_ID"] == document["AccessKeyId"]
    assert environ["AWS_SECRET_ACCESS_KEY"] == document["SecretAccessKey"]
    assert environ["AWS_SESSION_TOKEN"] == document["SessionToken"]
    assert environ["AWS_CREDENTIAL_EXPIRATION"] == document["Expiration"]
    assert environ["AWS_REGION"] == environ["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"
    assert environ["USHER_PROFILE"] == STAGING
    assert not {"AWS_PROFILE", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN"} & set(environ)


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_commands_exit_code_is_ushers(synced, code):
    assert synced.run("exec", STAGING, "--", "sh", "-c", f"exit {code}").returncode == code


def test_arguments_reach_the_command_untouched(synced):
    arguments = ["--json", "-h", "a b", "$HOME", "'", "--", "é"]
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    assert json.loads(synced.ok("exec", STAGING, "--", sys.executable, "-c", code, *arguments)) == arguments


def test_signals_reach_the_command_itself(synced):
    process = synced.start(
        "exec", STAGING, "--", sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"
    )
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGTERM


def test_the_command_has_ushers_process_id(synced):
    process = synced.start("exec", STAGING, "--", "sh", "-c", "echo $$")
    assert int(process.communicate(timeout=30)[0]) == process.pid


def test_the_command_ignores_no_signal_that_only_python_ignores(synced):
    status = synced.ok("exec", STAGING, "--", "cat", "/proc/self/status")
    ignored = int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:")), 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1))


def test_a_pipe_that_closes_early_ends_the_command_quietly(synced):
    done = synced.run("exec", STAGING, "--", "sh", "-c", "yes | head -n 1")
    assert (done.returncode, done.stdout) == (0, "y\n")
    assert "yes:" not in done.stderr


def test_a_command_that_is_not_there_exits_127_and_one_that_cannot_run_126(synced, tmp_path):
    done = synced.run("exec", STAGING, "--", "no-such-command")
    assert done.returncode == 127
    assert "no-such-command" in done.stderr
    (tmp_path / "plain").write_text("x")
    assert synced.run("exec", STAGING, "--", str(tmp_path / "plain")).returncode == 126


def test_exec_without_a_command_exits_2(synced):
    assert synced.run("exec", STAGING).returncode == 2
    assert synced.run("exec", STAGING, "--").returncode == 2


def with_emulated_aws(home, portal):
    home.ok("login", "--device", "--aws-endpoint-url", portal.url)


def test_the_console_link_is_printed_only_when_asked(synced, portal):
    with_emulated_aws(synced, portal)
    link = synced.ok("console", STAGING, "--print").strip()
    query = parse_qs(urlsplit(link).query)
    assert link.startswith(portal.url + "/federation?")
    assert query["Action"] == ["login"]
    assert query["Destination"] == [portal.url + "/"]
    assert query["SigninToken"][0] in portal.issued


def test_the_console_opens_in_the_browser_without_the_link_on_a_command_line(synced, portal, tmp_path):
    with_emulated_aws(synced, portal)
    log = tmp_path / "opened"
    code = (
        "import sys, urllib.request as u, urllib.error as e\n"
        "class N(u.HTTPRedirectHandler):\n  def redirect_request(s, *a): return None\n"
        "try: u.build_opener(N).open(sys.argv[1])\n"
        "except e.HTTPError as h:\n"
        f"  open({str(log)!r}, 'w').write(sys.argv[1] + '\\n' + h.headers['Location'])\n"
    )
    (tmp_path / "browser.py").write_text(code)
    done = synced.run("console", STAGING, BROWSER=f"{sys.executable} {tmp_path}/browser.py %s")
    assert done.returncode == 0, done.stderr
    argument, link = log.read_text().split("\n")
    assert "SigninToken" in link
    assert urlsplit(argument).hostname == "127.0.0.1"
    assert "SigninToken" not in argument + done.stdout + done.stderr


def test_a_console_without_browser_and_print_exits_2(synced):
    assert synced.run("console", STAGING, "--no-browser").returncode == 2


@pytest.mark.parametrize("destination", ["https://evil.example/", "javascript:alert(1)"])
def test_a_destination_elsewhere_exits_2(synced, portal, destination):
    with_emulated_aws(synced, portal)
    done = synced.run("console", STAGING, destination, "--print")
    assert done.returncode == 2
    assert done.stdout == ""


@pytest.mark.parametrize("duration", ["5m", "13h", "soon"])
def test_a_console_session_length_out_of_range_exits_2(synced, duration):
    assert synced.run("console", STAGING, "--print", "--duration", duration).returncode == 2


def test_after_another_login_no_earlier_key_is_given_out(synced):
    earlier = json.loads(synced.ok("credentials", STAGING))
    synced.ok("login", "--device")
    assert json.loads(synced.ok("credentials", STAGING))["AccessKeyId"] != earlier["AccessKeyId"]


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="no shared memory here")
def test_a_warm_call_is_served_from_memory_and_logout_takes_that_away(synced, portal):
    synced.ok("credentials", STAGING)
    shelf = Path(f"/dev/shm/usher-{os.getuid()}")
    mark = os.fsencode(str(synced.folder)).hex().encode()
    assert [record for record in shelf.iterdir() if mark in record.read_bytes()]
    (key,) = synced.folder.rglob("vault.key.age")
    key.rename(key.with_name("away"))
    assert json.loads(synced.ok("credentials", STAGING))["Version"] == 1
    key.with_name("away").rename(key)
    synced.ok("logout")
    assert not [record for record in shelf.iterdir() if mark in record.read_bytes()]
