"""What a sync writes: names by template, plain and native profiles, collisions, pruning."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.configloader import load_config

from usher.core.errors import UsageError
from usher.profiles.blocks import BlockStyle, Wanted, remove_block, sync_block
from usher.profiles.config_text import ConfigFileError
from usher.profiles.names import Naming, name_all
from usher.profiles.ways import WayIn

PATH = Path("config")
STYLE = BlockStyle(
    organization="mkdev",
    region="eu-central-1",
    command=["/opt/usher"],
    start_url="https://mkdev.awsapps.com/start",
    sso_region="eu-central-1",
    scopes=["sso:account:access"],
)
STAGING = WayIn("222222222222", "staging", "AdministratorAccess")
PRODUCTION = WayIn("333333333333", "production", "ReadOnlyAccess")


def synced(text="", ways=(STAGING, PRODUCTION), style=STYLE, native=False, prune=False, naming=None, **known):
    wanted = Wanted(name_all(naming or Naming(), style.organization, ways), **known)
    return sync_block(text, PATH, replace(style, native=native), wanted, prune=prune)


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
    style, naming = replace(STYLE, command=["/opt/it's here/usher"]), Naming("{organization} {account}")
    text = synced(style=style, naming=naming, ways=[STAGING]).text
    seen = as_botocore_sees(text, tmp_path)["profiles"]["mkdev staging"]
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


def test_changes_by_hand_inside_the_block_are_noticed_before_they_are_overwritten():
    text = synced("[default]\n").text
    again = synced(text.replace("eu-central-1", "mars"))
    assert (again.text, again.edited) == (text, True)
    assert not synced(text).edited
    assert not synced(text.replace("\n", "\r\n")).edited, "another end of line is no change"
    assert not synced(text.replace(" sha256=", " other=")).edited, "who takes the mark away does not mind"


def test_profiles_named_otherwise_now_or_not_wanted_are_gone_without_pruning():
    granted = {(way.account_id, way.permission_set) for way in (STAGING, PRODUCTION)}
    before = synced(naming=Naming("{account}")).text
    again = synced(before, ways=[STAGING], granted=granted)
    assert again.names == ("mkdev-staging/AdministratorAccess",)
    assert (again.dropped, again.stale) == (("staging", "production"), ())


@pytest.mark.parametrize("native", [False, True])
def test_profiles_of_an_account_that_could_not_be_listed_are_never_pruned(native):
    before = synced(native=native).text
    again = synced(before, ways=[STAGING], native=native, prune=True, unlisted={"333333333333"})
    assert again.stale == ()
    assert [section.name for section in again.kept] == ["mkdev-production/ReadOnlyAccess"]
    assert "[profile mkdev-production/ReadOnlyAccess]" in again.text


def test_a_profile_may_have_its_own_region_lines_and_words(tmp_path):
    way = replace(STAGING, region="eu-west-3", keys={"output": "yaml"}, description="where we try things")
    seen = as_botocore_sees(synced(ways=[way]).text, tmp_path)["profiles"][
        "mkdev-staging/AdministratorAccess"
    ]
    assert (seen["region"], seen["output"]) == ("eu-west-3", "yaml")
    assert seen["usher_description"] == "where we try things"
    with pytest.raises(UsageError, match="usher_description"):
        synced(ways=[replace(way, description="x\n[default]")])


def test_the_default_profile_is_one_of_them_under_another_header(tmp_path):
    ways = {"default": STAGING, "mkdev-staging": STAGING}
    text = sync_block("", PATH, STYLE, Wanted(ways), prune=False).text
    assert as_botocore_sees(text, tmp_path)["profiles"]["default"]["credential_process"].endswith(" default")
    granted = {(STAGING.account_id, STAGING.permission_set)}
    assert "[default]" not in sync_block(text, PATH, STYLE, Wanted({}, granted), prune=False).text
    with pytest.raises(ConfigFileError, match="already a profile 'default'"):
        sync_block("[default]\n", PATH, STYLE, Wanted(ways), prune=False)


def test_a_block_is_removed_and_nothing_else():
    text = synced("[default]\nregion = eu-west-1\n").text
    assert remove_block(text, PATH, "mkdev") == (
        "[default]\nregion = eu-west-1\n",
        ("mkdev-staging/AdministratorAccess", "mkdev-production/ReadOnlyAccess"),
    )
    assert remove_block(text, PATH, "other") == (text, ())


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


def test_a_permission_set_that_would_add_a_setting_is_refused():
    way = WayIn("111111111111", "a", "x\ncredential_process = evil")
    with pytest.raises(UsageError):
        synced(ways=[way], naming=Naming("{account}"))


@pytest.mark.parametrize(
    "changes", [{"region": "a\nb"}, {"command": ["/opt/a #b"]}, {"command": ["/a\n"]}, {"start_url": "x ;y"}]
)
def test_values_that_would_break_the_file_are_refused(changes):
    with pytest.raises(UsageError, match="cannot be written"):
        synced(style=replace(STYLE, **changes))
