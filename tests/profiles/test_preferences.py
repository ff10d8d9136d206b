"""What settings.toml says of profiles, and the profiles that come of it."""

import pytest

from usher.core.accounts import Account
from usher.core.errors import UsageError
from usher.profiles.details import forget_details, read_details, with_details, write_details
from usher.profiles.preferences import read_preferences, unread_tables
from usher.profiles.wanted import choose_profiles
from usher.profiles.ways import WayIn
from usher.session.settings import load_settings

STAGING = WayIn("222222222222", "staging", "AdministratorAccess")
PRODUCTION = WayIn("333333333333", "production", "ReadOnlyAccess")

ALL = """
[profiles.mkdev]
template = "{account}-{permission_set|short}"
strip_prefix = "mk-"
exclude = ["set:Billing"]
region = "eu-central-1"
output = "json"
keys = {cli_pager = ""}
default = "stg-admin"
aliases = {prod = "production-readonly", gone = "production-readonyl"}
calls_per_second = 50

[profiles.mkdev.permission_sets.ReadOnlyAccess]
region = "us-east-1"
keys = {cli_pager = "less"}

[accounts."222222222222"]
alias = "stg"
description = "where we try things"
region = "eu-west-3"
tags = {tier = "1"}
"""


def preferences(tmp_path, text, organization="mkdev"):
    (tmp_path / "settings.toml").write_text(text)
    return read_preferences(load_settings(tmp_path), organization)


def test_settings_name_choose_and_describe_profiles(tmp_path):
    billing = WayIn("333333333333", "production", "Billing")
    wanted = preferences(tmp_path, ALL)
    chosen = choose_profiles(wanted, "mkdev", [STAGING, PRODUCTION, billing])
    assert list(chosen.profiles) == ["prod", "default", "stg-admin", "production-readonly"]
    assert chosen.left_out == 1
    words = "'gone' is not written: there is no profile 'production-readonyl'"
    assert chosen.notices == (f"{words} (did you mean 'production-readonly'?)",)
    staging, production = chosen.profiles["stg-admin"], chosen.profiles["prod"]
    assert (staging.region, staging.keys) == ("eu-west-3", {"output": "json", "cli_pager": ""})
    assert (staging.description, staging.tags) == ("where we try things", {"tier": "1"})
    assert (production.region, production.keys) == ("us-east-1", {"output": "json", "cli_pager": "less"})
    assert wanted.calls_per_second == 50


def test_a_table_of_an_organization_that_is_none_is_told(tmp_path):
    (tmp_path / "settings.toml").write_text("[profiles.mkdve]\n[profiles.zzz]\n[profiles.b]\n")
    first, second = unread_tables(load_settings(tmp_path), ["mkdev", "b"])
    assert "nothing reads [profiles.mkdve]" in first
    assert first.endswith("(did you mean [profiles.mkdev]?)")
    assert second.endswith("no organization is called so")


def test_only_some_may_be_wanted_and_further_names_stand_for_all(tmp_path):
    wanted = preferences(tmp_path, "[profiles.mkdev]\ntemplate = '{account}'\naliases = {stg = 'staging'}\n")
    chosen = choose_profiles(wanted, "mkdev", [STAGING, PRODUCTION], lambda name, _way: name == "production")
    assert (list(chosen.profiles), chosen.left_out, chosen.notices) == (["stg", "production"], 1, ())
    with pytest.raises(UsageError, match="none of these"):
        choose_profiles(wanted, "mkdev", [STAGING, PRODUCTION], lambda _name, _way: False)


def test_an_alias_without_anything_near_is_told_as_well(tmp_path):
    wanted = preferences(tmp_path, "[profiles.mkdev]\naliases = {x = 'qqq'}\n")
    assert "did you mean" not in choose_profiles(wanted, "mkdev", [STAGING]).notices[0]


@pytest.mark.parametrize("alias", ["mkdev-staging/AdministratorAccess", "a[b"])
def test_an_alias_that_is_taken_or_cannot_be_written_is_refused(tmp_path, alias):
    text = f"[profiles.mkdev.aliases]\n'{alias}' = 'mkdev-staging/AdministratorAccess'\n"
    with pytest.raises(UsageError, match="another name"):
        choose_profiles(preferences(tmp_path, text), "mkdev", [STAGING])


def test_other_organizations_have_their_own_settings(tmp_path):
    assert list(choose_profiles(preferences(tmp_path, ALL, "b"), "b", [PRODUCTION]).profiles) == [
        "b-production/ReadOnlyAccess"
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[profiles.mkdev]\ntemplat = 'x'", "templat"),
        ("[profiles]\nmkdev = 1", "a table"),
        ("[profiles.mkdev]\npermission_sets = 1", "a table"),
        ("[profiles.mkdev.permission_sets]\nX = 1", "a table"),
        ("[profiles.mkdev.permission_sets.X]\nnative = true", "native"),
        ("[profiles.mkdev]\non_collision = 'x'", "one of: fail"),
        ("[profiles.mkdev]\ncalls_per_second = 0", "a number of calls"),
        ("[profiles.mkdev]\ncalls_per_second = true", "a number of calls"),
        ("[profiles.mkdev]\ncalls_per_second = '9'", "a number of calls"),
        ("[profiles.mkdev.keys]\ncredential_process = 'x'", "credential_process.* must be one of"),
        ("[profiles.mkdev.keys]\nendpoint_url = 'x'", "must be one of"),
        ("[profiles.mkdev]\ninclude = 'name:x'", "selector"),
        ("[accounts.staging]\nalias = 'x'", "twelve digits"),
        ("[accounts.'222222222222']\nname = 'x'", "one of: alias"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path, text, words):
    with pytest.raises(UsageError, match=words):
        preferences(tmp_path, text)


def test_units_and_tags_are_kept_and_a_damaged_file_is_as_if_empty(tmp_path):
    staging = Account("222222222222", "staging", tags={"env": "staging"}, ou_names=("Workloads", "Test"))
    write_details(tmp_path, "mkdev", [staging, Account("333333333333", "production")])
    details = read_details(tmp_path, "mkdev")
    way = with_details(STAGING, details)
    assert (way.unit, way.tags) == ("Workloads/Test", {"env": "staging"})
    assert with_details(PRODUCTION, details).unit == ""
    assert with_details(STAGING, read_details(tmp_path, "other")) == STAGING
    (tmp_path / "details" / "mkdev.json").write_text('{"version": 1, "accounts": {"1": 2}}')
    assert read_details(tmp_path, "mkdev") == {}
    (tmp_path / "details" / "mkdev.json").write_text('{"version": 0, "accounts": {"1": 2}}')
    assert read_details(tmp_path, "mkdev") == {}
    forget_details(tmp_path, "mkdev")
    assert not (tmp_path / "details" / "mkdev.json").exists()
