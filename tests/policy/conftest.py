"""Policies in few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from usher.core.policy_document import PolicyDocument, policy_document
from usher.policy.request import RolePolicies

Statement = dict[str, Any]


@pytest.fixture
def statement() -> Callable[..., Statement]:
    """A statement; `Condition` and the like as keywords."""

    def build(effect: str, action: object, resource: object = "*", **more: object) -> Statement:
        return {"Effect": effect, "Action": action, "Resource": resource, **more}

    return build


@pytest.fixture
def document() -> Callable[..., PolicyDocument]:
    """A document of version 2012-10-17."""

    def build(*statements: Statement, version: str = "2012-10-17") -> PolicyDocument:
        return policy_document({"Version": version, "Statement": list(statements)})

    return build


@pytest.fixture
def role(document) -> Callable[..., RolePolicies]:
    """A role with one policy."""

    def build(*statements: Statement) -> RolePolicies:
        return RolePolicies((("the policy", document(*statements)),))

    return build
