"""Laws of the evaluation, for policies nobody thought of; and the same answers as moto's evaluator gives.

moto knows less than IAM: no keys for conditions of identities, no NotResource, no question marks, no
difference between cases of actions. `docs/explanation/policy-evaluation.md` lists the differences; here both
are asked only what moto can answer, and once each where it cannot.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.iam.access_control import IAMPolicy, PermissionResult

from usher.core.policy_document import PolicyDocument, policy_document
from usher.policy.evaluate import can_on_some, evaluate
from usher.policy.match import as_glob, covers, glob_regex, overlap, relate_resources
from usher.policy.request import Decision, Request, RolePolicies

_NAMES = ("Get", "Put", "GetAcl", "Delete")
_ACTIONS = tuple(f"{service}:{name}" for service in ("one", "two") for name in _NAMES)
_PATTERNS = (*_ACTIONS, "*", "one:*", "two:*", "one:Get*", "*:Get", "one:*et*")
_RESOURCES = ("arn:aws:one:::a", "arn:aws:one:::a/b", "arn:aws:two:r:1:a", "arn:aws:two:r:1:b")
_RESOURCE_PATTERNS = (*_RESOURCES, "*", "arn:aws:one:::a*", "arn:aws:two:*", "arn:aws:*", "arn:aws:two:*:1:b")
_ALLOW_ALL = policy_document({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})

_one_or_more = st.lists(st.sampled_from(_PATTERNS), min_size=1, max_size=3)


@st.composite
def _statements(draw, conditions: bool = True, not_resource: bool = True):
    statement = {
        "Effect": draw(st.sampled_from(["Allow", "Deny"])),
        draw(st.sampled_from(["Action", "NotAction"])): draw(_one_or_more),
        draw(st.sampled_from(["Resource", "NotResource"] if not_resource else ["Resource"])): draw(
            st.lists(st.sampled_from(_RESOURCE_PATTERNS), min_size=1, max_size=2)
        ),
    }
    if conditions and draw(st.booleans()):
        operator = draw(st.sampled_from(["StringEquals", "StringNotEquals", "StringEqualsIfExists"]))
        statement["Condition"] = {operator: {"k": draw(st.sampled_from(["a", "b"]))}}
    return statement


def _documents(**kinds: bool) -> st.SearchStrategy[PolicyDocument]:
    return st.lists(_statements(**kinds), min_size=1, max_size=4).map(
        lambda statements: policy_document({"Version": "2012-10-17", "Statement": statements})
    )


_requests = st.builds(
    Request,
    st.sampled_from(_ACTIONS),
    st.sampled_from(_RESOURCES),
    st.sampled_from([{}, {"k": ()}, {"k": ("a",)}, {"k": ("b",)}]),
)
_known_requests = _requests.filter(lambda request: bool(request.context))


def _role(*documents: PolicyDocument) -> RolePolicies:
    return RolePolicies(tuple((f"policy {number}", each) for number, each in enumerate(documents)))


def _decide(policies: RolePolicies, request: Request) -> Decision:
    return evaluate(policies, request).decision


@given(_documents(), _requests)
def test_a_deny_of_everything_overrides(document, request_):
    deny = policy_document({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    assert _decide(_role(document, deny), request_) is Decision.DENIED
    assert _decide(replace(_role(document), boundary=("boundary", deny)), request_) is Decision.DENIED
    assert _decide(replace(_role(document), scps=((("scp", deny),),)), request_) is Decision.DENIED


@given(_documents(), _documents(), _requests)
def test_allows_only_ever_add_and_denies_only_ever_take(document, other, request_):
    order = [Decision.DENIED, Decision.UNKNOWN, Decision.ALLOWED]
    before = order.index(_decide(_role(document), request_))
    for effect in ("Allow", "Deny"):
        statements = [{**each, "Effect": effect} for each in json.loads(other.json)["Statement"]]
        more = policy_document({"Version": "2012-10-17", "Statement": statements})
        after = order.index(_decide(_role(document, more), request_))
        assert after >= before if effect == "Allow" else after <= before


@given(_documents(), _requests)
def test_a_boundary_and_a_level_of_scps_that_allow_everything_change_nothing(document, request_):
    plain = _decide(_role(document), request_)
    fenced = replace(_role(document), boundary=("b", _ALLOW_ALL), scps=((("s", _ALLOW_ALL),),) * 2)
    assert _decide(fenced, request_) is plain


@given(_documents(), _documents(), _known_requests)
def test_a_boundary_intersects_and_a_second_policy_unites(document, other, request_):
    one, two = _decide(_role(document), request_), _decide(_role(other), request_)
    both = replace(_role(document), boundary=("b", other))
    assert (_decide(both, request_) is Decision.ALLOWED) == (one is two is Decision.ALLOWED)
    assert _decide(both, request_) is _decide(replace(_role(other), boundary=("b", document)), request_)
    assert _decide(_role(document, other), request_) is _decide(_role(other, document), request_)


@given(_documents(), _requests)
def test_what_is_decided_without_a_key_holds_for_each_of_its_values(document, request_):
    open_request = replace(request_, context={})
    decision = _decide(_role(document), open_request)
    if decision is not Decision.UNKNOWN:
        for value in ((), ("a",), ("b",), ("c",)):
            assert _decide(_role(document), replace(request_, context={"k": value})) is decision


@given(_documents(), _known_requests)
def test_nothing_is_unknown_when_everything_is_known(document, request_):
    assert _decide(_role(document), request_) is not Decision.UNKNOWN


@given(_documents(conditions=False), st.sampled_from(_ACTIONS), st.sampled_from(_RESOURCE_PATTERNS))
def test_what_holds_for_a_pattern_of_resources_holds_for_each(document, action, pattern):
    decision = _decide(_role(document), Request(action, pattern))
    if decision is not Decision.UNKNOWN:
        for resource in _RESOURCES:
            if glob_regex(as_glob(pattern)).fullmatch(resource):
                assert _decide(_role(document), Request(action, resource)) is decision


@given(_documents(conditions=False), st.sampled_from(_ACTIONS), st.sampled_from(_RESOURCE_PATTERNS))
def test_an_example_is_one_of_the_resources_asked_about_and_allowed(document, action, pattern):
    verdict, example = can_on_some(_role(document), Request(action, pattern))
    if verdict.decision is Decision.ALLOWED:
        assert glob_regex(as_glob(pattern)).fullmatch(example)
        assert _decide(_role(document), Request(action, example)) is Decision.ALLOWED


_globs = st.text(alphabet="ab:*?", max_size=6)
_texts = st.text(alphabet="ab:", max_size=6)


@settings(max_examples=300)
@given(_globs, _globs, _texts)
def test_globs_that_cover_or_are_apart_do_so_for_every_text(wide, narrow, text):
    in_wide = bool(glob_regex(as_glob(wide)).fullmatch(text))
    in_narrow = bool(glob_regex(as_glob(narrow)).fullmatch(text))
    if covers(wide, narrow):
        assert in_wide or not in_narrow
    if not overlap(as_glob(wide), as_glob(narrow)):
        assert not (in_wide and in_narrow)
    assert overlap(as_glob(wide), as_glob(narrow)) is overlap(as_glob(narrow), as_glob(wide))


@given(_globs, _texts)
def test_a_text_relates_to_a_glob_as_itself(glob, text):
    assert overlap(as_glob(glob), as_glob(text)) is bool(glob_regex(as_glob(glob)).fullmatch(text))
    assert relate_resources(as_glob("*"), glob or "x") is True


_MOTO = {
    PermissionResult.PERMITTED: Decision.ALLOWED,
    PermissionResult.DENIED: Decision.DENIED,
    PermissionResult.NEUTRAL: Decision.DENIED,
}


def _moto(document: PolicyDocument, action: str, resource: str) -> Decision:
    return _MOTO[IAMPolicy(document.json).is_action_permitted(action, resource)]


@pytest.mark.scale
@settings(max_examples=500)
@given(
    _documents(conditions=False, not_resource=False), st.sampled_from(_ACTIONS), st.sampled_from(_RESOURCES)
)
def test_moto_decides_the_same_where_it_knows_enough(document, action, resource):
    assert _decide(_role(document), Request(action, resource)) is _moto(document, action, resource)


@pytest.mark.parametrize(
    ("difference", "statement", "action", "resource", "ours", "motos"),
    [
        (
            "moto compares actions with case",
            {"Effect": "Allow", "Action": "ONE:get", "Resource": "*"},
            "one:Get",
            "arn:aws:one:::a",
            Decision.ALLOWED,
            Decision.DENIED,
        ),
        (
            "moto takes a question mark for a regular expression's",
            {"Effect": "Allow", "Action": "one:Ge?", "Resource": "*"},
            "one:Get",
            "arn:aws:one:::a",
            Decision.ALLOWED,
            Decision.DENIED,
        ),
        (
            "moto allows whatever NotResource says",
            {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:one:::a"},
            "one:Get",
            "arn:aws:one:::a",
            Decision.DENIED,
            Decision.ALLOWED,
        ),
        (
            "moto lets a star inside a segment cross colons",
            {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:t*o:x"},
            "two:Get",
            "arn:aws:two:r:o:x",
            Decision.DENIED,
            Decision.ALLOWED,
        ),
        (
            "moto takes a condition about a key it has no value for as fulfilled",
            {
                "Effect": "Allow",
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:username": "jo"}},
            },
            "one:Get",
            "arn:aws:one:::a",
            Decision.UNKNOWN,
            Decision.ALLOWED,
        ),
    ],
)
def test_moto_decides_otherwise_where_it_does_not_know_iam(
    difference, statement, action, resource, ours, motos
):
    document = policy_document({"Version": "2012-10-17", "Statement": [statement]})
    assert _decide(_role(document), Request(action, resource)) is ours, difference
    assert _moto(document, action, resource) is motos, difference
