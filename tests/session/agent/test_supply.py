"""Keys ahead of their expiry: SDKs that begin to ask a quarter of an hour before never wait nor fail."""

import pytest

from usher.core.errors import NoAccessError, SignInNeededError, UnavailableError
from usher.session.agent.supply import AT_LEAST_SECONDS, LEAD_SECONDS, CredentialSupply, Wanted

STAGING = Wanted.of("staging", {"HOME": "/home/a"})


@pytest.fixture
def woken():
    return []


@pytest.fixture
def supply(source, clock, woken):
    return CredentialSupply(source.open, clock, lambda: woken.append(1))


def key(supply):
    return supply.credentials(STAGING).credentials.access_key_id


def test_what_is_in_use_is_renewed_in_the_background_twenty_minutes_before_its_end(supply, clock, woken):
    assert key(supply) == "ASIA0001"
    supply.renew_due()
    clock.offset += 3600 - LEAD_SECONDS - 1
    assert key(supply) == "ASIA0001"
    supply.renew_due()
    assert woken == []
    clock.offset += 2
    assert key(supply) == "ASIA0001", "a request never waits for a renewal"
    assert woken == [1]
    supply.renew_due()
    assert key(supply) == "ASIA0002"


def test_what_is_not_in_use_is_left_alone(supply, source, clock):
    key(supply)
    clock.offset += 3600 - LEAD_SECONDS + 1
    supply.renew_due()
    clock.offset += 3600
    supply.renew_due()
    assert len(source.made) == 2, "nobody has asked since"
    assert key(supply) == "ASIA0003"


def test_the_same_name_in_another_environment_is_another_profile(supply, source):
    supply.credentials(STAGING)
    supply.credentials(Wanted.of("staging", {"HOME": "/home/b"}))
    assert len(source.made) == 2
    assert supply.profiles() == ["staging"]


def test_while_the_portal_is_away_the_keys_at_hand_serve_to_their_last_minute(supply, source, clock):
    key(supply)
    clock.offset += 3600 - LEAD_SECONDS + 1
    source.away = UnavailableError("the portal is away", hint="wait")
    supply.renew_due()
    assert supply.problems() == {"staging": "the portal is away: wait"}
    assert key(supply) == "ASIA0001"
    supply.renew_due()
    assert source.tries == 1, "it is tried again after a moment, not at once"
    clock.offset += 31
    supply.renew_due()
    assert source.tries == 2
    clock.offset += LEAD_SECONDS - AT_LEAST_SECONDS - 40
    assert key(supply) == "ASIA0001"
    source.away = None
    supply.renew_due()
    assert supply.problems() == {}
    assert key(supply) == "ASIA0002"


@pytest.mark.parametrize("error", [SignInNeededError("ended"), NoAccessError("taken away")])
def test_when_there_is_nothing_at_hand_the_reason_is_told(supply, source, clock, error):
    key(supply)
    clock.offset += 3600
    source.error = error
    with pytest.raises(type(error)):
        supply.credentials(STAGING)
    assert supply.problems() == {"staging": error.message}


def test_a_profile_that_never_gave_keys_is_forgotten(supply, source):
    source.error = NoAccessError("no such thing")
    with pytest.raises(NoAccessError):
        key(supply)
    assert supply.problems() == {}
    assert supply.profiles() == []


def test_sessions_shorter_than_the_lead_are_renewed_half_way_and_not_all_the_time(supply, source, clock):
    source.seconds = 900
    key(supply)
    supply.renew_due()
    assert key(supply) == "ASIA0002", "that the session is short is known once it was renewed"
    for _ in range(5):
        clock.offset += 80
        key(supply)
        supply.renew_due()
    assert len(source.made) == 2
    clock.offset += 80
    key(supply)
    source.seconds = 3600
    supply.renew_due()
    assert key(supply) == "ASIA0003"
    clock.offset += 3600 - LEAD_SECONDS - 10
    key(supply)
    supply.renew_due()
    assert len(source.made) == 3


def test_a_session_of_seconds_is_new_when_half_of_it_is_over(supply, source, clock):
    source.seconds = 4
    key(supply)
    supply.renew_due()
    assert key(supply) == "ASIA0002"
    clock.offset += 3
    assert key(supply) == "ASIA0003"


def test_keys_that_do_not_end_are_never_renewed(supply, source, clock, woken):
    source.seconds = None
    key(supply)
    clock.offset += 1e6
    supply.renew_due()
    assert key(supply) == "ASIA0001"
    assert woken == []


def test_keys_that_have_got_no_end_any_more_are_renewed_once(supply, source, clock):
    key(supply)
    clock.offset += 3600 - LEAD_SECONDS + 1
    source.seconds = None
    supply.renew_due()
    supply.renew_due()
    assert key(supply) == "ASIA0002"
