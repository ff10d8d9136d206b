"""A whole organization from nothing, through throttles, errors after the effect, and killed clients."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from usher.server.limits.settings import AwsLimits

pytestmark = pytest.mark.scale


@pytest.mark.parametrize("seed", range(4))
def test_an_organization_made_from_nothing_in_a_storm_is_whole_however_often_the_client_dies(
    set_stage: Callable[..., Any],
    organization: Callable[..., Any],
    small: Any,
    killed: type[BaseException],
    seed: int,
) -> None:
    wish, chance = organization(small), Random(seed)
    stage = set_stage(AwsLimits(throttled=0.1, failing=0.08, seed=seed), small)
    for _ in range(3):
        stage.die_after(chance.randrange(20, 250))
        try:
            stage.apply(wish)
        except killed:
            continue
    stage.calls_left.clear()
    # An attachment whose answer was lost is told as a failure; running the command again is always safe.
    assert any(stage.apply(wish).not_done == () for _ in range(4))
    assert stage.books() == wish.assignments
    assert set(stage.times_made().values()) == {1}
    assert stage.still_to_do(wish) == 0
