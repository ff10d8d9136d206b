"""One session for Usher and the AWS CLI: files that botocore itself reads and refreshes, and back."""

import hashlib
import json
from dataclasses import replace

import botocore.session
import pytest

from usher.core.secrets import Secret
from usher.session.aws_cli_cache import AwsCliCache
from usher.session.errors import SessionEndedError
from usher.session.login import login_with_device, replace_session
from usher.session.oidc import ClientKind, Registration, Tokens
from usher.session.organizations import new_organization
from usher.session.records import PortalSession, read_session

URL = "https://d-1234567890.awsapps.com/start"
CORP = new_organization(name="corp", start_url=URL, region="us-east-1")
CLIENT = Registration("client-1", Secret("client-secret"), 4_000_000_000.0)
SESSION = PortalSession(Tokens(Secret("access-1"), 2_000_000_000.0, Secret("refresh-1")), CLIENT)
TOKEN_BY_NAME = "ee0bfd2552fbd840c02cc48b6e823320543c450f"
TOKEN_BY_URL = "7487b5b67d5fa1132cf33fa93ae51ef38cc37752"
TOKEN_BY_LONGER_URL = "a1c75994a810c1c468d3bd565eda2836303e6659"
REGISTRATION = "bc8a1afdb0f5cdc2c789b8a6cd51898e2be3c37c"


@pytest.fixture
def cache(tmp_path):
    return AwsCliCache(tmp_path / "cache")


def document(cache, name):
    return json.loads((cache.folder / f"{name}.json").read_text())


def test_the_files_have_the_names_and_the_eight_keys_of_the_aws_cli(cache):
    cache.write(CORP, SESSION)
    assert {path.stem for path in cache.folder.iterdir()} == {TOKEN_BY_NAME, TOKEN_BY_URL, REGISTRATION}
    assert (
        document(cache, TOKEN_BY_NAME)
        == document(cache, TOKEN_BY_URL)
        == {
            "startUrl": URL,
            "region": "us-east-1",
            "accessToken": "access-1",
            "expiresAt": "2033-05-18T03:33:20Z",
            "clientId": "client-1",
            "clientSecret": "client-secret",
            "registrationExpiresAt": "2096-10-02T07:06:40Z",
            "refreshToken": "refresh-1",
        }
    )
    assert document(cache, REGISTRATION) == {
        "clientId": "client-1",
        "clientSecret": "client-secret",
        "expiresAt": "2096-10-02T07:06:40Z",
        "scopes": ["sso:account:access"],
        "grantTypes": ["authorization_code", "refresh_token"],
    }
    assert {path.stat().st_mode & 0o777 for path in cache.folder.iterdir()} == {0o600}
    assert cache.folder.stat().st_mode & 0o777 == 0o700


def test_a_device_registration_names_no_grants_and_a_session_without_refresh_no_refresh_token(cache):
    once = replace(SESSION, tokens=replace(SESSION.tokens, refresh_token=None), kind=ClientKind.DEVICE)
    cache.write(CORP, once)
    assert "grantTypes" not in document(cache, REGISTRATION)
    assert "refreshToken" not in document(cache, TOKEN_BY_NAME)


def test_every_name_that_the_config_file_has_for_the_portal_gets_the_token(tmp_path):
    names = [("mine", URL + "/"), (URL + "#/", URL + "#/"), ("else", "https://other.awsapps.com/start")]
    cache = AwsCliCache(tmp_path / "cache", lambda: names)
    cache.write(CORP, SESSION)
    assert document(cache, TOKEN_BY_LONGER_URL)["accessToken"] == "access-1"
    assert document(cache, hashlib.sha1(b"mine").hexdigest())["accessToken"] == "access-1"
    assert not (cache.folder / f"{hashlib.sha1(b'else').hexdigest()}.json").exists()
    cache.remove(CORP, CLIENT)
    assert list(cache.folder.iterdir()) == []


def test_what_another_program_refreshed_is_seen_and_what_is_ours_already_is_not(cache):
    assert cache.refreshed(CORP, SESSION) is None
    cache.write(CORP, SESSION)
    assert cache.refreshed(CORP, SESSION) is None
    newer = Tokens(Secret("access-2"), 2_000_000_100.0, Secret("refresh-2"))
    cache.write(CORP, replace(SESSION, tokens=newer))
    assert cache.refreshed(CORP, SESSION) == newer
    assert cache.refreshed(CORP, replace(SESSION, tokens=replace(newer, expires_at=2_000_000_200.0))) is None
    older = Tokens(Secret("access-0"), 1_000_000_000.0, Secret("refresh-0"))
    cache.write(CORP, replace(SESSION, tokens=older))
    assert cache.refreshed(CORP, SESSION) is None


@pytest.mark.parametrize(
    "change",
    [
        {"startUrl": "https://d-0000000000.awsapps.com/start"},
        {"region": "eu-west-1"},
        {"clientId": "another"},
        {"refreshToken": None},
        {"expiresAt": "soon"},
        {"expiresAt": 17},
        {"registrationExpiresAt": "9999-99-99T00:00:00Z"},
        {"accessToken": ""},
    ],
)
def test_a_token_that_does_not_fit_in_every_part_counts_as_not_there(cache, change):
    newer = replace(SESSION, tokens=Tokens(Secret("access-2"), 2_000_000_100.0, Secret("refresh-2")))
    cache.write(CORP, newer)
    for name in (TOKEN_BY_NAME, TOKEN_BY_URL):
        (cache.folder / f"{name}.json").write_text(json.dumps({**document(cache, name), **change}))
    assert cache.refreshed(CORP, SESSION) is None


@pytest.mark.parametrize("ending", ["2033-05-18T03:35:00Z", "2033-05-18T03:35:00UTC", "2033-05-18T03:35:00"])
def test_moments_are_read_as_old_and_new_versions_write_them(cache, ending):
    cache.write(CORP, replace(SESSION, tokens=Tokens(Secret("access-2"), 0.0, Secret("refresh-2"))))
    path = cache.folder / f"{TOKEN_BY_NAME}.json"
    path.write_text(json.dumps({**document(cache, TOKEN_BY_NAME), "expiresAt": ending}))
    assert cache.refreshed(CORP, SESSION).expires_at == 2_000_000_100.0


@pytest.mark.parametrize(
    "content", [b'{"accessToken": "a"}}', b"", b"[]", b"\xff", b"[" * 100_000, b" " * 1_000_001]
)
def test_half_written_files_count_as_not_there(cache, content):
    cache.write(CORP, SESSION)
    for path in cache.folder.iterdir():
        path.write_bytes(content)
    assert cache.refreshed(CORP, SESSION) is None
    assert cache.find(CORP, 0.0) is None
    cache.remove(CORP, CLIENT)
    assert len(list(cache.folder.iterdir())) == 3


def test_a_link_or_a_file_that_others_can_read_counts_as_not_there(cache, tmp_path):
    cache.write(CORP, replace(SESSION, tokens=Tokens(Secret("access-2"), 3e9, Secret("refresh-2"))))
    (cache.folder / f"{TOKEN_BY_NAME}.json").rename(tmp_path / "elsewhere.json")
    (cache.folder / f"{TOKEN_BY_NAME}.json").symlink_to(tmp_path / "elsewhere.json")
    (cache.folder / f"{TOKEN_BY_URL}.json").chmod(0o644)
    assert cache.refreshed(CORP, SESSION) is None


def test_a_login_of_the_aws_clis_own_is_neither_overwritten_by_a_refresh_nor_removed(cache):
    theirs = replace(SESSION, client=replace(CLIENT, client_id="theirs"))
    cache.write(CORP, theirs)
    cache.follow(CORP, SESSION)
    cache.remove(CORP, CLIENT)
    assert document(cache, TOKEN_BY_NAME)["clientId"] == "theirs"
    cache.remove(CORP, theirs.client)
    cache.follow(CORP, SESSION)
    assert document(cache, TOKEN_BY_NAME)["clientId"] == "client-1"


def test_a_refresh_goes_on_where_the_folder_cannot_be_written(cache):
    cache.folder.write_text("a file in its place")
    cache.follow(CORP, SESSION)
    assert cache.folder.read_text() == "a file in its place"


def test_the_aws_clis_own_session_is_found_by_portal_and_scopes(cache):
    cache.write(CORP, SESSION)
    found = cache.find(CORP, 1_900_000_000.0)
    assert (found.tokens, found.client, found.kind) == (SESSION.tokens, CLIENT, ClientKind.BROWSER)
    wider = replace(CORP, scopes=("sso:account:access", "another"))
    assert cache.find(wider, 1_900_000_000.0) is None
    assert cache.find(CORP, 4_100_000_000.0) is None
    assert cache.find(replace(CORP, region="eu-west-1"), 1_900_000_000.0) is None


def test_an_editors_token_for_the_same_portal_is_not_taken(cache):
    cache.write(replace(CORP, scopes=("codewhisperer:completions",)), SESSION)
    assert cache.find(CORP, 1_900_000_000.0) is None


def test_a_token_whose_registration_is_gone_is_not_taken(cache):
    cache.write(CORP, replace(SESSION, kind=ClientKind.DEVICE))
    assert cache.find(CORP, 1_900_000_000.0).kind is ClientKind.DEVICE
    (cache.folder / f"{REGISTRATION}.json").unlink()
    assert cache.find(CORP, 1_900_000_000.0) is None


# --- with botocore and a portal ----------------------------------------------------------------------


@pytest.fixture
def shared(rooms, portal, tmp_path, monkeypatch):
    """Rooms whose session the AWS CLI has too, and botocore as another program of this person."""
    home = tmp_path / "person"
    (home / ".aws").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / ".aws" / "config"))
    (home / ".aws" / "config").write_text(
        f"[sso-session mkdev]\nsso_start_url = {portal.url}/start\nsso_region = eu-central-1\n"
        "sso_registration_scopes = sso:account:access\n"
        f"[services here]\nsso =\n  endpoint_url = {portal.url}\nsso_oidc =\n  endpoint_url = {portal.url}\n"
        "[profile native]\nsso_session = mkdev\nsso_account_id = 222222222222\n"
        "sso_role_name = ReadOnlyAccess\nservices = here\nregion = eu-central-1\n"
    )
    cache = AwsCliCache(home / ".aws" / "sso" / "cache")
    rooms.desk = replace(rooms.desk, shared=cache)
    rooms.keeper = replace(rooms.keeper, shared=cache)
    login_with_device(rooms.desk, rooms.organization, lambda _: None)
    return rooms


@pytest.fixture
def with_botocore(monkeypatch, shared):
    """Role credentials as botocore gets them, with nothing but the shared files."""
    folder = str(shared.keeper.shared.folder)
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", folder)

    def get():
        session = botocore.session.Session(profile="native")
        return session.get_credentials().get_frozen_credentials()

    return get


def test_botocore_works_with_the_shared_session_and_asks_nobody(shared, with_botocore, portal):
    assert with_botocore().access_key
    assert portal.count("credentials") == 1


def test_usher_goes_on_with_what_botocore_refreshed(shared, with_botocore, portal, clock):
    first = read_session(shared.vault, shared.organization)
    (path, *_) = shared.keeper.shared._token_files(shared.organization)
    almost = replace(first, tokens=replace(first.tokens, expires_at=clock() + 120))
    shared.keeper.shared.write(shared.organization, almost)
    replace_session(replace(shared.desk, shared=None), shared.organization, almost)
    assert with_botocore().access_key
    refreshed = json.loads(path.read_text())["accessToken"]
    assert refreshed != first.tokens.access_token.reveal()
    assert shared.keeper.access_token().reveal() == refreshed
    assert portal.count("refresh") == 1


def test_a_token_that_botocore_refreshed_and_that_is_old_again_is_refreshed_with_its_own_successor(
    shared, portal, clock
):
    first = read_session(shared.vault, shared.organization)
    newer = shared.keeper.oidc.refresh(first.client, first.tokens.refresh_token)
    shared.keeper.shared.write(shared.organization, replace(first, tokens=newer))
    clock.advance(3600)
    assert shared.keeper.access_token() not in {first.tokens.access_token, newer.access_token}
    assert portal.count("refresh") == 2


def test_botocore_goes_on_with_what_usher_refreshed(shared, with_botocore, clock, portal):
    clock.advance(3600 - 200)
    token = shared.keeper.access_token()
    paths = shared.keeper.shared._token_files(shared.organization)
    assert [json.loads(path.read_text())["accessToken"] for path in paths] == [token.reveal()] * len(paths)
    assert with_botocore().access_key


def test_logging_out_takes_the_shared_files_away(shared):
    assert shared.keeper.logout() is None
    assert list(shared.keeper.shared.folder.iterdir()) == []
    assert shared.keeper.logout() is None


def test_a_session_that_the_portal_ended_is_not_left_for_others_to_try(shared, portal, clock):
    portal.access_tokens.clear()
    portal.refresh_tokens.clear()
    token = read_session(shared.vault, shared.organization).tokens.access_token
    with pytest.raises(SessionEndedError):
        shared.keeper.access_token(rejected=token)
    assert list(shared.keeper.shared.folder.iterdir()) == []


def test_a_record_that_does_not_open_does_not_stop_logging_out(shared):
    shared.vault.write("session/mkdev", b"not json")
    assert "not one of this version" in (shared.keeper.logout() or "")
    assert read_session(shared.vault, shared.organization) is None
