"""Which account and permission set a profile means, whoever wrote it."""

from pathlib import Path

import pytest

from usher.core.errors import ExitCode, NotFoundError, UsageError
from usher.profiles.lookup import ProfileTarget, find_profile, list_profiles

PATH = Path("config")
TEXT = """\
[profile one-staging/Admin]
usher_organization = one
usher_account_id = 222222222222
usher_permission_set = Admin
region = eu-west-1
[profile two-staging/Admin]
usher_organization = two
usher_account_id = 222222222222
usher_permission_set = Admin
[profile two-production/Read]
usher_organization = two
usher_account_id = 333333333333
usher_permission_set = Read
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
[profile modern]
sso_session = corp
sso_account_id = 444444444444
sso_role_name = Read
[profile legacy]
sso_start_url = https://old.awsapps.com/start
sso_region = us-east-2
sso_account_id = 555555555555
sso_role_name = Read
[profile static]
aws_access_key_id = x
[profile nowhere]
sso_account_id = 555555555555
sso_role_name = Read
"""


def find(name, text=TEXT):
    return find_profile(text, PATH, name)


def test_ushers_own_profiles_name_their_organization():
    assert find("one-staging/Admin") == ProfileTarget(
        "one-staging/Admin", "222222222222", "Admin", "eu-west-1", "one"
    )


def test_sso_profiles_lead_to_their_portal():
    assert find("modern").start_url == "https://corp.awsapps.com/start"
    assert find("modern").sso_region == "us-east-1"
    assert find("legacy").start_url == "https://old.awsapps.com/start"


def test_the_prefix_may_be_left_out_only_when_that_is_unambiguous():
    assert find("production/Read").name == "two-production/Read"
    with pytest.raises(UsageError, match="several organizations") as caught:
        find("staging/Admin")
    assert "one-staging/Admin, two-staging/Admin" in caught.value.hint


def test_a_profile_that_is_not_there_is_not_found():
    with pytest.raises(NotFoundError) as caught:
        find("two-production/Raed")
    assert "two-production/Read" in caught.value.hint
    assert caught.value.exit_code is ExitCode.NOT_FOUND
    with pytest.raises(NotFoundError) as caught:
        find("zzz")
    assert "usher profiles list" in caught.value.hint


@pytest.mark.parametrize("name", ["static", "nowhere"])
def test_profiles_that_are_not_for_single_sign_on_say_so(name):
    with pytest.raises(UsageError, match="not for single sign-on"):
        find(name)


def test_a_missing_sso_session_is_named():
    with pytest.raises(UsageError, match="'corp', which is not there"):
        find("a", "[profile a]\nsso_session = corp\nsso_account_id = 444444444444\nsso_role_name = R\n")


def test_an_account_id_that_is_none_is_named_with_its_line():
    with pytest.raises(UsageError, match="config:1"):
        find("a", "[profile a]\nusher_organization = m\nusher_account_id = 1\nusher_permission_set = R\n")


def test_the_list_holds_roles_and_what_single_sign_on_can_serve():
    role = "[profile hub]\nrole_arn = arn:aws:iam::111111111111:role/team/hub\n"
    text = f"{role}source_profile = modern\n{TEXT}[profile odd]\nrole_arn = hub\n"
    first, *others = list_profiles(text, PATH)
    assert first == ProfileTarget("hub", "111111111111", "hub", source="modern")
    names = [target.name for target in others]
    assert names == ["one-staging/Admin", "two-staging/Admin", "two-production/Read", "modern", "legacy"]
