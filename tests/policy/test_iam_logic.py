"""IAM's decisions as AWS documents them: the table in `iam_logic.yaml`, case by case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from usher.core.policy_document import PolicyDocument, policy_document
from usher.policy.evaluate import evaluate
from usher.policy.request import Decision, Request, RolePolicies

_TOPICS = YAML(typ="safe").load(Path(__file__).with_name("iam_logic.yaml"))


def _policies(group: dict[str, Any]) -> RolePolicies:
    def document(statements: list[Any]) -> PolicyDocument:
        return policy_document({"Version": group.get("version", "2012-10-17"), "Statement": statements})

    named = group.get("identity") or {"the policy": group["policy"]}
    return RolePolicies(
        tuple((name, document(statements)) for name, statements in named.items()),
        ("the boundary", document(group["boundary"])) if "boundary" in group else None,
        tuple(
            tuple((name, document(statements)) for name, statements in level.items())
            for level in group.get("scps", ())
        ),
        tuple(group.get("missing", ())),
        group.get("missing_boundary", ""),
    )


def _cases() -> list[Any]:
    return [
        pytest.param(group, case, id=f"{topic['topic']}: {group['says']}: {' '.join(map(str, case))}")
        for topic in _TOPICS
        for group in topic["groups"]
        for case in group["cases"]
    ]


@pytest.mark.parametrize(("group", "case"), _cases())
def test_as_aws_documents_it(group, case):
    answer, action, resource, *context = case
    keys = {key: tuple(map(str, values)) for key, values in (context[0] if context else {}).items()}
    verdict = evaluate(_policies(group), Request(action, resource, keys))
    assert verdict.decision is Decision(answer), verdict.because
    assert bool(verdict.open_conditions) == (verdict.decision is Decision.UNKNOWN)


def test_the_table_is_large_enough_and_names_its_pages():
    assert len(_cases()) >= 150
    assert all(topic["page"] for topic in _TOPICS)
