"""Trust policies of roles: one Allow, no Deny, and no for what is not understood."""

from __future__ import annotations

import json

import pytest

from usher.sandbox.trust import TrustRequest, trust_allows

PROVIDER = "arn:aws:iam::222222222222:saml-provider/Usher"
REQUEST = TrustRequest(
    "sts:AssumeRoleWithSAML", "Federated", frozenset({PROVIDER}), {"SAML:aud": "https://here/saml"}
)


def statement(**changes):
    base = {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithSAML"}
    return base | changes


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Action": ["sts:TagSession", "sts:AssumeRoleWithSAML"]},
        {"Action": "sts:*"},
        {"Principal": {"Federated": [PROVIDER, "arn:other"]}},
        {"Condition": {"StringEquals": {"saml:AUD": "https://here/saml"}}},
        {"Condition": {"StringLike": {"SAML:aud": "https://*/saml"}}},
    ],
)
def test_what_lets_in(changes):
    assert trust_allows(policy(statement(**changes)), REQUEST)


@pytest.mark.parametrize(
    "changes",
    [
        {"Effect": "Deny"},
        {"Action": "sts:AssumeRole"},
        {"Principal": {"AWS": PROVIDER}},
        {"Principal": {"Federated": PROVIDER + "2"}},
        {"Principal": "*"},
        {"Condition": {"StringEquals": {"SAML:aud": "https://there/saml"}}},
        {"Condition": {"StringEquals": {"SAML:doc": "https://here/saml"}}},
        {"Condition": {"StringFuzzy": {"SAML:aud": "https://here/saml"}}},
    ],
)
def test_what_does_not_let_in(changes):
    assert not trust_allows(policy(statement(**changes)), REQUEST)


def test_a_deny_wins_even_when_its_condition_is_not_understood():
    fuzzy = statement(Effect="Deny", Condition={"StringFuzzy": {"SAML:aud": "x"}})
    assert not trust_allows(policy(statement(), fuzzy), REQUEST)


def test_a_policy_that_cannot_be_read_lets_nobody_in():
    assert not trust_allows("{", REQUEST)
    assert not trust_allows("[]", REQUEST)
