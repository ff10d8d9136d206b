"""Who may enter, in rows for people, and as flat documents for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.report.holdings import Holding
from usher.report.who import Answer, Standing

HEADINGS = ("ACCOUNT", "PERSON", "PERMISSION SET", "THROUGH", "NOTE")
FIELDS = (
    "account",
    "account_id",
    "unit",
    "person",
    "group",
    "permission_set",
    "role",
    "answer",
    "depends_on",
    "caveats",
)
_NOBODY = "–"


def answer_row(answer: Answer, accounts: Mapping[AccountId, Account]) -> tuple[str, ...]:
    """One holding as a person reads it."""
    holding = answer.holding
    account = accounts.get(holding.granted.account_id)
    notes = [*(each.value for each in holding.caveats), *([answer.hangs_on] if answer.hangs_on else [])]
    return (
        account.name if account else holding.granted.account_id,
        holding.person or _NOBODY,
        str(holding.target),
        through(holding),
        "; ".join(notes),
    )


def grant_row(answer: Answer, accounts: Mapping[AccountId, Account]) -> tuple[str, ...]:
    """A grant that is not expanded, in the same columns."""
    account, _, target, _, notes = answer_row(answer, accounts)
    return account, str(answer.holding.granted.principal), target, "", notes


def answer_document(answer: Answer, accounts: Mapping[AccountId, Account]) -> dict[str, str]:
    """One holding as names and values, all text, for JSON and CSV."""
    holding = answer.holding
    account = accounts.get(holding.granted.account_id)
    target = holding.target
    values = (
        account.name if account else "",
        holding.granted.account_id,
        account.ou if account else "",
        holding.person,
        holding.group,
        "" if target.is_role else target.name,
        target.name if target.is_role else "",
        answer.standing.value if answer.verdict else "",
        answer.hangs_on,
        "; ".join(holding.caveats),
    )
    return dict(zip(FIELDS, values, strict=True))


def by_standing(answers: Iterable[Answer]) -> Iterator[tuple[Standing, list[Answer]]]:
    """The answers about an action in three groups: a yes, an open condition, a missing document."""
    found: dict[Standing, list[Answer]] = {standing: [] for standing in Standing}
    for answer in answers:
        found[answer.standing].append(answer)
    yield from ((standing, group) for standing, group in found.items() if group)


def through(holding: Holding) -> str:
    """How it comes: through a group or directly."""
    return f"group {holding.group}" if holding.group else "directly"
