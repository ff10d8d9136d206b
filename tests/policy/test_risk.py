"""What a reviewer is told about a role, for policies written here and for those that AWS publishes."""

from __future__ import annotations

import json
from dataclasses import replace

import moto.iam.aws_managed_policies as published
import pytest

from usher.core.policy_document import published_policy
from usher.policy.request import RolePolicies
from usher.policy.risk import RiskKind, risks_of


def kinds(policies: RolePolicies) -> list[RiskKind]:
    return [risk.kind for risk in risks_of(policies)]


@pytest.fixture(scope="module")
def managed():
    """A role with one AWS managed policy."""
    documents = json.loads(published.aws_managed_policies_data)

    def build(name: str) -> RolePolicies:
        return RolePolicies(((name, published_policy(documents[name]["Document"])),))

    return build


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AdministratorAccess", [RiskKind.ADMINISTRATOR]),
        ("IAMFullAccess", [RiskKind.IAM_WRITE, RiskKind.TRUST_EDIT, RiskKind.WILDCARD]),
        ("ReadOnlyAccess", [RiskKind.DATA_READ]),
        ("SecurityAudit", []),
        ("ViewOnlyAccess", []),
    ],
)
def test_aws_managed_policies_are_judged_as_people_know_them(managed, name, expected):
    assert kinds(managed(name)) == expected


def test_a_power_user_is_no_administrator_but_reaches_identity_center(managed):
    found = kinds(managed("PowerUserAccess"))
    assert RiskKind.ADMINISTRATOR not in found
    assert {RiskKind.SSO, RiskKind.WILDCARD, RiskKind.AUDIT_OFF} <= set(found)
    (wildcard,) = (risk for risk in risks_of(managed("PowerUserAccess")) if risk.kind is RiskKind.WILDCARD)
    assert wildcard.words == "can do nearly everything on every resource"


def test_a_policy_that_is_not_known_is_a_risk_of_its_own(managed):
    role = replace(managed("SecurityAudit"), missing=("Own", "Other"))
    (risk,) = risks_of(role)
    assert risk.kind is RiskKind.NOT_KNOWN
    assert risk.words == "what Own, Other allows is not known here"


def test_the_boundary_of_an_administrator_is_honoured(managed, document, statement):
    fence = ("fence", document(statement("Allow", ["s3:Get*", "s3:List*"])))
    found = kinds(replace(managed("AdministratorAccess"), boundary=fence))
    assert found == [RiskKind.DATA_READ]


def test_a_deny_takes_the_risk_away(role, statement):
    allow = statement("Allow", "iam:*")
    assert RiskKind.IAM_WRITE in kinds(role(allow))
    assert kinds(role(allow, statement("Deny", "iam:*"))) == []


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["sso:CreateAccountAssignment"], RiskKind.SSO),
        (["identitystore:CreateGroupMembership"], RiskKind.SSO),
        (["iam:AttachRolePolicy"], RiskKind.IAM_WRITE),
        (["iam:UpdateAssumeRolePolicy"], RiskKind.TRUST_EDIT),
        (["iam:PassRole", "lambda:CreateFunction"], RiskKind.PASS_ROLE_COMPUTE),
        (["ssm:SendCommand"], RiskKind.CODE_OF_OTHERS),
        (["organizations:DetachPolicy"], RiskKind.ORGANIZATION),
        (["cloudtrail:StopLogging"], RiskKind.AUDIT_OFF),
        (["s3:PutBucketPolicy"], RiskKind.SHARING),
        (["secretsmanager:GetSecretValue"], RiskKind.DATA_READ),
        (["sqs:*"], RiskKind.WILDCARD),
    ],
)
def test_each_danger_is_found_alone(role, statement, actions, expected):
    assert kinds(role(statement("Allow", actions))) == [expected]


@pytest.mark.parametrize("actions", [["sso:ListInstances"], ["iam:PassRole"], ["lambda:CreateFunction"]])
def test_what_is_harmless_alone_is_not_told(role, statement, actions):
    assert kinds(role(statement("Allow", actions))) == []


def test_a_danger_on_some_resources_or_under_a_condition_counts(role, statement):
    some = statement("Allow", "iam:PutRolePolicy", "arn:aws:iam::*:role/web/*")
    assert kinds(role(some)) == [RiskKind.IAM_WRITE]
    condition = {"StringEquals": {"aws:PrincipalTag/team": "web"}}
    assert kinds(role(statement("Allow", "iam:PutRolePolicy", Condition=condition))) == [RiskKind.IAM_WRITE]


def test_reading_data_and_wildcards_count_where_they_are_everywhere(role, statement):
    assert kinds(role(statement("Allow", ["s3:GetObject", "sqs:*"], "arn:aws:s3:::logs/*"))) == []
    whole = statement("Allow", "sqs:*", Condition={"Bool": {"aws:SecureTransport": "true"}})
    assert kinds(role(whole)) == []


def test_a_role_that_may_be_passed_to_one_service_only_needs_that_service(role, statement):
    passing = statement(
        "Allow", "iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    )
    assert kinds(role(passing, statement("Allow", "lambda:CreateFunction"))) == []
    (risk,) = risks_of(role(passing, statement("Allow", ["lambda:CreateFunction", "ec2:RunInstances"])))
    assert risk.words == "can run code with another role's rights: iam:PassRole with ec2:RunInstances"


def test_many_actions_are_told_in_few_words(role, statement):
    (risk,) = risks_of(
        role(statement("Allow", ["cloudtrail:StopLogging", "cloudtrail:D*", "cloudtrail:P*", "config:Stop*"]))
    )
    assert risk.words == (
        "can switch off what records or watches: cloudtrail:DeleteTrail, cloudtrail:PutEventSelectors, "
        "cloudtrail:StopLogging and 1 more"
    )


def test_the_known_ways_are_actions_that_aws_knows():
    from usher.policy import risk as module
    from usher.policy.actions import find_action

    named = {
        name
        for kind in ("_IAM_WRITES", "_TRUST_EDITS", "_COMPUTE", "_CODE_OF_OTHERS", "_ORGANIZATION")
        for name in getattr(module, kind)
    } | {*module._AUDIT_OFF, *module._SHARING, *module._DATA_READ}
    assert [name for name in sorted(named) if find_action(name) is None] == []
