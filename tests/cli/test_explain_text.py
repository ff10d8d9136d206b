"""How a way to keys reads: each kind of hop, kept or not, and keys in the vault by age."""

from __future__ import annotations

from dataclasses import replace

import pytest

from usher.cli.text.explain import Explained, ExplainedLink, explain_document, explain_text
from usher.cli.text.keys import KeyState, key_table
from usher.core.credentials import Credentials
from usher.core.hops import (
    Chain,
    KeyPlace,
    Link,
    LoginSessionHop,
    Place,
    PortalHop,
    ProcessHop,
    RoleHop,
    SessionTokenHop,
    Setting,
    StaticKeysHop,
    StsPlace,
    WebIdentityHop,
)
from usher.core.secrets import Secret
from usher.profiles.aws_files import read_aws_files
from usher.profiles.shadows import aws_tools_use, shadows
from usher.session.static_keys import StoredKeys

STS = StsPlace("eu-central-1")
ROLE, DEVICE = "arn:aws:iam::222222222222:role/spoke", "arn:aws:iam::111111111111:mfa/ana"
KEYS = StaticKeysHop(KeyPlace.CONFIG_FILE, "p", Credentials("AKIA", Secret("canary")))


def explained(*hops, ends=None, needed=True, **parts):
    links = [ExplainedLink(Link(hop, "p"), True, ends, needed) for hop in hops]
    chain = Chain("p", tuple(each.link for each in links))
    return Explained(chain, links, "eu-central-1", "nothing", (), **parts)


@pytest.mark.parametrize(
    ("hop", "call"),
    [
        (PortalHop("1" * 12, "Read", "mkdev"), "asks the portal"),
        (ProcessHop("/bin/x"), "runs the program"),
        (
            SessionTokenHop(DEVICE, 900, STS),
            f"asks for a code of {DEVICE} and STS for a session (GetSessionToken)",
        ),
        (WebIdentityHop(ROLE, "/t", STS), "enters the role with the token (AssumeRoleWithWebIdentity)"),
        (RoleHop(ROLE, STS, mfa_serial=DEVICE), f"enters spoke (AssumeRole) with a code of {DEVICE}"),
        (KEYS, "none: everything is here"),
        (LoginSessionHop(DEVICE), "asks the AWS CLI to renew the session of 'aws login'"),
    ],
)
def test_the_next_call_is_named(hop, call):
    assert f"next call: {call}" in explain_text(explained(hop), 0.0, "/home/ana")


def test_what_is_kept_is_told_in_minutes_and_at_last_in_seconds():
    text = explain_text(explained(KEYS, RoleHop(ROLE, STS), ends=3725.0), 0.0, "/h")
    assert "kept, 1h2m left" in text
    assert "kept, 59s left" in explain_text(explained(KEYS, ends=59.0), 0.0, "/h")
    assert "read where it is, no call" in explain_text(explained(KEYS), 0.0, "/h")
    assert "not in the AWS CLI's cache, or ended" in explain_text(
        explained(LoginSessionHop(DEVICE)), 0.0, "/h"
    )
    assert "what comes after it is kept" in explain_text(explained(KEYS, needed=False), 0.0, "/h")


def test_names_cannot_speak_for_usher_and_homes_are_short():
    way = explained(ProcessHop("x\x1b[31m\nchecked: fine"))
    setting = Setting("credential_process", "x\ny", Place("/home/ana/.aws/config", 3))
    way = replace(way, links=[replace(way.links[0], link=replace(way.links[0].link, settings=(setting,)))])
    text = explain_text(way, 0.0, "/home/ana")
    assert "\x1b" not in text
    assert not [line for line in text.splitlines() if line.startswith("checked")]
    assert "~/.aws/config:3" in text


def test_no_secret_is_in_the_document():
    document = explain_document(explained(KEYS, trouble="x", caller="arn"), 0.0)
    assert "canary" not in str(document)
    assert (document["next_call"], document["caller"]) == ("x", "arn")


def test_keys_say_what_is_due():
    keys = StoredKeys("ana", "AKIA", Secret("canary"), DEVICE, "1" * 12, 0.0)
    assert "old: 'usher keys rotate ana'" in key_table([KeyState(keys, (), False, False)], 91 * 86400.0)
    assert "rotation under way" in key_table([KeyState(keys, (), True, False)], 0.0)
    assert "refused by AWS: no" in key_table([KeyState(keys, (), False, True, "no")], 0.0)
    assert "canary" not in key_table([KeyState(keys, ("p",), False, True)], 0.0)


def test_what_awss_own_tools_use_is_told(tmp_path):
    text = (
        "[profile empty]\nregion = x\n[profile asks]\ncredential_process = usher credentials empty\n"
        "sso_account_id = 1\n[profile process]\ncredential_process = x\n[profile u]\nusher_keys = k\n"
        "credential_process = usher credentials u\n[profile s]\nusher_account_id = 1\n"
        "usher_permission_set = P\nsso_role_name = P\ncredential_process = usher credentials s\n"
    )
    files = read_aws_files(text, tmp_path / "config", "", tmp_path / "credentials")
    assert aws_tools_use(files, "empty") == "nothing: they find no keys in this profile"
    assert aws_tools_use(files, "process").startswith("credential_process at ")
    assert aws_tools_use(files, "u").endswith("which asks usher")
    assert aws_tools_use(files, "s").startswith("sso_ settings at ")
    assert shadows(files, "s", {}) == (
        "the sso_ settings of 's' beat its credential_process in the AWS CLI and SDKs",
    )
    assert shadows(files, "u", {}) == ()
