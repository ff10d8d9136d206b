"""What a profile leads to is what botocore makes of it: the same files are given to both.

Botocore's providers are asked without a call: an assumed role is looked at before its first refresh, and
`credential_process` is a program that prints fixed keys.
"""

from __future__ import annotations

import json
import os

import botocore.session
import pytest
from botocore.credentials import create_credential_resolver
from botocore.exceptions import BotoCoreError

from usher.core.errors import UsageError
from usher.core.hops import (
    KeyPlace,
    PortalHop,
    ProcessHop,
    RoleHop,
    SessionTokenHop,
    StaticKeysHop,
    WebIdentityHop,
)
from usher.profiles.aws_files import read_aws_files
from usher.profiles.chain import read_chain

PRINTED = json.dumps({"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s"})
PROCESS = "credential_process = PROGRAM"
HUB, SPOKE = "arn:aws:iam::111111111111:role/hub", "arn:aws:iam::222222222222:role/spoke"
MFA = "arn:aws:iam::111111111111:mfa/ana"
KEYS = "aws_access_key_id = AKIACONFIG\naws_secret_access_key = c\n"
SHARED = "aws_access_key_id = AKIASHARED\naws_secret_access_key = s\n"
SSO = "sso_start_url = https://a.awsapps.com/start\nsso_region = eu-west-1\n"
ENTRANCE = "sso_account_id = 333333333333\nsso_role_name = Read\n"
SESSION = f"[sso-session corp]\n{SSO}"
ROLE = f"role_arn = {SPOKE}\n"
WEB = f"[profile w]\nrole_arn = {HUB}\nweb_identity_token_file = t\n"
HUB_OF = f"[profile hub]\nrole_arn = {HUB}\nsource_profile = "

# name: (config, credentials); the profile p is asked for
FILES = {
    "keys in the config file": (f"[profile p]\n{KEYS}", ""),
    "keys in the credentials file": ("", f"[p]\n{SHARED}"),
    "the credentials file beats the config file": (f"[profile p]\n{KEYS}", f"[p]\n{SHARED}"),
    "keys with a session token": ("", f"[p]\n{SHARED}aws_session_token = t\n"),
    "the old name of the token comes first": (
        "",
        f"[p]\n{SHARED}aws_session_token = t\naws_security_token = u\n",
    ),
    "an id without its secret": ("", "[p]\naws_access_key_id = AKIA\n"),
    "an id without its secret in the config file": ("[profile p]\naws_access_key_id = AKIA\n", ""),
    "a secret in the other file": (
        "[profile p]\naws_secret_access_key = c\n",
        "[p]\naws_access_key_id = AKIA\n",
    ),
    "nothing at all": ("[profile p]\nregion = eu-west-1\n", ""),
    "a process": (f"[profile p]\n{PROCESS}\n", ""),
    "a process in the credentials file": ("", f"[p]\n{PROCESS}\n"),
    "the credentials file beats a process": (f"[profile p]\n{PROCESS}\n", f"[p]\n{SHARED}"),
    "a process beats keys in the config file": (f"[profile p]\n{KEYS}{PROCESS}\n", ""),
    "sso with a session": (f"{SESSION}[profile p]\nsso_session = corp\n{ENTRANCE}", ""),
    "sso without a session": (f"[profile p]\n{SSO}{ENTRANCE}", ""),
    "sso beats the credentials file": (f"[profile p]\n{SSO}{ENTRANCE}", f"[p]\n{SHARED}"),
    "sso beats a process": (f"[profile p]\n{PROCESS}\n{SSO}{ENTRANCE}", ""),
    "sso whose session is not there": (f"[profile p]\nsso_session = corp\n{ENTRANCE}", ""),
    "sso without a region": ("[profile p]\nsso_start_url = https://a.awsapps.com/start\n" + ENTRANCE, ""),
    "sso without a role": (f"[profile p]\n{SSO}sso_account_id = 333333333333\n", ""),
    "sso that contradicts its session": (
        f"{SESSION}[profile p]\nsso_session = corp\nsso_region = us-east-1\n{ENTRANCE}",
        "",
    ),
    "sso that repeats its session": (f"{SESSION}[profile p]\nsso_session = corp\n{SSO}{ENTRANCE}", ""),
    "a token-only sso profile with a process": (f"{SESSION}[profile p]\nsso_session = corp\n{PROCESS}\n", ""),
    "a role from a profile with keys": (f"[profile p]\n{ROLE}source_profile = k\n", f"[k]\n{SHARED}"),
    "a role with everything": (
        (
            f"[profile p]\n{ROLE}source_profile = k\nexternal_id = e1\nrole_session_name = ana\n"
            f"duration_seconds = 1800\nmfa_serial = {MFA}\n"
        ),
        f"[k]\n{SHARED}",
    ),
    "a role beats the profile's own keys": (
        f"[profile p]\n{ROLE}source_profile = k\n{KEYS}",
        f"[k]\n{SHARED}",
    ),
    "a role of the profile's own keys": (f"[profile p]\n{ROLE}source_profile = p\n{KEYS}", ""),
    "a role of the profile's own shared keys": (f"[profile p]\n{ROLE}source_profile = p\n", f"[p]\n{SHARED}"),
    "its own source without keys": (f"[profile p]\n{ROLE}source_profile = p\n", ""),
    "its own source with a process": (f"[profile p]\n{ROLE}source_profile = p\n{PROCESS}\n", ""),
    "a role of a role": (
        f"[profile p]\n{ROLE}source_profile = hub\n[profile hub]\nrole_arn = {HUB}\nsource_profile = k\n",
        f"[k]\n{SHARED}",
    ),
    "a source with keys and a role gives its keys": (
        f"[profile p]\n{ROLE}source_profile = hub\n{HUB_OF}k\n{KEYS}",
        f"[k]\n{SHARED}",
    ),
    "a role of sso": (f"[profile p]\n{ROLE}source_profile = s\n[profile s]\n{SSO}{ENTRANCE}", ""),
    "a role of a role of sso": (
        (
            f"[profile p]\n{ROLE}source_profile = hub\n[profile hub]\nrole_arn = {HUB}\nsource_profile = s\n"
            f"[profile s]\n{SSO}{ENTRANCE}"
        ),
        "",
    ),
    "a role of a process": (f"[profile p]\n{ROLE}source_profile = s\n[profile s]\n{PROCESS}\n", ""),
    "a role of a web identity": (
        f"[profile p]\n{ROLE}source_profile = w\n{WEB}",
        "",
    ),
    "a web identity": (f"[profile p]\n{ROLE}web_identity_token_file = /t\nrole_session_name = ana\n", ""),
    "a web identity beats a source": (
        f"[profile p]\n{ROLE}web_identity_token_file = /t\nsource_profile = k\n",
        f"[k]\n{SHARED}",
    ),
    "a web identity without a role": ("[profile p]\nweb_identity_token_file = /t\n", ""),
    "a role without a source": (f"[profile p]\n{ROLE}", ""),
    "a role with two sources": (
        f"[profile p]\n{ROLE}source_profile = k\ncredential_source = Environment\n",
        f"[k]\n{SHARED}",
    ),
    "a role of the environment": (f"[profile p]\n{ROLE}credential_source = Environment\n", ""),
    "a role of an unknown source": (f"[profile p]\n{ROLE}credential_source = Elsewhere\n", ""),
    "a source that is not there": (f"[profile p]\n{ROLE}source_profile = k\n", ""),
    "a source without keys": (f"[profile p]\n{ROLE}source_profile = k\n[profile k]\nregion = x\n", ""),
    "a circle": (
        f"[profile p]\n{ROLE}source_profile = q\n[profile q]\nrole_arn = {HUB}\nsource_profile = p\n",
        "",
    ),
    "a circle further on": (
        (
            f"[profile p]\n{ROLE}source_profile = q\n[profile q]\nrole_arn = {HUB}\nsource_profile = r\n"
            f"[profile r]\nrole_arn = {HUB}\nsource_profile = q\n"
        ),
        "",
    ),
    "a role of the default profile": (f"[profile p]\n{ROLE}source_profile = default\n[default]\n{KEYS}", ""),
    "a role in the credentials file": ("", f"[p]\n{ROLE}source_profile = k\n[k]\n{SHARED}"),
    "the credentials file overrides single keys": (
        f"[profile p]\nrole_arn = {HUB}\nsource_profile = k\n",
        f"[p]\n{ROLE}[k]\n{SHARED}",
    ),
    "a quoted name": (f'[profile p]\n{ROLE}source_profile = a b\n[profile "a b"]\n{KEYS}', ""),
    "an unquoted name with a space": (f"[profile p]\n{ROLE}source_profile = a b\n[profile a b]\n{KEYS}", ""),
    "comments and continuation lines": (
        f"[profile p]\n# x\n; y = z\n{KEYS}s3 =\n  max_queue_size = 10\n  aws_access_key_id = x\n",
        "",
    ),
    "an indented comment and capitals": (
        "[profile p]\nAWS_ACCESS_KEY_ID: A\n  # more\naws_secret_access_key: b\n",
        "",
    ),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    file = tmp_path_factory.mktemp("program") / "keys"
    file.write_text(f"#!/bin/sh\necho '{PRINTED}'\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize("name", FILES)
def test_a_profile_leads_where_botocore_says(name, program, own_home, monkeypatch):
    config, credentials = (text.replace("PROGRAM", program) for text in FILES[name])
    folder = own_home / ".aws"
    folder.mkdir()
    (folder / "config").write_text(config)
    (folder / "credentials").write_text(credentials)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "e")
    assert ours(config, credentials, folder) == theirs(folder)


def ours(config, credentials, folder):
    files = read_aws_files(config, folder / "config", credentials, folder / "credentials")
    try:
        chain = read_chain(files, "p", os.environ)
    except UsageError:
        return "refused"
    found = []
    serial = None
    for link in chain.links:
        match link.hop:
            case StaticKeysHop(keys=keys, place=place):
                kinds = {
                    KeyPlace.CREDENTIALS_FILE: "shared-credentials-file",
                    KeyPlace.CONFIG_FILE: "config-file",
                }
                token = keys.session_token.reveal() if keys.session_token else None
                found.append((kinds.get(place, "env"), keys.access_key_id, token))
            case SessionTokenHop(mfa_serial=serial):
                pass
            case PortalHop() as hop:
                found.append(("sso", hop.start_url, hop.sso_region, hop.account_id, hop.permission_set))
            case ProcessHop():
                found.append(("custom-process",))
            case WebIdentityHop() as hop:
                found.append(("web", hop.role_arn, hop.session_name))
            case RoleHop() as hop:
                rest = (hop.external_id, hop.mfa_serial or serial, hop.duration_seconds)
                found.append(("role", hop.role_arn, hop.session_name, *rest))
    return found


def theirs(folder):
    session = botocore.session.Session(profile="p")
    session.set_config_variable("region", "eu-central-1")
    resolver = create_credential_resolver(session)
    profile_providers = [
        provider
        for provider in resolver.providers
        if provider.METHOD not in {"iam-role", "container-role", "boto-config", "ec2-credentials-file"}
    ]
    try:
        found = next((keys for each in profile_providers if (keys := each.load()) is not None), None)
    except BotoCoreError:
        return "refused"
    return "refused" if found is None else described(found)


def described(keys):
    if keys.method == "assume-role":
        refresh = keys._refresh_using
        fetcher = getattr(refresh, "_refresh", refresh).__self__  # with MFA it is wrapped once more
        given = dict(fetcher._assume_kwargs)
        named = None if fetcher._using_default_session_name else given["RoleSessionName"]
        role = (
            "role",
            given["RoleArn"],
            named,
            given.get("ExternalId"),
            given.get("SerialNumber"),
            given.get("DurationSeconds"),
        )
        return [*described(fetcher._source_credentials), role]
    if keys.method == "assume-role-with-web-identity":
        fetcher = keys._refresh_using.__self__
        named = None if fetcher._using_default_session_name else fetcher._assume_kwargs["RoleSessionName"]
        return [("web", fetcher._assume_kwargs["RoleArn"], named)]
    if keys.method == "sso":
        fetcher = keys._refresh_using.__self__
        return [("sso", fetcher._start_url, fetcher._sso_region, fetcher._account_id, fetcher._role_name)]
    if keys.method == "custom-process":
        return [("custom-process",)]
    return [(keys.method, keys.access_key, keys.token)]
