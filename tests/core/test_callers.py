"""Whose session a key is."""

from __future__ import annotations

import pytest

from usher.core.callers import Caller, caller_of
from usher.core.ids import AccountId


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn", "aws-eusc"])
def test_a_session_of_identity_center_names_person_permission_set_and_account(partition: str) -> None:
    arn = (
        f"arn:{partition}:sts::111111111111:assumed-role/"
        "AWSReservedSSO_Team_Admin_0123456789abcdef/ana@mkdev.example"
    )
    assert caller_of(arn) == Caller("ana@mkdev.example", "Team_Admin", AccountId("1" * 12))
    assert str(caller_of(arn)) == "ana@mkdev.example with Team_Admin in 111111111111"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::111111111111:user/ana",
        "arn:aws:iam::111111111111:root",
        "arn:aws:sts::111111111111:assumed-role/Deployer/build-7",
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin/ana",
    ],
)
def test_other_keys_are_nobody_s_session(arn: str) -> None:
    assert caller_of(arn) is None
