"""From a plan to its review: the layers that `plan` and `apply` show alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from usher.cli.wire_access import Comparison
    from usher.plan.changes import Plan
    from usher.plan.review import Review


def make_review(plan: Plan, comparison: Comparison) -> Review:
    """What there is to review about `plan`."""
    from usher.plan.review import review_plan

    return review_plan(plan, comparison.desired, comparison.reading.actual, {}, now=datetime.now(UTC))
