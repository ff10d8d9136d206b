"""Why somebody may enter an account, and why not, in words and as documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from usher.cli.terminal import printable
from usher.core.accounts import Account
from usher.core.durations import plain_duration
from usher.core.rules import RuleNote
from usher.policy.request import Decision, Verdict
from usher.report.why import AddRule, ApplyFile, AwaitRule, JoinGroup, Path, Remedy, RenewRule, WhyNot

Style = Callable[[str, str], str]
_SAID = {Decision.ALLOWED: "add", Decision.DENIED: "remove", Decision.UNKNOWN: "warn"}


def path_lines(path: Path, number: int, action: str, style: Style) -> Iterator[str]:
    """One way in: what leads there, the rules that give it, what it is, and what it says of the action."""
    holding = path.holding
    way = f"through group {holding.group}" if holding.group else "directly"
    yield f"  {number}. {way}: {style('strong', printable(str(holding.target)))}"
    for caveat in holding.caveats:
        yield style("warn", f"     {caveat.value}")
    yield from (f"     {line}" for line in _rule_lines(path))
    if path.permission_set is not None:
        yield style("dim", f"     {_contents(path)}")
    if path.verdict is not None:
        yield from (f"     {line}" for line in _verdict_lines(path.verdict, action, style))


def path_document(path: Path) -> dict[str, object]:
    """The same for programs."""
    holding = path.holding
    return {
        "person": holding.person,
        "group": holding.group,
        "permission_set": "" if holding.target.is_role else holding.target.name,
        "role": holding.target.name if holding.target.is_role else "",
        "account_id": holding.granted.account_id,
        "caveats": [each.value for each in holding.caveats],
        "in_file": path.in_file,
        "rules": [rule_document(rule) for rule in path.rules],
        "verdict": path.verdict and _verdict_document(path.verdict),
    }


def rule_document(rule: RuleNote) -> dict[str, object]:
    """Where a rule stands and what its author said of it."""
    return {
        "at": str(rule.at),
        "owner": rule.owner,
        "reason": rule.reason,
        "ticket": rule.ticket,
        "expires": rule.expires and rule.expires.isoformat(),
        "review": rule.review and rule.review.isoformat(),
    }


def why_not_lines(answer: WhyNot, account: Account, style: Style) -> Iterator[str]:
    """What is missing, and the smallest changes that would give it."""
    yield from (f"  {style('remove', '✗')} {printable(words)}" for words in answer.obstacles)
    if not answer.remedies:
        return
    yield ""
    yield "What would change it, the smallest first:"
    for remedy in answer.remedies:
        for place, line in enumerate(_remedy_lines(remedy, account)):
            yield f"  {style('add', '→') if place == 0 else ' '} {printable(line)}"


def why_not_document(answer: WhyNot, account: Account) -> dict[str, object]:
    """The same for programs."""
    return {
        "obstacles": list(answer.obstacles),
        "other": [path_document(path) for path in answer.other],
        "remedies": [
            {
                "kind": type(remedy).__name__,
                "permission_set": "" if remedy.target.is_role else remedy.target.name,
                "role": remedy.target.name if remedy.target.is_role else "",
                "group": getattr(remedy, "group", ""),
                "line": getattr(remedy, "line", ""),
                "text": " ".join(_remedy_lines(remedy, account)),
            }
            for remedy in answer.remedies
        ],
    }


def _rule_lines(path: Path) -> Iterator[str]:
    if path.in_file is False:
        yield "no rule of the access file gives it"
    for rule in path.rules:
        parts = [str(rule.at)]
        parts += [f"owner {rule.owner}"] if rule.owner else []
        parts += [f"because: {rule.reason}"] if rule.reason else []
        parts += [f"ticket {rule.ticket}"] if rule.ticket else []
        parts += [f"expires {rule.expires:%Y-%m-%d %H:%M} UTC"] if rule.expires else []
        parts += [f"review by {rule.review}"] if rule.review else []
        yield printable("; ".join(parts))


def _contents(path: Path) -> str:
    permission_set = path.permission_set
    if permission_set is None:
        return ""
    names = sorted(policy.name for policy in permission_set.managed_policies)
    names += sorted(policy.name for policy in permission_set.customer_policies)
    names += ["an inline policy"] if permission_set.inline_policy else []
    held = ", ".join(names) or "no policy"
    bounded = f", bounded by {permission_set.boundary.name}" if permission_set.boundary else ""
    return printable(f"{held}{bounded}; sessions of {plain_duration(permission_set.session_seconds)}")


def _verdict_lines(verdict: Verdict, action: str, style: Style) -> Iterator[str]:
    yield style(_SAID[verdict.decision], printable(f"{action}: {verdict.because}"))


def _verdict_document(verdict: Verdict) -> dict[str, object]:
    return {
        "decision": verdict.decision.value,
        "because": verdict.because,
        "statements": [
            {"policy": each.policy, "statement": each.statement, "effect": each.effect}
            for each in verdict.matches
        ],
        "open_conditions": list(verdict.open_conditions),
    }


def _remedy_lines(remedy: Remedy, account: Account) -> Iterator[str]:
    match remedy:
        case ApplyFile(target=target, group=group):
            way = f" through group {group}" if group else ""
            yield f"the access file gives {target}{way} already: run 'usher access apply'"
        case AwaitRule(rule=rule, target=target):
            begins = f" on {rule.starts:%Y-%m-%d %H:%M} UTC" if rule.starts else ""
            yield f"the rule at {rule.at} gives {target} and begins{begins}: run 'usher access apply' then"
        case RenewRule(rule=rule, target=target):
            ended = f" on {rule.expires:%Y-%m-%d}" if rule.expires else ""
            yield f"the rule at {rule.at}, which gave {target}, expired{ended}: give it a new date"
        case JoinGroup(group=group, target=target, elsewhere=elsewhere, also=also):
            more = f", and {also:,} more grants" if also else ", and nothing else"
            where = " (its members are kept in another directory)" if elsewhere else ""
            yield f"membership in {group}{where}: gives {target} in {account.name}{more}"
        case AddRule(line=line, target=target):
            yield f"a rule of their own for {target}, under 'access' in the access file:"
            yield f"  {line}"
        case _:
            assert_never(remedy)
