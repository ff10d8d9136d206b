"""Entering accounts to provision them: the directory's own account directly, others through a role."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from usher.aws.calls import ServiceCalls
from usher.aws.clients import AwsSettings
from usher.aws.sts import assume_role, read_own_account
from usher.core.ids import AccountId
from usher.server.config import ServerConfig

_RENEW_BEFORE_SECONDS = 300.0
_SESSION_NAME = "usher-directory"
# A client of IAM takes half a megabyte: thousands of accounts must not add up.
_KEPT_OPEN = 64


@dataclass(frozen=True, slots=True)
class _Entered:
    calls: ServiceCalls
    until: float


class AccountDoors:
    """IAM of each account, entered when first asked for and again before the session ends. Thread-safe.

    Callers work on one account at a time per thread; two threads that enter one account at once do no
    harm but a second call.
    """

    def __init__(self, config: ServerConfig, base: AwsSettings, now: Callable[[], float]) -> None:
        self._config = config
        self._base = base
        self._now = now
        self._lock = threading.Lock()
        self._own_account: AccountId | None = None
        self._entered: OrderedDict[str, _Entered] = OrderedDict()

    def iam(self, account_id: str) -> ServiceCalls:
        """The calls of IAM in that account. Raises UsherError when the account cannot be entered."""
        with self._lock:
            found = self._entered.get(account_id)
        if found is None or found.until <= self._now():
            found = self._enter(account_id)
            with self._lock:
                self._entered[account_id] = found
                self._entered.move_to_end(account_id)
                if len(self._entered) > _KEPT_OPEN:
                    self._entered.popitem(last=False)
        return found.calls

    def _enter(self, account_id: str) -> _Entered:
        if account_id == self._read_own_account():
            return _Entered(ServiceCalls("iam", self._base), float("inf"))
        role = f"arn:{self._config.partition.name}:iam::{account_id}:role/{self._config.account_role_name}"
        session = assume_role(self._base, role, _SESSION_NAME)
        inside = replace(self._base, profile="", keys=session.keys)
        return _Entered(ServiceCalls("iam", inside), session.expiration - _RENEW_BEFORE_SECONDS)

    def _read_own_account(self) -> AccountId:
        with self._lock:
            known = self._own_account
        if known is None:
            known = read_own_account(self._base)
            with self._lock:
                self._own_account = known
        return known
