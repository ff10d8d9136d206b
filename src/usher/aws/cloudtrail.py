"""AWS CloudTrail's event history: who changed what in the last 90 days.

Management events are kept in the region they happened in; those of an Identity Center are in its own. The
history is that of the calling account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from usher.aws.calls import ServiceCalls
from usher.core.audit_events import AuditEvent
from usher.core.callers import caller_of
from usher.core.ids import PrincipalId

LOOKUPS_PER_SECOND = 2.0
"""CloudTrail's quota for LookupEvents, per account and region."""

_PAGE = 50


class AuditTrail:
    """Reads the event history. `calls` are paced at CloudTrail's quota."""

    def __init__(self, calls: ServiceCalls) -> None:
        self._calls = calls

    def events(self, name: str) -> Iterator[AuditEvent]:
        """The events called `name` that succeeded, newest first."""
        found = self._calls.pages(
            "LookupEvents",
            "Events",
            f"looking for {name} in CloudTrail",
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
            MaxResults=_PAGE,
        )
        for item in found:
            event = _event(item)
            if event is not None:
                yield event


def _event(item: Mapping[str, Any]) -> AuditEvent | None:
    """None for a call that failed, and for a record that cannot be read."""
    try:
        record = json.loads(item["CloudTrailEvent"])
        if record.get("errorCode"):
            return None
        identity = record.get("userIdentity") or {}
        user_id = (identity.get("onBehalfOf") or {}).get("userId")
        mentions = frozenset(_texts([record.get("requestParameters"), record.get("responseElements")]))
    except (AttributeError, KeyError, ValueError):
        return None
    by = _who(identity) or str(item.get("Username") or "")
    return AuditEvent(
        str(item["EventName"]), item["EventTime"], by, mentions, PrincipalId(user_id) if user_id else None
    )


def _who(identity: Mapping[str, Any]) -> str:
    """Who acted, in as few words as name them."""
    arn = str(identity.get("arn") or "")
    caller = caller_of(arn)
    if caller is not None:
        return caller.user_name
    if identity.get("type") == "Root":
        return f"the root user of {identity.get('accountId', 'the account')}"
    return str(identity.get("userName") or arn or identity.get("invokedBy") or "")


def _texts(value: object) -> Iterator[str]:
    """Every text inside `value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
