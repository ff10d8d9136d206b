"""What is asked of policies, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from usher.core.policy_document import PolicyDocument


class Decision(StrEnum):
    """The answer to a request. UNKNOWN: it depends on a condition or a document that is not known here."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Request:
    """One call: an action such as `s3:DeleteObject` on a resource ARN under condition keys.

    A `resource` with wildcards stands for all resources that it matches: the request is ALLOWED when it is
    on every one of them, DENIED when it is on every one, and UNKNOWN when it depends on which.

    Keys of `context` are compared without case. A key that is absent is not known to be absent, unless its
    value is the empty tuple, which says that the request does not carry it.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class RolePolicies:
    """Everything that decides what a role may do.

    `identity` are (name, document) pairs: AWS managed, customer managed and inline policies. `boundary` is
    None when there is none. `scps` holds, from the root down to the account, the (name, document) pairs of
    each level's service control policies; empty when they are not given or do not apply (the management
    account). `missing` names policies whose documents are not known: what only they could allow, and what
    they could deny, is UNKNOWN. `missing_boundary` names a boundary that is not known.
    """

    identity: tuple[tuple[str, PolicyDocument], ...]
    boundary: tuple[str, PolicyDocument] | None = None
    scps: tuple[tuple[tuple[str, PolicyDocument], ...], ...] = ()
    missing: tuple[str, ...] = ()
    missing_boundary: str = ""


@dataclass(frozen=True, slots=True)
class StatementMatch:
    """A statement that took part in a decision: its policy, its Sid or number, and its effect."""

    policy: str
    statement: str
    effect: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with the statements behind it and, in words, why; `open_conditions` are what it hangs on."""

    decision: Decision
    because: str
    matches: tuple[StatementMatch, ...] = ()
    open_conditions: tuple[str, ...] = ()
