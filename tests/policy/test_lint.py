"""The mistakes that a look at a policy finds, and what it must not cry about."""

from __future__ import annotations

import json

import moto.iam.aws_managed_policies as published
import pytest

from usher.core.policy_document import published_policy
from usher.policy.lint import lint_document, lint_role
from usher.policy.lint_findings import LintKind, LintLevel
from usher.policy.request import RolePolicies

OBJECTS = "arn:aws:s3:::logs/*"


@pytest.fixture
def found(document):
    """The kinds and words found in one document."""

    def look(*statements, **more):
        return {(each.kind, each.words) for each in lint_document("p", document(*statements, **more))}

    return look


@pytest.fixture
def kinds(found):
    def look(*statements, **more):
        return sorted({kind for kind, _ in found(*statements, **more)})

    return look


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("s3:DeletObject", "no action 's3:DeletObject' is known; is it s3:DeleteObject?"),
        ("s3:Xyzzy", "no action 's3:Xyzzy' is known"),
        ("lambada:Invoke", "no service 'lambada' is known; is it lambda?"),
        ("s3:Xyzzy*", "no action is known that 's3:Xyzzy*' matches"),
        ("x*z:Get", "no action is known that 'x*z:Get' matches"),
    ],
)
def test_actions_that_aws_does_not_know(found, statement, action, words):
    assert (LintKind.UNKNOWN_ACTION, words) in found(statement("Deny", action))


def test_known_actions_are_known_in_any_case_and_with_wildcards(kinds, statement):
    assert kinds(statement("Deny", ["S3:getobject", "s3:Get*", "ec2:Describe?pcs", "*"])) == []


def test_the_version_without_which_variables_are_text(kinds, found, statement):
    home = statement("Allow", "s3:GetObject", "arn:aws:s3:::home/${aws:username}/*")
    assert kinds(home) == []
    assert kinds(home, version="2008-10-17") == [LintKind.OLD_VERSION]
    assert kinds(statement("Deny", "*"), version="2008-10-17") == [LintKind.NO_VERSION]


def test_a_sid_that_is_there_twice(kinds, statement):
    assert kinds(statement("Deny", "s3:GetObject", Sid="A"), statement("Deny", "s3:PutObject", Sid="A")) == [
        LintKind.SAME_SID
    ]


def test_allowing_all_but_something(kinds, statement):
    not_action = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert kinds(not_action) == [LintKind.ALLOW_NOT_ACTION]
    assert kinds({**not_action, "Effect": "Deny"}) == []
    not_resource = {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": OBJECTS}
    assert kinds(not_resource) == [LintKind.ALLOW_NOT_RESOURCE]


def test_a_whole_service_on_everything(kinds, statement):
    assert kinds(statement("Allow", ["sqs:*", "s3:Get*"])) == [LintKind.WILDCARD]
    assert kinds(statement("Allow", "*")) == [LintKind.WILDCARD]
    assert kinds(statement("Allow", "sqs:*", Condition={"Bool": {"aws:SecureTransport": "true"}})) == []
    assert kinds(statement("Allow", "s3:*", ["arn:aws:s3:::logs", OBJECTS])) == []


def test_passing_every_role_to_every_service(kinds, statement):
    assert kinds(statement("Allow", "iam:PassRole")) == [LintKind.PASS_ROLE]
    to_one = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    assert kinds(statement("Allow", "iam:PassRole", Condition=to_one)) == []
    assert kinds(statement("Allow", "iam:PassRole", "arn:aws:iam::*:role/web/*")) == []


@pytest.mark.parametrize(
    ("actions", "resource", "words"),
    [
        ("s3:ListBucket", OBJECTS, "s3:ListBucket never applies to these resources: it takes"),
        ("s3:GetObject", "arn:aws:s3:::logs", "s3:GetObject never applies to these resources: it takes"),
        (
            "s3:ListAllMyBuckets",
            OBJECTS,
            "s3:ListAllMyBuckets never applies to these resources: it takes '*' alone",
        ),
        ("iam:PassRole", OBJECTS, "iam:PassRole never applies to these resources: it takes"),
        ("sqs:*", OBJECTS, f"no action of this statement takes {OBJECTS}"),
        (
            ["s3:GetObject", "sqs:SendMessage"],
            [OBJECTS, "arn:aws:sns:*:*:t"],
            "no action of this statement takes arn:aws:sns",
        ),
    ],
)
def test_resources_that_an_action_does_not_take(found, statement, actions, resource, words):
    assert any(
        kind is LintKind.WRONG_RESOURCE and said.startswith(words)
        for kind, said in found(statement("Deny", actions, resource))
    )


def test_resources_that_fit(kinds, statement):
    assert kinds(statement("Allow", ["s3:ListBucket", "s3:GetObject"], ["arn:aws:s3:::logs", OBJECTS])) == []
    assert kinds(statement("Allow", "s3:GetObject", "arn:aws:s3:::*")) == []
    assert kinds(statement("Allow", "s3:GetObject", "arn:aws:*")) == []
    assert kinds(statement("Allow", "sqs:SendMessage", "arn:aws:sqs:*:111111111111:${aws:username}-*")) == []


def test_operators_and_wildcards_that_do_not_work(kinds, statement):
    condition = {"StringSounds": {"aws:username": "jo"}}
    assert kinds(statement("Deny", "s3:GetObject", Condition=condition)) == [LintKind.UNKNOWN_OPERATOR]
    condition = {"StringEquals": {"aws:username": "jo*"}}
    assert kinds(statement("Deny", "s3:GetObject", Condition=condition)) == [LintKind.LITERAL_WILDCARD]
    for fine in (
        {"StringLike": {"aws:username": "jo*"}},
        {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:*"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"Null": {"aws:TokenIssueTime": "true"}},
    ):
        assert kinds(statement("Deny", "s3:GetObject", Condition=fine)) == []


def test_conditions_that_are_true_for_a_request_without_the_key(kinds, statement):
    every = {"ForAllValues:StringEquals": {"aws:TagKeys": ["env"]}}
    assert kinds(statement("Allow", "s3:GetObject", Condition=every)) == [LintKind.ABSENT_KEY]
    assert kinds(statement("Deny", "s3:GetObject", Condition=every)) == []
    with_null = {**every, "Null": {"aws:TagKeys": "false"}}
    assert kinds(statement("Allow", "s3:GetObject", Condition=with_null)) == []


def test_the_traps_of_mfa(kinds, statement):
    key = {"aws:MultiFactorAuthPresent": "true"}
    assert kinds(statement("Allow", "s3:GetObject", Condition={"BoolIfExists": key})) == [LintKind.ABSENT_KEY]
    assert kinds(statement("Allow", "s3:GetObject", Condition={"Bool": key})) == []
    key = {"aws:MultiFactorAuthPresent": "false"}
    assert kinds(statement("Deny", "s3:GetObject", Condition={"Bool": key})) == [LintKind.ABSENT_KEY]
    assert kinds(statement("Deny", "s3:GetObject", Condition={"BoolIfExists": key})) == []


@pytest.fixture
def dead(document):
    """What changes nothing in the policy `own`, beside a policy `other`."""

    def look(own, other=()):
        identity = [("own", document(*own))] + ([("other", document(*other))] if other else [])
        findings = lint_role(RolePolicies(tuple(identity)), frozenset({"own"}))
        return [
            (each.kind, each.statement)
            for each in findings
            if each.kind in (LintKind.DENIED, LintKind.COVERED)
        ]

    return look


def test_a_statement_that_another_covers(dead, statement):
    narrow, wide = statement("Allow", "s3:GetObject", OBJECTS), statement("Allow", ["s3:Get*", "sqs:*"])
    assert dead([narrow, wide]) == [(LintKind.COVERED, "statement 1")]
    assert dead([narrow], [wide]) == [(LintKind.COVERED, "statement 1")]
    assert dead([wide], [narrow]) == []
    assert dead([narrow, statement("Allow", "s3:Put*")]) == []


def test_of_two_equal_statements_the_later_one_is_superfluous(dead, statement):
    one = statement("Allow", "s3:GetObject", OBJECTS)
    assert dead([one, one]) == [(LintKind.COVERED, "statement 2")]
    assert dead([one], [one]) == []


def test_conditions_keep_a_statement_alive(dead, statement):
    condition = {"StringEquals": {"aws:username": "jo"}}
    plain = statement("Allow", "s3:GetObject", OBJECTS)
    under = statement("Allow", "s3:Get*", Condition=condition)
    assert dead([plain, under]) == []
    assert dead([statement("Allow", "s3:GetObject", OBJECTS, Condition=condition), under]) == [
        (LintKind.COVERED, "statement 1")
    ]


def test_a_statement_that_is_denied_in_any_case(dead, statement):
    allow = statement("Allow", "s3:DeleteObject", OBJECTS)
    assert dead([allow, statement("Deny", "s3:Delete*")]) == [(LintKind.DENIED, "statement 1")]
    condition = {"StringEquals": {"aws:username": "jo"}}
    assert dead([allow, statement("Deny", "s3:Delete*", Condition=condition)]) == []
    assert dead([allow, statement("Deny", "s3:Delete*", "arn:aws:s3:::logs/a*")]) == []


def test_all_but_is_compared_as_all_but(dead, statement):
    def but(key, value, **more):
        whole = {"Effect": "Allow", "Action": "*", "Resource": "*", **more}
        return {**{name: each for name, each in whole.items() if name != key.removeprefix("Not")}, key: value}

    inside = statement("Allow", "s3:GetObject", OBJECTS)
    assert dead([inside, but("NotAction", "iam:*")]) == [(LintKind.COVERED, "statement 1")]
    assert dead([inside, but("NotAction", "s3:G*")]) == []
    assert dead([but("NotAction", ["iam:*", "s3:*"]), but("NotAction", "iam:*")]) == [
        (LintKind.COVERED, "statement 1")
    ]
    assert dead([but("NotResource", OBJECTS), statement("Allow", "*")]) == [(LintKind.COVERED, "statement 1")]
    assert dead([but("NotResource", OBJECTS), statement("Allow", "*", OBJECTS)]) == []


def test_levels_say_how_grave_a_mistake_is():
    assert LintKind.LITERAL_WILDCARD.level is LintLevel.ERROR
    assert LintKind.WILDCARD.level is LintLevel.WARNING
    assert LintKind.COVERED.level is LintLevel.NOTE


def test_a_finding_is_as_grave_as_its_kind(document, statement):
    (found,) = lint_document("p", document(statement("Deny", "s3:Xyzzy")))
    assert found.level is found.kind.level is LintLevel.WARNING


@pytest.mark.scale
def test_what_aws_publishes_has_hardly_an_error(document):
    documents = json.loads(published.aws_managed_policies_data)
    errors = {
        name: [
            each.words
            for each in lint_document(name, published_policy(value["Document"]))
            if each.level is LintLevel.ERROR
        ]
        for name, value in documents.items()
    }
    wrong = {name: words for name, words in errors.items() if words}
    assert len(wrong) < len(documents) / 50, wrong
