"""Who may enter, and who may do something there: holdings with what their policies say of an action."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from usher.core.ids import AccountId
from usher.policy.request import Decision, Verdict
from usher.report.holdings import Holding, Holdings, Question, Target


class Standing(StrEnum):
    """What is known about an action."""

    CAN = "can"
    DEPENDS = "depends"
    NOT_KNOWN = "not known"


Judge: TypeAlias = Callable[[Target, AccountId], Verdict]
"""What the policies of a permission set or role say, in an account, of the action that is asked about."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A holding; with an action, what it does for that. `verdict` is None when no action is asked about."""

    holding: Holding
    standing: Standing = Standing.CAN
    verdict: Verdict | None = None

    @property
    def hangs_on(self) -> str:
        """The open condition, or what is not known; empty for a plain yes."""
        if self.verdict is None or self.standing is Standing.CAN:
            return ""
        return "; ".join(self.verdict.open_conditions) or self.verdict.because


def who(holdings: Holdings, question: Question, judge: Judge | None = None) -> Iterator[Answer]:
    """Who holds what; with `judge`, without those that are known not to be able to do it."""
    if judge is None:
        yield from (Answer(holding) for holding in holdings.holdings(question))
        return
    for holding in holdings.holdings(question):
        verdict = judge(holding.target, holding.granted.account_id)
        if verdict.decision is not Decision.DENIED:
            yield Answer(holding, standing_of(verdict), verdict)


def standing_of(verdict: Verdict) -> Standing:
    """How an undenied verdict is told: a yes, a condition that is open, or a document that is missing."""
    if verdict.decision is Decision.ALLOWED:
        return Standing.CAN
    return Standing.DEPENDS if verdict.open_conditions else Standing.NOT_KNOWN
