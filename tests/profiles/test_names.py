"""Names by template: safe fields and filters, transformations, and what happens to equal names."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usher.core.errors import UsageError
from usher.profiles.names import Naming, OnCollision, is_profile_name, name_all, profile_name
from usher.profiles.ways import WayIn

WAY = WayIn(
    "222222222222",
    "Mkdev Staging - EU",
    "ReadOnlyAccess",
    unit="Workloads/Non Prod",
    tags={"team": "Core Systems"},
    region="eu-west-3",
)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{organization}-{account}/{permission_set}", "mkdev-Mkdev-Staging-EU/ReadOnlyAccess"),
        ("{account|lower}-{permission_set|short}", "mkdev-staging-eu-readonly"),
        ("{account|underscores|upper}", "MKDEV_STAGING_EU"),
        ("{account_id} {permission_set|lower}", "222222222222 readonlyaccess"),
        ("{unit}/{account|last}", "Workloads/Non-Prod/EU"),
        ("{unit|dashes|lower}", "workloads-non-prod"),
        ("{tag.team}-{region}", "Core-Systems-eu-west-3"),
        ("x{tag.nothing}", "x"),
    ],
)
def test_a_template_puts_in_fields_and_filters_them(template, name):
    assert profile_name(Naming(template), "mkdev", WAY) == name


@pytest.mark.parametrize(
    ("permission_set", "short"),
    [("AdministratorAccess", "admin"), ("DeployAccess", "deploy"), ("Access", "access"), ("Ops", "ops")],
)
def test_well_known_permission_sets_have_short_names(permission_set, short):
    assert (
        profile_name(Naming("{permission_set|short}"), "m", replace(WAY, permission_set=permission_set))
        == short
    )


def test_prefixes_suffixes_and_spaces_of_account_names_are_transformed():
    naming = Naming("{account}", ("Mkdev ", "Mk"), (" - EU",), spaces="_")
    assert profile_name(naming, "m", WAY) == "Staging"
    assert profile_name(naming, "m", replace(WAY, account_name="Mkdev ")) == "dev"
    assert profile_name(naming, "m", replace(WAY, account_name="My Big One")) == "My_Big_One"


def test_an_own_name_for_an_account_comes_before_the_accounts():
    assert profile_name(Naming("{account}"), "m", replace(WAY, alias="stg")) == "stg"


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ("Größe & Co", "mkdev-Gro-e-Co/X"),
        ("a/b c", "mkdev-a-b-c/X"),
        ("--", "mkdev-111111111111/X"),
        ("日本", "mkdev-111111111111/X"),
        ("$(reboot)'\"`", "mkdev-reboot/X"),
        ("{account.__class__}", "mkdev-account.__class__/X"),
        ("a\nb", "mkdev-111111111111/X"),
        ("a\x1b[31m", "mkdev-111111111111/X"),
        ("a\u202eb", "mkdev-111111111111/X"),
        ("a\0", "mkdev-111111111111/X"),
    ],
)
def test_account_names_become_names_that_every_sdk_accepts(account, name):
    assert profile_name(Naming(), "mkdev", WayIn("111111111111", account, "X")) == name


@settings(max_examples=300, deadline=None)
@given(st.text(), st.text(), st.text())
def test_whatever_others_call_things_a_name_never_leaves_its_line(account, unit, tag):
    way = WayIn("111111111111", account, "X", unit=unit, tags={"a": tag})
    try:
        name = profile_name(Naming("p{account}{unit|lower}{tag.a}", spaces="_"), "mkdev", way)
    except UsageError:
        return  # too long
    assert is_profile_name(name)
    assert not set(name) & set("[]\n\r#;\"'`$")


@pytest.mark.parametrize("permission_set", ["a\nb", "a]", 'a"b', "a;b", "x" * 200])
def test_permission_set_names_that_cannot_be_written_are_refused(permission_set):
    with pytest.raises(UsageError):
        profile_name(Naming(), "mkdev", WayIn("111111111111", "a", permission_set))


@pytest.mark.parametrize(
    "template",
    [
        "{",
        "{nobody}",
        "",
        " x",
        "a\nb",
        "{0}",
        "{account!r}]",
        "[x]",
        "{account|nothing}",
        "{tag.}",
        "{account:>9}",
    ],
)
def test_templates_that_cannot_work_are_refused(template):
    with pytest.raises(UsageError):
        profile_name(Naming(template), "mkdev", WAY)


def test_two_ways_in_with_one_name_are_an_error_that_names_both():
    other = replace(WAY, account_id="333333333333")
    with pytest.raises(UsageError, match=r"222222222222.*333333333333"):
        name_all(Naming("{organization}"), "mkdev", [WAY, other])


def test_equal_names_may_be_told_apart_by_the_accounts_id():
    other = replace(WAY, account_id="333333333333")
    lone = replace(WAY, account_name="prod")
    naming = Naming("{account|lower}", on_collision=OnCollision.ACCOUNT_ID)
    assert list(name_all(naming, "mkdev", [WAY, other, lone])) == [
        "mkdev-staging-eu-222222222222",
        "mkdev-staging-eu-333333333333",
        "prod",
    ]
    with pytest.raises(UsageError, match="gives"):
        name_all(naming, "mkdev", [WAY, replace(WAY, permission_set="Other")])
