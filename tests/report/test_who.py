"""Who can do something: those who cannot are left out, the rest is told apart."""

from __future__ import annotations

from types import SimpleNamespace

from usher.core.ids import AccountId
from usher.policy.request import Decision, Verdict
from usher.report.holdings import Holdings, Question, Target
from usher.report.who import Judgement, Standing, who, who_directly

ALLOWED = Judgement(Verdict(Decision.ALLOWED, "allowed by statement 1"))
DENIED = Judgement(Verdict(Decision.DENIED, "no policy allows it"))
DEPENDS = Judgement(Verdict(Decision.UNKNOWN, "it depends", open_conditions=("aws:SourceIp", "the resource")))
NOT_KNOWN = Judgement(Verdict(Decision.UNKNOWN, "the policies are not known"), complete=False)


def ask(
    build: SimpleNamespace, administrator: Judgement, reader: Judgement
) -> list[tuple[str, Standing, str]]:
    def judge(target: Target, _account: AccountId) -> Judgement:
        return administrator if target.name == "AdministratorAccess" else reader

    question = Question(accounts=frozenset({AccountId("3" * 12)}))
    found = who(Holdings(build.mkdev()), question, judge)
    return [(each.holding.group, each.standing, each.hangs_on) for each in found]


def test_without_an_action_everybody_who_may_enter_is_named(build: SimpleNamespace) -> None:
    found = list(who(Holdings(build.mkdev()), Question()))
    assert len(found) == 5
    assert {each.hangs_on for each in found} == {""}


def test_those_known_not_to_be_able_are_left_out(build: SimpleNamespace) -> None:
    assert ask(build, ALLOWED, DENIED) == [("devops", Standing.CAN, "")]


def test_an_open_condition_and_a_missing_document_are_told_apart(build: SimpleNamespace) -> None:
    assert ask(build, DEPENDS, NOT_KNOWN) == [
        ("devops", Standing.DEPENDS, "aws:SourceIp; the resource"),
        ("developers", Standing.NOT_KNOWN, "the policies are not known"),
    ]


def test_grants_are_judged_without_being_expanded(build: SimpleNamespace) -> None:
    found = list(who_directly(Holdings(build.mkdev()), Question(), lambda *_: ALLOWED))
    assert len(found) == 5
    assert {each.holding.person for each in found} == {""}
