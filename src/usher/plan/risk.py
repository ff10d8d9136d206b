"""What a reviewer should look at twice: the risks of a plan, the most severe first.

What a policy is capable of is judged by `policy`; here is decided whom it concerns and how much it matters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from usher.core.durations import plain_duration
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess, DesiredAccess
from usher.core.permission_sets import CustomerPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.core.rules import RuleNote
from usher.plan.bundles import Bundle, Direction, bundles_of
from usher.plan.impact import ContentImpact, Impact
from usher.plan.impact_words import boundary_name, bundle_words, content_differences, content_words
from usher.plan.judging import Judgement, judge
from usher.plan.outcome import Target
from usher.plan.places import Places, is_production, names_in_words
from usher.policy.risk import RiskKind

SOON = timedelta(days=14)


class Severity(StrEnum):
    """How much a risk matters. HIGH: somebody should say yes to this very thing."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class PlanRiskKind(StrEnum):
    """What makes a change risky. Those before MANAGEMENT are what policies are capable of, named as there."""

    ADMINISTRATOR = "administrator"
    SSO = "sso"
    IAM_WRITE = "iam-write"
    TRUST_EDIT = "trust-edit"
    PASS_ROLE_COMPUTE = "pass-role-compute"  # noqa: S105 -- the name of an IAM action
    CODE_OF_OTHERS = "code-of-others"
    ORGANIZATION = "organization"
    AUDIT_OFF = "audit-off"
    SHARING = "sharing"
    DATA_READ = "data-read"
    WILDCARD = "wildcard"
    MANAGEMENT = "management"
    PRODUCTION = "production"
    LOCKOUT = "lockout"
    BOUNDARY = "boundary"
    WIDENED = "widened"
    SESSION = "session"
    ROLE_GOES = "role-goes"
    CUSTOMER_POLICY = "customer-policy"
    EXPIRY = "expiry"
    NOT_JUDGED = "not-judged"


SEVERITY_OF: Mapping[PlanRiskKind, Severity] = {
    PlanRiskKind.ADMINISTRATOR: Severity.HIGH,
    PlanRiskKind.SSO: Severity.HIGH,
    PlanRiskKind.IAM_WRITE: Severity.HIGH,
    PlanRiskKind.TRUST_EDIT: Severity.HIGH,
    PlanRiskKind.PASS_ROLE_COMPUTE: Severity.HIGH,
    PlanRiskKind.CODE_OF_OTHERS: Severity.MEDIUM,
    PlanRiskKind.ORGANIZATION: Severity.HIGH,
    PlanRiskKind.AUDIT_OFF: Severity.HIGH,
    PlanRiskKind.SHARING: Severity.MEDIUM,
    PlanRiskKind.DATA_READ: Severity.MEDIUM,
    PlanRiskKind.WILDCARD: Severity.MEDIUM,
    PlanRiskKind.MANAGEMENT: Severity.MEDIUM,
    PlanRiskKind.PRODUCTION: Severity.MEDIUM,
    PlanRiskKind.LOCKOUT: Severity.HIGH,
    PlanRiskKind.BOUNDARY: Severity.HIGH,
    PlanRiskKind.WIDENED: Severity.MEDIUM,
    PlanRiskKind.SESSION: Severity.LOW,
    PlanRiskKind.ROLE_GOES: Severity.MEDIUM,
    PlanRiskKind.CUSTOMER_POLICY: Severity.LOW,
    PlanRiskKind.EXPIRY: Severity.LOW,
    PlanRiskKind.NOT_JUDGED: Severity.LOW,
}


@dataclass(frozen=True, slots=True)
class PlanRisk:
    """One thing to look at: what happens, and the reasons why it matters, the gravest first.

    `people` counts those whom it concerns; 0 where it concerns none in particular.
    """

    severity: Severity
    kinds: tuple[PlanRiskKind, ...]
    words: str
    reasons: tuple[str, ...]
    accounts: tuple[AccountId, ...] = ()
    people: int = 0


def plan_risks(
    impact: Impact,
    desired: DesiredAccess,
    actual: ActualAccess,
    documents: Mapping[str, PolicyDocument],
    *,
    now: datetime | None = None,
) -> tuple[PlanRisk, ...]:
    """The risks of the plan behind `impact`.

    `documents` are those of managed policies, by ARN; a policy without one is said not to be judged.
    With `now`, rules that expire soon are told as well.
    """
    sight = _Sight(impact, actual, documents)
    found = [
        *(risk for bundle in bundles_of(impact) if (risk := _of_bundle(bundle, sight))),
        *(risk for content in impact.contents if (risk := _of_content(content, sight))),
        *_lockouts(sight),
        *_roles_that_go(sight),
        *_policies_that_must_exist(sight),
        *_expiring(desired.rules, now),
    ]
    return tuple(sorted(found, key=_gravest_first))


def concerned_sets(impact: Impact, actual: ActualAccess) -> tuple[PermissionSet, ...]:
    """The permission sets whose capabilities decide about the risks, before and after; sorted by name."""
    sight = _Sight(impact, actual, {})
    names = {each.name for each in bundles_of(impact) if not each.is_role}
    names |= {target.name for held in impact.still_held.values() for target in held if not target.is_role}
    found = {sight.after(name) for name in names} | {
        sight.before[name] for name in names & sight.before.keys()
    }
    for content in impact.contents:
        found |= {content.before, content.after}
    return tuple(sorted(found, key=lambda each: each.name))


class _Sight:
    """What is known about permission sets before and after, judged once each."""

    def __init__(self, impact: Impact, actual: ActualAccess, documents: Mapping[str, PolicyDocument]) -> None:
        self.impact = impact
        self.places = Places(impact.accounts)
        self.before = actual.permission_sets
        self._unread = actual.unread.policies_of
        self._documents = documents
        self._after = {each.name: each for each in impact.created}
        self._after.update({each.after.name: each.after for each in impact.contents})
        self._judged: dict[PermissionSet, Judgement] = {}

    def after(self, name: str) -> PermissionSet:
        """The permission set once the plan is carried out."""
        return self._after.get(name) or self.before.get(name) or PermissionSet(name)

    def judged(self, permission_set: PermissionSet) -> Judgement:
        """What `permission_set` is capable of."""
        if permission_set not in self._judged:
            self._judged[permission_set] = self._judge(permission_set)
        return self._judged[permission_set]

    def is_administrator(self, permission_set: PermissionSet) -> bool:
        """Whether `permission_set` may do everything."""
        return RiskKind.ADMINISTRATOR in self.judged(permission_set).found

    def _judge(self, permission_set: PermissionSet) -> Judgement:
        name = permission_set.name
        if name in self._unread and name not in self._after:
            return Judgement({}, why_not=f"the policies of {name} were not read")
        return judge(permission_set, self._documents)


_Reasons = dict[PlanRiskKind, str]


def _of_bundle(bundle: Bundle, sight: _Sight) -> PlanRisk | None:
    """The risk in what people gain."""
    if bundle.direction is not Direction.GAINED:
        return None
    reasons = _of_role(bundle) if bundle.is_role else _capabilities(sight.judged(sight.after(bundle.name)))
    reasons |= _of_accounts(bundle.accounts, sight)
    return _risk(
        bundle_words(bundle, sight.impact, sight.places), reasons, bundle.accounts, len(bundle.people)
    )


def _of_role(bundle: Bundle) -> _Reasons:
    return {
        PlanRiskKind.NOT_JUDGED: f"not judged: the role {bundle.name} is made elsewhere, and its policies "
        "are not known here"
    }


def _capabilities(judgement: Judgement, before: Judgement | None = None) -> _Reasons:
    """What `judgement` found that `before` had not."""
    reasons: _Reasons = {
        PlanRiskKind(kind.value): words
        for kind, words in judgement.found.items()
        if before is None or kind not in before.found
    }
    if judgement.why_not and (before is None or judgement.why_not != before.why_not):
        reasons[PlanRiskKind.NOT_JUDGED] = f"not judged: {judgement.why_not}"
    return reasons


def _of_accounts(accounts: Iterable[AccountId], sight: _Sight) -> _Reasons:
    known = [sight.impact.accounts[each] for each in accounts if each in sight.impact.accounts]
    production = [each.id for each in known if is_production(each)]
    reasons: _Reasons = {}
    if any(each.is_management for each in known):
        reasons[PlanRiskKind.MANAGEMENT] = "in the management account"
    if production:
        everywhere = len(production) == len(known)
        reasons[PlanRiskKind.PRODUCTION] = (
            "in production" if everywhere else f"in production: {sight.places.words(production)}"
        )
    return reasons


def _of_content(content: ContentImpact, sight: _Sight) -> PlanRisk | None:
    """The risk in what a changed permission set brings to those who have it."""
    before, after = content.before, content.after
    if not content.people and not content.whoever:
        return None
    reasons = _capabilities(sight.judged(after), sight.judged(before))
    if before.boundary is not None and before.boundary != after.boundary:
        gone = after.boundary is None
        reasons[PlanRiskKind.BOUNDARY] = (
            f"its boundary {boundary_name(before)} goes"
            if gone
            else f"its boundary {boundary_name(before)} is replaced by {boundary_name(after)}"
        )
    wider = [words for words in content_differences(before, after) if words.startswith("gets")]
    if wider:
        reasons[PlanRiskKind.WIDENED] = names_in_words(wider, 6)
    if after.session_seconds > before.session_seconds:
        reasons[PlanRiskKind.SESSION] = (
            f"sessions grow from {plain_duration(before.session_seconds)} "
            f"to {plain_duration(after.session_seconds)}"
        )
    if set(reasons) <= {PlanRiskKind.NOT_JUDGED}:
        return None
    reasons |= _of_accounts(content.accounts, sight)
    people = len(content.people) + len(content.whoever)
    return _risk(content_words(content, sight.places), reasons, content.accounts, people)


def _lockouts(sight: _Sight) -> Iterator[PlanRisk]:
    """Accounts that lose their last administrator."""
    impact = sight.impact
    lost: dict[AccountId, set[str]] = defaultdict(set)
    for target in _lost_administration(sight):
        lost[target.account_id].add(target.name)
    locked = sorted(
        account
        for account in lost
        if not any(
            sight.is_administrator(sight.after(target.name))
            for target in impact.still_held.get(account, ())
            if not target.is_role
        )
    )
    if not locked:
        return
    sets = sorted({name for account in locked for name in lost[account]})
    read = " among the permission sets that were read" if impact.unread.assignments_of else ""
    yield _certain(
        PlanRiskKind.LOCKOUT,
        f"nobody is administrator any more in {sight.places.words(locked)}",
        f"{names_in_words(sets)} was the last way in with full rights{read}",
        tuple(locked),
    )


def _lost_administration(sight: _Sight) -> Iterator[Target]:
    before = sight.before
    for share_targets in {share.targets for each in sight.impact.people.values() for share in each.lost}:
        for target in share_targets:
            if not target.is_role and target.name in before and sight.is_administrator(before[target.name]):
                yield target
    for content in sight.impact.contents:
        if sight.is_administrator(content.before) and not sight.is_administrator(content.after):
            yield from (Target(account, content.before.name) for account in content.accounts)


def _roles_that_go(sight: _Sight) -> Iterator[PlanRisk]:
    for name, accounts in _by_name(sight.impact.roles_gone).items():
        yield _certain(
            PlanRiskKind.ROLE_GOES,
            f"the last assignment of {name} goes in {sight.places.words(accounts)}",
            f"its role AWSReservedSSO_{name}_… goes with it: EKS access, key and bucket policies that name "
            "that role stop working, and it comes back under another suffix",
            accounts,
        )


def _policies_that_must_exist(sight: _Sight) -> Iterator[PlanRisk]:
    needed: dict[CustomerPolicy, set[AccountId]] = defaultdict(set)
    for name, account in sight.impact.roles_made:
        for policy in _customer_policies(sight.after(name)):
            needed[policy].add(account)
    for content in sight.impact.contents:
        for policy in _customer_policies(content.after) - _customer_policies(content.before):
            needed[policy].update(content.accounts)
    for policy, accounts in sorted(needed.items()):
        if accounts:
            where = tuple(sorted(accounts))
            yield _certain(
                PlanRiskKind.CUSTOMER_POLICY,
                f"the policy {policy.path}{policy.name} must exist in {sight.places.words(where)}",
                "AWS makes no role that refers to a policy which the account does not have",
                where,
            )


def _customer_policies(permission_set: PermissionSet) -> frozenset[CustomerPolicy]:
    boundary = permission_set.boundary
    own = frozenset({boundary}) if isinstance(boundary, CustomerPolicy) else frozenset()
    return permission_set.customer_policies | own


def _expiring(rules: Iterable[RuleNote], now: datetime | None) -> Iterator[PlanRisk]:
    for rule in rules:
        if now is None or rule.expires is None or rule.expires - now > SOON:
            continue
        yield _certain(
            PlanRiskKind.EXPIRY,
            f"the rule at {rule.at} expires on {rule.expires:%Y-%m-%d %H:%M} UTC",
            rule.reason or "what it gives goes with the next apply after that",
            (),
        )


def _risk(words: str, reasons: _Reasons, accounts: tuple[AccountId, ...], people: int) -> PlanRisk | None:
    if not reasons:
        return None
    kinds = sorted(reasons, key=lambda kind: (_RANK[SEVERITY_OF[kind]], list(PlanRiskKind).index(kind)))
    return PlanRisk(
        SEVERITY_OF[kinds[0]], tuple(kinds), words, tuple(reasons[kind] for kind in kinds), accounts, people
    )


def _certain(kind: PlanRiskKind, words: str, reason: str, accounts: tuple[AccountId, ...]) -> PlanRisk:
    return PlanRisk(SEVERITY_OF[kind], (kind,), words, (reason,), accounts)


def _by_name(pairs: Iterable[tuple[str, AccountId]]) -> dict[str, tuple[AccountId, ...]]:
    found: dict[str, list[AccountId]] = defaultdict(list)
    for name, account in pairs:
        found[name].append(account)
    return {name: tuple(sorted(accounts)) for name, accounts in sorted(found.items())}


_RANK = {severity: number for number, severity in enumerate(Severity)}


def _gravest_first(risk: PlanRisk) -> tuple[object, ...]:
    return _RANK[risk.severity], list(PlanRiskKind).index(risk.kinds[0]), -risk.people, risk.words
