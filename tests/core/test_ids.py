"""The patterns of the field take what AWS takes and nothing else."""

from __future__ import annotations

import re

import pytest

from usher.core import ids


@pytest.mark.parametrize("text", ["111111111111", "012345678901"])
def test_an_account_id_is_twelve_digits(text: str) -> None:
    assert ids.account_id(text) == text


@pytest.mark.parametrize("text", ["", "1", "1" * 11, "1" * 13, "11111111111a", "1" * 12 + "\n", "１" * 12])
def test_anything_else_is_not_an_account_id(text: str) -> None:
    with pytest.raises(ValueError, match="is not an account id: twelve digits are needed"):
        ids.account_id(text)


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (
            ids.PERMISSION_SET_NAME,
            ["A", "Read_Only+=,.@-9", "x" * 32],
            ["", "x" * 33, "Read Only", "Lésen", "a/b"],
        ),
        (ids.POLICY_NAME, ["ReadOnlyAccess", "x" * 128], ["", "x" * 129, "a/b", "a b"]),
        (ids.POLICY_PATH, ["/", "/a/", "/a/b.c@d/"], ["", "a", "/a", "a/", "//", "/a b/", "/é/"]),
        (
            ids.MANAGED_POLICY_ARN,
            [
                "arn:aws:iam::aws:policy/ReadOnlyAccess",
                "arn:aws-us-gov:iam::aws:policy/job-function/Billing",
                "arn:aws-cn:iam::aws:policy/service-role/AWSLambdaRole",
            ],
            [
                "ReadOnlyAccess",
                "arn:aws:iam::111111111111:policy/Mine",
                "arn:aws:iam::aws:policy/",
                "arn:aws:iam::aws:role/X",
            ],
        ),
        (
            ids.INSTANCE_ARN,
            ["arn:aws:sso:::instance/ssoins-0123456789abcdef"],
            ["arn:aws:sso:::instance/ssoins-0123", "arn:aws:sso:eu-west-1::instance/ssoins-0123456789abcdef"],
        ),
        (
            ids.PERMISSION_SET_ARN,
            ["arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef"],
            ["arn:aws:sso:::permissionset/ssoins-0123456789abcdef/ps-0123456789abcdef"],
        ),
    ],
)
def test_a_pattern_takes_what_aws_takes(pattern: re.Pattern[str], good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not pattern.fullmatch(text)] == []
    assert [text for text in bad if pattern.fullmatch(text)] == []
