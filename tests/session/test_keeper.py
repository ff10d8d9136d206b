"""A session over its life: tokens on demand, one refresh over many processes, rotation, logout."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from usher.core.errors import ExitCode
from usher.session.errors import NotSignedInError, OidcError, PortalUnavailableError, SessionEndedError
from usher.session.keeper import SessionKeeper
from usher.session.locks import session_lock
from usher.session.login import login_with_device
from usher.session.oidc import Tokens
from usher.session.records import read_session, session_name, write_session
from usher.session.roles import role_credentials

REFRESHER = """
import sys, time
from pathlib import Path
from usher.session.http import HttpClient
from usher.session.keeper import SessionKeeper
from usher.session.oidc import OidcClient
from usher.session.organizations import PortalOrganization
from usher.session.portal import PortalClient
from usher.session.vault.sealed import SealedVault

url, folder = sys.argv[1], Path(sys.argv[2])
organization = PortalOrganization("mkdev", url + "/start", "eu-central-1", url)
http = HttpClient({}, time.time)
oidc, portal = OidcClient(http, url, time.time), PortalClient(http, url)
vault = SealedVault(folder / "vault", lambda: b"k" * 32)
keeper = SessionKeeper(organization, oidc, portal, vault, folder / "locks", time.time)
print("ready", flush=True)
sys.stdin.readline()
print(keeper.access_token().reveal())
"""


def stored(rooms):
    return read_session(rooms.vault, rooms.organization)


def shorten(rooms, seconds):
    """Let the stored access token end in `seconds`."""
    session = stored(rooms)
    tokens = Tokens(session.tokens.access_token, rooms.desk.clock() + seconds, session.tokens.refresh_token)
    write_session(rooms.vault, rooms.organization, replace(session, tokens=tokens))


def without_refresh_token(rooms):
    session = stored(rooms)
    tokens = Tokens(session.tokens.access_token, session.tokens.expires_at, None)
    write_session(rooms.vault, rooms.organization, replace(session, tokens=tokens))


def test_a_fresh_token_is_used_without_asking_the_portal(signed_in, portal):
    before = len(portal.calls)
    assert signed_in.keeper.access_token() == stored(signed_in).tokens.access_token
    assert len(portal.calls) == before


def test_nobody_signed_in_says_which_command_to_run(rooms):
    with pytest.raises(NotSignedInError) as caught:
        rooms.keeper.access_token()
    assert caught.value.exit_code is ExitCode.SIGN_IN_NEEDED
    assert "usher login mkdev" in caught.value.hint


def test_a_token_about_to_end_is_refreshed_and_the_rotated_one_is_saved(signed_in, portal):
    old = stored(signed_in)
    shorten(signed_in, 200)
    token = signed_in.keeper.access_token()
    assert token.reveal() in portal.access_tokens
    assert token != old.tokens.access_token
    assert stored(signed_in).tokens.refresh_token != old.tokens.refresh_token
    shorten(signed_in, 200)
    assert signed_in.keeper.access_token() != token


def test_sixteen_processes_share_exactly_one_refresh(signed_in, portal, tmp_path):
    from usher.session.vault.sealed import SealedVault

    session = stored(signed_in)
    tokens = Tokens(session.tokens.access_token, 1.0, session.tokens.refresh_token)
    vault = SealedVault(tmp_path / "shared" / "vault", lambda: b"k" * 32)
    write_session(vault, signed_in.organization, replace(session, tokens=tokens))
    portal.refresh_delay = 0.3
    command = [sys.executable, "-c", REFRESHER, portal.url, str(tmp_path / "shared")]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(16)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert len(answers) == 1
    assert answers.pop().strip() in portal.access_tokens
    assert portal.count("refresh") == 1


@pytest.mark.parametrize("error", ["invalid_grant", "expired_token"])
def test_a_refused_refresh_asks_for_a_new_login(signed_in, portal, error):
    portal.refresh_tokens.clear()
    shorten(signed_in, 10)
    with pytest.raises(SessionEndedError) as caught:
        signed_in.keeper.access_token()
    assert caught.value.exit_code is ExitCode.SIGN_IN_NEEDED


def test_a_refresh_refused_for_another_reason_is_not_taken_for_the_end(signed_in, portal):
    shorten(signed_in, 10)
    portal.failures = [418]
    with pytest.raises(OidcError, match="http_418"):
        signed_in.keeper.access_token()
    assert stored(signed_in) is not None


def test_an_unreachable_portal_does_not_take_away_a_token_that_still_holds(signed_in, portal):
    shorten(signed_in, 200)
    portal.failures = [503]
    assert signed_in.keeper.access_token() == stored(signed_in).tokens.access_token


def test_an_unreachable_portal_with_an_ended_token_is_worth_another_try(signed_in, portal):
    shorten(signed_in, -1)
    portal.failures = [503]
    with pytest.raises(PortalUnavailableError):
        signed_in.keeper.access_token()


def test_without_a_refresh_token_the_access_token_is_used_to_its_end(signed_in, clock):
    without_refresh_token(signed_in)
    shorten(signed_in, 200)
    assert signed_in.keeper.access_token() == stored(signed_in).tokens.access_token
    clock.advance(300)
    with pytest.raises(SessionEndedError):
        signed_in.keeper.access_token()


def test_a_refresh_is_not_tried_with_an_ended_registration(signed_in, portal, clock):
    clock.advance(91 * 86400)
    with pytest.raises(SessionEndedError):
        signed_in.keeper.access_token()
    assert portal.count("refresh") == 0


def test_a_token_the_portal_revoked_is_refreshed_once(signed_in, portal):
    portal.access_tokens.clear()
    keys = role_credentials(signed_in.keeper, "222222222222", "ReadOnlyAccess")
    assert keys.account_id == "222222222222"
    assert portal.count("refresh") == 1


def test_a_session_the_portal_ended_asks_for_a_login(signed_in, portal):
    portal.access_tokens.clear()
    portal.refresh_tokens.clear()
    with pytest.raises(SessionEndedError):
        role_credentials(signed_in.keeper, "222222222222", "ReadOnlyAccess")


def test_a_session_is_never_sent_to_another_address(signed_in):
    from dataclasses import replace

    elsewhere = replace(signed_in.organization, endpoint_url="http://127.0.0.1:9")
    with pytest.raises(NotSignedInError):
        replace(signed_in.keeper, organization=elsewhere).access_token()


def test_logout_ends_the_session_on_the_server_and_removes_every_secret(signed_in, portal):
    role_credentials(signed_in.keeper, "222222222222", "ReadOnlyAccess")
    signed_in.vault.write("session/other", b"stays")
    assert signed_in.keeper.logout() is None
    assert portal.access_tokens == {}
    assert signed_in.vault.names() == ["session/other"]


def test_logout_takes_what_another_process_was_about_to_keep(signed_in, portal):
    keeping = threading.Event()

    def keep() -> None:
        with session_lock(signed_in.keeper.locks, "mkdev"):
            keeping.set()
            give_up = time.monotonic() + 0.5
            while signed_in.vault.read("session/mkdev") is not None and time.monotonic() < give_up:
                time.sleep(0.01)
            signed_in.vault.write("role/mkdev/222222222222/ReadOnlyAccess", b"kept too late")

    other = threading.Thread(target=keep)
    other.start()
    assert keeping.wait(10)
    assert signed_in.keeper.logout() is None
    other.join()
    assert signed_in.vault.names() == []


def test_logout_works_here_when_the_server_is_away_and_says_so(signed_in, portal):
    portal.shutdown()
    portal.server_close()
    assert "cannot reach" in signed_in.keeper.logout()
    assert signed_in.vault.names() == []


def test_logout_after_the_access_token_lapsed_still_ends_the_session_on_the_server(signed_in, portal):
    shorten(signed_in, -1)
    portal.access_tokens.clear()
    assert signed_in.keeper.logout() is None
    assert portal.refresh_tokens == set()
    assert signed_in.vault.names() == []


def test_logout_with_a_token_the_server_refuses_is_tried_again_with_a_new_one(signed_in, portal):
    portal.access_tokens.clear()
    assert signed_in.keeper.logout() is None
    assert (portal.refresh_tokens, portal.count("refresh")) == (set(), 1)


def test_logout_that_cannot_refresh_says_that_the_server_could_not_be_told(signed_in, portal):
    without_refresh_token(signed_in)
    shorten(signed_in, -1)
    assert "has ended" in signed_in.keeper.logout()
    assert signed_in.vault.names() == []


def test_logout_with_a_lapsed_token_while_the_server_is_away_says_so(signed_in, portal):
    shorten(signed_in, -1)
    portal.failures = [503]
    assert signed_in.keeper.logout()
    assert signed_in.vault.names() == []


def test_logout_says_when_the_server_refuses(signed_in, portal):
    portal.failures = [400]
    assert "HTTP 400" in signed_in.keeper.logout()


def test_logout_without_a_session_is_fine(rooms, portal):
    assert rooms.keeper.logout() is None
    assert portal.calls == []


def test_logout_removes_a_session_that_does_not_open(rooms):
    rooms.vault.write(session_name("mkdev"), b"not json")
    assert "session/mkdev" in rooms.keeper.logout()
    assert rooms.vault.names() == []


@pytest.mark.parametrize("content", [b"not json", b"[]", json.dumps({"endpoint": "x"}).encode()])
def test_a_damaged_session_asks_for_a_login(rooms, content):
    from usher.core.errors import SignInNeededError

    rooms.vault.write(session_name("mkdev"), content)
    with pytest.raises(SignInNeededError):
        rooms.keeper.access_token()


def test_two_logins_after_one_another_leave_one_session(signed_in, portal):
    login_with_device(signed_in.desk, signed_in.organization, lambda _: None)
    assert [name for name in signed_in.vault.names() if name.startswith("session/")] == ["session/mkdev"]


def test_a_holder_that_is_killed_does_not_keep_the_lock(tmp_path):
    from usher.core.errors import UnavailableError
    from usher.session.locks import exclusive

    lock = tmp_path / "x.lock"
    held = multiprocessing.get_context("fork").Event()
    process = multiprocessing.get_context("fork").Process(target=_hold, args=(lock, held))
    process.start()
    assert held.wait(10)
    with pytest.raises(UnavailableError, match="another usher process"), exclusive(lock, 0.1):
        pass
    process.kill()
    process.join()
    with exclusive(lock, 5):
        assert lock.stat().st_mode & 0o777 == 0o600


def _hold(lock, held):
    from usher.session.locks import exclusive

    with exclusive(lock):
        held.set()
        os.kill(os.getpid(), 19)


def test_a_link_in_place_of_a_lock_is_refused(tmp_path):
    from usher.session.locks import exclusive
    from usher.session.vault.contract import UnsafePlaceError

    (tmp_path / "x.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(UnsafePlaceError, match="cannot lock"), exclusive(tmp_path / "x.lock"):
        pass
    assert not (tmp_path / "victim").exists()


def test_the_keeper_is_a_value(rooms):
    assert isinstance(rooms.keeper, SessionKeeper)
    with pytest.raises(AttributeError):
        rooms.keeper.locks = None


def test_a_token_that_the_portal_refuses_is_refreshed_once_for_the_call(signed_in, portal):
    old = signed_in.keeper.access_token()
    del portal.access_tokens[old.reveal()]
    assert signed_in.keeper.with_token(signed_in.keeper.portal.accounts)
    assert portal.count("refresh") == 1


def test_a_token_that_a_sibling_has_replaced_is_read_anew_without_a_refresh(signed_in, portal):
    def call(token):
        if not seen:
            seen.append(token)
            login_with_device(signed_in.desk, signed_in.organization, lambda _: None)
            raise SessionEndedError("refused")
        return token

    seen = []
    assert signed_in.keeper.with_token(call) == stored(signed_in).tokens.access_token
    assert portal.count("refresh") == 0


def test_a_session_that_the_portal_refuses_even_refreshed_is_dropped_and_nobody_tries_it_again(
    signed_in, portal
):
    def refused(token):
        raise SessionEndedError("refused")

    with pytest.raises(SessionEndedError, match="your session with mkdev has ended"):
        signed_in.keeper.with_token(refused)
    asked = len(portal.calls)
    with pytest.raises(SessionEndedError):
        signed_in.keeper.access_token()
    assert len(portal.calls) == asked
    assert not stored(signed_in).is_usable(signed_in.desk.clock())
    assert signed_in.keeper.logout() is None


def test_a_sibling_that_signs_in_while_the_portal_refuses_keeps_its_session(signed_in):
    def refused(token):
        if token != first:
            login_with_device(signed_in.desk, signed_in.organization, lambda _: None)
        raise SessionEndedError("refused")

    first = signed_in.keeper.access_token()
    with pytest.raises(SessionEndedError):
        signed_in.keeper.with_token(refused)
    assert stored(signed_in).is_usable(signed_in.desk.clock())


def test_a_refused_refresh_is_remembered_so_that_nobody_asks_the_portal_again(signed_in, portal):
    portal.refresh_tokens.clear()
    shorten(signed_in, 10)
    for _ in range(3):
        with pytest.raises(SessionEndedError):
            signed_in.keeper.access_token()
    assert portal.count("refresh") == 1


@pytest.mark.parametrize(
    "other", [{"scopes": ("sso:account:access", "other:scope")}, {"start_url": "https://b.awsapps.com/start"}]
)
def test_a_session_of_other_scopes_or_another_start_url_is_none(signed_in, other):
    from usher.session.oidc import ClientKind
    from usher.session.records import read_registration

    organization = replace(signed_in.organization, **other)
    assert read_session(signed_in.vault, organization) is None
    assert read_registration(signed_in.vault, organization, ClientKind.DEVICE) is None


def test_refreshing_keeps_when_and_how_the_person_signed_in(signed_in):
    before = stored(signed_in)
    shorten(signed_in, 10)
    signed_in.keeper.access_token()
    after = stored(signed_in)
    assert after.tokens != before.tokens
    assert (after.signed_in_at, after.kind) == (before.signed_in_at, "device")
    assert after.signed_in_at > 0
