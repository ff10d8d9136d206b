"""From a plan to its review: the layers that `plan` and `apply` show alike."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from usher.cli.context import Context

if TYPE_CHECKING:
    from usher.cli.wire_access import Comparison
    from usher.plan.changes import Plan
    from usher.plan.review import Review


def make_review(plan: Plan, comparison: Comparison, options: argparse.Namespace, context: Context) -> Review:
    """What there is to review about `plan`; the documents of policies come through IAM, or are kept here."""
    from usher.cli.wire_policies import read_documents
    from usher.plan.review import review_plan

    return review_plan(
        plan,
        comparison.desired,
        comparison.reading.actual,
        lambda permission_sets: read_documents(
            context,
            permission_sets,
            region=options.region,
            profile=options.profile,
            endpoint_url=options.endpoint_url,
        ),
        now=datetime.now(UTC),
    )
