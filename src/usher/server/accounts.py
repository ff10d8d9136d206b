"""The organization's accounts as the directory knows them: read through AWS, kept for a minute.

AWS may be slow or away. One caller at a time reads; the others go on with the last list, and a failure
is remembered for a while, so that nobody's sign-in waits for Organizations.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from usher.core.accounts import Account
from usher.core.errors import UnavailableError, UsherError

_KEPT_SECONDS = 60.0
_UNKNOWN_KEPT_SECONDS = 10.0
_FAILURE_KEPT_SECONDS = 10.0
_FIRST_READ_SECONDS = 10.0


class AccountList:
    """The accounts of the organization. Thread-safe.

    `read` gives every account, the management account first, and raises UsherError on failure; so does
    every method here as long as no list has ever been read.
    """

    def __init__(self, read: Callable[[], tuple[Account, ...]], now: Callable[[], float]) -> None:
        self._read = read
        self._now = now
        self._changed = threading.Condition()
        self._accounts: Mapping[str, Account] | None = None
        self._read_at = float("-inf")
        self._reading = False
        self._failure: UsherError | None = None
        self._failed_at = float("-inf")

    def all(self) -> tuple[Account, ...]:
        """Every account, the management account first, then by name."""
        return tuple(self._current(_KEPT_SECONDS).values())

    @property
    def owner(self) -> Account:
        """The account that owns the organization, and with it the instance."""
        return self.all()[0]

    def get(self, account_id: str) -> Account | None:
        """The account with that id; the list is read anew, not too often, when it is not in it."""
        known = self._current(_KEPT_SECONDS).get(account_id)
        return known or self._current(_UNKNOWN_KEPT_SECONDS).get(account_id)

    def name(self, account_id: str) -> str:
        """The account's name and id for people, or the bare id when it is unknown."""
        account = (self._accounts or {}).get(account_id)
        return str(account) if account else account_id

    def _current(self, older_than: float) -> Mapping[str, Account]:
        with self._changed:
            if self._accounts is None and self._reading:
                self._changed.wait_for(lambda: not self._reading, _FIRST_READ_SECONDS)
            if not self._must_read(older_than):
                return self._known()
            self._reading = True
        try:
            accounts: Mapping[str, Account] = {each.id: each for each in self._read()}
        except UsherError as error:
            with self._changed:
                self._failure, self._failed_at = error, self._now()
                return self._known()
        else:
            with self._changed:
                self._accounts, self._read_at, self._failure = accounts, self._now(), None
                return accounts
        finally:
            with self._changed:
                self._reading = False
                self._changed.notify_all()

    def _must_read(self, older_than: float) -> bool:
        now = self._now()
        failed_lately = self._failure is not None and now - self._failed_at <= _FAILURE_KEPT_SECONDS
        return not self._reading and not failed_lately and now - self._read_at > older_than

    def _known(self) -> Mapping[str, Account]:
        if self._accounts is not None:
            return self._accounts
        raise self._failure or UnavailableError("the organization's accounts are still being read")
