"""Who may enter, and who may do something there: holdings with what their policies say of an action."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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


@dataclass(frozen=True, slots=True)
class Judgement:
    """What policies say of an action; `complete` is False where the documents of some are not known."""

    verdict: Verdict
    complete: bool = True

    @property
    def standing(self) -> Standing:
        """How an undenied verdict is told."""
        if self.verdict.decision is Decision.ALLOWED:
            return Standing.CAN
        return Standing.DEPENDS if self.complete else Standing.NOT_KNOWN


Judge: TypeAlias = Callable[[Target, AccountId], Judgement]
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
    yield from _judged(holdings.holdings(question), judge)


def who_directly(holdings: Holdings, question: Question, judge: Judge | None = None) -> Iterator[Answer]:
    """The same for grants as they are given, groups not expanded: holdings of nobody in particular."""
    grants = holdings.grants(question)
    yield from _judged((Holding("", each, holdings.caveats_of(each)) for each in grants), judge)


def _judged(chosen: Iterable[Holding], judge: Judge | None) -> Iterator[Answer]:
    if judge is None:
        yield from (Answer(holding) for holding in chosen)
        return
    for holding in chosen:
        judged = judge(holding.target, holding.granted.account_id)
        if judged.verdict.decision is not Decision.DENIED:
            yield Answer(holding, judged.standing, judged.verdict)
