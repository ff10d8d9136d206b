"""A plan as a person reads it, and as a script reads it."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from usher.apply.cost import total
from usher.apply.read import Reading
from usher.apply.result import Item, Outcome, RunResult
from usher.cli.terminal import printable
from usher.cli.text.operations import Operation, operation_groups
from usher.cli.text.people import people_blocks, people_notes, people_title
from usher.cli.text.risks import risk_blocks, severities
from usher.cli.text.styles import STYLE_OF_SIGN, Style
from usher.cli.text.styles import no_style as no_style
from usher.core.policy_document import PolicyDocument
from usher.core.principals import PrincipalKind
from usher.plan.bundles import Bundle
from usher.plan.changes import Change, LeftAlone, Plan
from usher.plan.impact_words import bundle_words, content_differences
from usher.plan.review import Review
from usher.plan.words import Sign, sign_of, words_of

_MOST_NAMES = 12
_MOST_OPERATIONS = 8
_MOST_PEOPLE = 12
_MOST_RISKS = 14
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")
HIDDEN = "assignments of deleted users and groups are visible only with --strategy per-pair"


def review_lines(review: Review, file_name: str, style: Style, *, details: bool = False) -> Iterator[str]:
    """A plan in three layers: its operations, whom they concern, what to look at twice; then the count.

    With `details` everything is told; otherwise as much as fits a screen, and how much more there is.
    """
    plan = review.plan
    yield from _operation_lines(plan, file_name, style, details=details)
    people = list(people_blocks(review, style, details=details))
    notes = list(people_notes(review, details=details))
    if people or notes:
        yield ""
        yield style("strong", people_title(review.impact))
        yield from _shortened(people, _MOST_PEOPLE, style, details=details)
        yield from (style("dim", f"  {printable(note)}") for note in notes)
    if review.risks:
        yield ""
        yield style("strong", "Look at twice: ") + severities(review.risks)
        risks = list(risk_blocks(review.risks, style, details=details))
        yield from _shortened(risks, _MOST_RISKS, style, details=details)
    yield from _ending(plan, file_name, style)


def plan_lines(plan: Plan, file_name: str, style: Style, *, details: bool = True) -> Iterator[str]:
    """The operations of a plan alone: grouped by what they are about, what is left alone, and the count."""
    yield from _operation_lines(plan, file_name, style, details=details)
    yield from _ending(plan, file_name, style)


def _operation_lines(plan: Plan, file_name: str, style: Style, *, details: bool) -> Iterator[str]:
    if plan.changes:
        yield style("strong", f"What {printable(file_name)} changes:")
    for title, operations in operation_groups(plan, together=not details):
        yield ""
        yield style("strong", title)
        blocks = [_operation_block(each, style) for each in operations]
        if not details and len(blocks) > _MOST_OPERATIONS + 1:
            yield from _flat(blocks[:_MOST_OPERATIONS])
            left = _counts(each.sign for each in operations[_MOST_OPERATIONS:])
            yield style("dim", f"  … and more: {left} (--details shows all)")
        else:
            yield from _flat(blocks)


def _operation_block(operation: Operation, style: Style) -> list[str]:
    styles = {"+": "add", "-": "remove"}
    return [
        style(STYLE_OF_SIGN[operation.sign], f"  {operation.sign} {printable(operation.words)}"),
        *(f"      {style(styles.get(line[:1], 'dim'), printable(line))}" for line in operation.difference),
    ]


def _shortened(blocks: list[list[str]], most: int, style: Style, *, details: bool) -> Iterator[str]:
    """The lines of `blocks`; about `most` of them, and how many blocks more there are."""
    shown = 0
    for number, block in enumerate(blocks):
        left = len(blocks) - number
        if not details and number and left > 1 and shown + len(block) > most:
            yield style("dim", f"  … and {left:,} more (--details shows all)")
            return
        cut = block if details or len(block) <= most + 1 else block[:most]
        yield from cut
        if len(cut) < len(block):
            yield style("dim", f"      … and {len(block) - len(cut):,} lines more")
        shown += len(cut)


def _ending(plan: Plan, file_name: str, style: Style) -> Iterator[str]:
    yield from _left_alone_lines(plan.left_alone, style)
    yield from _unmarked_lines(plan.unmarked, style)
    yield ""
    yield style("strong", count_line(plan, file_name))


def count_line(plan: Plan, file_name: str) -> str:
    """How many changes of each sign there are."""
    if not plan.changes:
        return f"Nothing to do: the accounts match {printable(file_name)}."
    return _counts(sign_of(change) for change in plan.changes) + "."


def _counts(signs: Iterable[Sign]) -> str:
    found = Counter(signs)
    words: tuple[tuple[Sign, str], ...] = (("+", "to add"), ("~", "to change"), ("-", "to remove"))
    return ", ".join(f"{found[sign]} {what}" for sign, what in words if found[sign])


def _flat(blocks: Iterable[list[str]]) -> Iterator[str]:
    return (line for block in blocks for line in block)


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
        return f"{place} {style(STYLE_OF_SIGN[sign_of(item.change)], sign_of(item.change))} {words}"
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


def review_document(review: Review) -> dict[str, object]:
    """What there is to review, as a JSON document: the plan's, and `people` and `risks`.

    `people.changes` holds each change of somebody's access once, for all whom it concerns alike.
    """
    impact = review.impact
    return {
        **plan_document(review.plan),
        "people": {
            "gaining": impact.gaining,
            "losing": impact.losing,
            "changes": [_bundle_document(bundle, review) for bundle in review.bundles],
            "contents": [
                {
                    "permission_set": content.after.name,
                    "people": sorted(content.people),
                    "whoever_in": sorted(content.whoever),
                    "accounts": list(content.accounts),
                    "differences": list(content_differences(content.before, content.after)),
                }
                for content in impact.contents
            ],
            "members_unknown": sorted(impact.unread.members_of),
        },
        "risks": [_plain(risk) for risk in review.risks],
    }


def _bundle_document(bundle: Bundle, review: Review) -> dict[str, object]:
    groups = [each.name for each in bundle.people if each.kind is PrincipalKind.GROUP]
    return {
        "direction": bundle.direction.value,
        "text": bundle_words(bundle, review.impact, review.places),
        "people": [each.name for each in bundle.people if each.kind is PrincipalKind.USER],
        "whoever_in": groups,
        "via_group": bundle.via.name if bundle.via else None,
        "membership_changes": bundle.moves,
        "role" if bundle.is_role else "permission_set": bundle.name,
        "accounts": list(bundle.accounts),
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
