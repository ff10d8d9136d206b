"""Every call to AWS goes through here: counted by operation, paced, paged, its errors in words."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore import xform_name

from usher.aws.clients import AwsSettings, aws_errors_as_words, error_code, make_client
from usher.core.errors import BusyError, UsherError

# sso-admin documents ConflictException as "a previous successful write has not propagated yet, retry with
# backoff"; identitystore uses the same code for names already taken, which its `Reason` tells apart.
_BUSY = frozenset({"ConflictException", "Throttling", "ThrottlingException", "TooManyRequestsException"})
_TAKEN = "UNIQUENESS_CONSTRAINT_VIOLATION"


class CallCount:
    """How often each operation was called, over all services of one run; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()

    def note(self, operation: str) -> None:
        """Count one call of `operation`."""
        with self._lock:
            self._calls[operation] += 1

    @property
    def by_operation(self) -> Mapping[str, int]:
        """The number of calls per operation, in the order of first use."""
        with self._lock:
            return dict(self._calls)


def not_paced() -> None:
    """The pace of a caller that makes a few calls only."""


class ServiceCalls:
    """The calls of one AWS service. Safe between threads, as botocore's clients are.

    `pace` is called before each call and may wait. Errors leave as `UsherError`s; `BusyError` says that
    the same call may succeed in a moment. `cursor` is how the service spells the member that leads to a
    list's next page.
    """

    def __init__(
        self,
        service: str,
        settings: AwsSettings,
        *,
        pace: Callable[[], None] = not_paced,
        count: CallCount | None = None,
        cursor: str = "NextToken",
    ) -> None:
        self._service = service
        self._client = make_client(service, settings)
        self._pace = pace
        self._count = count or CallCount()
        self._cursor = cursor

    @property
    def region(self) -> str:
        """The region the calls go to."""
        return str(self._client.meta.region_name)

    def call(self, operation: str, what: str, **parameters: object) -> Mapping[str, Any]:
        """The answer to one `operation`; `what` says in an error what was tried."""
        self._pace()
        self._count.note(operation)
        try:
            with aws_errors_as_words(self._service, what):
                answer: Mapping[str, Any] = getattr(self._client, xform_name(operation))(**parameters)
        except UsherError as error:
            if error_code(error) in _BUSY and not is_taken(error):
                raise BusyError(error.message, hint=error.hint) from error.__cause__
            raise
        return answer

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


def is_taken(error: UsherError) -> bool:
    """Whether `error` says that a name is taken already."""
    cause = error.__cause__
    response = getattr(cause, "response", None)
    return isinstance(response, Mapping) and response.get("Reason") == _TAKEN
