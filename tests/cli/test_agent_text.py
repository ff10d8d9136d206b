"""The agent's words: grants as shells, Docker, Compose and devcontainers read them; nothing is made up."""

import json

import pytest

from usher.cli.text.agent import grants_text, log_line, status_text
from usher.cli.text.agent_grants import grant_text, grant_variables

GRANT = {
    "ok": True,
    "id": "0a1b2c3d",
    "token": "the-token",
    "token_file": "/run/user/1000/usher-grants/0a1b2c3d.token",
    "url": "http://127.0.0.1:4711/v1/credentials",
    "region": "eu-$central",
    "endpoint_url": None,
    "any_user": False,
}
URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
FILE, TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN"


def test_the_token_goes_by_file_where_there_is_one():
    assert grant_variables(GRANT) == {
        URI: GRANT["url"],
        FILE: GRANT["token_file"],
        "AWS_REGION": "eu-$central",
        "AWS_DEFAULT_REGION": "eu-$central",
    }
    without = grant_variables(GRANT | {"token_file": None, "endpoint_url": "http://127.0.0.1:5000"})
    assert (without[TOKEN], without["AWS_ENDPOINT_URL"]) == ("the-token", "http://127.0.0.1:5000")


def test_a_shell_forgets_what_would_win_and_gets_quoted_values():
    first, *exports = grant_text(GRANT, "env").splitlines()
    assert first.startswith("unset AWS_PROFILE ")
    assert TOKEN in first.split()
    assert FILE not in first.split()
    assert f"export {URI}={GRANT['url']}" in exports
    assert "export AWS_REGION='eu-$central'" in exports


def test_docker_mounts_the_token_read_only_into_the_hosts_network():
    printed = grant_text(GRANT, "docker")
    assert "docker run --rm --network host" in printed
    assert f"source={GRANT['token_file']},target=/run/secrets/usher-token,readonly" in printed
    assert f"--env {FILE}=/run/secrets/usher-token" in printed
    assert "the-token" not in printed
    assert printed.endswith("IMAGE")


def test_a_container_of_another_user_cannot_read_the_file_and_gets_the_token():
    printed = grant_text(GRANT | {"any_user": True}, "docker")
    assert f"--env {TOKEN}=the-token" in printed
    assert "--mount" not in printed
    assert "mounts" not in json.loads(grant_text(GRANT | {"any_user": True}, "devcontainer"))
    assert "secrets" not in grant_text(GRANT | {"any_user": True}, "compose")


def test_compose_reads_its_part_as_yaml_and_replaces_no_dollar():
    yaml = pytest.importorskip("yaml")
    found = yaml.safe_load(grant_text(GRANT, "compose"))
    service = found["services"]["SERVICE"]
    assert service["network_mode"] == "host"
    assert service["environment"]["AWS_REGION"] == "eu-$$central"
    assert found["secrets"]["usher-token"]["file"] == GRANT["token_file"]
    elsewhere = GRANT | {"url": "http://169.254.170.2:4711/v1/credentials"}
    found = yaml.safe_load(grant_text(elsewhere, "compose"))
    assert found["services"]["SERVICE"]["networks"] == ["default", "usher"]
    assert found["networks"] == {"usher": {"external": True}}


def test_a_devcontainer_gets_arguments_mounts_and_variables():
    found = json.loads(grant_text(GRANT, "devcontainer"))
    assert found["runArgs"] == ["--network=host"]
    assert found["mounts"] == [
        f"type=bind,source={GRANT['token_file']},target=/run/secrets/usher-token,readonly"
    ]
    assert found["containerEnv"][URI] == GRANT["url"]


def test_a_script_gets_everything():
    found = json.loads(grant_text(GRANT, "json"))
    assert (found["token"], found["environment"][URI], "ok" in found) == ("the-token", GRANT["url"], False)


def test_grants_are_listed_with_their_end_and_use():
    grant = {
        "id": "0a1b2c3d",
        "profile": "evil\x1b[31m",
        "account": "222222222222",
        "role": "Admin",
        "expires_at": 8000.0,
        "uses": 3,
        "last_used": 940.0,
        "ends_with_a_process": True,
    }
    text = grants_text([grant, {**grant, "last_used": None, "ends_with_a_process": False}], 1000.0, None)
    assert "1h56m or with its process" in text
    assert "1m ago" in text
    assert "never" in text
    assert "\x1b" not in text
    assert grants_text([], 0.0, None).startswith("No grant is open")


def test_what_may_go_wrong_is_said_in_the_status():
    about = {
        "running": True,
        "pid": 7,
        "since": 0.0,
        "holds": {"records": 1, "keys": 0},
        "serving": {"grants": 0, "endpoint": [], "problems": {"staging": "the session has ended"}},
        "memory": {},
        "on_demand": True,
    }
    text = status_text(about, 90.0)
    assert "process 7, for 1m30s" in text
    assert "staging: the session has ended" in text
    assert "may be swapped out" in text
    assert "or soon after it holds nothing" in text
    assert "some time" in status_text({"running": True}, 0.0)


def test_an_event_is_one_line_whatever_it_holds():
    line = log_line({"time": 0, "event": "given", "profile": "a\nb", "expires_at": None, "who": "x (1)"})
    assert "expires_at=never" in line
    assert "\n" not in line
    assert line.endswith("who=x (1)")
