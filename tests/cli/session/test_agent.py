"""`usher agent` as a person, a container and a long job use it."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
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
PRODUCTION = "mkdev-production/ReadOnlyAccess"
JOB = [sys.executable, str(Path(__file__).with_name("long_job.py"))]


@pytest.fixture
def agent(settled):
    """The shared home and its agent, with a portal as it was at first; no grant is left open."""
    settled.portal.role_seconds = 3600
    settled.outputs.clear()
    yield settled
    settled.run("agent", "revoke", "--all")


@pytest.fixture
def alone(settled):
    """The shared home without an agent."""
    settled.run("agent", "stop")
    return settled


@pytest.fixture
def signing_out(synced):
    """A home of its own, for what ends its session."""
    yield synced
    synced.run("agent", "stop")


def granted(home, *arguments):
    return json.loads(home.ok("agent", "grant", *(arguments or (STAGING,)), "--format", "json"))


def fetch(grant):
    request = urllib.request.Request(grant["url"], headers={"Authorization": grant["token"]})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return json.load(answer)


def refused(grant):
    with pytest.raises(urllib.error.HTTPError) as raised:
        fetch(grant)
    with raised.value as answer:
        return answer.status, json.load(answer)


def grants(home):
    return json.loads(home.ok("agent", "grants", "--json"))


def test_it_is_started_seen_and_stopped(alone):
    done = alone.run("agent", "status", "--json")
    assert (done.returncode, json.loads(done.stdout)["running"]) == (5, False)
    assert "The agent runs" in alone.run("agent", "start").stderr
    about = json.loads(alone.ok("agent", "status", "--json"))
    assert (about["running"], about["on_demand"], about["serving"]["grants"]) == (True, False, 0)
    assert about["memory"]["no_core_dump"] is True
    assert "0 open" in alone.ok("agent", "status")
    assert "is gone" in alone.run("agent", "stop").stderr
    assert alone.run("agent", "stop").returncode == 5


def test_without_an_agent_there_are_no_grants_and_no_log(alone):
    assert "No grant is open" in alone.ok("agent", "grants")
    assert alone.ok("agent", "log") == ""
    assert "Revoked: 0" in alone.run("agent", "revoke", "--all").stderr


def test_a_grant_gives_a_containers_sdk_the_keys_of_one_role(agent):
    grant = granted(agent)
    keys = fetch(grant)
    assert set(keys) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", "AccountId"}
    assert keys["AccountId"] == "222222222222"
    assert Path(grant["token_file"]).read_text() == grant["token"]
    assert agent.portal.count("credentials") == 1
    [listed] = grants(agent)
    assert (listed["id"], listed["uses"]) == (grant["id"], 1)
    assert grant["id"] in agent.ok("agent", "grants")
    assert "1 open at http://127.0.0.1:" in agent.ok("agent", "status")
    assert f"keys given profile={STAGING}" in agent.ok("agent", "log")
    assert json.loads(agent.ok("agent", "log", "--json"))[0]["event"] == "grant opened"
    assert keys["SecretAccessKey"] not in "".join(agent.outputs)


def test_a_revoked_grant_gives_nothing(agent):
    one, two = granted(agent), granted(agent, PRODUCTION)
    assert "Revoked: 1" in agent.run("agent", "revoke", one["id"]).stderr
    assert refused(one)[1]["code"] == "GrantNotValid"
    assert fetch(two)["AccountId"] == "333333333333"
    assert agent.run("agent", "revoke", one["id"]).returncode == 5
    assert agent.run("agent", "revoke").returncode == 2


def test_a_logout_ends_the_grants_and_the_next_sign_in_brings_none_back(signing_out):
    grant = granted(signing_out)
    signing_out.ok("logout")
    status, words = refused(grant)
    assert (status, words["code"]) == (403, "GrantNotValid")
    assert grants(signing_out) == []
    assert "its person signed out" in signing_out.ok("agent", "log")
    done = signing_out.run("agent", "grant", STAGING)
    assert (done.returncode, done.stdout) == (3, "")


def test_a_grant_is_void_when_its_profile_leads_elsewhere(agent):
    grant, before = granted(agent), agent.config.read_text()
    agent.config.write_text(before.replace("222222222222", "333333333333"))
    try:
        assert "means something else" in refused(grant)[1]["message"]
        assert grants(agent) == []
    finally:
        agent.config.write_text(before)


def test_a_grant_is_void_when_its_plain_keys_are_anothers(agent, tmp_path):
    agent.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(tmp_path / "credentials")
    try:
        (tmp_path / "credentials").write_text("[u]\naws_access_key_id=AKIAONE\naws_secret_access_key=s\n")
        grant = granted(agent, "u")
        assert fetch(grant)["AccessKeyId"] == "AKIAONE"
        (tmp_path / "credentials").write_text("[u]\naws_access_key_id=AKIATWO\naws_secret_access_key=s\n")
        assert "means something else" in refused(grant)[1]["message"]
    finally:
        del agent.environ["AWS_SHARED_CREDENTIALS_FILE"]


def test_a_locked_vault_is_locked_for_the_agent_too(agent):
    grant, identity = granted(agent), Path(agent.environ["USHER_VAULT_IDENTITY"])
    fetch(grant)
    kept = identity.read_text()
    identity.unlink()
    try:
        assert fetch(grant)["AccountId"] == "222222222222", "the agent has the key in its memory"
        agent.run("vault", "lock")
        assert refused(grant)[0] == 403
    finally:
        identity.write_text(kept)
    assert fetch(grant)["AccountId"] == "222222222222"


def test_the_shells_form_sets_what_an_sdk_needs_in_a_real_shell(agent):
    code = f'eval "$({shlex.join(agent.usher)} agent grant {STAGING} 2>/dev/null)"; exec "$@"'
    environ = {**agent.environ, "AWS_PROFILE": "other", "AWS_ACCESS_KEY_ID": "AKIA"}
    command = ["sh", "-c", code, "sh", *JOB, "1"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.split()[1] == "container-role"


@pytest.mark.parametrize("wrong", [("--ttl", "soon"), ("--port", "70000"), ("--listen", "0.0.0.0")])
def test_a_grant_that_makes_no_sense_is_refused(agent, wrong):
    assert agent.run("agent", "grant", STAGING, *wrong).returncode == 2


def test_a_protected_account_is_not_granted_in_passing(agent):
    settings = agent.folder / ".config" / "usher" / "settings.toml"
    settings.write_text('[[protect]]\nprofiles = "mkdev-production/*"\nconfirm = true\n')
    try:
        assert agent.run("agent", "grant", PRODUCTION).returncode == 4
        assert grants(agent) == []
        assert granted(agent, PRODUCTION, "--yes")["account"] == "333333333333"
    finally:
        settings.unlink()


def test_in_a_terminal_it_says_what_it_does_until_it_is_ended(alone):
    process = alone.start("agent", "run")
    assert "The agent runs" in process.stderr.readline()
    assert alone.run("agent", "run").returncode == 7
    assert alone.run("agent", "run", "--detach").returncode == 7
    fetch(granted(alone))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "grant opened" in err
    assert "keys given" in err
    assert "reason=the agent ended" in err


def test_tokens_that_a_killed_agent_left_are_taken_away_by_the_next(alone):
    alone.ok("agent", "start")
    left = granted(alone)
    os.kill(json.loads(alone.ok("agent", "status", "--json"))["pid"], signal.SIGKILL)
    while json.loads(alone.run("agent", "status", "--json").stdout)["running"]:
        time.sleep(0.05)
    assert Path(left["token_file"]).exists()
    alone.ok("agent", "start")
    assert not Path(left["token_file"]).exists()


def test_settings_say_how_long_it_stays_when_nobody_asks(alone):
    settings = alone.folder / ".config" / "usher" / "settings.toml"
    settings.write_text('[agent]\nidle = "90m"\n')
    alone.ok("agent", "start")
    assert json.loads(alone.ok("agent", "status", "--json"))["idle_seconds"] == 5400
    alone.ok("agent", "stop")
    settings.write_text('[agent]\nidle = "soon"\n')
    done = alone.run("agent", "start")
    settings.unlink()
    assert done.returncode == 7
    assert "agent.idle" in done.stderr


@pytest.mark.once
def test_a_job_longer_than_a_role_session_never_notices(agent):
    agent.portal.role_seconds = 6
    printed = agent.ok("exec", "--renew", "mkdev-management/AdministratorAccess", "--", *JOB, "3")
    lines = [line.split() for line in printed.splitlines()]
    assert {method for _, method in lines} == {"container-role"}
    assert len({key for key, _ in lines}) == 3
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
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    while grants(agent):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_default_profile_with_keys_does_not_win_over_the_jobs_role(agent):
    credentials = agent.folder / ".aws" / "credentials"
    credentials.write_text("[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = secret\n")
    done = agent.run("exec", "--renew", STAGING, "--", *JOB, "1")
    credentials.unlink()
    assert done.stdout.split()[1] == "container-role"
    assert "[default]" in done.stderr


def test_a_profile_is_opened_as_the_persons_own_commands_would(agent):
    profiles = AgentProfiles(context_of(agent.environ))
    wanted = Wanted.of(STAGING, environment_of(agent.environ))
    first = profiles.open(wanted, 300)
    assert profiles.open(wanted, 300) == first
    assert (first.account_id, first.role, first.region) == ("222222222222", "ReadOnlyAccess", "eu-central-1")


@pytest.fixture
def used(synced, portal):
    """A record that ends soon and that the hot path has served, as an SDK asks for it.

    In a runtime folder of its own: a sign-in anywhere clears the one in memory that all homes share.
    """
    with tempfile.TemporaryDirectory(dir="/dev/shm") as runtime:
        synced.environ["XDG_RUNTIME_DIR"] = runtime
        yield _used(synced, portal)


def _used(synced, portal):
    portal.role_seconds = ready.MARGIN_SECONDS + 25
    made = json.loads(synced.ok("credentials", STAGING))
    time.sleep(0.01)
    assert json.loads(synced.ok("credentials", STAGING)) == made
    return made


def test_keys_that_the_hot_path_serves_are_renewed_before_it_would_miss_them(used, synced, portal):
    profiles = AgentProfiles(context_of(synced.environ))
    portal.role_seconds = 3600
    assert profiles.renew_ready() == 1
    calls = len(portal.calls)
    renewed = json.loads(synced.ok("credentials", STAGING))
    assert renewed["AccessKeyId"] != used["AccessKeyId"]
    assert len(portal.calls) == calls
    assert profiles.renew_ready() == 0, "it holds for long"


def test_records_of_others_and_ones_that_cannot_be_renewed_are_left_alone(used, synced, portal, tmp_path):
    portal.accounts["222222222222"] = ("staging", [])
    elsewhere = {**synced.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert AgentProfiles(context_of(elsewhere)).renew_ready() == 0
    assert portal.count("credentials") == 1
    assert AgentProfiles(context_of(synced.environ)).renew_ready() == 0
    assert portal.count("credentials") == 2
