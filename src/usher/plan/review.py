"""A plan with all three layers of what there is to review: operations, people, risks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from usher.core.organization import ActualAccess, DesiredAccess
from usher.core.policy_document import PolicyDocument
from usher.plan.bundles import Bundle, bundles_of
from usher.plan.changes import Plan
from usher.plan.impact import Impact, impact_of
from usher.plan.places import Places
from usher.plan.risk import PlanRisk, plan_risks


@dataclass(frozen=True, slots=True)
class Review:
    """`plan`, what it does to people (`impact`, and in few lines `bundles`), and its `risks`."""

    plan: Plan
    impact: Impact
    bundles: tuple[Bundle, ...]
    risks: tuple[PlanRisk, ...]
    places: Places = field(compare=False)


def review_plan(
    plan: Plan,
    desired: DesiredAccess,
    actual: ActualAccess,
    documents: Mapping[str, PolicyDocument],
    *,
    now: datetime | None = None,
) -> Review:
    """What there is to review about `plan`, made from `desired` and `actual`.

    `documents` are those of managed policies, by ARN; without one, a policy is not judged, and that is said.
    """
    impact = impact_of(plan, desired, actual)
    bundles = bundles_of(impact)
    return Review(
        plan,
        impact,
        bundles,
        plan_risks(impact, desired, actual, documents, now=now),
        Places(impact.accounts),
    )
