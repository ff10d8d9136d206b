"""Refusals that pass are waited out, told in words when they do not, and never taken for something else."""

from __future__ import annotations

from typing import Any

import pytest

from usher.aws.calls import CallCount, ServiceCalls
from usher.aws.clients import AwsKeys, AwsSettings
from usher.aws.patience import Patience
from usher.core.errors import BusyError, NotFoundError, UnavailableError, UsherError
from usher.core.pace import Pace
from usher.core.secrets import Secret

SETS = {"InstanceArn": "arn:aws:sso:::instance/ssoins-0123456789abcdef"}
SET = {**SETS, "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef"}
GRANT = {
    **SET,
    "TargetId": "222222222222",
    "TargetType": "AWS_ACCOUNT",
    "PrincipalType": "GROUP",
    "PrincipalId": "99999999-2222-3333-4444-555555555555",
}
POLICY = {**SET, "ManagedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
LISTED = {"PermissionSets": []}


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Bench:
    """Calls to a scripted AWS, by one who waits without losing time."""

    def __init__(self, url: str, service: str = "sso-admin") -> None:
        self.clock = Clock()
        self.count = CallCount()
        self.pace = Pace(18, clock=self.clock.time, sleep=self.clock.sleep)
        settings = AwsSettings("eu-central-1", endpoint_url=url, keys=AwsKeys("AKIAEXAMPLE", Secret("s")))
        patience = Patience(self.clock.time, self.clock.sleep, lambda: 0.999)
        self.calls = ServiceCalls(service, settings, pace=self.pace, patience=patience, count=self.count)


def refusal(code: str, status: int = 400, **fields: object) -> tuple[int, dict[str, object]]:
    return status, {"__type": code, "Message": "too many of these", **fields}


THROTTLE = refusal("ThrottlingException")
BROKEN = refusal("InternalServerException", 500)
SETTLING = refusal("ConflictException")


@pytest.mark.parametrize("trouble", [THROTTLE, BROKEN, SETTLING, refusal("ServiceUnavailable", 503)])
def test_a_read_is_tried_again_until_it_is_answered(aws: Any, trouble: object) -> None:
    bench = Bench(aws.url)
    aws.answer("ListPermissionSets", *[trouble] * 7, LISTED)
    assert bench.calls.call("ListPermissionSets", "listing", **SETS)["PermissionSets"] == []
    assert bench.count.by_operation == {"ListPermissionSets": 8}
    assert bench.count.repeated == 7
    assert len(aws.asked) == 8  # each request was counted: botocore repeats none by itself
    assert bench.clock.slept == sorted(bench.clock.slept)


def test_a_throttle_that_does_not_end_is_told_in_words_and_never_as_its_code(aws: Any) -> None:
    bench = Bench(aws.url)
    aws.answer("ListPermissionSets", THROTTLE)
    with pytest.raises(UnavailableError) as told:
        bench.calls.call("ListPermissionSets", "listing the permission sets", **SETS)
    assert not isinstance(told.value, BusyError | NotFoundError)
    assert told.value.message == (
        "listing the permission sets: sso-admin is busy: other programs use up the calls that it takes in a "
        "second; it was asked again for 5 minutes"
    )
    assert "run the command again" in told.value.hint
    assert 280 < bench.clock.now <= 300


def test_a_throttled_lookup_is_not_taken_for_nothing_found(aws: Any) -> None:
    bench = Bench(aws.url)
    found = {"PermissionsBoundary": {"ManagedPolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess"}}
    aws.answer("GetPermissionsBoundaryForPermissionSet", THROTTLE, THROTTLE, found)
    answer = bench.calls.call("GetPermissionsBoundaryForPermissionSet", "reading", **SET)
    assert answer["PermissionsBoundary"]


@pytest.mark.parametrize("trouble", [THROTTLE, BROKEN])
def test_a_write_that_may_be_repeated_is(aws: Any, trouble: object) -> None:
    bench = Bench(aws.url)
    status = {"AccountAssignmentCreationStatus": {"Status": "IN_PROGRESS", "RequestId": "r"}}
    aws.answer("CreateAccountAssignment", trouble, trouble, status)
    assert bench.calls.call("CreateAccountAssignment", "making", **GRANT)["AccountAssignmentCreationStatus"]


def test_a_write_that_meets_a_change_still_settling_is_left_to_its_caller(aws: Any) -> None:
    bench = Bench(aws.url)
    aws.answer("CreateAccountAssignment", SETTLING)
    with pytest.raises(BusyError):
        bench.calls.call("CreateAccountAssignment", "making an assignment", **GRANT)
    assert len(aws.asked) == 1
    assert bench.clock.slept == []


def test_an_attachment_whose_answer_was_lost_is_not_made_twice(aws: Any) -> None:
    bench = Bench(aws.url)
    aws.answer("AttachManagedPolicyToPermissionSet", BROKEN)
    with pytest.raises(UnavailableError):
        bench.calls.call("AttachManagedPolicyToPermissionSet", "attaching", **POLICY)
    assert len(aws.asked) == 1


def test_an_attachment_that_was_throttled_was_not_begun_and_is_made(aws: Any) -> None:
    bench = Bench(aws.url)
    aws.answer("AttachManagedPolicyToPermissionSet", THROTTLE, {})
    bench.calls.call("AttachManagedPolicyToPermissionSet", "attaching", **POLICY)
    assert len(aws.asked) == 2


def test_what_does_not_pass_is_told_at_once(aws: Any) -> None:
    bench = Bench(aws.url)
    aws.refuse("ListPermissionSets", "ValidationException")
    with pytest.raises(UsherError, match="ValidationException"):
        bench.calls.call("ListPermissionSets", "listing", **SETS)
    assert bench.clock.slept == []


def test_a_name_that_is_taken_is_no_passing_trouble(aws: Any) -> None:
    bench = Bench(aws.url, "identitystore")
    aws.refuse("CreateGroup", "ConflictException", Reason="UNIQUENESS_CONSTRAINT_VIOLATION")
    with pytest.raises(UsherError) as told:
        bench.calls.call("CreateGroup", "adding", IdentityStoreId="d-0123456789", DisplayName="devops")
    assert not isinstance(told.value, UnavailableError)
    assert len(aws.asked) == 1


def test_the_wait_that_the_service_asks_for_is_kept(aws: Any) -> None:
    bench = Bench(aws.url, "identitystore")
    aws.answer("ListGroups", refusal("ThrottlingException", RetryAfterSeconds=7), {"Groups": []})
    bench.calls.call("ListGroups", "listing", IdentityStoreId="d-0123456789")
    assert bench.clock.slept == [7.0]


def test_who_cannot_be_reached_is_given_up_soon() -> None:
    bench = Bench("http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match="cannot be reached"):
        bench.calls.call("ListPermissionSets", "listing", **SETS)
    assert 0 < bench.clock.now <= 20


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(BROKEN, "answers with errors of its own"), (SETTLING, "still settles an earlier change")],
)
def test_other_troubles_that_do_not_end_are_told_as_what_they_are(
    aws: Any, trouble: object, words: str
) -> None:
    bench = Bench(aws.url)
    aws.answer("ListPermissionSets", trouble)
    with pytest.raises(UnavailableError, match=words):
        bench.calls.call("ListPermissionSets", "listing", **SETS)


def test_the_pace_learns_from_throttles(aws: Any) -> None:
    bench = Bench(aws.url)
    aws.answer("ListPermissionSets", *[THROTTLE] * 10, LISTED)
    bench.calls.call("ListPermissionSets", "listing", **SETS)
    assert bench.pace.per_second < 18
