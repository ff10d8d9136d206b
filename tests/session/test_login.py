"""Signing in: PKCE on loopback and device code, against a real HTTP portal."""

import os
import urllib.request
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from usher.core.errors import ExitCode
from usher.core.secrets import Secret
from usher.session.callback import CallbackListener
from usher.session.errors import LoginExpiredError, LoginRefusedError, OidcError, PortalUnavailableError
from usher.session.login import login_with_browser, login_with_device
from usher.session.oidc import ClientKind
from usher.session.pkce import challenge_of, new_verifier
from usher.session.records import read_registration, read_session, stored_roles
from usher.session.roles import role_credentials


def browse(url):
    with urllib.request.urlopen(url) as response:
        return response.status


def in_background(page):
    url = page if isinstance(page, str) else page.url.reveal()
    Thread(target=browse, args=(url,), daemon=True).start()


def test_a_browser_login_stores_tokens_that_the_portal_accepts(rooms, portal):
    session = login_with_browser(rooms.desk, rooms.organization, in_background)
    assert session.tokens.access_token.reveal() in portal.access_tokens
    assert read_session(rooms.vault, rooms.organization) == session
    assert session.is_refreshable(rooms.desk.clock())


def test_the_challenge_is_the_one_of_rfc_7636_appendix_b():
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_verifier_has_64_unreserved_characters():
    text = new_verifier(lambda n: bytes(range(n))).reveal()
    assert len(text) == 64
    assert all(c.isalnum() or c in "-._~" for c in text)


def test_denial_ends_the_login_with_its_reason(rooms, portal):
    portal.deny = "access_denied"
    with pytest.raises(LoginRefusedError, match="access_denied") as caught:
        login_with_browser(rooms.desk, rooms.organization, in_background)
    assert caught.value.exit_code is ExitCode.NO_ACCESS


def test_an_unfinished_login_ends_and_forgets_its_registration(rooms):
    from dataclasses import replace

    desk = replace(rooms.desk, longest_wait=0.05)
    with pytest.raises(LoginExpiredError, match="not finished"):
        login_with_browser(desk, rooms.organization, lambda _: None)
    assert read_registration(rooms.vault, rooms.organization, ClientKind.BROWSER) is None


def test_the_second_login_uses_the_same_registration(rooms, portal):
    for _ in range(2):
        login_with_browser(rooms.desk, rooms.organization, in_background)
    assert portal.count("register") == 1


def test_an_old_registration_is_renewed(rooms, portal, clock):
    login_with_browser(rooms.desk, rooms.organization, in_background)
    clock.advance(91 * 86400)
    login_with_browser(rooms.desk, rooms.organization, in_background)
    assert portal.count("register") == 2


def test_a_registration_the_portal_has_forgotten_is_made_anew(rooms, portal):
    login_with_device(rooms.desk, rooms.organization, lambda _: None)
    portal.clients.clear()
    login_with_device(rooms.desk, rooms.organization, lambda _: None)
    assert portal.count("register") == 2


def test_a_registration_that_does_not_open_is_made_anew(rooms, portal):
    rooms.vault.write("client/mkdev/device", b"damaged")
    login_with_device(rooms.desk, rooms.organization, lambda _: None)
    assert portal.count("register") == 1


def test_a_code_is_worth_nothing_without_its_verifier(rooms, portal):
    client = rooms.desk.oidc.register(
        ClientKind.BROWSER, rooms.organization.start_url, ("sso:account:access",)
    )
    with CallbackListener(Secret("s"), os.urandom) as listener:
        in_background(
            rooms.desk.oidc.authorize_url(
                client, listener.redirect_uri, "s", challenge_of(Secret("mine")), ("sso:account:access",)
            )
        )
        code = listener.wait(10)
    with pytest.raises(OidcError) as caught:
        rooms.desk.oidc.exchange_code(client, code.reveal(), listener.redirect_uri, Secret("other"))
    assert caught.value.code == "invalid_grant"


def test_the_authorize_address_is_at_the_origin_even_for_an_endpoint_with_a_path(rooms):
    from usher.session.oidc import OidcClient, Registration

    oidc = OidcClient(rooms.http, "https://portal.example/prefix", rooms.desk.clock)
    url = oidc.authorize_url(
        Registration("c", Secret("s"), 0), "http://127.0.0.1:1/oauth/callback", "st", "ch", ("a", "b")
    )
    assert url.startswith("https://portal.example/authorize?")
    assert parse_qs(urlsplit(url).query)["scopes"] == ["a b"]


def test_device_login_shows_the_code_and_waits_for_approval(rooms, portal):
    portal.device_answers = ["authorization_pending", "slow_down", "authorization_pending"]
    shown = []
    session = login_with_device(rooms.desk, rooms.organization, shown.append)
    assert shown[0].user_code == "ABCD-EFGH"
    assert shown[0].verification_uri_complete.endswith("?user_code=ABCD-EFGH")
    assert session.tokens.access_token.reveal() in portal.access_tokens
    assert rooms.slept == [1, 1, 6, 6]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("access_denied", LoginRefusedError),
        ("expired_token", LoginExpiredError),
        ("invalid_grant", OidcError),
    ],
)
def test_a_device_login_ends_when_the_portal_says_so(rooms, portal, answer, error):
    portal.device_answers = ["authorization_pending", answer]
    with pytest.raises(error):
        login_with_device(rooms.desk, rooms.organization, lambda _: None)


def test_a_device_code_that_nobody_approves_ends(rooms, portal, clock):
    from dataclasses import replace

    portal.device_answers = ["authorization_pending"] * 1000
    with pytest.raises(LoginExpiredError):
        login_with_device(replace(rooms.desk, sleep=clock.advance), rooms.organization, lambda _: None)


def test_a_portal_that_stumbles_during_a_device_login_is_asked_again(rooms, portal):
    def stumble(_):
        portal.failures = [503, 429]

    login_with_device(rooms.desk, rooms.organization, stumble)
    assert rooms.slept == [1, 6, 11]


def test_an_unreachable_portal_is_reported_as_worth_another_try(rooms, portal):
    portal.shutdown()
    portal.server_close()
    with pytest.raises(PortalUnavailableError, match=r"cannot reach 127\.0\.0\.1") as caught:
        login_with_device(rooms.desk, rooms.organization, lambda _: None)
    assert caught.value.exit_code is ExitCode.TRY_AGAIN


def test_signing_in_as_somebody_else_leaves_none_of_the_earlier_persons_keys(signed_in):
    earlier = role_credentials(signed_in.keeper, "222222222222", "ReadOnlyAccess")
    signed_in.vault.write("role/other/222222222222/ReadOnlyAccess", b"stays")
    login_with_device(signed_in.desk, signed_in.organization, lambda _: None)
    assert stored_roles(signed_in.vault, "mkdev") == []
    assert "role/other/222222222222/ReadOnlyAccess" in signed_in.vault.names()
    assert role_credentials(signed_in.keeper, "222222222222", "ReadOnlyAccess") != earlier


def test_earlier_keys_and_ready_records_are_gone_before_the_new_session_is_there(signed_in):
    role_credentials(signed_in.keeper, "222222222222", "ReadOnlyAccess")
    login_with_device(signed_in.desk, signed_in.organization, lambda _: None)
    assert not [name for name in signed_in.forgotten[-1] if name.startswith(("session/", "role/"))]


def test_keys_that_an_earlier_session_fetches_during_a_login_are_not_kept(signed_in):
    keeper = signed_in.keeper
    token = keeper.access_token()
    fetched = keeper.portal.role_credentials(token, "222222222222", "ReadOnlyAccess")
    login_with_device(signed_in.desk, signed_in.organization, lambda _: None)
    keeper.keep_role(fetched, token)
    assert stored_roles(signed_in.vault, "mkdev") == []
