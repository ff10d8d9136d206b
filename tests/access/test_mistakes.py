"""Every mistake has its place and its words; `mistakes.txt` is the specification.

Each case is `=== title | what the JSON Schema says`, the file's text, and the expected lines after `> `.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from usher.access.diagnostics import AccessFileError, Diagnostic
from usher.access.load import load_access_file
from usher.access.parse import MAX_BYTES, MAX_NESTING
from usher.access.schema import schema_text
from usher.core.errors import ExitCode, UsageError


@dataclass(frozen=True)
class Case:
    title: str
    schema: str
    text: str
    expected: list[str]


def _read_cases() -> list[Case]:
    cases = []
    for block in Path(__file__).with_name("mistakes.txt").read_text(encoding="utf-8").split("=== ")[1:]:
        heading, _, body = block.partition("\n")
        title, _, schema = heading.partition(" | ")
        lines = body.rstrip("\n").split("\n")
        text = "\n".join(line for line in lines if not line.startswith("> ")) + "\n"
        cases.append(Case(title, schema, text, [line[2:] for line in lines if line.startswith("> ")]))
    return cases


CASES = _read_cases()
VALIDATOR = Draft202012Validator(json.loads(schema_text()))


def _complaints(text: str) -> list[str]:
    with pytest.raises(AccessFileError) as caught:
        load_access_file(text, "access.yaml")
    return caught.value.message.split("\n")


def test_the_specification_has_more_than_a_hundred_different_files() -> None:
    assert len({case.text for case in CASES}) == len(CASES) > 100
    assert all(case.expected for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_each_mistake_is_told_with_its_place(case: Case) -> None:
    assert _complaints(case.text) == case.expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_schema_refuses_what_a_schema_can(case: Case) -> None:
    try:
        document = YAML(typ="safe", pure=True).load(case.text)
    except (YAMLError, ValueError, OverflowError):
        assert case.schema == "not YAML"
        return
    assert case.schema == ("schema allows" if VALIDATOR.is_valid(document) else "schema refuses")


def test_a_mistake_is_wrong_usage_and_keeps_its_parts() -> None:
    with pytest.raises(UsageError) as caught:
        load_access_file("version: 1\nacounts: []\n", "my.yaml")
    error = caught.value
    assert isinstance(error, AccessFileError)
    assert error.exit_code == ExitCode.USAGE
    assert error.diagnostics == (
        Diagnostic("my.yaml", 2, 1, "the file has an unknown key 'acounts'", "did you mean 'accounts'?"),
    )


def test_mistakes_come_in_the_order_of_the_file() -> None:
    with pytest.raises(AccessFileError) as caught:
        load_access_file("zzz: 1\ngroups: 1\nusers: 2\nversion: 3\naaa: 1\n", "access.yaml")
    assert [found.line for found in caught.value.diagnostics] == [1, 2, 3, 4, 5]


def test_a_file_over_four_mebibytes_is_refused() -> None:
    text = "version: 1\n# " + "é" * (MAX_BYTES // 2)
    assert _complaints(text) == ["access.yaml:1:1: the file is larger than 4 MiB"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_before_it_costs_anything(opening: str) -> None:
    (line,) = _complaints(opening * 100_000)
    assert line.endswith(f"nested more than {MAX_NESTING} levels deep") or "not YAML" in line


def test_an_alias_bomb_is_refused_without_being_expanded() -> None:
    bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 40)]
    (line,) = _complaints("\n".join(bomb))
    assert line == "access.yaml:6:5: more than 250,000 values (aliases count each time they are used)"


def test_a_huge_list_of_unknown_names_is_told_quickly() -> None:
    users = "".join(f"  user{number}@mkdev.example: {{name: A B}}\n" for number in range(5_000))
    members = "".join(f"      - usr{number}@mkdev.example\n" for number in range(5_000))
    text = f"version: 1\nusers:\n{users}groups:\n  everybody:\n    members:\n{members}"
    assert len(_complaints(text)) == 5_000


def test_bytes_that_are_not_utf_8_are_told_with_their_place() -> None:
    text = b"version: 1\ngroups: {caf\xe9: }\n".decode("utf-8", "surrogateescape")
    assert _complaints(text) == [
        "access.yaml:2:13: the character U+DCE9 is not allowed in YAML (the file must be UTF-8 text)"
    ]


def test_an_inline_policy_over_the_limit_is_refused_with_its_size() -> None:
    actions = ", ".join(f'"s3:{"x" * 90}{number:03}"' for number in range(110))
    text = (
        "version: 1\npermission_sets:\n  Big:\n    inline_policy:\n"
        f'      Statement: {{Effect: Allow, Resource: "*", Action: [{actions}]}}\n'
    )
    (line,) = _complaints(text)
    assert line.startswith("access.yaml:5:7: inline_policy of permission set 'Big': the policy has 1")
    assert line.endswith("bytes without white space; the limit is 10,240")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (
            "relay_state of permission set 'X' has 241 characters; the limit is 240",
            "relay_state: " + "a" * 241,
        ),
        (
            "description of permission set 'X' has 701 characters; the limit is 700",
            "description: " + "a" * 701,
        ),
        (
            "permission set 'X' has 50 tags; the limit is 49",
            "tags: {" + ", ".join(f"k{number}: v" for number in range(50)) + "}",
        ),
        ("tag 'k' has 257 characters; the limit is 256", "tags: {k: " + "v" * 257 + "}"),
        (f"tag key '{'k' * 129}' has 129 characters; the limit is 128", "tags: {" + "k" * 129 + ": v}"),
        (f"'{'a' * 129}' is not a policy name", "managed_policies: [" + "a" * 129 + "]"),
        ("is not a policy path", "customer_policies: [{name: A, path: /" + "a" * 511 + "/}]"),
    ],
)
def test_a_permission_set_keeps_within_the_limits_of_aws(what: str, text: str) -> None:
    (line,) = _complaints(f"version: 1\npermission_sets:\n  X:\n    {text}\n")
    assert what in line


@pytest.mark.parametrize(
    ("section", "text", "limit"),
    [("users", "u" * 129 + ": {name: A B}", "128"), ("groups", "g" * 1025 + ": {}", "1,024")],
)
def test_names_keep_within_the_limits_of_the_identity_store(section: str, text: str, limit: str) -> None:
    key, _, value = text.partition(": ")
    (line,) = _complaints(f"version: 1\n{section}:\n  ? {key}\n  : {value}\n")
    assert line.endswith(f"characters; the limit is {limit}")
