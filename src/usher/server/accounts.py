"""The organization's accounts as the directory knows them: read through AWS, kept for a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from usher.core.accounts import Account

_KEPT_SECONDS = 60.0


class AccountList:
    """The accounts of the organization. Thread-safe; one reader at a time asks AWS.

    `read` gives every account, the management account first, and raises UsherError on failure.
    """

    def __init__(self, read: Callable[[], tuple[Account, ...]], now: Callable[[], float]) -> None:
        self._read = read
        self._now = now
        self._lock = threading.Lock()
        self._accounts: Mapping[str, Account] = {}
        self._read_at = float("-inf")

    def all(self) -> tuple[Account, ...]:
        """Every account, the management account first, then by name."""
        return tuple(self._current().values())

    @property
    def owner(self) -> Account:
        """The account that owns the organization, and with it the instance."""
        return self.all()[0]

    def get(self, account_id: str) -> Account | None:
        """The account with that id, asked anew when it is not in the kept list."""
        return self._current().get(account_id) or self._current(older_than=1.0).get(account_id)

    def name(self, account_id: str) -> str:
        """The account's name and id for people, or the bare id when it is unknown."""
        account = self._accounts.get(account_id)
        return str(account) if account else account_id

    def _current(self, older_than: float = _KEPT_SECONDS) -> Mapping[str, Account]:
        with self._lock:
            if self._now() - self._read_at > older_than:
                self._accounts = {account.id: account for account in self._read()}
                self._read_at = self._now()
            return self._accounts
