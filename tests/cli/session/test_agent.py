"""`usher agent` as a person, a container and a long job use it."""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

STAGING = "mkdev-staging/ReadOnlyAccess"


@pytest.fixture
def agent(synced):
    """A home whose agent is ended afterwards."""
    yield synced
    synced.run("agent", "stop")


def granted(home, *arguments):
    return json.loads(home.ok("agent", "grant", *arguments, "--format", "json"))


def fetch(url, token):
    request = urllib.request.Request(url, headers={"Authorization": token})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return json.load(answer)


def refused(url, token):
    with pytest.raises(urllib.error.HTTPError) as raised:
        fetch(url, token)
    with raised.value as answer:
        return answer.status, json.load(answer)


def test_a_grant_gives_a_containers_sdk_the_keys_of_one_role(agent, portal):
    grant = granted(agent, STAGING)
    keys = fetch(grant["url"], Path(grant["token_file"]).read_text())
    assert set(keys) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", "AccountId"}
    assert keys["AccountId"] == "222222222222"
    assert portal.count("credentials") == 1


def test_a_job_longer_than_a_role_session_never_notices(agent, portal):
    portal.role_seconds = 2
    job = [sys.executable, str(Path(__file__).with_name("long_job.py")), "5"]
    printed = agent.ok("exec", "--renew", STAGING, "--", *job)
    lines = [line.split() for line in printed.splitlines()]
    assert {method for _, method in lines} == {"container-role"}
    assert len(lines) >= 3
    assert json.loads(agent.ok("agent", "grants", "--json")) == []
