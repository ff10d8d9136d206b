"""What a profile leads to beyond what botocore knows, and every mistake with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from usher.core.errors import NotFoundError, UsageError
from usher.core.hops import (
    KeyPlace,
    LoginSessionHop,
    PortalHop,
    ProcessHop,
    RoleHop,
    SessionTokenHop,
    StaticKeysHop,
    StsPlace,
    WebIdentityHop,
)
from usher.profiles.aws_files import read_aws_files
from usher.profiles.chain import read_chain
from usher.profiles.lookup import match_name

MFA = "arn:aws:iam::111111111111:mfa/ana"
HUB, SPOKE = "arn:aws:iam::111111111111:role/hub", "arn:aws:iam::222222222222:role/spoke"
USHER = "usher_organization = mkdev\nusher_account_id = 222222222222\nusher_permission_set = Admin\n"
GRANTED = (
    "granted_sso_start_url = https://a.awsapps.com/start\ngranted_sso_region = eu-west-1\n"
    "granted_sso_account_id = 333333333333\ngranted_sso_role_name = Read\n"
)
KEYS = "aws_access_key_id = AKIA\naws_secret_access_key = s\n"
ROLE = f"role_arn = {SPOKE}\nsource_profile = k\n"


def files(config, credentials=""):
    return read_aws_files(config, Path("config"), credentials, Path("credentials"))


def chain(config, credentials="", name="p", **environ):
    return read_chain(files(config, credentials), name, environ)


def hops(config, credentials="", **environ):
    return [link.hop for link in chain(config, credentials, **environ).links]


def refused(config, credentials="", **environ):
    with pytest.raises(UsageError) as caught:
        chain(config, credentials, **environ)
    return caught.value.message


# What Usher and Granted wrote ----------------------------------------------------------------------------


def test_a_synced_profile_leads_to_its_portal_whatever_else_stands_in_it():
    process = "credential_process = /bin/usher credentials p\n"
    wanted = [PortalHop("222222222222", "Admin", "mkdev")]
    assert hops(f"[profile p]\n{USHER}{process}") == wanted
    assert hops(f"[profile p]\n{USHER}{process}", f"[p]\n{KEYS}") == wanted


def test_a_native_profile_keeps_the_start_url_of_its_session():
    session = "[sso-session mkdev]\nsso_start_url = https://a.awsapps.com/start\nsso_region = eu-west-1\n"
    native = "sso_session = mkdev\nsso_account_id = 222222222222\nsso_role_name = Admin\n"
    found = hops(f"{session}[profile p]\n{native}{USHER}")
    assert found == [PortalHop("222222222222", "Admin", "mkdev", "https://a.awsapps.com/start", "eu-west-1")]


def test_granteds_settings_are_a_way_in():
    process = "credential_process = granted credential-process --profile p\n"
    wanted = PortalHop("333333333333", "Read", None, "https://a.awsapps.com/start", "eu-west-1")
    assert hops(f"[profile p]\n{GRANTED}{process}") == [wanted]
    half = GRANTED.replace("granted_sso_role_name = Read\n", "")
    assert "has no 'granted_sso_role_name'" in refused(f"[profile p]\n{half}")


def test_a_role_may_be_entered_from_a_synced_profile_or_itself():
    portal = PortalHop("222222222222", "Admin", "mkdev")
    itself = f"[profile p]\nrole_arn = {SPOKE}\nsource_profile = p\n{USHER}"
    for text in (f"[profile p]\n{ROLE}[profile k]\n{USHER}", itself):
        first, second = hops(text)
        assert (first, second.role_arn) == (portal, SPOKE)


def test_asking_usher_for_another_profile_stays_in_this_process():
    text = "[profile p]\ncredential_process = '/opt/usher' credentials \"a b\"\n[profile a b]\n"
    assert hops(text.replace("[profile a b]", '[profile "a b"]') + USHER) == [
        PortalHop("222222222222", "Admin", "mkdev")
    ]


def test_asking_usher_for_itself_or_nobody_is_a_mistake():
    assert "this very profile" in refused("[profile p]\ncredential_process = usher credentials p\n")
    assert "'q', which is not there" in refused("[profile p]\ncredential_process = usher credentials q\n")
    circle = "[profile p]\ncredential_process = usher credentials q\n[profile q]\n"
    assert "p -> q -> p" in refused(f"{circle}credential_process = usher credentials p\n")


@pytest.mark.parametrize(
    "command", ["usher credentials", "usher credentials p --x", "other credentials p", "'a"]
)
def test_other_commands_are_other_programs(command):
    assert hops(f"[profile p]\ncredential_process = {command}\n") == [ProcessHop(command)]


def test_keys_in_the_vault_are_named_by_the_profile():
    vault = StaticKeysHop(KeyPlace.VAULT, "ana")
    assert hops("[profile p]\nusher_keys = ana\ncredential_process = usher credentials p\n") == [vault]
    itself = f"[profile p]\nrole_arn = {SPOKE}\nsource_profile = p\nusher_keys = ana\n"
    assert hops(itself)[0] == vault
    parent = f"[profile k]\nusher_keys = ana\nrole_arn = {HUB}\nsource_profile = k\n"
    assert len(hops(f"[profile p]\n{ROLE}{parent}")) == 2


# MFA -----------------------------------------------------------------------------------------------------


def test_an_iam_users_code_is_held_by_a_session_before_the_role():
    first, session, role = hops(f"[profile p]\n{ROLE}mfa_serial = {MFA}\n", f"[k]\n{KEYS}")
    assert isinstance(first, StaticKeysHop)
    assert (session.mfa_serial, session.duration_seconds, role.mfa_serial) == (MFA, 43200, None)


def test_a_users_own_mfa_serial_opens_one_session_for_all_its_roles():
    parent = f"[profile k]\n{KEYS}mfa_serial = {MFA}\n"
    with_serial = hops(f"{parent}[profile p]\n{ROLE}mfa_serial = {MFA}\n")
    assert with_serial == hops(f"{parent}[profile p]\n{ROLE}")
    assert [type(hop) for hop in with_serial] == [StaticKeysHop, SessionTokenHop, RoleHop]
    other = hops(f"{parent}[profile p]\n{ROLE}mfa_serial = {MFA}2\n")
    assert other[-1].mfa_serial == f"{MFA}2"
    assert [type(hop) for hop in hops(f"[profile p]\n{KEYS}mfa_serial = GAHT12345678\n")][
        1
    ] is SessionTokenHop


def test_keys_of_a_session_cannot_open_another_one():
    temporary = f"[k]\n{KEYS}aws_session_token = t\n"
    assert hops(f"[profile p]\n{ROLE}mfa_serial = {MFA}\n", temporary)[-1].mfa_serial == MFA
    assert len(hops(f"[profile p]\n{KEYS}aws_session_token = t\nmfa_serial = {MFA}\n")) == 1


def test_a_portals_role_asks_with_the_call():
    assert hops(f"[profile p]\n{ROLE}mfa_serial = {MFA}\n[profile k]\n{USHER}")[-1].mfa_serial == MFA


# Roles ---------------------------------------------------------------------------------------------------


def test_everything_a_role_can_be_asked_with_is_read():
    own = (
        "usher_source_identity = ana\nusher_session_tags = team = a , cost=b=c\n"
        'usher_session_policy = {"Version": "2012-10-17"}\nusher_session_policy_arns = arn:a, arn:b,\n'
    )
    role = hops(f"[profile p]\n{ROLE}external_id = e\nduration_seconds = 900\n{own}", f"[k]\n{KEYS}")[-1]
    assert (role.external_id, role.duration_seconds, role.source_identity) == ("e", 900, "ana")
    assert (role.tags, role.policy_arns) == ({"team": "a", "cost": "b=c"}, ("arn:a", "arn:b"))
    assert role.policy == '{"Version":"2012-10-17"}'


def test_a_chained_role_is_asked_for_an_hour_at_most():
    for parent in (USHER, f"role_arn = {HUB}\nweb_identity_token_file = /t\n"):
        found = chain(f"[profile p]\n{ROLE}duration_seconds = 7200\n[profile k]\n{parent}")
        assert found.links[-1].hop.duration_seconds == 3600
        assert "config:4: a role that a role enters lasts an hour" in found.notes[0]
    assert hops(f"[profile p]\n{ROLE}duration_seconds = 7200\n", f"[k]\n{KEYS}")[-1].duration_seconds == 7200


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("duration_seconds = 899", "must be 900 to 43200"),
        ("duration_seconds = 43201", "must be 900 to 43200"),
        ("duration_seconds = ٩٠٠", "must be 900 to 43200"),
        ("role_session_name = a b", "2 to 64 letters"),
        ("usher_source_identity = x", "2 to 64 letters"),
        ("usher_session_tags = team", "key = value"),
        ("usher_session_tags = =a", "key = value"),
        ("usher_session_policy = {", "is not JSON"),
        ("mfa_serial = a b", "neither an ARN nor a serial"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(setting, words):
    message = refused(f"[profile p]\n{ROLE}\n{setting}\n", f"[k]\n{KEYS}")
    assert message.startswith(f"config:5: '{setting.split(' =')[0]}' of the profile 'p'")
    assert words in message


@pytest.mark.parametrize("arn", ["", "hub", "arn:aws:iam::1:role/x", "arn:aws:iam::111111111111:user/x"])
def test_what_is_no_roles_arn_is_refused(arn):
    assert "config:2: 'role_arn'" in refused(
        f"[profile p]\nrole_arn = {arn}\nsource_profile = k\n[profile k]\n{KEYS}"
    )


def test_mistakes_of_sources_have_lines():
    assert refused(f"[profile p]\n{ROLE}").startswith(
        "config:3: 'source_profile' of the profile 'p' names 'k'"
    )
    assert refused(f"[profile p]\nrole_arn = {HUB}\n").startswith("config:2: 'role_arn'")
    both = f"[profile p]\n{ROLE}credential_source = Environment\n"
    assert refused(both).startswith("config:4: 'credential_source'")
    machine = f"[profile p]\nrole_arn = {HUB}\ncredential_source = EcsContainer\n"
    assert "the keys of a machine" in refused(machine)
    assert "none of AWS's sources" in refused(machine.replace("EcsContainer", "Elsewhere"))
    assert "holds no keys" in refused(machine.replace("EcsContainer", "Environment"))
    circle = f"[profile p]\n{ROLE}[profile k]\nrole_arn = {HUB}\nsource_profile = p\n"
    assert refused(circle).startswith(
        "config:6: 'source_profile' of the profile 'k' leads in a circle: p -> k -> p"
    )


def test_keys_of_the_environment_can_enter_a_role():
    environ = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SECURITY_TOKEN": "t"}
    first, role = hops(f"[profile p]\nrole_arn = {HUB}\ncredential_source = Environment\n", **environ)
    assert (first.place, first.open_keys.session_token.reveal(), role.role_arn) == (
        KeyPlace.ENVIRONMENT,
        "t",
        HUB,
    )


def test_a_web_identity_takes_its_settings_along():
    text = f"[profile p]\nrole_arn = {HUB}\nweb_identity_token_file = /t\nduration_seconds = 900\n"
    assert hops(text) == [WebIdentityHop(HUB, "/t", StsPlace("us-east-1"), None, 900)]


def test_a_login_session_is_a_start():
    principal = "arn:aws:iam::111111111111:user/ana"
    assert hops(f"[profile p]\nlogin_session = {principal}\n") == [LoginSessionHop(principal)]


def test_other_mistakes_are_named():
    assert "'credential_process' of the profile 'p' is empty" in refused(
        "[profile p]\ncredential_process =\n"
    )
    assert "not an account id" in refused("[profile p]\ncredential_process = x\naws_account_id = 1\n")
    assert "needs 'usher_organization'" in refused(
        "[profile p]\n" + USHER.replace("usher_organization = mkdev\n", "")
    )
    assert "has nothing that leads to keys" in refused("[profile p]\nregion = x\n")
    assert "without its secret" in refused("", "[p]\naws_access_key_id = A\n")


# Where calls go ------------------------------------------------------------------------------------------


def place(settings, other="", **environ):
    return hops(f"[profile p]\n{ROLE}{settings}\n{other}", f"[k]\n{KEYS}", **environ)[-1].sts


def test_the_region_is_the_profiles_the_environments_or_the_partitions():
    assert place("region = eu-west-1", AWS_REGION="eu-north-1").region == "eu-west-1"
    assert place("", AWS_REGION="eu-north-1").region == "eu-north-1"
    assert place("", AWS_DEFAULT_REGION="eu-north-1").region == "eu-north-1"
    assert place("").region == "us-east-1"
    china = hops(f"[profile p]\n{ROLE.replace('arn:aws:', 'arn:aws-cn:')}", f"[k]\n{KEYS}")[-1]
    assert china.sts.region == "cn-northwest-1"


def test_endpoints_are_chosen_as_botocore_chooses_them():
    services = "[services s]\nsts =\n  endpoint_url = http://block\n"
    assert place("endpoint_url = http://all").endpoint_url == "http://all"
    assert place("services = s\nendpoint_url = http://all", services).endpoint_url == "http://block"
    assert place("services = s", services, AWS_ENDPOINT_URL="http://env").endpoint_url == "http://env"
    both = {"AWS_ENDPOINT_URL": "http://env", "AWS_ENDPOINT_URL_STS": "http://sts"}
    assert place("", **both).endpoint_url == "http://sts"
    assert place("", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true", **both).endpoint_url is None
    assert place("ignore_configured_endpoint_urls = true\nendpoint_url = http://all").endpoint_url is None
    assert place("services = gone").endpoint_url is None
    assert place("services = s", "[services s]\nsts = x\n").endpoint_url is None


def test_variants_of_the_endpoint_are_read():
    found = place("sts_regional_endpoints = legacy\nuse_fips_endpoint = TRUE\nuse_dualstack_endpoint = true")
    assert (found.legacy, found.fips, found.dualstack) == (True, True, True)
    assert place("", AWS_STS_REGIONAL_ENDPOINTS="legacy").legacy
    assert not place("use_fips_endpoint = no").fips


# Files and names -----------------------------------------------------------------------------------------


def test_settings_are_told_with_their_lines_and_no_secret():
    link = chain("", f"# x\n[p]\n{KEYS}").links[0]
    assert [(each.key, each.value, str(each.place)) for each in link.settings] == [
        ("aws_access_key_id", "AKIA", "credentials:3"),
        ("aws_secret_access_key", "(not shown)", "credentials:4"),
    ]


def test_open_keys_and_sections_that_are_there_twice_are_noted():
    notes = chain(f"[profile p]\n{KEYS}[profile q]\n[profile q]\n", "[a]\n[a]\n").notes
    assert notes[0].startswith(
        "config:2: the keys of 'p' lie open in the file: 'usher keys import --profile p'"
    )
    assert [note.split(":")[1] for note in notes[1:]] == ["5", "2"]


def test_names_are_matched_whole_or_without_their_organization():
    both = files(
        f"[profile mkdev-s/A]\n{USHER}[profile mkdev/B]\n{USHER}[profile x]\nregion = y\n", f"[keys]\n{KEYS}"
    )
    assert [match_name(both, name) for name in ("s/A", "B", "x", "keys")] == [
        "mkdev-s/A",
        "mkdev/B",
        "x",
        "keys",
    ]
    with pytest.raises(NotFoundError, match="no profile 'kays' in config") as caught:
        match_name(both, "kays")
    assert "did you mean: keys?" in caught.value.hint
    with pytest.raises(NotFoundError) as caught:
        match_name(both, "zzzzzz")
    assert "usher profiles list" in caught.value.hint
    two = files(f"[profile mkdev-A]\n{USHER}[profile b-A]\n{USHER.replace('mkdev', 'b')}")
    with pytest.raises(UsageError, match="several organizations"):
        match_name(two, "A")
