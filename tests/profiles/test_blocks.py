"""What a sync writes: names by template, plain and native profiles, collisions, pruning."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.configloader import load_config

from usher.core.errors import UsageError
from usher.profiles.blocks import DEFAULT_TEMPLATE, BlockStyle, WayIn, profile_name, sync_block
from usher.profiles.config_text import ConfigFileError

PATH = Path("config")
STYLE = BlockStyle(
    organization="mkdev",
    template=DEFAULT_TEMPLATE,
    region="eu-central-1",
    command=["/opt/usher"],
    start_url="https://mkdev.awsapps.com/start",
    sso_region="eu-central-1",
    scopes=["sso:account:access"],
)
STAGING = WayIn("222222222222", "staging", "AdministratorAccess")
PRODUCTION = WayIn("333333333333", "production", "ReadOnlyAccess")


def synced(text="", ways=(STAGING, PRODUCTION), style=STYLE, native=False, prune=False):
    return sync_block(text, PATH, style, ways, native=native, prune=prune)


def as_botocore_sees(text, tmp_path):
    (tmp_path / "config").write_text(text)
    return load_config(str(tmp_path / "config"))


def test_a_plain_profile_calls_usher_by_its_absolute_path(tmp_path):
    seen = as_botocore_sees(synced().text, tmp_path)["profiles"]["mkdev-staging/AdministratorAccess"]
    assert seen == {
        "credential_process": "/opt/usher credentials mkdev-staging/AdministratorAccess",
        "region": "eu-central-1",
        "usher_organization": "mkdev",
        "usher_account_id": "222222222222",
        "usher_permission_set": "AdministratorAccess",
    }


def test_paths_and_names_with_spaces_and_quotes_reach_usher_as_they_are(tmp_path):
    style = replace(STYLE, command=["/opt/it's here/usher"], template="{organization} {account}")
    seen = as_botocore_sees(synced(style=style, ways=[STAGING]).text, tmp_path)["profiles"]["mkdev staging"]
    assert shlex.split(seen["credential_process"]) == ["/opt/it's here/usher", "credentials", "mkdev staging"]


def test_native_profiles_are_what_aws_configure_sso_writes(tmp_path):
    seen = as_botocore_sees(synced(native=True).text, tmp_path)
    assert seen["sso_sessions"]["mkdev"] == {
        "sso_start_url": "https://mkdev.awsapps.com/start",
        "sso_region": "eu-central-1",
        "sso_registration_scopes": "sso:account:access",
    }
    profile = seen["profiles"]["mkdev-staging/AdministratorAccess"]
    assert (profile["sso_session"], profile["sso_account_id"], profile["sso_role_name"]) == (
        "mkdev",
        "222222222222",
        "AdministratorAccess",
    )
    assert "credential_process" not in profile
    assert "services" not in profile


def test_native_profiles_of_a_directory_name_its_endpoint_for_both_services(tmp_path):
    style = replace(STYLE, portal_endpoint="http://127.0.0.1:8000", aws_endpoint="http://127.0.0.1:5000")
    seen = as_botocore_sees(synced(native=True, style=style).text, tmp_path)
    profile = seen["profiles"]["mkdev-staging/AdministratorAccess"]
    assert profile["endpoint_url"] == "http://127.0.0.1:5000"
    endpoint = {"endpoint_url": "http://127.0.0.1:8000"}
    assert seen["services"][profile["services"]] == {"sso": endpoint, "sso_oidc": endpoint}


@pytest.mark.parametrize("native", [False, True])
def test_a_second_sync_changes_nothing(native):
    style = replace(STYLE, portal_endpoint="http://127.0.0.1:8000")
    once = synced("[default]\n", style=style, native=native).text
    assert synced(once, style=style, native=native).text == once


def test_profiles_no_longer_granted_are_kept_until_pruned():
    before = synced().text
    kept = synced(before, ways=[STAGING])
    assert kept.stale == ("mkdev-production/ReadOnlyAccess",)
    assert "[profile mkdev-production/ReadOnlyAccess]" in kept.text
    assert synced(kept.text, ways=[STAGING]).text == kept.text
    pruned = synced(kept.text, ways=[STAGING], prune=True)
    assert "production" not in pruned.text
    assert pruned.names == ("mkdev-staging/AdministratorAccess",)


def test_pruning_everything_leaves_the_file_as_it_was():
    assert synced(synced("[default]\n").text, ways=[], prune=True).text == "[default]\n"


def test_a_kept_native_profile_keeps_its_session(tmp_path):
    text = synced(synced(native=True).text, ways=[STAGING]).text
    seen = as_botocore_sees(text, tmp_path)
    assert seen["profiles"]["mkdev-production/ReadOnlyAccess"]["sso_session"] in seen["sso_sessions"]


def test_changes_inside_the_block_are_overwritten():
    text = synced().text
    assert synced(text.replace("eu-central-1", "mars")).text == text


@pytest.mark.parametrize(
    ("own", "native"),
    [
        ("[profile mkdev-staging/AdministratorAccess]\n", False),
        ("[sso-session mkdev]\n", True),
        ("# usher:begin other\n[profile mkdev-staging/AdministratorAccess]\n# usher:end other\n", False),
    ],
)
def test_a_name_taken_outside_the_block_is_an_error_that_names_the_line(own, native):
    with pytest.raises(ConfigFileError, match=r"config:\d+: there is already a"):
        synced("[default]\n" + own, native=native)


def test_two_ways_in_with_one_name_are_an_error_that_names_both():
    with pytest.raises(UsageError, match=r"222222222222.*333333333333"):
        synced(style=replace(STYLE, template="{organization}"))


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ("Größe & Co", "mkdev-Gro-e-Co/X"),
        ("a/b c", "mkdev-a-b-c/X"),
        ("--", "mkdev-111111111111/X"),
        ("日本", "mkdev-111111111111/X"),
        ("$(reboot)'\"`", "mkdev-reboot/X"),
    ],
)
def test_account_names_become_names_that_every_sdk_accepts(account, name):
    assert profile_name(DEFAULT_TEMPLATE, "mkdev", WayIn("111111111111", account, "X")) == name


@pytest.mark.parametrize("account", ["a\nb", "a\x1b[31m", "a\u202eb", "a\0"])
def test_account_names_with_control_characters_are_refused(account):
    with pytest.raises(UsageError, match="control"):
        profile_name(DEFAULT_TEMPLATE, "mkdev", WayIn("111111111111", account, "X"))


@pytest.mark.parametrize("permission_set", ["a\nb", "a]", 'a"b', "a;b", "x" * 200])
def test_permission_set_names_that_cannot_be_written_are_refused(permission_set):
    with pytest.raises(UsageError):
        profile_name(DEFAULT_TEMPLATE, "mkdev", WayIn("111111111111", "a", permission_set))


def test_a_permission_set_that_would_add_a_setting_is_refused():
    way = WayIn("111111111111", "a", "x\ncredential_process = evil")
    with pytest.raises(UsageError):
        synced(ways=[way], style=replace(STYLE, template="{account}"))


@pytest.mark.parametrize("template", ["{", "{nobody}", "", " x", "a\nb", "{0}", "{account!r}]", "[x]"])
def test_templates_that_cannot_work_are_refused(template):
    with pytest.raises(UsageError):
        profile_name(template, "mkdev", STAGING)


@pytest.mark.parametrize(
    "changes", [{"region": "a\nb"}, {"command": ["/opt/a #b"]}, {"command": ["/a\n"]}, {"start_url": "x ;y"}]
)
def test_values_that_would_break_the_file_are_refused(changes):
    with pytest.raises(UsageError, match="cannot be written"):
        synced(style=replace(STYLE, **changes))
