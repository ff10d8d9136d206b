"""The unattended walk says no when a door leads somewhere else than the access file and AWS say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from usher.aws.clients import AwsKeys
from usher.core.errors import UsherError
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.sandbox.demo import Entry
from usher.sandbox.organization import SandboxOrganization
from usher.sandbox.walk_through import Entered, check_door, check_offer

USER, STAGING = "developer@mkdev.example", AccountId("222222222222")
ORGANIZATION = SandboxOrganization(
    "eu-central-1",
    AccountId("111111111111"),
    {"staging": STAGING},
    {"staging": "mkdev-staging"},
    AwsKeys("AKIA", Secret("secret")),
)
DOOR = Entered(
    "staging",
    STAGING,
    "ReadOnlyAccess",
    f"arn:aws:sts::{STAGING}:assumed-role/UsherSSO_ReadOnlyAccess_0123456789abcdef/{USER}",
    ("mkdev-staging",),
)


def test_the_right_door_is_accepted():
    check_door(USER, DOOR, ORGANIZATION)


@pytest.mark.parametrize(
    "changes",
    [
        {"account_id": "333333333333"},
        {"arn": DOOR.arn.replace(STAGING, "333333333333")},
        {"arn": DOOR.arn.replace("ReadOnly", "Administrator")},
        {"arn": DOOR.arn.replace("developer", "operator")},
        {"arn": f"arn:aws:sts::{STAGING}:user/moto"},
        {"buckets": ()},
        {"buckets": ("mkdev-staging", "mkdev-production")},
    ],
)
def test_a_door_that_leads_elsewhere_is_an_error(changes):
    with pytest.raises(UsherError):
        check_door(USER, replace(DOOR, **changes), ORGANIZATION)


def test_more_or_fewer_doors_than_the_access_file_says_are_an_error():
    one, two = Entry(USER, "staging", "ReadOnlyAccess"), Entry(USER, "production", "ReadOnlyAccess")
    check_offer(USER, {one}, {one})
    with pytest.raises(UsherError, match="may enter nothing, but the access file says staging"):
        check_offer(USER, set(), {one})
    with pytest.raises(UsherError, match="may enter production/ReadOnlyAccess, staging"):
        check_offer(USER, {one, two}, {one})
