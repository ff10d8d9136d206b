"""Standing in front of every operation: AWS's quotas, and its bad moments.

What AWS answers was looked up where its documentation is silent: a service over its rate answers
ThrottlingException; too many requests in progress answer "There are too many requests processing"
(aws-samples/aws-iam-identity-center-extensions#87); a second change of what is being changed answers
ConflictException "There is a conflicting operation in process" and is worth a retry. All have status 400.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from usher.server.awsapi.answering import Operation
from usher.server.awsapi.call import Call
from usher.server.awsapi.errors import ApiError
from usher.server.limits.bucket import TokenBucket
from usher.server.limits.settings import AwsLimits
from usher.server.store import operations as store
from usher.server.store.operations import OperationKind

_ASSIGNMENT_KINDS = (OperationKind.ASSIGNMENT_CREATION, OperationKind.ASSIGNMENT_DELETION)
_Check = Callable[[Call], None]


class AwsGate:
    """Quotas and faults about the operations of one directory. Thread-safe.

    `clock` gives seconds that never go back, `random` a number in [0, 1) at each call.
    """

    def __init__(self, limits: AwsLimits, *, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._random = random
        self._lock = threading.Lock()
        self._buckets: dict[str, TokenBucket] = {}
        self._entitlements_end: list[float] = []
        self._checks: Mapping[tuple[str, str], _Check] = {
            ("sso-admin", "CreateAccountAssignment"): self._check_assignment,
            ("sso-admin", "DeleteAccountAssignment"): self._check_assignment,
            ("sso-admin", "ProvisionPermissionSet"): self._check_provisioning,
            ("account-access", "CreateEntitlement"): self._check_entitlement,
            ("account-access", "DeleteEntitlement"): self._check_entitlement,
        }

    def around(self, service: str, name: str, operation: Operation) -> Operation:
        """`operation` as AWS would let it be called."""
        lookups = service == "cloudtrail"
        rate = self._limits.lookups_per_second if lookups else self._limits.calls_per_second
        bucket = self._buckets.setdefault(service, TokenBucket(rate, clock=self._clock))
        check = self._checks.get((service, name))
        within = operation if check is None else self._counted(check, operation)

        def limited(call: Call) -> Mapping[str, Any]:
            if not bucket.take():
                raise _throttled("Rate exceeded")
            chance = self._random()
            if chance < self._limits.throttled:
                raise _throttled("Rate exceeded")
            fails = chance < self._limits.throttled + self._limits.failing
            if fails and self._random() < 0.5:
                raise _failed()
            answer = within(call)
            if fails:
                raise _failed()
            return answer

        return limited

    def _counted(self, check: _Check, operation: Operation) -> Operation:
        def counted(call: Call) -> Mapping[str, Any]:
            # Counting and accepting are one step: of two callers only one gets the last place.
            with self._lock:
                check(call)
                return operation(call)

        return counted

    def _check_assignment(self, call: Call) -> None:
        running = _running(call)
        if sum(each.kind in _ASSIGNMENT_KINDS for each in running) >= self._limits.outstanding_assignments:
            raise _too_many()
        account = call.params["TargetId"]
        set_arn = call.params["PermissionSetArn"]
        for each in running:
            everywhere = each.account_id is None and each.permission_set_arn == set_arn
            if each.account_id == account or everywhere:
                raise _conflicting()

    def _check_provisioning(self, call: Call) -> None:
        running = _running(call)
        provisionings = sum(each.kind is OperationKind.PROVISIONING for each in running)
        if provisionings >= self._limits.outstanding_provisionings:
            raise _too_many()
        target = call.params.get("TargetId")
        for each in running:
            same_set = each.permission_set_arn == call.params["PermissionSetArn"]
            if same_set and (target is None or each.account_id in (None, target)):
                raise _conflicting()
            if target is not None and each.account_id == target:
                raise _conflicting()

    def _check_entitlement(self, _call: Call) -> None:
        now = self._clock()
        self._entitlements_end = [end for end in self._entitlements_end if end > now]
        if len(self._entitlements_end) >= self._limits.outstanding_entitlements:
            raise _too_many()
        self._entitlements_end.append(now + draw_seconds(self._limits, self._random()))


def draw_seconds(limits: AwsLimits, chance: float) -> float:
    """How long a request takes, for a `chance` in [0, 1)."""
    return limits.fastest_seconds + chance * (limits.slowest_seconds - limits.fastest_seconds)


def _running(call: Call) -> list[store.Operation]:
    with call.services.database.read() as connection:
        return store.owed_requests(connection)


def _throttled(message: str) -> ApiError:
    return ApiError("ThrottlingException", message)


def _too_many() -> ApiError:
    return _throttled("There are too many requests processing. Please try again later.")


def _conflicting() -> ApiError:
    return ApiError("ConflictException", "There is a conflicting operation in process.")


def _failed() -> ApiError:
    return ApiError(
        "InternalServerException", "An unexpected internal service exception was encountered", 500
    )
