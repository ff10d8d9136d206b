"""A plan with all three layers of what there is to review: operations, people, risks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from usher.core.organization import ActualAccess, DesiredAccess
from usher.core.permission_sets import PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.plan.bundles import Bundle, bundles_of
from usher.plan.changes import Plan
from usher.plan.impact import Impact, impact_of
from usher.plan.places import Places
from usher.plan.risk import PlanRisk, concerned_sets, plan_risks


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
    documents_of: Callable[[Sequence[PermissionSet]], Mapping[str, PolicyDocument]],
    *,
    now: datetime | None = None,
) -> Review:
    """What there is to review about `plan`, made from `desired` and `actual`.

    `documents_of` gives the documents of the managed policies of some permission sets, by ARN: it is asked
    once, for those that the plan's risks hang on. A policy whose document is not known is said not to be
    judged.
    """
    impact = impact_of(plan, desired, actual)
    concerned = concerned_sets(impact, actual)
    documents = documents_of(concerned) if concerned else {}
    risks = plan_risks(impact, desired, actual, documents, now=now)
    return Review(plan, impact, bundles_of(impact), risks, Places(impact.accounts))
