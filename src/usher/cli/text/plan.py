"""A plan as a person reads it, and as a script reads it."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum

from usher.apply.cost import total
from usher.apply.read import Reading
from usher.apply.result import Item, Outcome, RunResult
from usher.cli.terminal import printable
from usher.core.policy_document import PolicyDocument
from usher.plan.changes import (
    AddMember,
    Change,
    CreateAssignment,
    CreateEntitlement,
    CreateGroup,
    CreateUser,
    DeleteAssignment,
    DeleteEntitlement,
    DeleteGroup,
    DeleteInlinePolicy,
    DeleteUser,
    LeftAlone,
    Plan,
    PutInlinePolicy,
    RemoveMember,
    UpdateGroup,
    UpdateUser,
)
from usher.plan.words import Sign, sign_of, words_of

Style = Callable[[str, str], str]

_STYLES: Mapping[Sign, str] = {"+": "add", "~": "change", "-": "remove"}
_MOST_NAMES = 12
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")
HIDDEN = "assignments of deleted users and groups are visible only with --strategy per-pair"


def no_style(_name: str, text: str) -> str:
    """`text` as it is: for pipes and files."""
    return text


def plan_lines(plan: Plan, file_name: str, style: Style) -> Iterator[str]:
    """The plan: changes grouped by what they are about, what is left alone, and the count."""
    if plan.changes:
        yield style("strong", f"What {printable(file_name)} changes:")
    for title, changes in _groups(plan.changes):
        yield ""
        yield style("strong", title)
        for change in changes:
            sign = sign_of(change)
            yield style(_STYLES[sign], f"  {sign} {printable(words_of(change, plan.accounts))}")
            yield from (f"      {style(name, line)}" for name, line in _details(change))
    yield from _left_alone_lines(plan.left_alone, style)
    yield from _unmarked_lines(plan.unmarked, style)
    yield ""
    yield style("strong", count_line(plan, file_name))


def count_line(plan: Plan, file_name: str) -> str:
    """How many changes of each sign there are."""
    if not plan.changes:
        return f"Nothing to do: the accounts match {printable(file_name)}."
    signs = [sign_of(change) for change in plan.changes]
    words = (("+", "to add"), ("~", "to change"), ("-", "to remove"))
    counts = [f"{signs.count(sign)} {what}" for sign, what in words if sign in signs]
    return ", ".join(counts) + "."


def cost_lines(reading: Reading, calls: int, style: Style) -> Iterator[str]:
    """How many calls were made, what the best strategy predicts, and the formula."""
    strategy = reading.strategy.value.replace("-", " ")
    yield style("dim", f"{calls} AWS calls, read {strategy} (best strategy predicts {reading.best_calls}):")
    width = max(len(line.what) for line in reading.prediction)
    for line in reading.prediction:
        yield style("dim", f"  {line.what:<{width}} {line.calls:>4} = {line.formula}")
    if reading.may_hide_dangling:
        yield style("dim", HIDDEN)


def item_line(item: Item, plan: Plan, done: int, style: Style) -> str:
    """One change that ended, while a plan is carried out."""
    words = printable(words_of(item.change, plan.accounts))
    place = f"[{done}/{len(plan.changes)}]"
    if item.outcome is Outcome.DONE:
        return f"{place} {style(_STYLES[sign_of(item.change)], sign_of(item.change))} {words}"
    return f"{place} {style('error', item.outcome.value)}: {_with_reason(item, words)}"


def result_lines(result: RunResult, plan: Plan, style: Style) -> Iterator[str]:
    """What was not made and why, then the count."""
    if result.not_done:
        yield ""
        yield style("error", "Not done:")
    for item in result.not_done:
        words = printable(words_of(item.change, plan.accounts))
        yield f"  {style('error', item.outcome.value)}: {words}"
        yield f"    {printable(item.reason)}"
        if item.cause:
            yield style("dim", f"    {printable(item.cause)}")
    done = f"{len(result.done)} of {len(result.items)} changes are made."
    again = " The rest is tried again by the next 'usher access apply'." if result.not_done else ""
    yield style("strong", done) + again


def plan_document(plan: Plan) -> dict[str, object]:
    """The plan as a JSON document: every change with its kind, its sentence and its fields."""
    signs = [sign_of(change) for change in plan.changes]
    return {
        "changes": [change_document(change, plan) for change in plan.changes],
        "summary": {"add": signs.count("+"), "change": signs.count("~"), "remove": signs.count("-")},
        "assignments": {"existing": plan.managed_assignments, "removed": len(plan.removals)},
        "left_alone": _plain(plan.left_alone),
        "unmarked": list(plan.unmarked),
    }


def change_document(change: Change, plan: Plan) -> dict[str, object]:
    """One change as a JSON document."""
    fields = _plain(change)
    return {
        "kind": _WORD_START.sub("_", type(change).__name__).lower(),
        "sign": sign_of(change),
        "text": words_of(change, plan.accounts),
        **(fields if isinstance(fields, dict) else {}),
    }


def cost_document(reading: Reading, calls: Mapping[str, int]) -> dict[str, object]:
    """What reading cost, as a JSON document."""
    return {
        "total": sum(calls.values()),
        "predicted": total(reading.prediction),
        "best": reading.best_calls,
        "strategy": reading.strategy.value,
        "by_operation": dict(calls),
    }


def result_document(result: RunResult, plan: Plan) -> dict[str, object]:
    """What came of a run, as a JSON document."""
    return {
        "done": len(result.done),
        "not_done": [
            {
                "change": change_document(item.change, plan),
                "outcome": item.outcome.value,
                "reason": item.reason,
                "cause": item.cause,
            }
            for item in result.not_done
        ],
    }


def _groups(changes: Iterable[Change]) -> Iterator[tuple[str, list[Change]]]:
    titles = ("People", "Permission sets", "Access")
    sorted_in: dict[str, list[Change]] = {title: [] for title in titles}
    for change in changes:
        sorted_in[_title(change)].append(change)
    yield from ((title, found) for title, found in sorted_in.items() if found)


def _title(change: Change) -> str:
    match change:
        case (
            CreateUser()
            | UpdateUser()
            | DeleteUser()
            | CreateGroup()
            | UpdateGroup()
            | DeleteGroup()
            | AddMember()
            | RemoveMember()
        ):
            return "People"
        case CreateAssignment() | DeleteAssignment() | CreateEntitlement() | DeleteEntitlement():
            return "Access"
        case _:
            return "Permission sets"


def _details(change: Change) -> Iterator[tuple[str, str]]:
    """The difference of inline policies, line by line with its style."""
    match change:
        case PutInlinePolicy(policy=policy, before=before):
            lines = _difference(before, policy)
        case DeleteInlinePolicy(before=before):
            lines = _difference(before, None)
        case _:
            return
    styles = {"+": "add", "-": "remove"}
    for line in lines:
        yield styles.get(line[:1], "dim"), printable(line)


def _difference(before: PolicyDocument | None, after: PolicyDocument | None) -> list[str]:
    old, new = (_pretty(policy) for policy in (before, after))
    return list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]


def _pretty(policy: PolicyDocument | None) -> list[str]:
    if policy is None:
        return []
    try:
        return policy.pretty.splitlines()
    except ValueError:  # somebody stored what is not JSON
        return policy.json.splitlines()


def _unmarked_lines(names: tuple[str, ...], style: Style) -> Iterator[str]:
    if names:
        sets = "permission set is" if len(names) == 1 else "permission sets are"
        yield ""
        yield style("dim", f"{len(names)} {sets} not marked as this file's yet: the first change does that.")


def _left_alone_lines(left: LeftAlone, style: Style) -> Iterator[str]:
    kinds = (
        ("permission sets", left.permission_sets),
        ("groups", left.groups),
        ("users", left.users),
    )
    if not any(names for _, names in kinds):
        return
    yield ""
    yield style("strong", "Left alone: not in the file")
    for kind, names in kinds:
        if names:
            shown = ", ".join(printable(name) for name in names[:_MOST_NAMES])
            more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            yield style("dim", f"  {len(names)} {kind}: {shown}{more}")


def _with_reason(item: Item, words: str) -> str:
    reason = f"{words}: {printable(item.reason)}"
    return f"{reason} ({printable(item.cause)})" if item.cause else reason


def _plain(value: object) -> object:
    """`value` in JSON's own types."""
    if isinstance(value, PolicyDocument):
        return value.json
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset | tuple | list):
        return [_plain(each) for each in value]
    return value
