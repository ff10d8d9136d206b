"""One sign-in at a time: who comes second waits and shares, and a refusal quiets pollers for a while."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from usher.core.errors import ExitCode, SignInNeededError
from usher.session.errors import LoginRefusedError, PortalUnavailableError
from usher.session.login import login_with_device
from usher.session.one_login import (
    COOL_DOWN_SECONDS,
    sign_in_afresh,
    sign_in_if_needed,
    sign_in_on_request,
)
from usher.session.records import session_name

EVERYBODY = [sign_in_if_needed, sign_in_on_request, sign_in_afresh]


class Person:
    """Signs in when asked, as slowly as told, and counts how often that was."""

    def __init__(self, rooms):
        self.rooms, self.asked, self.waiting = rooms, 0, threading.Semaphore(0)
        self.began, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()
        self.refuses = None

    def sign_in(self):
        self.asked += 1
        self.began.set()
        assert self.may_go_on.wait(20)
        if self.refuses is not None:
            raise self.refuses
        return login_with_device(self.rooms.desk, self.rooms.organization, lambda _: None)

    def enter(self, how):
        return how(self.rooms.desk, self.rooms.organization, self.sign_in, self.waiting.release)


@pytest.fixture
def person(rooms):
    return Person(rooms)


@pytest.mark.parametrize("how", EVERYBODY)
def test_whoever_comes_first_signs_in(person, how):
    assert person.enter(how).tokens.access_token
    assert (person.asked, person.waiting.acquire(blocking=False)) == (1, False)


def enter_while_another_does(person, hows):
    person.may_go_on.clear()
    with ThreadPoolExecutor(len(hows) + 1) as threads:
        leader = threads.submit(person.enter, sign_in_afresh)
        assert person.began.wait(10)
        followers = [threads.submit(person.enter, how) for how in hows]
        for _ in hows:
            assert person.waiting.acquire(timeout=10)
        person.may_go_on.set()
        return leader, followers


@pytest.mark.parametrize("how", [sign_in_if_needed, sign_in_on_request])
def test_whoever_comes_second_waits_and_shares_the_session(person, how):
    leader, followers = enter_while_another_does(person, [how] * 3)
    assert {each.result().tokens.access_token for each in followers} == {leader.result().tokens.access_token}
    assert person.asked == 1


def test_whoever_wants_a_fresh_session_gets_one_even_after_waiting(person):
    leader, [follower] = enter_while_another_does(person, [sign_in_afresh])
    assert follower.result().tokens.access_token != leader.result().tokens.access_token


def test_a_person_who_asks_for_it_signs_in_although_a_session_is_there(signed_in):
    person = Person(signed_in)
    person.enter(sign_in_on_request)
    assert person.asked == 1


def test_a_person_who_waited_in_vain_signs_in_themselves(person):
    person.refuses = LoginRefusedError("no")
    leader, [follower] = enter_while_another_does(person, [sign_in_on_request])
    for each in (leader, follower):
        with pytest.raises(LoginRefusedError):
            each.result()
    assert person.asked == 2


def test_a_command_that_finds_a_session_asks_nobody(signed_in):
    person = Person(signed_in)
    person.enter(sign_in_if_needed)
    assert person.asked == 0


def test_a_session_that_does_not_open_is_none(person):
    person.rooms.vault.write(session_name("mkdev"), b"damaged")
    person.enter(sign_in_if_needed)
    assert person.asked == 1


@pytest.mark.parametrize("refusal", [LoginRefusedError("the person said no"), KeyboardInterrupt()])
def test_after_a_refusal_pollers_are_told_to_wait_without_asking_again(person, clock, refusal):
    person.refuses = refusal
    with pytest.raises(type(refusal)):
        person.enter(sign_in_if_needed)
    clock.advance(COOL_DOWN_SECONDS - 10)
    with pytest.raises(
        SignInNeededError, match=r"ago, (failed: the person said no|was interrupted)"
    ) as caught:
        person.enter(sign_in_if_needed)
    assert caught.value.exit_code is ExitCode.SIGN_IN_NEEDED
    assert "usher login mkdev" in caught.value.hint
    assert person.asked == 1
    clock.advance(11)
    with pytest.raises(type(refusal)):
        person.enter(sign_in_if_needed)
    assert person.asked == 2


def test_those_who_wait_for_a_sign_in_that_is_refused_open_none_of_their_own(person):
    person.refuses = LoginRefusedError("no")
    _, followers = enter_while_another_does(person, [sign_in_if_needed] * 3)
    for follower in followers:
        with pytest.raises(SignInNeededError, match="the last sign-in"):
            follower.result()
    assert person.asked == 1


def test_a_person_may_try_again_at_once_and_that_ends_the_quiet(person, rooms):
    person.refuses = LoginRefusedError("no")
    with pytest.raises(LoginRefusedError):
        person.enter(sign_in_on_request)
    person.refuses = None
    person.enter(sign_in_on_request)
    rooms.vault.delete(session_name("mkdev"))
    person.enter(sign_in_if_needed)
    assert person.asked == 3


def test_a_portal_that_cannot_be_reached_is_no_refusal(person):
    person.refuses = PortalUnavailableError("down")
    for _ in range(2):
        with pytest.raises(PortalUnavailableError):
            person.enter(sign_in_if_needed)
    assert person.asked == 2


def test_a_damaged_note_of_a_refusal_is_none(person, tmp_path):
    person.refuses = LoginRefusedError("no")
    with pytest.raises(LoginRefusedError):
        person.enter(sign_in_if_needed)
    (tmp_path / "locks" / "mkdev.login.refused").write_bytes(b"[]")
    person.refuses = None
    person.enter(sign_in_if_needed)
    assert person.asked == 2
