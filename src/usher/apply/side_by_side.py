"""Asking many questions side by side, with answers used as they come and nothing piled up in between."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import islice
from typing import TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")

# Enough to use AWS's twenty calls a second at 300 ms each; more would only wait for the pace.
WORKERS = 6
_AHEAD = 4 * WORKERS


def each(pool: Executor, ask: Callable[[_In], _Out], items: Iterable[_In]) -> Iterator[tuple[_In, _Out]]:
    """Every item with what `ask` answers for it, in order, a few asked ahead.

    The first error ends it: what has not been asked by then is not.
    """
    waiting: deque[tuple[_In, Future[_Out]]] = deque()
    queue = iter(items)
    try:
        waiting.extend((item, pool.submit(ask, item)) for item in islice(queue, _AHEAD))
        while waiting:
            item, future = waiting.popleft()
            answer = future.result()
            waiting.extend((following, pool.submit(ask, following)) for following in islice(queue, 1))
            yield item, answer
    finally:
        for _, future in waiting:
            future.cancel()
