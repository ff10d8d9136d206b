"""What a permission set or a fragment holds, how fragments are included and how variants replace.

Limits on what comes together are checked afterwards, by `permission_sets`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from usher.access.diagnostics import Findings
from usher.access.fields import has_length, read_tags, read_text
from usher.access.locate import Located, Node, Position, Scalar, describe
from usher.access.policies import (
    Boundary,
    read_boundary,
    read_customer_policies,
    read_inline_policy,
    read_managed_policies,
)
from usher.core.durations import (
    PERMISSION_SET_SESSION_MAX,
    PERMISSION_SET_SESSION_MIN,
    parse_duration,
    plain_duration,
)
from usher.core.permission_sets import CustomerPolicy
from usher.core.policy_document import PolicyDocument

T = TypeVar("T")

CONTENT_KEYS = (
    "description",
    "managed_policies",
    "customer_policies",
    "inline_policy",
    "boundary",
    "session",
    "relay_state",
    "tags",
)
_DESCRIPTION = re.compile(r"[\t\n\r\x20-\x7e\xa1-\xff]*")
_RELAY_STATE = re.compile(r"""[a-zA-Z0-9&$@#\\/%?=~\-_'"|!:,.;*+\[\] (){}]+""")


@dataclass(frozen=True, slots=True)
class Contents:
    """What is said in one place, or in several that were joined; `at` has the place of each key said."""

    description: str | None = None
    session: int | None = None
    relay_state: str | None = None
    managed: tuple[Located[str], ...] = ()
    customer: tuple[Located[CustomerPolicy], ...] = ()
    inline: tuple[PolicyDocument, ...] = ()
    boundary: Boundary | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    at: Mapping[str, Position] = field(default_factory=dict)


def read_contents(fields: Mapping[str, Node], what: str, findings: Findings) -> Contents:
    """What the fields of `what` say."""

    def read(key: str, reader: Callable[[Node, str, Findings], T | None]) -> T | None:
        return reader(fields[key], what, findings) if key in fields else None

    inline = read("inline_policy", read_inline_policy)
    boundary = read_boundary(fields["boundary"], what, findings) if "boundary" in fields else None
    return Contents(
        description=read("description", _read_description),
        session=read("session", _read_session),
        relay_state=read("relay_state", _read_relay_state),
        managed=read("managed_policies", read_managed_policies) or (),
        customer=read("customer_policies", read_customer_policies) or (),
        inline=() if inline is None else (inline,),
        boundary=boundary,
        tags=read_tags(fields["tags"], what, findings, most=None) if "tags" in fields else {},
        at={key: fields[key].at for key in CONTENT_KEYS if key in fields},
    )


def join_contents(included: Sequence[Contents], include_at: Position, own: Contents) -> Contents:
    """`own` with what it includes: lists and tags together; of single values its own, or the last one's.

    What only the fragments say counts as said at `include_at`.
    """
    every = (*included, own)
    keys = {key for each in included for key in each.at}
    boundary: Boundary | None = None
    for each in every:
        boundary = each.boundary or boundary
    return Contents(
        description=_last(each.description for each in every),
        session=_last(each.session for each in every),
        relay_state=_last(each.relay_state for each in every),
        managed=_together([each.managed for each in every]),
        customer=_together([each.customer for each in every]),
        inline=tuple(document for each in every for document in each.inline),
        boundary=boundary,
        tags={key: value for each in every for key, value in each.tags.items()},
        at={**dict.fromkeys(keys, include_at), **own.at},
    )


def replace_contents(base: Contents, changed: Contents) -> Contents:
    """`base`, with each key that `changed` says in place of its own."""

    def chosen(key: str) -> Contents:
        return changed if key in changed.at else base

    return Contents(
        description=chosen("description").description,
        session=chosen("session").session,
        relay_state=chosen("relay_state").relay_state,
        managed=chosen("managed_policies").managed,
        customer=chosen("customer_policies").customer,
        inline=chosen("inline_policy").inline,
        boundary=chosen("boundary").boundary,
        tags=chosen("tags").tags,
        at={**base.at, **changed.at},
    )


def _last(values: Iterable[T | None]) -> T | None:
    found = None
    for value in values:
        found = found if value is None else value
    return found


def _together(lists: Sequence[Sequence[Located[T]]]) -> tuple[Located[T], ...]:
    found: dict[T, Located[T]] = {}
    for each in lists:
        for item in each:
            found.setdefault(item.value, item)
    return tuple(found.values())


def _read_description(node: Node, what: str, findings: Findings) -> str | None:
    text = read_text(node, f"description of {what}", findings)
    if text is None or not has_length(text, node.at, f"description of {what}", 1, 700, findings):
        return None
    if _DESCRIPTION.fullmatch(text):
        return text
    wrong = next(letter for letter in text if not _DESCRIPTION.fullmatch(letter))
    findings.add(
        node.at,
        f"description of {what} has the character U+{ord(wrong):04X}",
        "AWS allows Latin-1 only: no long dashes or curly quotes",
    )
    return None


def _read_session(node: Node, what: str, findings: Findings) -> int | None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        findings.add(
            node.at, f"session of {what} must be a duration, not {describe(node)}", "write 8h, 90m or PT8H"
        )
        return None
    try:
        seconds = parse_duration(node.value)
    except ValueError as error:
        findings.add(node.at, f"session of {what}: {error}")
        return None
    if not PERMISSION_SET_SESSION_MIN <= seconds <= PERMISSION_SET_SESSION_MAX:
        low, high = plain_duration(PERMISSION_SET_SESSION_MIN), plain_duration(PERMISSION_SET_SESSION_MAX)
        findings.add(node.at, f"session of {what} is {node.value}; AWS allows {low} to {high}")
    return seconds


def _read_relay_state(node: Node, what: str, findings: Findings) -> str | None:
    text = read_text(node, f"relay_state of {what}", findings)
    if text is None or not has_length(text, node.at, f"relay_state of {what}", 1, 240, findings):
        return None
    if not _RELAY_STATE.fullmatch(text):
        findings.add(node.at, f"relay_state of {what} has a character that AWS does not allow")
        return None
    return text
