"""How far a run is, and how long it will take, on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass

from usher.apply.progress import Progress, ProgressView
from usher.apply.result import Item, Outcome
from usher.core.assignments import Assignment
from usher.core.ids import AccountId
from usher.core.principals import Principal, PrincipalKind
from usher.plan.changes import (
    Change,
    CreateAssignment,
    CreateGroup,
    ProvisioningReason,
    ProvisionPermissionSet,
)


@dataclass
class Clock:
    now: float = 0.0

    def time(self) -> float:
        return self.now


def grants(count: int) -> list[Change]:
    who = Principal(PrincipalKind.GROUP, "devs")
    return [CreateAssignment(Assignment(who, "Read", AccountId(f"{n:012}"))) for n in range(count)]


def end(progress: Progress, change: Change, outcome: Outcome = Outcome.DONE) -> None:
    progress.note(Item(change, Outcome.BEGUN))
    progress.note(Item(change, outcome))


def test_the_time_left_is_taken_from_how_fast_changes_ended_of_late() -> None:
    clock, changes = Clock(), grants(100)
    progress = Progress(changes, clock.time)
    for change in changes[:50]:
        clock.now += 2.0
        end(progress, change)
    left = progress.view().seconds_left
    assert left is not None
    assert 95 <= left <= 105


def test_nobody_pretends_to_know_the_time_before_a_few_changes_have_ended() -> None:
    clock, changes = Clock(), grants(10)
    progress = Progress(changes, clock.time)
    for change in changes[:3]:
        end(progress, change)
    assert progress.view() == ProgressView(10, 3, 0, 0, None)


def test_a_run_that_stands_still_takes_longer_and_longer() -> None:
    clock, changes = Clock(), grants(20)
    progress = Progress(changes, clock.time)
    for change in changes[:10]:
        clock.now += 1.0
        end(progress, change)
    before = progress.view().seconds_left
    clock.now += 60
    after = progress.view().seconds_left
    assert before is not None
    assert after is not None
    assert after > 3 * before


def test_what_is_of_another_speed_is_guessed_until_it_has_shown_its_own() -> None:
    clock = Clock()
    groups: list[Change] = [CreateGroup(f"g{n}", "") for n in range(8)]
    provisioning = ProvisionPermissionSet("Read", ProvisioningReason.STALE, ())
    progress = Progress([*groups, provisioning, *grants(30)], clock.time)
    for change in groups:
        clock.now += 0.1
        end(progress, change)
    left = progress.view().seconds_left
    assert left is not None
    assert 15 <= left <= 25  # ten for the provisioning, ten for thirty assignments


def test_what_failed_and_what_was_skipped_is_not_done_and_no_longer_under_way() -> None:
    changes = grants(4)
    progress = Progress(changes, Clock().time)
    end(progress, changes[0], Outcome.FAILED)
    progress.note(Item(changes[1], Outcome.SKIPPED))
    progress.note(Item(changes[2], Outcome.BEGUN))
    view = progress.view()
    assert (view.done, view.not_done, view.ended, view.running) == (0, 2, 2, 1)


def test_endings_in_one_instant_are_no_reason_to_divide_by_nothing() -> None:
    changes = grants(6)
    progress = Progress(changes, Clock().time)
    for change in changes[:5]:
        end(progress, change)
    assert progress.view().seconds_left is not None
