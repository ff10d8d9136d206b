"""Making several calls at once: a call to AWS takes longer than the quota's share of a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

from usher.core.errors import UsherError

_T = TypeVar("_T")

# Enough to use AWS's twenty calls a second at 300 ms each; more would only wait for the pace.
_WORKERS = 6


class AtOnce(Protocol):
    """Makes calls and gives their answers in the calls' order."""

    def __call__(self, calls: Sequence[Callable[[], _T]]) -> Sequence[_T]:
        """What each of `calls` answers."""
        ...


def one_by_one(calls: Sequence[Callable[[], _T]]) -> Sequence[_T]:
    """What each of `calls` answers, one after another."""
    return [call() for call in calls]


@contextmanager
def side_by_side() -> Iterator[AtOnce]:
    """Calls made by a few threads while the block lasts."""
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="apply") as pool:

        def at_once(calls: Sequence[Callable[[], _T]]) -> Sequence[_T]:
            if len(calls) == 1:
                return [calls[0]()]
            return [future.result() for future in [pool.submit(call) for call in calls]]

        yield at_once


def attempt(call: Callable[[], _T]) -> _T | UsherError:
    """What `call` gives, or the error it raises."""
    try:
        return call()
    except UsherError as error:
        return error
