"""Policy documents: equal when they say the same, refused when AWS would refuse them."""

from __future__ import annotations

import json

import pytest

from usher.core.policy_document import parse_policy_document, policy_document

ALLOW = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def test_policies_that_differ_in_spaces_and_order_are_equal() -> None:
    one = parse_policy_document(
        '{"Version": "2012-10-17", "Statement": [{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    )
    other = parse_policy_document(
        '{"Statement": [ {"Resource": "*", "Action": "*", "Effect": "Allow"} ],\n "Version": "2012-10-17"}'
    )
    assert one == other
    assert hash(one) == hash(other)


def test_the_order_of_actions_is_kept() -> None:
    policy = policy_document({"Statement": {**ALLOW, "Action": ["s3:b", "s3:a"]}})
    assert json.loads(policy.json)["Statement"]["Action"] == ["s3:b", "s3:a"]


def test_a_policy_is_shown_indented() -> None:
    assert policy_document({"Statement": ALLOW}).pretty.startswith('{\n  "Statement": {\n    "Action"')


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON: Expecting value at line 1, column 1"),
        ("{'Statement': 1}", "not JSON: .* at line 1, column 2"),
        ("[]", "not a policy: an object with a Statement is needed"),
        ('"text"', "not a policy"),
        ("{}", "not a policy"),
        ('{"Statement": []}', "not a policy"),
        ('{"Statement": [1]}', "statement 1 is not an object"),
        ('{"Statement": {"Action": "*", "Resource": "*"}}', "statement 1 needs an Effect of Allow or Deny"),
        (
            '{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}',
            "statement 1 needs an Effect of Allow or Deny",
        ),
        ('{"Statement": {"Effect": "Allow", "Resource": "*"}}', "exactly one of Action and NotAction"),
        (
            '{"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "a:b", "Resource": "*"}}',
            "exactly one of Action and NotAction",
        ),
        ('{"Statement": {"Effect": "Allow", "Action": "*"}}', "exactly one of Resource and NotResource"),
        (
            '{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}',
            "the key 'Effect' is written twice in one object",
        ),
        (
            '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"a": NaN}}}',
            "infinite or not a number",
        ),
        ("[" * 100_000, "nested too deeply"),
        ('{"Statement":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_policy_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_policy_document(text)


def test_the_number_of_a_wrong_statement_is_told() -> None:
    with pytest.raises(ValueError, match="statement 3 needs an Effect"):
        policy_document({"Statement": [ALLOW, ALLOW, {"Action": "*"}]})


def _policy_of_size(size: int) -> str:
    """A policy whose canonical JSON has exactly `size` bytes."""
    empty = len(policy_document({"Statement": {**ALLOW, "Sid": ""}}).json)
    return json.dumps({"Statement": {**ALLOW, "Sid": "x" * (size - empty)}})


def test_a_policy_may_have_10_240_bytes_without_white_space_and_no_more() -> None:
    assert len(parse_policy_document(_policy_of_size(10_240)).json) == 10_240
    with pytest.raises(
        ValueError, match="the policy has 10,241 bytes without white space; the limit is 10,240"
    ):
        parse_policy_document(_policy_of_size(10_241))


def test_white_space_counts_towards_the_characters_only() -> None:
    spaced = json.dumps({"Statement": {**ALLOW, "Sid": " " * 20_000}})
    assert len(parse_policy_document(spaced).json) > 20_000
    too_long = json.dumps({"Statement": {**ALLOW, "Sid": " " * 32_768}})
    with pytest.raises(ValueError, match=r"the policy has 32,\d+ characters; the limit is 32,768"):
        parse_policy_document(too_long)


def test_a_policy_nested_beyond_sense_is_refused() -> None:
    nested: object = "end"
    for _ in range(100_000):
        nested = [nested]
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": nested}
    with pytest.raises(ValueError, match="nested too deeply"):
        policy_document({"Statement": [statement]})
