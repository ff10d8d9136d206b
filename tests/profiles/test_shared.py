"""What a registry may give: data, and whatever else it says is dropped and told."""

import pytest
from botocore.configloader import load_config

from usher.core.errors import NotFoundError, UsageError
from usher.profiles import shared as sharing
from usher.profiles.config_text import read_sections
from usher.profiles.registries import (
    Prefix,
    Registry,
    find_registry,
    forget_registry,
    load_registries,
    save_registry,
)
from usher.profiles.shared import RegistryError
from usher.profiles.shared_blocks import Known, render_registries
from usher.profiles.shared_files import read_shared

GOOD = """
version = 1
[organizations.mkdev]
start_url = "https://mkdev.awsapps.com/start"
region = "eu-central-1"
[profiles.staging]
organization = "mkdev"
account_id = "222222222222"
permission_set = "AdministratorAccess"
region = "eu-west-3"
description = "where we try things"
colour = "green"
output = "json"
[profiles.deploy]
role_arn = "arn:aws:iam::333333333333:role/deploy"
source_profile = "staging"
duration_seconds = 900
"""
PLATFORM = Registry("platform", "https://git.example/platform", commit="a" * 40)


def shared(text, path="usher-profiles.toml", **others):
    files = {path: text, **others}

    def read(name):
        if name not in files:
            raise RegistryError(f"there is no file {name}")
        return files[name].encode()

    return read_shared(read, path)


def rendered(tmp_path, *contents, text="", known=None):
    path = tmp_path / "config"
    known = known or Known(["/opt/usher"], {})
    found = render_registries(text, path, contents, known)
    path.write_text(found.text)
    return found, load_config(str(path))


def test_ushers_own_file_gives_sessions_profiles_and_chains(tmp_path):
    _, seen = rendered(tmp_path, (PLATFORM, shared(GOOD)))
    assert seen["sso_sessions"]["mkdev"]["sso_start_url"] == "https://mkdev.awsapps.com/start"
    assert seen["profiles"]["staging"] == {
        "sso_session": "mkdev",
        "sso_account_id": "222222222222",
        "sso_role_name": "AdministratorAccess",
        "region": "eu-west-3",
        "output": "json",
        "usher_description": "where we try things",
        "usher_colour": "green",
    }
    assert seen["profiles"]["deploy"]["source_profile"] == "staging"


def test_where_the_person_is_known_profiles_ask_usher_for_keys(tmp_path):
    known = Known(["/opt/usher"], {"https://mkdev.awsapps.com/start/": "mine"})
    found, seen = rendered(tmp_path, (PLATFORM, shared(GOOD)), known=known)
    assert seen["profiles"]["staging"]["credential_process"] == "/opt/usher credentials staging"
    assert seen["profiles"]["staging"]["usher_organization"] == "mine"
    assert seen["sso_sessions"] == {}
    (entry,) = found.entries["platform"]
    assert (entry.profile, entry.organization, entry.description) == (
        "staging",
        "mine",
        "where we try things",
    )


HOSTILE_KEYS = [
    "credential_process = /bin/sh -c evil",
    "endpoint_url = https://evil.example",
    "services = evil",
    "ca_bundle = /tmp/evil.pem",
    "mfa_process = evil",
    "aws_access_key_id = AKIAEVIL",
    "web_identity_token_file = /etc/passwd",
    "credential_source = Environment",
    "granted_skip_credential_process_validation = true",
    "sso_endpoint_url = https://evil.example",
]


@pytest.mark.parametrize("line", HOSTILE_KEYS)
def test_an_aws_config_file_gives_nothing_that_runs_or_leads_elsewhere(tmp_path, line):
    text = (
        "[sso-session mkdev]\nsso_start_url = https://mkdev.awsapps.com/start\nsso_region = eu-central-1\n"
        "sso_registration_scopes = sso:account:access, codewhisperer:completions\n"
        f"[profile a]\nsso_session = mkdev\nsso_account_id = 222222222222\nsso_role_name = X\n{line}\n"
        "[services evil]\nsso =\n  endpoint_url = https://evil.example\n[plugins]\nx = evil\n"
    )
    found = shared(text, "config")
    assert list(found.profiles) == ["a"]
    assert any(line.split(" ")[0] in word for word in found.dropped)
    result, seen = rendered(tmp_path, (PLATFORM, found))
    assert "evil" not in result.text.lower().replace("credential_process", "")
    assert set(seen["profiles"]["a"]) == {"sso_session", "sso_account_id", "sso_role_name"}


def test_a_registry_of_granted_works_as_it_is(tmp_path):
    config = (
        "[profile prod]\ngranted_sso_start_url = https://mkdev.awsapps.com/start\n"
        "granted_sso_region = eu-central-1\ngranted_sso_account_id = 333333333333\n"
        "granted_sso_role_name = ReadOnlyAccess\n"
        "credential_process = granted credential-process --profile prod\n"
        "granted_color = red\ngranted_description = careful\n"
        "[profile again]\nsso_start_url = https://mkdev.awsapps.com/start\nsso_region = eu-central-1\n"
        "sso_account_id = 333333333333\nsso_role_name = {{ .Required.Role }}\n"
    )
    found = shared("awsConfig:\n  - ./aws/config\n", "team/granted.yml", **{"team/aws/config": config})
    assert list(found.profiles) == ["prod"]
    assert found.profiles["prod"].colour == "red"
    assert any("permission set" in word for word in found.dropped)
    _, seen = rendered(tmp_path, (PLATFORM, found))
    assert seen["profiles"]["prod"]["sso_session"] == "mkdev"


INJECTED = "x\\n[profile evil]\\ncredential_process = evil"


@pytest.mark.parametrize(
    "change",
    [
        ('description = "where we try things"', f'description = "{INJECTED}"'),
        ('description = "where we try things"', 'description = "a #b"'),
        ('region = "eu-west-3"', f'region = "{INJECTED}"'),
        ('output = "json"', 'output = "exec"'),
        ('colour = "green"', 'colour = "\\u001b[31m"'),
        ('account_id = "222222222222"', f'account_id = "{INJECTED}"'),
        ('account_id = "222222222222"', "account_id = true"),
        ('account_id = "222222222222"', ""),
        ('permission_set = "AdministratorAccess"', f'permission_set = "{INJECTED}"'),
        ('permission_set = "AdministratorAccess"', ""),
        ("[profiles.staging]", f'[profiles."{INJECTED}"]'),
        ("[profiles.staging]", "[profiles.default]"),
        ("[profiles.staging]", '[profiles."a]b"]'),
        ('organization = "mkdev"', 'organization = "other"'),
        ('start_url = "https://mkdev.awsapps.com/start"', f'start_url = "https://a.example/{INJECTED}"'),
        ('start_url = "https://mkdev.awsapps.com/start"', 'start_url = "http://a.example/"'),
        ('start_url = "https://mkdev.awsapps.com/start"', 'start_url = "https://a.example/#;x"'),
        ('region = "eu-central-1"', 'region = "mars"'),
        ("[organizations.mkdev]", "[organizations.'x y']"),
        ('region = "eu-central-1"', 'region = "eu-central-1"\nscopes = ["a\\nb"]'),
        ('region = "eu-central-1"', 'region = "eu-central-1"\nscopes = 3'),
    ],
)
def test_values_that_would_break_out_take_their_profile_with_them(tmp_path, change):
    assert change[0] in GOOD
    found = shared(GOOD.replace(*change, 1))
    assert "staging" not in found.profiles
    assert "deploy" not in found.profiles, "a chain goes with its root"
    assert found.dropped
    result, seen = rendered(tmp_path, (PLATFORM, found))
    assert seen["profiles"] == {}
    assert "evil" not in result.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("role/deploy", "user/deploy"),
        ("role_arn =", "external_id ="),
        ("duration_seconds = 900", 'external_id = "a b"'),
        ("duration_seconds = 900", 'mfa_serial = "x"'),
        ('source_profile = "staging"', 'source_profile = "my-own-admin"'),
    ],
)
def test_a_chain_that_cannot_be_meant_or_starts_elsewhere_is_dropped(old, new):
    found = shared(GOOD.replace(old, new))
    assert list(found.profiles) == ["staging"]


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("a.toml", "version = 2", "version 1"),
        ("a.toml", "version = ", "a.toml"),
        ("a.toml", "version = 1\nprofiles = 3", "table of tables"),
        ("a.toml", "version = 1\nx = " + "[" * 3_900, "a.toml"),
        ("a.yml", "awsConfig: 2001-99-99", "not YAML"),
        ("config", "[profile a]\na" + " " * 1_000_000, "a line of more than"),
        ("a.yml", "awsConfig: 3", "names no files"),
        ("a.yml", "[[[", "not YAML"),
        ("a.yml", "!!python/object/apply:os.system [evil]", "not YAML"),
        ("config", "# usher:begin x\n", "has no end"),
        ("a.yml", "awsConfig: ../../etc/passwd", "no file"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(path, text, words):
    with pytest.raises(RegistryError, match=words):
        shared(text, path)


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(RegistryError, match="UTF-8"):
        read_shared(lambda _: b"\xff\xfe", "config")


def test_unknown_tables_and_keys_are_told():
    found = shared(GOOD + 'credential_process = "evil"\n[hooks]\nx = 1\n')
    assert found.dropped == (
        "'hooks': nothing reads it",
        "profile 'deploy': credential_process is not taken over",
    )


def test_there_is_an_end_to_how_many_profiles_a_registry_gives(monkeypatch):
    monkeypatch.setattr(sharing, "MOST_PROFILES", 1)
    with pytest.raises(RegistryError, match="more than 1"):
        shared(GOOD)


def test_a_profile_that_is_there_twice_is_told_and_taken_once():
    section = "[profile a]\nsso_start_url = https://m.awsapps.com/start\nsso_region = eu-west-1\n"
    section += "sso_account_id = 222222222222\nsso_role_name = X\n"
    found = shared(section * 2, "config")
    assert (list(found.profiles), found.dropped) == (["a"], ("profile 'a': it is there twice",))


def test_sessions_without_a_name_get_one_from_their_address():
    text = "".join(
        f"[profile p{n}]\nsso_start_url = https://{host}/start\nsso_region = eu-west-1\n"
        "sso_account_id = 222222222222\nsso_role_name = X\n"
        for n, host in enumerate(["m.a.example", "m.b.example", "-.example", "bad host"])
    )
    assert list(shared(text, "config").sessions) == ["m", "m-2", "shared"]


def test_the_persons_own_profiles_and_sessions_are_never_replaced(tmp_path):
    own = (
        "[profile staging]\nregion = eu-west-1\n[sso-session mkdev]\nsso_start_url = https://other.example/\n"
    )
    _, seen = rendered(tmp_path, (PLATFORM, shared(GOOD)), text=own)
    assert seen["profiles"]["staging"] == {"region": "eu-west-1"}
    assert seen["profiles"]["platform/staging"]["sso_session"] == "platform-mkdev"
    assert seen["profiles"]["deploy"]["source_profile"] == "platform/staging"
    found, _ = rendered(tmp_path, (Registry("p", "https://x/y", prefix=Prefix.NONE), shared(GOOD)), text=own)
    assert found.skipped["p"] == (
        "'staging' is not written: there is another profile of that name",
        "'deploy' is not written: its source_profile 'staging' is not",
    )


def test_the_very_same_session_is_used_and_not_written_again(tmp_path):
    own = "[sso-session mkdev]\nsso_start_url = https://mkdev.awsapps.com/start\nsso_region = eu-central-1\n"
    found, seen = rendered(tmp_path, (PLATFORM, shared(GOOD)), text=own)
    assert found.text.count("[sso-session") == 1
    assert seen["profiles"]["staging"]["sso_session"] == "mkdev"


def test_of_two_registries_the_first_gives_a_name_and_both_stay_as_they_are_the_second_time(tmp_path):
    other = Registry("other", "https://git.example/other")
    contents = [(PLATFORM, shared(GOOD)), (other, shared(GOOD))]
    found, seen = rendered(tmp_path, *contents)
    assert {"staging", "deploy", "other/staging", "other/deploy"} == set(seen["profiles"])
    again, _ = rendered(tmp_path, *contents, text=found.text)
    assert (again.text, again.edited) == (found.text, ())
    edited, _ = rendered(tmp_path, *contents, text=found.text.replace("eu-west-3", "eu-west-1", 1))
    assert edited.edited == ("platform",)
    everything = Registry("all", "https://x/y", prefix=Prefix.ALL)
    _, seen = rendered(tmp_path, (everything, shared(GOOD)))
    assert set(seen["profiles"]) == {"all/staging", "all/deploy"}


def test_a_registrys_block_is_marked_as_its_own(tmp_path):
    found, _ = rendered(tmp_path, (PLATFORM, shared(GOOD)))
    assert found.text.startswith("# usher:begin registry:platform sha256=")
    assert "usher registry sync" in found.text.split("\n")[0]
    assert {section.block for section in read_sections(found.text, tmp_path)} == {"registry:platform"}


def test_registries_are_remembered_by_priority_until_forgotten(tmp_path):
    assert load_registries(tmp_path) == {}
    first = Registry("b", "https://x/y", priority=1, start_urls=("https://a.example",), signers="key")
    for registry in (PLATFORM, first):
        save_registry(tmp_path, registry)
    assert list(load_registries(tmp_path).values()) == [first, PLATFORM]
    assert find_registry(load_registries(tmp_path), "b") == first
    forget_registry(tmp_path, "b")
    with pytest.raises(NotFoundError, match="no registry 'b'") as caught:
        find_registry(load_registries(tmp_path), "b")
    assert caught.value.hint == "known: platform"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "{",
        lambda _: "[]",
        lambda text: text.replace('"name": "platform"', '"name": "../x"'),
        lambda text: text.replace('"ref": ""', '"ref": 3'),
        lambda text: text.replace('"start_urls": []', '"start_urls": 3'),
        lambda text: text.replace('"priority": 0', '"priority": "x"'),
    ],
)
def test_a_damaged_book_of_registries_is_told_and_not_overwritten(tmp_path, spoil):
    save_registry(tmp_path, PLATFORM)
    path = tmp_path / "registries.json"
    path.write_text(spoil(path.read_text()))
    with pytest.raises(UsageError, match="damaged"):
        load_registries(tmp_path)
