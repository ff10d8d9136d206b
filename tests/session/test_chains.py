"""From hops to keys: one call per hop and no more, kept, renewed, taken away, and refusals in words."""

from __future__ import annotations

import importlib.util
import json
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from usher.aws.role_sessions import RoleSessions
from usher.core.credentials import Credentials
from usher.core.errors import NotFoundError, SignInNeededError, UsageError, UsherError
from usher.core.hops import (
    Chain,
    KeyPlace,
    Link,
    LoginSessionHop,
    PortalHop,
    ProcessHop,
    RoleHop,
    SessionTokenHop,
    StaticKeysHop,
    StsPlace,
    WebIdentityHop,
)
from usher.core.secrets import Secret
from usher.core.sts_refusals import StsReason, StsRefusedError
from usher.session.aws_login import LoginSessions
from usher.session.chain_records import StoredHop, chain_record, stored_hops, write_hop
from usher.session.chains import ChainPorts, ChainWalker
from usher.session.errors import AccessRefusedError
from usher.session.mfa import CodeDesk
from usher.session.process import ProcessRunner
from usher.session.records import forget_roles
from usher.session.static_keys import StoredKeys, write_keys
from usher.session.vault.memory import MemoryVault

_SPEC = importlib.util.spec_from_file_location("sts_server", Path(__file__).with_name("sts_server.py"))
sts_server = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(sts_server)

HUB, SPOKE = "arn:aws:iam::111111111111:role/hub", "arn:aws:iam::222222222222:role/team/spoke"
OTHER, THIRD = "arn:aws:iam::333333333333:role/other", "arn:aws:iam::444444444444:role/third"
DEVICE = sts_server.DEVICE
PORTAL = Link(PortalHop("222222222222", "ReadOnlyAccess", "mkdev"), "base")


@pytest.fixture
def sts():
    yield from sts_server.running_sts()


@dataclass
class World:
    """One person's ports, and what they walk with."""

    ports: ChainPorts
    sts: object
    tmp_path: Path
    asked: list

    @property
    def vault(self):
        return self.ports.vault

    @property
    def place(self):
        return StsPlace("eu-central-1", self.sts.url)

    def role(self, arn, **parts):
        return Link(RoleHop(arn, self.place, **parts), "p")

    def mfa(self):
        return Link(SessionTokenHop(DEVICE, 43200, self.place), "p")

    def user(self):
        key, secret = self.sts.user()
        return Link(StaticKeysHop(KeyPlace.CREDENTIALS_FILE, "p", Credentials(key, Secret(secret))), "p")

    def walker(self, *links):
        return ChainWalker(self.ports, Chain("p", links))

    def keys(self, *links):
        return self.walker(*links).keys()


@pytest.fixture
def world(sts, clock, tmp_path):
    asked = []

    def ask(question):
        asked.append(question)
        return codes.pop(0) if codes else ""

    codes = ["123456"]
    sts.codes = {"123456", "222222", "333333"}
    processes = ProcessRunner({"PATH": "/usr/bin:/bin"}, clock, seconds=20)
    ports = ChainPorts(
        lambda hop, profile: pytest.fail("no portal here"),
        lambda organization: pytest.fail("no portal here"),
        RoleSessions(),
        CodeDesk((), ask, {}),
        processes,
        LoginSessions({"PATH": ""}, tmp_path, clock, processes),
        MemoryVault(),
        tmp_path / "locks",
        clock,
        "usher-ana",
    )
    found = World(ports, sts, tmp_path, asked)
    found.codes = codes
    return found


@pytest.fixture
def signed(world, signed_in, portal):
    """The world of somebody who is signed in to mkdev."""
    world.sts.portal = portal
    keeper = signed_in.keeper
    organization = replace(signed_in.organization, aws_endpoint_url=None)
    world.ports = replace(
        world.ports,
        organization_of=lambda hop, profile: organization,
        keeper=lambda _: keeper,
        vault=signed_in.vault,
        locks=keeper.locks,
    )
    world.organization = organization
    return world


def test_a_hub_and_spoke_chain_is_walked_with_one_call_per_hop(signed, portal):
    signed.sts.role(HUB, trusts=["AWSReservedSSO_ReadOnlyAccess"])
    signed.sts.role(SPOKE, trusts=["assumed-role/hub"], external_id="e1")
    way = (PORTAL, signed.role(HUB), signed.role(SPOKE, external_id="e1", session_name="ana"))
    first = signed.keys(*way)
    assert first.account_id == "222222222222"
    assert signed.keys(*way) == first
    assert (portal.count("credentials"), signed.sts.count("AssumeRole")) == (1, 2)
    assert [form["RoleSessionName"] for form in signed.sts.asked("AssumeRole")] == ["usher-ana", "ana"]


def test_roles_of_the_same_hub_share_its_keys(signed, portal):
    for arn in (HUB, SPOKE, OTHER):
        signed.sts.role(arn)
    signed.keys(PORTAL, signed.role(HUB), signed.role(SPOKE))
    signed.keys(PORTAL, signed.role(HUB), signed.role(OTHER))
    assert (portal.count("credentials"), signed.sts.count("AssumeRole")) == (1, 3)


def test_one_code_opens_three_roles_of_an_iam_user(world):
    for arn in (HUB, SPOKE, OTHER):
        world.sts.role(arn, mfa=True)
    start = (world.user(), world.mfa())
    owners = [world.keys(*start, world.role(arn)).account_id for arn in (HUB, SPOKE, OTHER)]
    assert owners == ["111111111111", "222222222222", "333333333333"]
    assert world.asked == [f"Code of {DEVICE}:"]
    assert (world.sts.count("GetSessionToken"), world.sts.count("AssumeRole")) == (1, 3)


def test_a_role_that_is_not_an_iam_users_asks_its_code_with_the_call(signed):
    signed.sts.role(HUB, mfa=True)
    signed.keys(PORTAL, signed.role(HUB, mfa_serial=DEVICE))
    assert [form["TokenCode"] for form in signed.sts.asked("AssumeRole")] == ["123456"]


def test_a_mistyped_code_is_asked_again_and_not_forever(world):
    world.codes[:] = ["12345", "000000", "222 222"]
    world.keys(world.user(), world.mfa())
    assert world.asked[1:] == [
        "A code has six digits. Code:",
        f"That code was refused. The next code of {DEVICE}:",
    ]
    world.codes[:] = ["000000"] * 9
    with pytest.raises(StsRefusedError, match="the MFA code was refused") as caught:
        world.keys(world.user(), world.mfa())
    assert caught.value.reason is StsReason.CODE
    assert world.sts.count("GetSessionToken") == 2 + 3


def test_no_code_given_and_nobody_there_end_at_once(world):
    world.codes.clear()
    with pytest.raises(SignInNeededError, match="no code"):
        world.keys(world.user(), world.mfa())
    world.ports = replace(world.ports, codes=CodeDesk((), None, {}))
    with pytest.raises(SignInNeededError, match="nobody is here") as caught:
        world.keys(world.user(), world.mfa())
    assert "usher explain --check" in caught.value.hint
    assert world.sts.calls == []


def test_a_code_may_come_from_a_program(world, tmp_path):
    program = script(tmp_path, 'test "$1" = ' + DEVICE + " && echo 123456")
    world.ports = replace(world.ports, codes=CodeDesk((program, "{serial}"), None, {"PATH": ""}))
    world.keys(world.user(), world.mfa())
    with pytest.raises(StsRefusedError, match="the MFA code was refused"):
        world.keys(world.user(), world.mfa())
    assert world.sts.count("GetSessionToken") == 2
    program = script(tmp_path, "echo no")
    world.ports = replace(world.ports, codes=CodeDesk((program,), None, {}))
    with pytest.raises(UsherError, match="no code of six digits"):
        world.keys(world.user(), world.mfa())


def script(folder, body):
    file = folder / f"program{len(list(folder.iterdir()))}"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return str(file)


def test_many_walkers_at_once_make_each_call_once(world):
    world.sts.role(HUB)
    way, found = (world.user(), world.role(HUB)), []
    world.sts.delay = 0.05
    threads = [threading.Thread(target=lambda: found.append(world.keys(*way))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len({keys.access_key_id for keys in found}) == 1
    assert world.sts.count("AssumeRole") == 1


def test_keys_are_made_anew_five_minutes_before_they_end(world, clock):
    world.sts.role(HUB)
    way = (world.user(), world.role(HUB))
    first = world.keys(*way)
    clock.advance(3290)
    assert world.keys(*way) == first
    clock.advance(15)
    assert world.keys(*way) != first


def test_who_wants_keys_that_last_does_not_need_another_code(world, clock):
    world.sts.role(HUB)
    way = (world.user(), world.mfa(), world.role(HUB))
    first = world.keys(*way)
    world.ports = replace(world.ports, keys_margin=1800.0)
    clock.advance(43200 - 1500)
    assert world.keys(*way) != first
    assert world.sts.count("GetSessionToken") == 1


def test_a_role_that_is_kept_needs_nothing_before_it(world, clock):
    world.sts.role(HUB)
    world.sts.role(SPOKE)
    way = (world.user(), world.mfa(), world.role(HUB), world.role(SPOKE))
    first = world.keys(*way)
    for name in world.vault.names():
        if name != world.walker(*way)._record(4):
            world.vault.delete(name)
    assert world.keys(*way) == first


def test_what_is_kept_is_told_in_words_and_a_damaged_record_is_left_out(world, tmp_path):
    world.sts.role(HUB)
    way = (world.user(), world.mfa(), world.role(HUB))
    ends = world.keys(*way).expires_at
    found = {hop.what: hop for hop in stored_hops(world.vault)}
    assert found[f"the role {HUB}"] == StoredHop(None, f"the role {HUB}", ends)
    assert any(what.startswith("a session with a code of ") for what in found)
    for name in world.vault.names():
        if name.startswith("chain/"):
            world.vault.write(name, b"{}")
    assert stored_hops(world.vault) == []


def test_a_programs_arguments_are_not_told(world):
    secret = ProcessHop("program --password hunter2")
    write_hop(world.vault, chain_record("mkdev", "k"), secret, Credentials("A", Secret("s"), None, 1.0))
    assert stored_hops(world.vault) == [StoredHop("mkdev", "another program's keys", 1.0)]


def test_what_determines_the_keys_tells_them_apart(world):
    world.sts.role(HUB)
    user = world.user()
    ways = [
        {},
        {"session_name": "ana"},
        {"duration_seconds": 900},
        {"source_identity": "ana"},
        {"tags": {"team": "a"}},
        {"tags": {"team": "b"}},
        {"policy": "{}"},
        {"policy_arns": ("arn:aws:iam::aws:policy/ReadOnlyAccess",)},
    ]
    found = {world.keys(user, world.role(HUB, **way)).access_key_id for way in ways * 2}
    assert len(found) == world.sts.count("AssumeRole") == len(ways)
    world.keys(world.user(), world.role(HUB))
    assert world.sts.count("AssumeRole") == len(ways) + 1
    sent = world.sts.asked("AssumeRole")
    assert (sent[3]["SourceIdentity"], sent[4]["Tags.member.1.Value"], sent[6]["Policy"]) == (
        "ana",
        "a",
        "{}",
    )
    assert sent[7]["PolicyArns.member.1.arn"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_the_region_of_an_sts_does_not_ask_for_another_code(world):
    user = world.user()
    world.keys(user, world.mfa())
    elsewhere = SessionTokenHop(DEVICE, 43200, StsPlace("us-east-1", world.sts.url))
    world.keys(user, Link(elsewhere, "q"))
    assert world.sts.count("GetSessionToken") == 1


def test_kept_keys_that_sts_refuses_are_made_once_more(world):
    world.sts.role(HUB)
    world.sts.role(SPOKE)
    way = (world.user(), world.role(HUB), world.role(SPOKE))
    world.keys(*way[:2])
    for key in [key for key in world.sts.keys if key.startswith("ASIA")]:
        del world.sts.keys[key]
    assert world.keys(*way).account_id == "222222222222"
    assert world.sts.count("AssumeRole") == 4


def test_keys_that_stay_refused_end_the_walk(world):
    world.sts.role(HUB)
    key = world.user()
    world.sts.keys.clear()
    with pytest.raises(StsRefusedError, match="does not accept the keys AKIA") as caught:
        world.keys(key, world.role(HUB))
    assert "usher keys list --check" in caught.value.hint
    world.sts.role(SPOKE)
    world.sts.failures = [None] * 0
    refused = sts_server.RefusedError("ExpiredToken", "The security token included in the request is expired")
    user = world.user()
    world.keys(user, world.role(HUB))
    world.sts.failures = [refused]
    world.sts.failures.append(denied_role())
    with pytest.raises(StsRefusedError):
        world.keys(user, world.role(HUB), world.role(SPOKE))


def denied_role():
    return sts_server.RefusedError(
        "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole", 403
    )


def expired():
    return sts_server.RefusedError(
        "ExpiredToken", "The security token included in the request is expired", 403
    )


def test_a_portals_kept_keys_that_sts_refuses_are_fetched_once_more(signed, portal):
    signed.sts.role(HUB)
    signed.keys(PORTAL)
    signed.sts.failures = [expired()]
    assert signed.keys(PORTAL, signed.role(HUB)).account_id == "111111111111"
    assert portal.count("credentials") == 2
    signed.sts.role(SPOKE)
    signed.sts.failures = [expired(), expired()]
    with pytest.raises(StsRefusedError, match="STS does not accept ReadOnlyAccess in") as caught:
        signed.keys(PORTAL, signed.role(SPOKE))
    assert "usher login" in caught.value.hint


def test_roles_that_stay_refused_say_that_the_clock_may_be_wrong(world):
    for arn in (HUB, SPOKE):
        world.sts.role(arn)
    user = world.user()
    world.keys(user, world.role(HUB))
    failing = iter([expired(), None, expired()])

    class Expiring(RoleSessions):
        def assume_role(self, *arguments):
            world.sts.failures = [each for each in [next(failing)] if each]
            return super().assume_role(*arguments)

    world.ports = replace(world.ports, sts=Expiring())
    with pytest.raises(StsRefusedError, match=f"does not accept the role {HUB}") as caught:
        world.keys(user, world.role(HUB), world.role(SPOKE))
    assert "clock" in caught.value.hint


def test_after_renewed_parents_another_refusal_is_told(world):
    world.sts.role(HUB)
    world.sts.role(SPOKE, trusts=["nobody"])
    user = world.user()
    world.keys(user, world.role(HUB))
    world.sts.failures = [sts_server.RefusedError("ExpiredToken", "expired", 403)]
    with pytest.raises(StsRefusedError, match=f"may not enter the role {SPOKE} in account 222222222222"):
        world.keys(user, world.role(HUB), world.role(SPOKE))


def test_a_refused_role_says_who_what_and_why(signed):
    signed.sts.role(HUB, trusts=["nobody"])
    with pytest.raises(StsRefusedError) as caught:
        signed.keys(PORTAL, signed.role(HUB))
    assert "ReadOnlyAccess in 222222222222 through the portal of mkdev may not enter" in caught.value.message
    assert f"{HUB} in account 111111111111" in caught.value.message
    assert "trust policy" in caught.value.hint
    assert "asks for an external_id" in caught.value.hint
    assert "set mfa_serial" in caught.value.hint
    with pytest.raises(StsRefusedError) as caught:
        signed.keys(PORTAL, signed.role(HUB, external_id="e9", tags={"a": "b"}))
    assert "external id is not 'e9'" in caught.value.hint
    assert "sts:TagSession" in caught.value.hint


def test_a_role_that_was_asked_with_a_code_is_not_said_to_want_one(world):
    world.sts.role(HUB, trusts=["nobody"])
    user = world.user()
    for way in ((user, world.mfa(), world.role(HUB)), (user, world.role(HUB, mfa_serial=DEVICE))):
        world.codes[:] = sorted(world.sts.codes)[:1]
        with pytest.raises(StsRefusedError) as caught:
            world.keys(*way)
        assert "set mfa_serial" not in caught.value.hint


def test_a_session_that_the_role_does_not_allow_is_told(world):
    world.sts.role(HUB, longest=3600)
    with pytest.raises(StsRefusedError, match="MaxSessionDuration") as caught:
        world.keys(world.user(), world.role(HUB, duration_seconds=7200))
    assert "duration_seconds" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        ("RegionDisabledException", StsReason.REGION, "STS is off in the region eu-central-1"),
        ("PackedPolicyTooLarge", StsReason.REQUEST, "does not take the request"),
        ("MalformedPolicyDocument", StsReason.REQUEST, "does not take the request for the role"),
    ],
)
def test_other_refusals_have_words_of_their_own(world, code, reason, words):
    world.sts.failures = [sts_server.RefusedError(code, "it is so", 403)]
    with pytest.raises(StsRefusedError, match=words) as caught:
        world.keys(world.user(), world.role(HUB))
    assert caught.value.reason is reason


def test_a_session_that_is_refused_says_so(world):
    world.sts.failures = [sts_server.RefusedError("AccessDenied", "no", 403)]
    with pytest.raises(StsRefusedError, match="a session with a code of") as caught:
        world.keys(world.user(), world.mfa())
    assert "mfa_serial" in caught.value.hint


def test_a_busy_sts_is_worth_another_try(world):
    refused = sts_server.RefusedError("Throttling", "Rate exceeded", 400)
    world.sts.failures = [refused] * 4
    with pytest.raises(UsherError, match="busy") as caught:
        world.keys(world.user(), world.role(HUB))
    assert caught.value.exit_code == 7


def test_a_removed_assignment_is_told_by_the_portal(signed, portal):
    portal.accounts["222222222222"] = ("staging", [])
    with pytest.raises(AccessRefusedError):
        signed.keys(PORTAL, signed.role(HUB))


def test_logout_takes_the_roles_away_that_came_of_it(signed):
    signed.sts.role(HUB)
    walker = signed.walker(PORTAL, signed.role(HUB))
    keys = walker.keys()
    assert walker.is_still_kept(keys)
    forget_roles(signed.vault, "mkdev")
    assert not walker.is_still_kept(keys)
    assert not [name for name in signed.vault.names() if name.startswith(("chain/", "role/"))]


def test_a_logout_during_the_call_leaves_nothing_behind(signed):
    signed.sts.role(HUB)
    calls = signed.ports.sts

    class Slow:
        def assume_role(self, *arguments):
            forget_roles(signed.vault, "mkdev")
            return calls.assume_role(*arguments)

    signed.ports = replace(signed.ports, sts=Slow())
    walker = signed.walker(PORTAL, signed.role(HUB))
    assert not walker.is_still_kept(walker.keys())


def test_a_portals_own_keys_are_still_kept_until_a_logout(signed):
    walker = signed.walker(PORTAL)
    keys = walker.keys()
    assert walker.is_still_kept(keys)
    assert walker.keys() == keys
    forget_roles(signed.vault, "mkdev")
    assert not walker.is_still_kept(keys)


def test_where_aws_is_emulated_sts_is_too(signed):
    signed.sts.role(HUB)
    organization = replace(signed.organization, aws_endpoint_url=signed.sts.url)
    signed.ports = replace(signed.ports, organization_of=lambda hop, profile: organization)
    assert signed.keys(PORTAL, Link(RoleHop(HUB, StsPlace("eu-central-1")), "p")).account_id == "111111111111"


def test_no_token_travels_in_clear(world):
    hop = RoleHop(HUB, StsPlace("eu-central-1", "http://sts.example"))
    with pytest.raises(UsageError, match="must use https"):
        world.walker(world.user(), Link(hop, "p"))


# Programs, tokens, sessions of others ------------------------------------------------------------------


def answering(folder, **parts):
    document = {
        "Version": 1,
        "AccessKeyId": "ASIAPROGRAM",
        "SecretAccessKey": "s",
        "SessionToken": "t",
        **parts,
    }
    return script(folder, f"echo run >> {folder}/runs\ncat <<'END'\n{json.dumps(document)}\nEND")


def runs(folder):
    return len((folder / "runs").read_text().splitlines())


def test_a_programs_keys_are_kept_while_they_hold(world, tmp_path):
    program = answering(tmp_path, Expiration="2099-01-01T00:00:00Z", AccountId="555555555555")
    keys = world.keys(Link(ProcessHop(program), "p"))
    assert world.keys(Link(ProcessHop(program), "p")) == keys
    assert (keys.account_id, runs(tmp_path)) == ("555555555555", 1)


def test_a_programs_keys_serve_only_where_it_would_be_asked_for_the_same(world, tmp_path):
    """`aws configure export-credentials --profile base` means another account in another AWS config."""
    way = Link(ProcessHop(answering(tmp_path, Expiration="2099-01-01T00:00:00Z")), "p")
    at_home = world.ports.processes
    elsewhere = replace(at_home, environ={**at_home.environ, "AWS_CONFIG_FILE": "/customer/config"})
    for processes, count in ((at_home, 1), (at_home, 1), (elsewhere, 2), (elsewhere, 2), (at_home, 2)):
        world.ports = replace(world.ports, processes=processes)
        world.keys(way)
        assert runs(tmp_path) == count
    more = {"AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "TERM": "dumb"}
    assert replace(at_home, environ={**at_home.environ, **more}).surroundings() == at_home.surroundings()


def test_a_programs_keys_without_an_end_are_asked_for_each_time(world, tmp_path):
    link = Link(ProcessHop(answering(tmp_path, SessionToken=None), "666666666666"), "p")
    walker = world.walker(link)
    keys = walker.keys()
    walker.keys()
    assert (keys.account_id, keys.session_token, runs(tmp_path)) == ("666666666666", None, 2)
    assert world.vault.names() == []
    assert walker.is_still_kept(keys)


def test_a_role_of_a_program_is_walked(world, tmp_path):
    world.sts.accept("ASIAPROGRAM", "t")
    world.sts.role(HUB)
    way = (Link(ProcessHop(answering(tmp_path)), "p"), world.role(HUB))
    assert world.keys(*way) == world.keys(*way)
    assert runs(tmp_path) == 1


def test_a_role_of_a_web_identity_is_entered_unsigned(world, tmp_path):
    token = tmp_path / "token"
    token.write_text("json.web.token\n")
    world.sts.role(HUB, token="json.web.token")
    link = Link(WebIdentityHop(HUB, str(token), world.place, None, 900), "p")
    assert world.keys(link).account_id == "111111111111"
    world.keys(link)
    assert [form["RoleSessionName"] for form in world.sts.asked("AssumeRoleWithWebIdentity")] == ["usher-ana"]


def test_a_web_identity_that_is_refused_or_missing_says_so(world, tmp_path):
    token = tmp_path / "token"
    link = Link(WebIdentityHop(HUB, str(token), world.place, "ana"), "p")
    with pytest.raises(SignInNeededError, match="no token in"):
        world.keys(link)
    token.write_text("json.web.token")
    world.sts.role(HUB, token="another")
    with pytest.raises(StsRefusedError, match="the token was refused"):
        world.keys(link)
    world.sts.role(HUB)
    with pytest.raises(StsRefusedError, match="may not enter") as caught:
        world.keys(link)
    assert "does not accept this token" in caught.value.hint


def login_cache(world, ends="2099-01-01T00:00:00Z"):
    import hashlib

    folder = world.tmp_path / ".aws" / "login" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    token = {
        "accessKeyId": "ASIALOGIN",
        "secretAccessKey": "s",
        "sessionToken": "t",
        "accountId": "111111111111",
        "expiresAt": ends,
    }
    name = hashlib.sha256(sts_server.USER.encode()).hexdigest()
    (folder / f"{name}.json").write_text(json.dumps({"accessToken": token, "refreshToken": "r"}))


LOGIN = Link(LoginSessionHop(sts_server.USER), "p")


def test_a_session_of_aws_login_is_read_while_it_holds(world):
    assert world.walker(LOGIN).kept()[0].expires_at is None
    login_cache(world)
    assert world.keys(LOGIN).access_key_id == "ASIALOGIN"
    assert world.walker(LOGIN).kept()[0].expires_at > 4e9
    assert world.vault.names() == []


def test_an_ended_session_of_aws_login_says_what_to_run(world):
    with pytest.raises(SignInNeededError, match="has no session") as caught:
        world.keys(LOGIN)
    assert "aws login --profile p" in caught.value.hint
    login_cache(world, "2020-01-01T00:00:00")
    with pytest.raises(SignInNeededError, match="only the AWS CLI can renew") as caught:
        world.keys(LOGIN)
    assert "no 'aws' on the PATH" in caught.value.hint


def test_an_ended_session_of_aws_login_is_renewed_by_the_aws_cli(world, clock, tmp_path):
    login_cache(world, "2020-01-01T00:00:00Z")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = Path(answering(tmp_path, Expiration="2099-01-01T00:00:00Z"))
    program.rename(folder / "aws")
    environ = {
        "PATH": f"{folder}:/usr/bin:/bin",
        "AWS_LOGIN_CACHE_DIRECTORY": str(tmp_path / ".aws/login/cache"),
    }
    processes = ProcessRunner(environ, clock)
    world.ports = replace(world.ports, logins=LoginSessions(environ, Path("/nowhere"), clock, processes))
    assert world.keys(LOGIN).access_key_id == "ASIAPROGRAM"
    (folder / "aws").write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(SignInNeededError, match="could not renew") as caught:
        world.keys(LOGIN)
    assert "aws login --profile p" in caught.value.hint


# Keys in the vault -------------------------------------------------------------------------------------


def test_keys_in_the_vault_open_roles_until_they_change(world):
    world.sts.role(HUB)
    key, secret = world.sts.user()
    hop = Link(StaticKeysHop(KeyPlace.VAULT, "ana"), "p")
    with pytest.raises(NotFoundError, match="no keys called 'ana'"):
        world.walker(hop)
    write_keys(world.vault, StoredKeys("ana", key, Secret(secret), sts_server.USER, "111111111111", 1.0))
    first = world.keys(hop, world.role(HUB))
    walker = world.walker(hop)
    keys = walker.keys()
    assert (keys.access_key_id, keys.account_id, walker.is_still_kept(keys)) == (key, "111111111111", True)
    key, secret = world.sts.user()
    write_keys(world.vault, StoredKeys("ana", key, Secret(secret), sts_server.USER, "111111111111", 2.0))
    assert not walker.is_still_kept(keys)
    assert world.keys(hop, world.role(HUB)) != first


# What is shown without a call --------------------------------------------------------------------------


def test_what_is_kept_can_be_seen_without_a_call(world, clock):
    world.sts.role(HUB)
    way = (world.user(), world.mfa(), world.role(HUB))
    walker = world.walker(*way)
    assert [(each.keepable, each.expires_at) for each in walker.kept()] == [
        (False, None),
        (True, None),
        (True, None),
    ]
    walker.keys()
    session, role = walker.kept()[1:]
    assert session.expires_at > role.expires_at > clock()
    walker.forget()
    assert walker.kept()[2].expires_at is None
    calls = len(world.sts.calls)
    world.walker(*way[:1]).forget()
    assert len(world.sts.calls) == calls


def test_ways_that_do_not_begin_at_a_start_are_refused(world):
    with pytest.raises(UsageError, match="does not start anywhere"):
        world.keys(world.mfa())
    with pytest.raises(UsageError, match="starts in its middle"):
        world.keys(world.user(), Link(LoginSessionHop("x"), "p"), Link(ProcessHop("x"), "p"))
