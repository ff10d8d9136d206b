"""Every call to AWS goes through here: counted, paced, tried again, paged, its errors put in words."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from botocore import xform_name

from usher.aws.clients import (
    AwsSettings,
    aws_errors_as_words,
    is_throttle,
    make_client,
)
from usher.aws.patience import Patience, Trouble, asked_wait, may_repeat, trouble_of
from usher.core.errors import BusyError, UnavailableError, UsherError


class CallCount:
    """How often each operation was called, over all services of one run; safe between threads.

    Every request counts, as it does for AWS. `watch` is told the number of all after each.
    """

    def __init__(self, watch: Callable[[int], None] = lambda _total: None) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._repeated = 0
        self._watch = watch

    def note(self, operation: str, *, repeated: bool = False) -> None:
        """Count one call of `operation`; `repeated` when it was refused before."""
        with self._lock:
            self._calls[operation] += 1
            self._repeated += repeated
            total = self._calls.total()
        self._watch(total)

    @property
    def by_operation(self) -> Mapping[str, int]:
        """The number of calls per operation, in the order of first use."""
        with self._lock:
            return dict(self._calls)

    @property
    def repeated(self) -> int:
        """How many of the calls had been refused before."""
        with self._lock:
            return self._repeated


class Pace(Protocol):
    """Who says when a call may be made, and learns how it was answered."""

    def take(self) -> None:
        """Wait until one more call may be made."""
        ...

    def note(self, *, throttled: bool) -> None:
        """Say how the call was answered."""
        ...


class NotPaced:
    """The pace of a caller that makes a few calls only."""

    def take(self) -> None:
        """Wait for nothing."""

    def note(self, *, throttled: bool) -> None:
        """Learn nothing."""


class ServiceCalls:
    """The calls of one AWS service. Safe between threads, as botocore's clients are.

    `pace` is asked before each call and may wait. With `patience` a call that is refused for a passing
    reason is tried again; without it, only as often as botocore does by itself. Errors leave as
    `UsherError`s; `BusyError` says that the same call may succeed in a moment. `cursor` is how the service
    spells the member that leads to a list's next page.
    """

    def __init__(
        self,
        service: str,
        settings: AwsSettings,
        *,
        pace: Pace | None = None,
        patience: Patience | None = None,
        count: CallCount | None = None,
        cursor: str = "NextToken",
    ) -> None:
        self._service = service
        # Who waits patiently paces and counts every request, so botocore may not repeat one unseen.
        self._client = make_client(service, settings, attempts=1 if patience else 4)
        self._pace = pace or NotPaced()
        self._patience = patience
        self._count = count or CallCount()
        self._cursor = cursor

    @property
    def region(self) -> str:
        """The region the calls go to."""
        return str(self._client.meta.region_name)

    def call(self, operation: str, what: str, **parameters: object) -> Mapping[str, Any]:
        """The answer to one `operation`; `what` says in an error what was tried."""
        patience = self._patience
        began = patience.clock() if patience else 0.0
        attempt = 0
        while True:
            try:
                return self._ask(operation, what, parameters, repeated=attempt > 0)
            except UsherError as error:
                trouble = trouble_of(error)
                if trouble is None:
                    raise
                if patience is None or not may_repeat(operation, trouble):
                    raise _told_as_passing(error, trouble) from error.__cause__
                if not patience.wait(trouble, attempt, began, asked_wait(error)):
                    raise self._given_up(error, trouble, what, patience.clock() - began) from error.__cause__
            attempt += 1

    def _ask(
        self, operation: str, what: str, parameters: Mapping[str, object], *, repeated: bool
    ) -> Mapping[str, Any]:
        self._pace.take()
        self._count.note(operation, repeated=repeated)
        try:
            with aws_errors_as_words(self._service, what):
                answer: Mapping[str, Any] = getattr(self._client, xform_name(operation))(**parameters)
        except UsherError as error:
            self._pace.note(throttled=is_throttle(error))
            raise
        self._pace.note(throttled=False)
        return answer

    def _given_up(self, error: UsherError, trouble: Trouble, what: str, seconds: float) -> UsherError:
        if trouble is Trouble.UNREACHABLE:
            return error
        for_long = f"for {seconds / 60:.0f} minutes" if seconds >= 90 else f"for {seconds:.0f} seconds"
        match trouble:
            case Trouble.THROTTLED:
                cause = "is busy: other programs use up the calls that it takes in a second"
            case Trouble.SETTLING:
                cause = "still settles an earlier change"
            case Trouble.BROKEN:
                cause = "answers with errors of its own"
        return UnavailableError(
            f"{what}: {self._service} {cause}; it was asked again {for_long}",
            hint="run the command again, it is safe: what was made stays made",
        )

    def pages(self, operation: str, items: str, what: str, **parameters: object) -> Iterator[Any]:
        """Every item of a paged list, whose answers hold them under the key `items`."""
        token: dict[str, str] = {}
        while True:
            answer = self.call(operation, what, **parameters, **token)
            yield from answer.get(items) or ()
            following = answer.get(self._cursor)
            if not following:
                return
            if following == token.get(self._cursor):
                raise UsherError(f"{what}: {self._service} answered {operation} with the same page twice")
            token = {self._cursor: str(following)}


def _told_as_passing(error: UsherError, trouble: Trouble) -> UsherError:
    """`error` as callers know it who can do something else before they try again."""
    if trouble in {Trouble.THROTTLED, Trouble.SETTLING}:
        return BusyError(error.message, hint=error.hint)
    return error
