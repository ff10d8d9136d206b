"""Every profile there is: the synced ones from the index, all others from the config file."""

from __future__ import annotations

import pytest

from usher.profiles.index import IndexEntry, write_index
from usher.profiles.known import known_profiles, role_of_arn
from usher.profiles.near import near_names

STAGING = IndexEntry("mkdev-staging/Admin", "mkdev", "222222222222", "staging", "Admin", unit="Work")
SPACED = IndexEntry("the one/Admin", "mkdev", "333333333333", "the one", "Admin")
GONE = IndexEntry("mkdev-gone/Admin", "mkdev", "444444444444", "gone", "Admin")
SYNCED = """# usher:begin mkdev (written)
[profile mkdev-staging/Admin]
usher_account_id = 222222222222
[profile "the one/Admin"]
usher_account_id = 333333333333
# usher:end mkdev
"""


@pytest.fixture
def known(tmp_path):
    def found(config):
        (tmp_path / "config").write_text(config)
        write_index(tmp_path, "mkdev", [STAGING, SPACED, GONE])
        return known_profiles(tmp_path, tmp_path / "config", tmp_path / "credentials")

    return found


def test_synced_profiles_come_from_the_index_and_those_that_are_gone_from_the_file_are_gone(known):
    assert known(SYNCED) == [STAGING, SPACED]


def test_without_an_index_everything_comes_from_the_file(tmp_path):
    (tmp_path / "config").write_text(SYNCED)
    found = known_profiles(tmp_path, tmp_path / "config", tmp_path / "none")
    assert [entry.profile for entry in found] == ["mkdev-staging/Admin", "the one/Admin"]
    assert known_profiles(tmp_path, tmp_path / "none", tmp_path / "none") == []


def test_other_profiles_are_there_with_what_their_account_is_known_for(known):
    found = known(
        "[default]\nregion = eu-west-1\n" + SYNCED + "[profile chained]\n"
        "role_arn = arn:aws:iam::222222222222:role/deep/Ops\nsource_profile = default\n"
        "[sso-session s]\n[profile sso]\nsso_session = s\nsso_account_id = 555555555555\nsso_role_name = R\n"
        "[profile sso]\nregion = twice\n"
    )
    assert found == [
        STAGING,
        IndexEntry("default", "", "", "", "", region="eu-west-1"),
        SPACED,
        IndexEntry("chained", "", "222222222222", "staging", "Ops", unit="Work"),
        IndexEntry("sso", "s", "555555555555", "", "R"),
    ]


def test_profiles_that_only_have_keys_are_there_too(known, tmp_path):
    (tmp_path / "credentials").write_text(
        "[static]\naws_access_key_id = AKIA\n[mkdev-staging/Admin]\naws_access_key_id = AKIA\n"
    )
    assert known(SYNCED) == [STAGING, SPACED, IndexEntry("static", "", "", "", "")]


@pytest.mark.parametrize("arn", ["", "role/x", "arn:aws:iam::222222222222:user/x"])
def test_only_a_roles_arn_names_a_role(arn):
    assert role_of_arn(arn) == ("", "")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("mkdev-stagign/Admin", ["mkdev-staging/Admin"]),
        ("MKDEV-STAGING/ADMIN", ["mkdev-staging/Admin"]),
        ("staging", ["mkdev-staging/Admin"]),
        ("x", []),
        ("", []),
        ("zzzzzzz", []),
    ],
)
def test_near_names_are_what_was_probably_meant(name, wanted):
    assert near_names(name, ["mkdev-staging/Admin", "bbbb-qqqqqqq/Read"]) == wanted
