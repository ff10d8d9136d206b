"""No text surprises the loader, and what a model says is what its file says."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from usher.access.diagnostics import AccessFileError
from usher.access.load import load_access_file
from usher.access.model import AccessFile
from usher.access.resolve import resolve_access
from usher.access.schema import schema_text
from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.durations import plain_duration
from usher.core.ids import AccountId
from usher.core.organization import MANAGED_BY_ACCESS_FILE, MANAGED_BY_TAG
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import policy_document
from usher.core.principals import Group, Principal, PrincipalKind, User

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
VALIDATOR = Draft202012Validator(json.loads(schema_text()))

_WORDS = [
    *("version", "accounts", "users", "groups", "permission_sets", "access", "members", "session", "tags"),
    *("name", "id", "inline_policy", "boundary", "customer_policy", "managed_policies", "all", "group"),
    *("1", "8h", "staging", "null", "true", "&a", "*a", "<<", "!!str", "!x", "%YAML 1.2", "---", "...", "\t"),
    *(
        ": ",
        ":",
        "- ",
        "-",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\n",
        "\n  ",
        "\n    ",
        "#",
        "'",
        '"',
        "|",
        ">",
        "\\",
    ),
]
yaml_like = st.lists(st.sampled_from(_WORDS), max_size=60).map("".join)


def _load(text: str) -> AccessFile | AccessFileError:
    try:
        return load_access_file(text, "access.yaml")
    except AccessFileError as error:
        return error


def _is_understood_or_refused(text: str) -> None:
    outcome = _load(text)
    if isinstance(outcome, AccessFile):
        return
    lines = 2 + sum(text.count(line_break) for line_break in "\n\r\x85\u2028\u2029")
    assert outcome.diagnostics
    for found in outcome.diagnostics:
        assert found.message
        assert 1 <= found.line <= lines
        assert found.column >= 1


@given(st.text(max_size=300))
def test_any_text_is_understood_or_refused(text: str) -> None:
    _is_understood_or_refused(text)


@given(st.binary(max_size=300))
def test_any_bytes_are_understood_or_refused(data: bytes) -> None:
    _is_understood_or_refused(data.decode("utf-8", "surrogateescape"))


@pytest.mark.scale
@settings(max_examples=400)
@given(yaml_like)
def test_anything_like_yaml_is_understood_or_refused(text: str) -> None:
    _is_understood_or_refused(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_WORDS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(_WORDS[:6]), json_values, max_size=6))
def test_any_structure_is_understood_or_refused(document: dict[str, Any]) -> None:
    _is_understood_or_refused(json.dumps({**document, "version": 1}))


# From here on: a valid document and, built beside it, what it has to mean.

LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789"
simple_names = st.text(LETTERS + "_+=,.@-", min_size=1, max_size=12)
person_words = st.text(LETTERS + "éüß'-", min_size=1, max_size=8)
tag_texts = st.text(LETTERS + " _.:/=+-@é", min_size=1, max_size=10).filter(
    lambda text: not text.casefold().startswith(("aws:", "usher:"))
)
tags = st.dictionaries(tag_texts, tag_texts, max_size=3)
account_names = st.text(LETTERS + " -_:#&*!", min_size=1, max_size=12).filter(
    lambda name: name != "all" and not (len(name) == 12 and name.isdecimal())
)


def _keyed(keys: st.SearchStrategy[str], size: int = 4) -> st.SearchStrategy[list[str]]:
    return st.lists(keys, max_size=size, unique_by=str.casefold)


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    statements = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "Effect": st.sampled_from(["Allow", "Deny"]),
                    "Action": st.lists(simple_names, min_size=1, max_size=3),
                    "Resource": st.just("*") | st.lists(simple_names, max_size=2),
                },
                optional={
                    "Condition": st.fixed_dictionaries({"Bool": st.dictionaries(simple_names, st.booleans())})
                },
            ),
            min_size=1,
            max_size=3,
        )
    )
    return {"Version": "2012-10-17", "Statement": statements}


@st.composite
def permission_sets(draw: st.DrawFn, name: str) -> tuple[dict[str, Any], PermissionSet]:
    seconds = draw(st.integers(3_600, 43_200))
    description = draw(st.none() | st.text("abc é~\t#:", min_size=1, max_size=20))
    managed = draw(
        st.lists(st.from_regex(r"[A-Z][a-z]{3,9}Access[0-9]", fullmatch=True), max_size=3, unique=True)
    )
    customer = draw(
        st.lists(st.tuples(simple_names, st.sampled_from(["/", "/a/", "/b/c/"])), max_size=3, unique=True)
    )
    policy = draw(st.none() | policies())
    own_tags = draw(tags)
    written: dict[str, Any] = {
        "session": plain_duration(seconds),
        "managed_policies": managed,
        "customer_policies": [{"name": each, "path": path} for each, path in customer],
        "tags": own_tags,
    }
    if description is not None:
        written["description"] = description
    if policy is not None:
        written["inline_policy"] = draw(st.sampled_from([policy, json.dumps(policy, indent=1)]))
    boundary = CustomerPolicy(*customer[0]) if customer else None
    if boundary is not None:
        written["boundary"] = {"customer_policy": {"name": boundary.name, "path": boundary.path}}
    return written, PermissionSet(
        name,
        description or "",
        seconds,
        managed_policies=frozenset(ManagedPolicy(f"arn:aws:iam::aws:policy/{each}") for each in managed),
        customer_policies=frozenset(CustomerPolicy(*each) for each in customer),
        inline_policy=None if policy is None else policy_document(policy),
        boundary=boundary,
        tags={**own_tags, MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE},
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A document, and what `resolve_access` has to make of it."""
    accounts = {
        name: Account(AccountId(f"{number:012}"), name, tags=draw(tags))
        for number, name in enumerate(draw(_keyed(account_names)), 1)
    }
    reserved = {"administrator", "awsadministrators"}
    user_names = [name for name in draw(_keyed(simple_names)) if name.casefold() not in reserved]
    names = {name: (draw(person_words), draw(person_words)) for name in user_names}
    users = {
        name: User(name, f"{given} {family}", given, family, name if "@" in name else "")
        for name, (given, family) in names.items()
    }
    groups = {
        name: Group(
            name, "", frozenset(draw(st.lists(st.sampled_from(user_names), unique=True)) if users else ())
        )
        for name in draw(_keyed(simple_names))
        if name.casefold() not in reserved
    }
    sets = {name: draw(permission_sets(name)) for name in draw(_keyed(simple_names))}
    document: dict[str, Any] = {
        "version": 1,
        "accounts": {
            name: {"tags": dict(found.tags), **({"id": found.id} if draw(st.booleans()) else {})}
            for name, found in accounts.items()
        },
        "users": {name: {"name": f"{given} {family}"} for name, (given, family) in names.items()},
        "groups": {name: {"members": sorted(group.members)} for name, group in groups.items()},
        "permission_sets": {name: written for name, (written, _) in sets.items()},
        "access": [],
    }
    assignments = set()
    if accounts and sets and groups:
        triples = st.tuples(*(st.sampled_from(sorted(each)) for each in (groups, sets, accounts)))
        for group, permission_set, account in draw(st.lists(triples, max_size=4)):
            document["access"].append(
                {"group": group, "permission_set": permission_set, "accounts": [account]}
            )
            principal = Principal(PrincipalKind.GROUP, group)
            assignments.add(Assignment(principal, permission_set, accounts[account].id))
    return document, {
        "accounts": {found.id: found for found in accounts.values()},
        "users": users,
        "groups": groups,
        "permission_sets": {name: meant for name, (_, meant) in sets.items()},
        "assignments": frozenset(assignments),
    }


def _as_yaml(document: dict[str, Any]) -> str:
    stream = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False  # ruamel.yaml writes {a: :0} in flow style, which it cannot read back
    writer.dump(document, stream)
    return stream.getvalue()


@pytest.mark.scale
@settings(max_examples=150, deadline=None)
@given(worlds(), st.sampled_from([_as_yaml, json.dumps, lambda document: json.dumps(document, indent=2)]))
def test_what_a_model_says_is_what_its_file_says(
    world: tuple[dict[str, Any], dict[str, Any]], write: Any
) -> None:
    document, meant = world
    access = resolve_access(
        load_access_file(write(document), "access.yaml"), list(meant["accounts"].values()), now=NOW
    )
    assert {key: getattr(access, key) for key in meant} == meant


@pytest.mark.scale
@settings(max_examples=100, deadline=None)
@given(worlds())
def test_what_the_loader_takes_the_schema_takes(world: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert list(VALIDATOR.iter_errors(world[0])) == []
