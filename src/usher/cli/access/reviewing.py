"""From a plan to its review: the layers that `plan` and `apply` show alike."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from usher.cli.context import Context

if TYPE_CHECKING:
    from usher.cli.wire_access import AccessRooms, Comparison
    from usher.core.permission_sets import PermissionSet
    from usher.core.policy_document import PolicyDocument
    from usher.plan.changes import Plan
    from usher.plan.review import Review


def make_review(
    plan: Plan, comparison: Comparison, rooms: AccessRooms, options: argparse.Namespace, context: Context
) -> Review:
    """What there is to review about `plan`; the documents of policies come through IAM, or are kept here."""
    from usher.cli.wire_policies import read_documents
    from usher.plan.review import review_plan

    def documents_of(permission_sets: Sequence[PermissionSet]) -> Mapping[str, PolicyDocument]:
        return read_documents(
            context,
            permission_sets,
            region=rooms.region,
            profile=options.profile,
            endpoint_url=options.endpoint_url,
        )

    return review_plan(
        plan, comparison.desired, comparison.reading.actual, documents_of, now=datetime.now(UTC)
    )
