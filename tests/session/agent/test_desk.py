"""Grants: opened for one role, used with a token, ended by time, process, revocation or a changed profile."""

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from usher.core.errors import (
    NoAccessError,
    NotFoundError,
    SignInNeededError,
    UnavailableError,
    UsageError,
    UsherError,
)
from usher.session.agent import desk as desks
from usher.session.agent import endpoint as endpoints
from usher.session.agent.audit import LINES_KEPT, Audit
from usher.session.agent.desk import Desk, Surroundings
from usher.session.agent.endpoint import Endpoint, check_private, hosts_of, url_of
from usher.session.agent.peers import Peer
from usher.session.agent.supply import CredentialSupply

ENVIRONMENT = {"HOME": "/home/a"}


def fetch(grant):
    request = urllib.request.Request(grant["url"], headers={"Authorization": grant["token"]})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def grant(ask):
    return ask("grants.open", profile="staging", environment=ENVIRONMENT)


def test_a_grant_tells_all_that_a_client_needs_once(ask, grant, clock):
    assert len(grant["token"]) == 43
    assert (grant["account"], grant["role"]) == ("222222222222", "ReadOnlyAccess")
    assert grant["region"] == "eu-central-1"
    assert grant["url"].startswith("http://127.0.0.1:")
    assert 8 * 3600 - 5 < grant["expires_at"] - clock() <= 8 * 3600
    [listed] = ask("grants.list")["grants"]
    assert listed["id"] == grant["id"]
    assert grant["token"] not in json.dumps([listed, ask("log")])


def test_the_token_file_is_private_and_ends_with_the_token(grant):
    path = Path(grant["token_file"])
    assert path.read_text() == grant["token"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_keys_come_in_the_form_of_containers_and_are_counted(ask, grant):
    status, keys = fetch(grant)
    assert status == 200
    assert keys == {
        "AccessKeyId": "ASIA0001",
        "SecretAccessKey": "key1",
        "Token": "tok1",
        "Expiration": keys["Expiration"],
        "AccountId": "222222222222",
    }
    assert keys["Expiration"].endswith("Z")
    [listed] = ask("grants.list")["grants"]
    assert (listed["uses"], listed["last_used"] is None) == (1, False)
    given = [event for event in ask("log")["events"] if event["event"] == "keys given"]
    assert given[0]["via"] == grant["id"]
    assert f"({os.getpid()})" in given[0]["who"]
    assert "key1" not in json.dumps(ask("log"))


def test_keys_without_end_or_account_are_given_in_the_same_form(ask, source, monkeypatch):
    source.seconds = None
    grant = ask("grants.open", profile="static", environment={})
    for kept in source.current.values():
        object.__setattr__(kept, "session_token", None)
        object.__setattr__(kept, "account_id", None)
    keys = fetch(grant)[1]
    assert keys["Token"] == ""
    assert "AccountId" not in keys
    assert keys["Expiration"]


def test_a_roles_own_name_is_given_where_it_is_known(ask, source):
    source.role_arn = "arn:aws:iam::222222222222:role/a"
    grant = ask("grants.open", profile="chained", environment={})
    assert fetch(grant)[1]["RoleArn"] == "arn:aws:iam::222222222222:role/a"


def test_this_users_programs_get_keys_without_a_grant(ask):
    answer = ask("credentials", profile="staging", environment=ENVIRONMENT)
    assert answer["credentials"]["AccessKeyId"] == "ASIA0001"
    assert answer["region"] == "eu-central-1"


def test_a_grant_whose_profile_leads_elsewhere_is_void(ask, grant, source):
    source.identity = "mkdev/333333333333/AdministratorAccess"
    status, words = fetch(grant)
    assert (status, words["code"]) == (403, "GrantNotValid")
    assert "means something else" in words["message"]
    source.identity = "mkdev/222222222222/ReadOnlyAccess"
    assert fetch(grant)[0] == 403
    assert not Path(grant["token_file"]).exists()


def test_a_revoked_grant_takes_its_token_file_along(ask, grant):
    Path(grant["token_file"]).unlink()
    assert ask("grants.close", id=grant["id"]) == {"closed": 1}
    with pytest.raises(NotFoundError):
        ask("grants.close", id=grant["id"])
    one, two = (ask("grants.open", profile=name, environment={}) for name in "ab")
    assert ask("grants.close", organization="another") == {"closed": 0}
    assert ask("grants.close", all=True) == {"closed": 2}
    assert not any(Path(each["token_file"]).exists() for each in (one, two))


def test_a_grant_ends_with_its_time(ask, desk, clock):
    grant = ask("grants.open", profile="staging", environment={}, seconds=60)
    desk.sweep()
    assert desk.held() == 1
    clock.offset += 61
    desk.sweep()
    assert desk.held() == 0
    assert not Path(grant["token_file"]).exists()
    assert ask("log")["events"][-1]["reason"] == "its time is over"


def test_a_grant_ends_with_the_process_it_was_opened_for(ask, desk):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    peer = Peer(os.getuid(), process.pid)
    grant = ask("grants.open", peer, profile="staging", environment={}, ends_with_caller=True)
    assert fetch(grant)[0] == 200
    process.communicate(b"\n")
    assert fetch(grant)[0] == 403
    assert desk.held() == 0
    assert ask("log")["events"][-2]["reason"] == "its process ended"


def test_a_caller_that_the_kernel_does_not_name_gets_a_grant_by_time(ask, desk):
    ask("grants.open", Peer(os.getuid()), profile="staging", environment={}, ends_with_caller=True)
    assert desk.held() == 1


@pytest.mark.parametrize("seconds", [0, -1, 7 * 24 * 3600 + 1, "8h", True])
def test_a_grant_has_a_sensible_end(ask, seconds):
    with pytest.raises(UsageError):
        ask("grants.open", profile="staging", environment={}, seconds=seconds)


@pytest.mark.parametrize(
    "fields",
    [
        {"environment": {}},
        {"profile": "a", "environment": []},
        {"profile": "a", "environment": {"HOME": 1}},
        {"profile": "a", "listen": "127.0.0.1"},
        {"profile": "a", "any_user": "yes"},
    ],
)
def test_a_request_that_is_not_one_is_refused(ask, fields):
    with pytest.raises(UsageError):
        ask("grants.open", **fields)


def test_the_address_that_this_machines_network_reaches_is_not_listened_at(monkeypatch):
    class Probe:
        def __init__(self, family, kind):
            self.family = family

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def connect(self, somewhere):
            if self.family == socket.AF_INET6:
                raise OSError("no way out")

        def getsockname(self):
            return "192.168.7.9", 1

    monkeypatch.setattr(endpoints.socket, "socket", Probe)
    with pytest.raises(UsageError, match=r"192\.168\.7\.9: other machines could reach it"):
        check_private("192.168.7.9")
    check_private("172.17.0.1")
    check_private("fd00::1")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "8.8.8.8", "224.0.0.1", "localhost", "example.com", ""])
def test_keys_are_never_served_where_other_machines_could_reach_them(ask, host):
    with pytest.raises(UsageError):
        ask("grants.open", profile="staging", environment={}, listen=[host])


def test_an_address_that_this_machine_does_not_have_is_named(ask):
    with pytest.raises(UsageError, match=r"10\.255\.255\.1"):
        ask("grants.open", profile="staging", environment={}, listen=["10.255.255.1"])


def test_grants_share_a_port_unless_one_is_asked_for(ask):
    one, two = (ask("grants.open", profile=name, environment={}) for name in "ab")
    assert one["url"] == two["url"]
    port = int(one["url"].split(":")[2].split("/")[0])
    assert ask("grants.open", profile="c", environment={}, port=port)["url"] == one["url"]
    both = ask("grants.open", profile="d", environment={}, listen=["127.0.0.1", "::1"])
    assert len(both["addresses"]) == 2
    assert fetch(both | {"url": both["addresses"][1]})[0] == fetch(both)[0] == 200


def test_addresses_are_written_as_urls_and_hosts_have_them():
    assert url_of(("::1", 80)) == "http://[::1]:80/v1/credentials"
    assert hosts_of(("169.254.170.2", 80)) == {"169.254.170.2:80", "169.254.170.2"}
    assert hosts_of(("127.0.0.1", 7)) == {"127.0.0.1:7", "169.254.170.2:7"}


class OddError(UsherError):
    pass


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SignInNeededError("signed out", hint="usher login"), 403),
        (NoAccessError("taken away"), 403),
        (UnavailableError("away"), 503),
        (OddError("odd"), 500),
    ],
)
def test_why_there_are_no_keys_is_told_to_who_has_the_token(grant, source, error, status):
    source.error = error
    found, words = fetch(grant)
    assert found == status
    assert words["code"] == type(error).__name__
    assert error.message in words["message"]
    assert error.hint in words["message"]


def test_where_there_is_no_memory_file_system_no_token_file_is_written(source, clock):
    desk = Desk(CredentialSupply(source.open, clock), Surroundings(clock, os.getuid(), None), Audit(clock))
    grant = desk.operations()["grants.open"]({"profile": "a"}, Peer(os.getuid()))
    assert grant["token_file"] is None
    desk.stop()


def test_in_the_background_keys_and_ready_records_are_renewed(source, clock, token_folder, monkeypatch):
    monkeypatch.setattr(desks, "RENEW_EVERY_SECONDS", 0.01)
    answers, asked = iter([FileNotFoundError("the runtime folder went away"), 2]), threading.Event()

    def renew_ready():
        answer = next(answers, 0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    around = Surroundings(clock, os.getuid(), token_folder, renew_ready)
    desk = Desk(CredentialSupply(source.open, clock), around, Audit(clock))
    desk.operations()["credentials"]({"profile": "a"}, Peer(os.getuid()))
    clock.offset += 3000
    desk.start(asked.set)
    assert asked.wait(5)
    assert len(source.made) == 2
    assert desk.told()["profiles"] == ["a"]
    desk.stop()


def test_what_was_refused_is_in_the_log_and_the_log_has_an_end(grant, ask, clock):
    fetch(grant | {"token": "wrong"})
    event = ask("log")["events"][-1]
    assert (event["event"], event["reason"]) == ("request refused", "GrantNotValid")
    heard = []
    audit = Audit(clock, heard.append)
    for number in range(LINES_KEPT + 5):
        audit.note("a", number=number)
    assert len(audit.events()) == LINES_KEPT
    assert len(heard) == LINES_KEPT + 5


def test_the_end_of_the_desk_ends_its_grants_and_its_endpoint(ask, grant, desk):
    desk.stop()
    assert not Path(grant["token_file"]).exists()
    with pytest.raises(OSError):
        fetch(grant)


def test_a_connection_that_is_gone_when_it_is_accepted_is_only_one(grant, monkeypatch):
    endpoint = Endpoint(lambda *_: {}, lambda *_: None)

    class Reluctant:
        tries = 0

        def accept(self):
            self.tries += 1
            if self.tries > 1:
                endpoint._listeners.clear()
            raise ConnectionAbortedError

    reluctant = Reluctant()
    endpoint._listeners[("127.0.0.1", 1)] = reluctant
    endpoint._accept(reluctant, ("127.0.0.1", 1))
    assert reluctant.tries == 2
