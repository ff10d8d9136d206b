"""Hops as values: what they are called, whose account they lead to, what tells them apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
    account_of_arn,
    way_key,
    words_of,
)
from usher.core.secrets import Secret

STS = StsPlace("eu-central-1")
ROLE = "arn:aws:iam::222222222222:role/team/spoke"
DEVICE = "arn:aws:iam::111111111111:mfa/ana"
OPEN = StaticKeysHop(KeyPlace.CONFIG_FILE, "p", Credentials("AKIA", Secret("s")))

PORTAL = PortalHop("333333333333", "Read", "mkdev")
EVERY = {
    PORTAL: (
        "Read in 333333333333 through the portal of mkdev",
        "3",
        "Read",
    ),
    StaticKeysHop(KeyPlace.VAULT, "ana"): ("the keys 'ana' in the vault", None, ""),
    OPEN: ("the keys AKIA in the config file", None, ""),
    ProcessHop("/bin/x", "444444444444"): ("the program /bin/x", "4", ""),
    LoginSessionHop("arn:aws:iam::111111111111:root"): (
        "the session of 'aws login' for arn:aws:iam::111111111111:root",
        "1",
        "",
    ),
    SessionTokenHop(DEVICE, 900, STS): (f"a session with a code of {DEVICE}", "1", ""),
    WebIdentityHop(ROLE, "/t", STS): (f"the role {ROLE} with the token in /t", "2", "spoke"),
    RoleHop(ROLE, STS): (f"the role {ROLE}", "2", "spoke"),
}


@pytest.mark.parametrize("hop", EVERY, ids=lambda hop: type(hop).__name__)
def test_every_hop_has_words_an_account_and_a_role(hop):
    words, account, role = EVERY[hop]
    chain = Chain("p", (Link(hop, "p"),))
    assert words_of(hop) == words
    assert (chain.account_id, chain.role) == (account and account * 12, role)


def test_a_way_knows_its_portal_and_whether_it_asks_for_a_code():
    portal, role = Link(PortalHop("333333333333", "Read", "mkdev"), "p"), Link(RoleHop(ROLE, STS), "p")
    assert Chain("p", (portal, role)).portal == portal.hop
    assert Chain("p", (Link(OPEN, "p"), role)).portal is None
    assert not Chain("p", (portal, role)).asks_for_code
    with_code = Link(RoleHop(ROLE, STS, mfa_serial=DEVICE), "p")
    assert Chain("p", (portal, with_code)).asks_for_code


def test_a_way_knows_whether_one_file_says_it_all():
    def link(hop, *files):
        return Link(hop, "p", tuple(Setting("k", "v", Place(file, 1)) for file in files))

    assert Chain("p", (link(PORTAL, "config"), link(RoleHop(ROLE, STS), "config", "config"))).rests_on(
        "config"
    )
    assert not Chain("p", (link(PORTAL, "config"), link(RoleHop(ROLE, STS), "credentials"))).rests_on(
        "config"
    )
    of_environment = replace(OPEN, place=KeyPlace.ENVIRONMENT)
    assert not Chain("p", (link(of_environment, "config"),)).rests_on("config")
    assert not Chain("p", (link(ProcessHop("program"), "config"),)).rests_on("config")


def test_keys_in_the_vault_are_not_at_hand():
    assert OPEN.open_keys.access_key_id == "AKIA"
    with pytest.raises(LookupError, match="'ana' are in the vault"):
        _ = StaticKeysHop(KeyPlace.VAULT, "ana").open_keys


@pytest.mark.parametrize("arn", ["", "GAHT12345678", "arn:aws:s3:::bucket", "arn:aws:iam::12:role/x"])
def test_an_arn_without_an_account_gives_none(arn):
    assert account_of_arn(arn) is None


def test_every_way_has_a_name_of_its_own_that_no_region_changes():
    keys = {way_key((hop,), "root") for hop in EVERY}
    assert len(keys) == len(EVERY) - 1  # keys are told apart by the root: their id
    role = RoleHop(ROLE, STS)
    assert way_key((role,), "a") != way_key((role,), "b")
    elsewhere = replace(role, sts=StsPlace("us-east-1", fips=True))
    assert way_key((role,), "a") == way_key((elsewhere,), "a")
    assert way_key((replace(role, sts=replace(STS, legacy=True)),), "a") != way_key((role,), "a")


def test_a_place_reads_as_editors_open_it():
    assert str(Place("/home/ana/.aws/config", 7)) == "/home/ana/.aws/config:7"
