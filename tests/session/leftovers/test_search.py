"""What other tools leave in plain text: found where they leave it, judged, and never shown."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from usher.session.leftovers.finding import (
    Kind,
    Life,
    Removal,
    Surroundings,
    account_of_key,
    masked,
    modified_at,
    moment,
)
from usher.session.leftovers.search import find_leftovers

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
STATIC, SESSION = "AKIAY34FZKBOKMUTVV7A", "ASIAY34FZKBOKMUTVV7A"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SOON, PAST = "2026-11-25T13:00:00Z", "2026-11-25T11:00:00Z"


@pytest.fixture
def places(tmp_path):
    home, folder = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    folder.mkdir()
    return Surroundings({}, home, folder, os.geteuid())


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(0o600)
    return path


def found(places, environ=None):
    leftovers = find_leftovers(Surroundings(environ or {}, places.home, places.folder, places.uid), NOW)
    for leftover in leftovers:
        assert SECRET not in json.dumps(asdict(leftover), default=str)
        assert STATIC not in json.dumps(asdict(leftover), default=str)
    return leftovers


def only(places, environ=None):
    (leftover,) = found(places, environ)
    return leftover


def test_an_empty_home_has_nothing(places):
    assert found(places) == []


def test_static_and_session_keys_of_the_credentials_file_are_told_apart(places):
    put(
        places.credentials_file,
        f"# mine\n[default]\naws_access_key_id = {STATIC}\nregion = eu-west-1\n"
        f"AWS_SECRET_ACCESS_KEY={SECRET}\n\n[work]\naws_access_key_id={SESSION}\n"
        f"aws_secret_access_key={SECRET}\naws_session_token=t\nx_security_token_expires={PAST}\n"
        "[empty]\nregion = eu-west-1\n",
    )
    static, session = found(places)
    assert (static.kind, static.name, static.life) == (Kind.STATIC_KEY, "default", Life.LIVE)
    assert (static.lines, static.account, static.key_id) == ((3, 5), "609629065308", "AKIA…VV7A")
    assert "usher keys import --profile default" in static.advice
    assert (session.kind, session.name, session.life) == (Kind.SESSION_KEY, "work", Life.EXPIRED)
    assert session.lines == (8, 9, 10, 11)


@pytest.mark.parametrize("name", ["credentials~", "credentials.bak", "config.usher-backup"])
def test_copies_beside_the_files_are_looked_into(places, name):
    keys = f"[a]\naws_access_key_id = {STATIC}\naws_secret_access_key = {SECRET}\n"
    copy = put(places.home / ".aws" / name, keys)
    assert only(places).path == copy


def test_keys_in_the_config_file_are_found_by_profile_name(places):
    put(
        places.config_file, f"[profile dev]\naws_access_key_id = {STATIC}\naws_secret_access_key = {SECRET}\n"
    )
    assert (only(places).path, only(places).name) == (places.config_file, "dev")


def test_the_files_that_variables_name_are_looked_at(places, tmp_path):
    named = put(tmp_path / "elsewhere", f"[a]\naws_access_key_id={STATIC}\naws_secret_access_key={SECRET}\n")
    assert only(places, {"AWS_SHARED_CREDENTIALS_FILE": str(named)}).path == named
    assert only(places, {"AWS_CONFIG_FILE": str(named)}).path == named


@pytest.mark.parametrize(
    ("folder", "document", "kind", "life"),
    [
        ("sso/cache", {"accessToken": "t", "expiresAt": SOON, "startUrl": "u"}, Kind.TOKEN, Life.LIVE),
        ("sso/cache", {"accessToken": "t", "expiresAt": "2026-11-25T11:00:00UTC"}, Kind.TOKEN, Life.EXPIRED),
        (
            "sso/cache",
            {
                "accessToken": "t",
                "expiresAt": PAST,
                "refreshToken": "r",
                "registrationExpiresAt": "2027-01-01T00:00:00Z",
            },
            Kind.TOKEN,
            Life.LIVE,
        ),
        ("sso/cache", {"clientId": "c", "clientSecret": "s", "expiresAt": SOON}, Kind.CLIENT, Life.LIVE),
        (
            "cli/cache",
            {"Credentials": {"AccessKeyId": SESSION, "SecretAccessKey": SECRET, "Expiration": SOON}},
            Kind.SESSION_KEY,
            Life.LIVE,
        ),
        (
            "boto/cache",
            {"Credentials": {"AccessKeyId": SESSION, "SecretAccessKey": SECRET, "Expiration": "soon"}},
            Kind.SESSION_KEY,
            Life.UNKNOWN,
        ),
        (
            "login/cache",
            {
                "accessToken": {
                    "accessKeyId": SESSION,
                    "secretAccessKey": SECRET,
                    "accountId": "609629065308",
                    "expiresAt": PAST,
                },
                "refreshToken": "r",
            },
            Kind.TOKEN,
            Life.LIVE,
        ),
    ],
)
def test_caches_are_judged_by_what_is_in_them(places, folder, document, kind, life):
    path = put(places.home / ".aws" / folder / "x.json", document)
    leftover = only(places)
    assert (leftover.path, leftover.kind, leftover.life) == (path, kind, life)
    assert leftover.removal is Removal.DELETE_FILE
    if "Credentials" in document or folder == "login/cache":
        assert leftover.account == "609629065308"


def test_a_torn_cache_file_counts_and_an_empty_one_does_not(places):
    torn = put(places.home / ".aws/sso/cache/torn.json", '{"accessToken": "t"}}abc')
    put(places.home / ".aws/sso/cache/empty.json", "")
    put(places.home / ".aws/sso/cache/list.json", [])
    put(places.home / ".aws/sso/cache/other.json", {"version": 1})
    put(places.home / ".aws/sso/cache/noise.json", "{ nothing")
    assert only(places).path == torn


def test_the_login_cache_can_be_elsewhere(places, tmp_path):
    document = {"accessToken": {"accessKeyId": SESSION, "secretAccessKey": SECRET}}
    put(tmp_path / "cache" / "x.json", document)
    assert only(places, {"AWS_LOGIN_CACHE_DIRECTORY": str(tmp_path / "cache")}).kind is Kind.SESSION_KEY


@pytest.mark.parametrize(
    ("file", "tool", "removable"),
    [
        (".granted/secure-storage-aws-sso-tokens/abc", "Granted", True),
        (".awsvault/keys/default", "aws-vault", False),
        (".Leapp/Leapp-lock.json", "Leapp", False),
        (".aws/saml2aws/cache_default", "saml2aws", True),
    ],
)
def test_stores_of_other_tools_are_named(places, file, tool, removable):
    put(places.home / file, "sealed somehow")
    leftover = only(places)
    assert (leftover.tool, leftover.is_removable) == (tool, removable)


def test_aws_sso_clis_plain_store_counts_when_something_is_in_it(places):
    store = places.home / ".aws-sso" / "store.json"
    put(store, {"CreateTokenResponse": {}})
    assert found(places) == []
    put(store, "torn {")
    assert found(places) == []
    put(store, {"CreateTokenResponse": {"key": {"accessToken": "t"}}})
    assert (only(places).tool, only(places).kind) == ("aws-sso-cli", Kind.STORE)


def test_a_password_in_saml2aws_config_is_one_line(places):
    put(places.home / ".saml2aws", "[default]\nusername = me\npassword = secret\nsaml_cache_password =\n")
    assert (only(places).lines, only(places).removal) == ((3,), Removal.CUT_LINES)


@pytest.mark.parametrize(
    "text",
    [
        f"OTHER=1\nAWS_ACCESS_KEY_ID={STATIC}\nAWS_SECRET_ACCESS_KEY={SECRET}\n",
        f"OTHER=1\nexport AWS_ACCESS_KEY_ID='{STATIC}'\nexport AWS_SECRET_ACCESS_KEY=\"{SECRET}\"\n",
        f"OTHER=1\nset -gx AWS_ACCESS_KEY_ID {STATIC}\nset -gx AWS_SECRET_ACCESS_KEY {SECRET}\n",
        f"OTHER=1\n$env:AWS_ACCESS_KEY_ID = '{STATIC}'\n$env:AWS_SECRET_ACCESS_KEY = '{SECRET}'\n",
    ],
)
def test_environment_files_of_every_shell_are_read(places, text):
    put(places.folder / ".envrc", text)
    leftover = only(places)
    assert (leftover.kind, leftover.lines, leftover.account) == (Kind.STATIC_KEY, (2, 3), "609629065308")


def test_an_environment_file_that_asks_elsewhere_is_fine(places):
    put(places.folder / ".env", "AWS_SECRET_ACCESS_KEY=$(pass aws)\nAWS_PROFILE=dev\n")
    assert found(places) == []


@pytest.mark.parametrize(
    "line",
    [
        f"export AWS_SECRET_ACCESS_KEY={SECRET}",
        f"aws configure set aws_secret_access_key {SECRET}",
        f"- cmd: tool --key {STATIC} --secret {SECRET}",
    ],
)
def test_secrets_typed_at_a_prompt_are_found_in_the_shells_history(places, line):
    put(places.home / ".bash_history", f"ls\n{line}\ncd\n")
    leftover = only(places)
    assert (leftover.tool, leftover.lines) == ("shell history", (2,))


@pytest.mark.parametrize(
    "line",
    ["echo $AWS_SECRET_ACCESS_KEY", "aws iam get-access-key-last-used AKIAY34FZKBOKMUTVV7A", "git log"],
)
def test_commands_without_a_secret_are_left_alone(places, line):
    put(places.home / ".zsh_history", line + "\n")
    assert found(places) == []


def test_another_history_file_is_read_where_the_shell_says_so(places, tmp_path):
    put(tmp_path / "history", f"export AWS_SECRET_ACCESS_KEY={SECRET}\n")
    assert only(places, {"HISTFILE": str(tmp_path / "history")}).path == tmp_path / "history"


def test_keys_in_the_shells_own_environment_are_for_the_person_to_unset(places):
    environ = {
        "AWS_ACCESS_KEY_ID": SESSION,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": "t",
        "AWS_CREDENTIAL_EXPIRATION": SOON,
    }
    leftover = only(places, environ)
    assert (leftover.kind, leftover.life, leftover.is_removable) == (Kind.SESSION_KEY, Life.LIVE, False)
    assert "unset" in leftover.advice
    assert only(places, {"AWS_ACCESS_KEY_ID": STATIC, "AWS_SECRET_ACCESS_KEY": SECRET}).life is Life.LIVE


def test_terraforms_state_holds_the_secret_of_every_key_it_made(places):
    resources = [
        {"type": "aws_s3_bucket", "instances": []},
        {
            "type": "aws_iam_access_key",
            "instances": [
                {"attributes": {"id": STATIC, "user": "ci", "secret": SECRET}},
                {"attributes": {"id": STATIC, "user": "sealed", "secret": None}},
            ],
        },
    ]
    put(places.folder / "terraform.tfstate", {"resources": resources})
    put(places.folder / "terraform.tfstate.backup", "[]")
    leftover = only(places)
    assert (leftover.name, leftover.tool, leftover.is_removable) == ("ci", "Terraform state", False)


def test_files_that_others_can_read_are_named_with_their_mode(places):
    path = put(places.credentials_file, f"[a]\naws_access_key_id={STATIC}\naws_secret_access_key={SECRET}\n")
    path.chmod(0o644)
    put(places.config_file, "[default]\n").chmod(0o664)
    kinds = [(each.kind, each.path, each.name) for each in found(places)]
    assert kinds[1:] == [
        (Kind.OPEN_FILE, places.config_file, "0664"),
        (Kind.OPEN_FILE, places.credentials_file, "0644"),
    ]
    places.config_file.chmod(0o644)
    assert len(found(places)) == 2


def test_what_cannot_be_read_or_is_no_file_is_passed_over(places):
    places.credentials_file.parent.mkdir()
    os.mkfifo(places.credentials_file)
    (places.home / ".bash_history").mkdir()
    (places.folder / ".env").symlink_to(places.folder / ".env")
    (places.home / ".awsvault/keys/folder").mkdir(parents=True)
    assert found(places) == []
    assert found(places, {"AWS_CONFIG_FILE": "x" * 300}) == []
    assert modified_at(places.home / "nothing") is None


@pytest.mark.parametrize(
    ("key", "account"),
    [
        (STATIC, "609629065308"),
        (SESSION, "609629065308"),
        ("AKIAIOSFODNN7EXAMPLE", ""),
        ("AKIA", ""),
        ("", ""),
    ],
)
def test_an_access_key_id_names_its_account(key, account):
    assert account_of_key(key) == account
    assert masked(key) in {"", f"{key[:4]}…{key[-4:]}"}


def test_moments_of_all_writers_are_read():
    assert moment(SOON) == moment("2026-11-25T13:00:00UTC") == moment("2026-11-25T13:00:00") == NOW + 3600
    assert moment("tomorrow") is moment(None) is None
