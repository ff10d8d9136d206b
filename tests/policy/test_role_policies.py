"""From a permission set to what decides for its role, and what the catalogue knows of actions."""

from __future__ import annotations

from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.policy.actions import Level, actions_matching, actions_of, find_action, services, takes_no_resource
from usher.policy.evaluate import can_on_some, evaluate
from usher.policy.request import Decision, Request
from usher.policy.role_policies import INLINE, needed_policies, role_policies
from usher.policy.well_known import with_administrator

READ = ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess")
FENCE = ManagedPolicy("arn:aws:iam::aws:policy/Fence")
OWN = CustomerPolicy("Own", "/team/")


def test_policies_without_a_document_are_missing_by_name(document, statement):
    known = document(statement("Allow", "s3:Get*"))
    everything = PermissionSet(
        "Set",
        managed_policies=frozenset({READ}),
        customer_policies=frozenset({OWN}),
        inline_policy=known,
        boundary=FENCE,
    )
    bare = role_policies(everything, {})
    assert (bare.missing, bare.missing_boundary) == (("ReadOnlyAccess", "team/Own"), "Fence")
    assert bare.identity == ((INLINE, known),)
    documents = {
        READ.arn: known,
        FENCE.arn: known,
        "arn:aws:iam::222222222222:policy/team/Own": known,
    }
    full = role_policies(everything, documents, account_id="222222222222")
    assert [name for name, _ in full.identity] == ["ReadOnlyAccess", "team/Own", INLINE]
    assert full.boundary == ("Fence", known)
    assert not full.missing
    assert role_policies(everything, documents, account_id="333333333333").missing == ("team/Own",)
    assert role_policies(everything, documents).missing == ("team/Own",)


def test_a_boundary_of_the_customers_own_is_named_by_path(document, statement):
    fenced = PermissionSet("Set", boundary=CustomerPolicy("Fence"))
    assert role_policies(fenced, {}).missing_boundary == "Fence"


def test_the_documents_that_are_needed_are_those_of_aws_managed_policies():
    sets = [
        PermissionSet("One", managed_policies=frozenset({READ}), boundary=OWN),
        PermissionSet("Two", managed_policies=frozenset({READ}), boundary=FENCE),
    ]
    assert needed_policies(sets) == (FENCE.arn, READ.arn)


def test_the_catalogue_knows_actions_in_any_case_with_level_and_resources():
    action = find_action("S3:deleteobject")
    assert (action.name, action.level) == ("s3:DeleteObject", Level.WRITE)
    assert "arn:*:s3:::*/*" in action.resources
    assert action.level.changes
    assert not find_action("s3:ListBucket").level.changes
    assert find_action("s3:NoSuch") is find_action("nosuch:Thing") is None
    assert takes_no_resource("s3:ListAllMyBuckets")
    assert not takes_no_resource("nosuch:Thing")
    assert actions_of("nosuch") == ()
    assert {"s3", "sso", "identitystore"} <= services()


def test_patterns_find_the_actions_that_they_match():
    assert [action.name for action in actions_matching("s3:delete?bject")] == ["s3:DeleteObject"]
    assert len(actions_matching("*")) > 15_000
    assert actions_matching("s3:NoSuch*") == ()
    assert {action.name.partition(":")[0] for action in actions_matching("s?:Get*")} >= {"s3"}


def test_an_example_is_given_where_it_is_allowed_on_some(role, statement, document):
    prefixed = role(
        statement("Allow", "s3:GetObject", ["arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::a?/*"])
    )
    verdict, example = can_on_some(prefixed, Request("s3:GetObject"))
    assert (verdict.decision, example) == (Decision.ALLOWED, "arn:aws:s3:::ax/example")
    verdict, example = can_on_some(prefixed, Request("s3:GetObject", context={"aws:username": ()}))
    assert verdict.decision is Decision.ALLOWED
    only_variable = role(statement("Allow", "s3:GetObject", "arn:aws:s3:::${aws:username}/*"))
    verdict, example = can_on_some(only_variable, Request("s3:GetObject"))
    assert (verdict.decision, example) == (Decision.UNKNOWN, "*")
    absent = Request("s3:GetObject", context={"aws:username": ()})
    assert can_on_some(only_variable, absent)[0].decision is Decision.DENIED


def test_an_example_honours_boundary_and_wildcards_on_both_sides(role, statement, document):
    from dataclasses import replace

    fenced = replace(
        role(statement("Allow", "s3:GetObject")),
        boundary=("fence", document(statement("Allow", "s3:*", "arn:aws:s3:::logs/*"))),
    )
    verdict, example = can_on_some(fenced, Request("s3:GetObject"))
    assert (verdict.decision, example) == (Decision.ALLOWED, "arn:aws:s3:::logs/example")
    ends = role(statement("Allow", "s3:GetObject", "arn:aws:s3:::*/end"))
    verdict, example = can_on_some(ends, Request("s3:GetObject", "arn:aws:s3:::logs/*"))
    assert (verdict.decision, verdict.open_conditions) == (Decision.UNKNOWN, ("the resource",))


def test_verdicts_name_their_statements_in_few_words(role, statement):
    many = role(*(statement("Allow", "s3:Get*", Sid=f"S{number}") for number in range(5)))
    verdict = evaluate(many, Request("s3:GetObject", "arn:aws:s3:::b/k"))
    assert verdict.because == ("allowed by S0 of the policy, S1 of the policy, S2 of the policy and 2 more")
    two = role(*(statement("Deny", "s3:Get*", Sid=f"S{number}") for number in range(2)))
    verdict = evaluate(two, Request("s3:GetObject", "arn:aws:s3:::b/k"))
    assert verdict.because == "denied by S0 of the policy and S1 of the policy"


def test_what_administrators_may_do_is_known_without_a_document(document, statement):
    arn = "arn:aws-cn:iam::aws:policy/AdministratorAccess"
    administrator = PermissionSet("Admin", managed_policies=frozenset({ManagedPolicy(arn)}))
    assert with_administrator({}, [PermissionSet("Other")]) == {}
    known = with_administrator({}, [administrator])
    assert evaluate(role_policies(administrator, known), Request("a:B")).decision is Decision.ALLOWED
    newer = document(statement("Allow", "s3:*"))
    assert with_administrator({arn: newer}, [administrator]) == {arn: newer}
