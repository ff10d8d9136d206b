"""`usher agent` as a person, a container and a long job use it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from usher.cli.agent_profiles import AgentProfiles
from usher.cli.context import context_of
from usher.fastpath import ready
from usher.session.agent.supply import Wanted
from usher.session.ready_record import environment_of

STAGING = "mkdev-staging/ReadOnlyAccess"
JOB = [sys.executable, str(Path(__file__).with_name("long_job.py"))]


@pytest.fixture
def agent(synced):
    """A home whose agent is ended afterwards."""
    yield synced
    synced.run("agent", "stop")


def granted(home, *arguments):
    return json.loads(home.ok("agent", "grant", *(arguments or (STAGING,)), "--format", "json"))


def fetch(grant):
    token = Path(grant["token_file"]).read_text()
    request = urllib.request.Request(grant["url"], headers={"Authorization": token})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return json.load(answer)


def refused(grant):
    with pytest.raises(urllib.error.HTTPError) as raised:
        fetch(grant)
    with raised.value as answer:
        return answer.status, json.load(answer)


def grants(home):
    return json.loads(home.ok("agent", "grants", "--json"))


def test_it_is_started_seen_and_stopped(agent):
    done = agent.run("agent", "status")
    assert done.returncode == 5
    assert "No agent is running" in done.stdout
    assert json.loads(agent.run("agent", "status", "--json").stdout)["running"] is False
    assert "The agent runs" in agent.run("agent", "start").stderr
    about = json.loads(agent.ok("agent", "status", "--json"))
    assert (about["running"], about["on_demand"], about["serving"]["grants"]) == (True, False, 0)
    assert about["memory"]["no_core_dump"] is True
    assert "0 open" in agent.ok("agent", "status")
    assert "is gone" in agent.run("agent", "stop").stderr
    assert agent.run("agent", "stop").returncode == 5


def test_a_grant_gives_a_containers_sdk_the_keys_of_one_role(agent, portal):
    grant = granted(agent)
    keys = fetch(grant)
    assert set(keys) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", "AccountId"}
    assert keys["AccountId"] == "222222222222"
    assert portal.count("credentials") == 1
    assert json.loads(agent.ok("credentials", STAGING))["AccessKeyId"] == keys["AccessKeyId"]
    [listed] = grants(agent)
    assert (listed["id"], listed["uses"]) == (grant["id"], 1)
    assert grant["id"] in agent.ok("agent", "grants")
    assert "1 open at http://127.0.0.1:" in agent.ok("agent", "status")
    log = agent.ok("agent", "log")
    assert f"keys given profile={STAGING}" in log
    assert json.loads(agent.ok("agent", "log", "--json"))[0]["event"] == "grant opened"
    assert keys["SecretAccessKey"] not in "".join(agent.outputs[3:])


def test_without_an_agent_there_are_no_grants_and_no_log(agent):
    assert "No grant is open" in agent.ok("agent", "grants")
    assert agent.ok("agent", "log") == ""
    assert "Revoked: 0" in agent.run("agent", "revoke", "--all").stderr


def test_a_revoked_grant_gives_nothing(agent):
    one, two = granted(agent), granted(agent)
    assert "Revoked: 1" in agent.run("agent", "revoke", one["id"]).stderr
    with pytest.raises(OSError):
        fetch(one)
    assert fetch(two)
    agent.ok("agent", "revoke", "--all")
    assert refused(two | {"token_file": _copy_of_token(agent, two)})[1]["code"] == "GrantNotValid"
    assert agent.run("agent", "revoke", one["id"]).returncode == 5
    for wrong in ((), ("a", "--all")):
        assert agent.run("agent", "revoke", *wrong).returncode == 2


def _copy_of_token(home, grant):
    path = home.folder / "token"
    path.write_text(grant["token"])
    return path


def test_after_a_logout_the_reason_reaches_the_program_that_asks(agent):
    grant = granted(agent)
    agent.ok("logout")
    status, words = refused(grant)
    assert status == 403
    assert "usher login mkdev" in words["message"]
    assert "usher login mkdev" in agent.ok("agent", "status")


def test_a_grant_is_void_when_its_profile_leads_elsewhere(agent):
    grant = granted(agent)
    agent.config.write_text(agent.config.read_text().replace("222222222222", "333333333333"))
    assert "means something else" in refused(grant)[1]["message"]
    assert grants(agent) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            (),
            [
                "unset AWS_PROFILE",
                "export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:",
                "_TOKEN_FILE=",
            ],
        ),
        (("--format", "docker"), ["docker run --rm --network host", "--mount type=bind,source=", "IMAGE"]),
        (("--format", "compose"), ["network_mode: host", "secrets: [usher-token]", 'file: "/']),
        (("--format", "devcontainer"), ['"runArgs"', '"--network=host"', '"containerEnv"']),
        (("--format", "docker", "--any-user"), ["AWS_CONTAINER_AUTHORIZATION_TOKEN="]),
        (("--format", "docker", "--listen", "127.0.0.1"), ["--network host"]),
        (("--format", "compose", "--listen", "::1"), ["networks: [default, usher]", "external: true"]),
    ],
)
def test_a_grant_is_printed_as_each_tool_reads_it(agent, arguments, expected):
    printed = agent.ok("agent", "grant", STAGING, *arguments)
    assert [part for part in expected if part not in printed] == []


def test_the_shells_form_sets_what_an_sdk_needs_in_a_real_shell(agent):
    code = f'eval "$({" ".join(map(_quoted, USHER))} agent grant {STAGING} 2>/dev/null)"; exec "$@"'
    environ = {**agent.environ, "AWS_PROFILE": "other", "AWS_ACCESS_KEY_ID": "AKIA"}
    command = ["sh", "-c", code, "sh", *JOB, "0.1"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.split()[1] == "container-role"


def _quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"


USHER = [sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())"]


@pytest.mark.parametrize(
    "wrong", [("--ttl", "soon"), ("--ttl", "0s"), ("--port", "70000"), ("--listen", "0.0.0.0")]
)
def test_a_grant_that_makes_no_sense_is_refused(agent, wrong):
    assert agent.run("agent", "grant", STAGING, *wrong).returncode == 2


def test_who_is_not_signed_in_gets_no_grant(agent):
    agent.ok("logout")
    done = agent.run("agent", "grant", STAGING)
    assert (done.returncode, done.stdout) == (3, "")
    assert "usher login mkdev" in done.stderr


def test_in_a_terminal_it_says_what_it_does_until_it_is_ended(agent):
    process = agent.start("agent", "run")
    assert "The agent runs" in process.stderr.readline()
    assert agent.run("agent", "run").returncode == 7
    assert agent.run("agent", "run", "--detach").returncode == 7
    fetch(granted(agent))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "grant opened" in err
    assert "keys given" in err
    assert "reason=the agent ended" in err


def test_settings_say_how_long_it_stays_when_nobody_asks(agent):
    settings = agent.folder / ".config" / "usher" / "settings.toml"
    settings.write_text('[agent]\nidle = "90m"\n')
    agent.ok("agent", "start")
    assert json.loads(agent.ok("agent", "status", "--json"))["idle_seconds"] == 5400
    agent.ok("agent", "stop")
    settings.write_text('[agent]\nidle = "soon"\n')
    done = agent.run("agent", "start")
    assert done.returncode == 7
    assert "agent.idle" in done.stderr
    settings.write_text('[agent]\nidel = "1h"\n')
    assert "idel" in agent.run("agent", "run").stderr


def test_a_job_longer_than_a_role_session_never_notices(agent, portal):
    portal.role_seconds = 1
    printed = agent.ok("exec", "--renew", STAGING, "--", *JOB, "3")
    lines = [line.split() for line in printed.splitlines()]
    assert {method for _, method in lines} == {"container-role"}
    assert len(lines) >= 3
    assert len({key for key, _ in lines}) == len(lines)
    assert grants(agent) == []


def test_a_command_with_renewal_keeps_its_exit_code_and_sees_no_keys(agent):
    done = agent.run("exec", "--renew", STAGING, "--", "sh", "-c", "env; exit 42", AWS_PROFILE="other")
    assert done.returncode == 42
    seen = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    assert seen["USHER_PROFILE"] == STAGING
    assert seen["AWS_REGION"] == "eu-central-1"
    assert Path(seen["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).is_absolute()
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_PROFILE"} & set(seen)
    assert agent.run("exec", "--renew", STAGING, STAGING, "--", "true").returncode == 2


def test_a_killed_job_leaves_no_grant_behind(agent):
    process = agent.start("exec", "--renew", STAGING, "--", "sh", "-c", "echo here; exec sleep 60")
    assert process.stdout.readline() == "here\n"
    [grant] = grants(agent)
    assert grant["ends_with_a_process"] is True
    assert "or with its process" in agent.ok("agent", "grants")
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while grants(agent):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_default_profile_with_keys_does_not_win_over_the_job_s_role(agent):
    (agent.folder / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = secret\n"
    )
    done = agent.run("exec", "--renew", STAGING, "--", *JOB, "0.1")
    assert done.stdout.split()[1] == "container-role"
    assert "[default]" in done.stderr


def test_keys_that_the_hot_path_serves_are_renewed_before_it_would_miss_them(synced, portal):
    context = context_of(synced.environ)
    profiles = AgentProfiles(context)
    portal.role_seconds = ready.MARGIN_SECONDS + 20
    first = json.loads(synced.ok("credentials", STAGING))
    assert profiles.renew_ready() == 0, "nobody has read it"
    time.sleep(0.01)
    assert json.loads(synced.ok("credentials", STAGING)) == first
    portal.role_seconds = 3600
    assert profiles.renew_ready() == 1
    calls = len(portal.calls)
    second = json.loads(synced.ok("credentials", STAGING))
    assert second["AccessKeyId"] != first["AccessKeyId"]
    assert len(portal.calls) == calls
    assert profiles.renew_ready() == 0, "it holds for long"


def test_a_hot_record_that_cannot_be_renewed_is_left_to_say_why(synced, portal):
    profiles = AgentProfiles(context_of(synced.environ))
    portal.role_seconds = ready.MARGIN_SECONDS + 20
    synced.ok("credentials", STAGING)
    time.sleep(0.01)
    synced.ok("credentials", STAGING)
    portal.accounts["222222222222"] = ("staging", [])
    assert profiles.renew_ready() == 0


def test_records_of_another_agents_home_are_not_this_ones(synced, portal, tmp_path):
    portal.role_seconds = ready.MARGIN_SECONDS + 20
    synced.ok("credentials", STAGING)
    time.sleep(0.01)
    synced.ok("credentials", STAGING)
    other = AgentProfiles(context_of({**synced.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}))
    assert other.renew_ready() == 0


def test_the_agent_finds_a_vault_that_was_moved_to_another_key(synced, portal):
    profiles = AgentProfiles(context_of(synced.environ))
    wanted = Wanted.of(STAGING, environment_of(synced.environ))
    first = profiles.open(wanted, 300)
    assert profiles.open(wanted, 300) == first
    assert (first.account_id, first.role, first.region) == ("222222222222", "ReadOnlyAccess", "eu-central-1")
    synced.ok("vault", "lock")
    assert profiles.open(wanted, 300) == first
    assert os.environ is not synced.environ
