"""What permission sets allow: verdicts on one action, and how dangerous each is."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from usher.cli.access.answering import Known
from usher.cli.context import Context
from usher.core.ids import AccountId
from usher.core.policy_document import PolicyDocument

if TYPE_CHECKING:
    from usher.report.figures import Powers
    from usher.report.holdings import Holdings, Target
    from usher.report.who import Judge, Judgement


def add_action_arguments(parser: argparse.ArgumentParser) -> None:
    """--action and --resource."""
    parser.add_argument("--action", default="", metavar="ACTION", help="one that matters: s3:DeleteObject")
    parser.add_argument(
        "--resource", default="", metavar="ARN", help="with --action: on this resource (on any at all)"
    )


def make_judge(
    options: argparse.Namespace, holdings: Holdings, documents: Mapping[str, PolicyDocument]
) -> Judge | None:
    """What the policies say of `--action`; None when no action is asked about."""
    if not options.action:
        return None
    from usher.policy.evaluate import can_on_some, evaluate
    from usher.policy.request import Decision, Request, Verdict
    from usher.policy.role_policies import role_policies
    from usher.report.who import Judgement

    sets = holdings.access.permission_sets
    request = Request(options.action, options.resource or "*")
    known_already: dict[tuple[Target, str], Judgement] = {}

    def judge(target: Target, account: AccountId) -> Judgement:
        permission_set = None if target.is_role else sets.get(target.name)
        if permission_set is None:
            unknown = Verdict(Decision.UNKNOWN, f"the policies of {target} are not known here")
            return Judgement(unknown, complete=False)
        # Customer managed policies are another in each account; everything else is the same.
        key = target, account if permission_set.customer_policies else ""
        if key not in known_already:
            policies = role_policies(permission_set, documents, account_id=account)
            found = evaluate(policies, request) if options.resource else can_on_some(policies, request)[0]
            complete = not (policies.missing or policies.missing_boundary)
            known_already[key] = Judgement(found, complete)
        return known_already[key]

    return judge


def judge_powers(holdings: Holdings, documents: Mapping[str, PolicyDocument]) -> Powers:
    """How dangerous every permission set is, as far as the documents of its policies are known."""
    from usher.policy.risk import RiskKind, risks_of
    from usher.policy.role_policies import role_policies
    from usher.report.figures import Powers
    from usher.report.holdings import Target

    sets = holdings.access.permission_sets
    risks = {Target(name): risks_of(role_policies(each, documents)) for name, each in sets.items()}
    kinds = {target: {risk.kind for risk in found} for target, found in risks.items()}
    return Powers(
        frozenset(target for target, found in kinds.items() if RiskKind.ADMINISTRATOR in found),
        {target: tuple(risk.words for risk in found) for target, found in risks.items() if found},
        frozenset(target for target, found in kinds.items() if RiskKind.NOT_KNOWN in found),
    )


def read_documents_of(
    holdings: Holdings, options: argparse.Namespace, context: Context, known: Known
) -> Mapping[str, PolicyDocument]:
    """The documents of the AWS managed policies: through IAM, or the kept ones where nothing is called."""
    from usher.cli.wire_policies import documents_of_this_machine, read_documents, say_what_is_not_known
    from usher.policy.well_known import with_administrator

    sets = tuple(holdings.access.permission_sets.values())
    if known.rooms is None:
        documents = documents_of_this_machine(context, sets)
        say_what_is_not_known(documents, context)
        return with_administrator(documents.by_arn, sets)
    found = read_documents(
        context,
        sets,
        region=known.rooms.region,
        profile=options.profile,
        endpoint_url=options.endpoint_url,
    )
    return with_administrator(found, sets)
