"""The limiter: a bucket per thing, refilled steadily, shared by every thread, remembered on disk."""

from __future__ import annotations

import threading
from typing import Any

from usher.server.idp.limits import Demand, Limit, forgive, take
from usher.server.store.tables import rate_limits

THREE = Limit("three", 3, 1 / 10)


def test_a_bucket_empties_and_refills(services: Any, clock: Any) -> None:
    demand = Demand(THREE, "a")
    assert [take(services.database, [demand]) for _ in range(4)] == [True, True, True, False]
    clock.now += 9
    assert not take(services.database, [demand])
    clock.now += 2
    assert [take(services.database, [demand]) for _ in range(2)] == [True, False]


def test_a_bucket_never_holds_more_than_it_can(services: Any, clock: Any) -> None:
    demand = Demand(THREE, "a")
    take(services.database, [demand])
    clock.now += 1000
    assert [take(services.database, [demand]) for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_goes_back_gives_nothing_away(services: Any, clock: Any) -> None:
    demand = Demand(THREE, "a")
    for _ in range(3):
        take(services.database, [demand])
    clock.now -= 1000
    assert not take(services.database, [demand])


def test_each_subject_and_each_limit_has_a_bucket_of_its_own(services: Any) -> None:
    for _ in range(3):
        take(services.database, [Demand(THREE, "a")])
    assert take(services.database, [Demand(THREE, "b")])
    assert take(services.database, [Demand(Limit("other", 3, 1), "a")])
    assert not take(services.database, [Demand(THREE, "b"), Demand(THREE, "a")])


def test_a_forgiven_bucket_is_full(services: Any) -> None:
    demand = Demand(THREE, "a")
    while take(services.database, [demand]):
        pass
    forgive(services.database, [demand])
    assert take(services.database, [demand])


def test_of_many_threads_only_as_many_as_tokens_get_one(services: Any) -> None:
    taken: list[bool] = []
    threads = [
        threading.Thread(target=lambda: taken.append(take(services.database, [Demand(THREE, "a")])))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(True) == 3


def test_what_was_typed_is_not_in_the_table_and_goes_after_a_day(services: Any, clock: Any) -> None:
    take(services.database, [Demand(THREE, "my secret password")])
    with services.database.read() as connection:
        [row] = connection.execute(rate_limits.select()).all()
    assert "secret" not in row.key
    clock.now += 25 * 3600
    take(services.database, [Demand(THREE, "b")])
    with services.database.read() as connection:
        assert len(connection.execute(rate_limits.select()).all()) == 1
