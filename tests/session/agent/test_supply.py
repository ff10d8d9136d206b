"""Keys ahead of their expiry: SDKs that begin to ask a quarter of an hour before never wait nor fail."""

import pytest

from usher.core.errors import NoAccessError, SignInNeededError, UnavailableError
from usher.session.agent.supply import LEAD_SECONDS, CredentialSupply, Wanted

STAGING = Wanted.of("staging", {"HOME": "/home/a"})


@pytest.fixture
def supply(source, clock):
    return CredentialSupply(source.open, clock)


def key(supply):
    return supply.credentials(STAGING).credentials.access_key_id


def test_keys_are_kept_until_twenty_minutes_before_their_end(supply, source, clock):
    assert key(supply) == key(supply) == "ASIA0001"
    clock.offset += 3600 - LEAD_SECONDS - 60
    assert key(supply) == "ASIA0001"
    clock.offset += 120
    assert key(supply) == "ASIA0002"


def test_what_is_in_use_is_renewed_in_the_background_and_what_is_not_is_left_alone(supply, source, clock):
    key(supply)
    supply.renew_due()
    assert len(source.made) == 1
    clock.offset += 3600 - LEAD_SECONDS + 1
    supply.renew_due()
    assert len(source.made) == 2
    clock.offset += 3600
    supply.renew_due()
    assert len(source.made) == 2, "nobody has asked since"
    assert key(supply) == "ASIA0003"


def test_the_same_name_in_another_environment_is_another_profile(supply, source):
    supply.credentials(STAGING)
    supply.credentials(Wanted.of("staging", {"HOME": "/home/b"}))
    assert len(source.made) == 2
    assert supply.profiles() == ["staging"]


def test_while_the_portal_is_away_the_keys_at_hand_serve(supply, source, clock):
    key(supply)
    clock.offset += 3600 - LEAD_SECONDS + 60
    kept, tries = source.current[STAGING], []

    def away(wanted, margin):
        tries.append(margin)
        if margin > 60:
            raise UnavailableError("the portal is away", hint="wait")
        return source_open(wanted, margin)

    source_open = source.open
    supply._open = away
    assert supply.credentials(STAGING).credentials == kept
    assert supply.problems() == {"staging": "the portal is away: wait"}
    supply.renew_due()
    assert len(tries) == 2, "it is tried again after a moment, not at once"
    clock.offset += 31
    supply.renew_due()
    assert len(tries) == 4
    supply._open = source_open
    clock.offset += 31
    supply.renew_due()
    assert supply.problems() == {}
    assert key(supply) == "ASIA0002"


@pytest.mark.parametrize("error", [SignInNeededError("ended"), NoAccessError("taken away")])
def test_when_there_is_nothing_at_hand_the_reason_is_told(supply, source, error):
    source.error = error
    with pytest.raises(type(error)):
        supply.credentials(STAGING)
    assert supply.problems() == {"staging": error.message}
    supply.renew_due()


def test_sessions_shorter_than_the_lead_are_renewed_half_way_and_not_at_each_request(supply, source, clock):
    source.seconds = 900
    assert key(supply) == key(supply) == "ASIA0001"
    clock.offset += 440
    assert key(supply) == "ASIA0001"
    clock.offset += 20
    assert key(supply) == "ASIA0002"
    source.seconds = 3600
    clock.offset += 451
    assert key(supply) == "ASIA0003"
    clock.offset += 3600 - LEAD_SECONDS + 1
    assert key(supply) == "ASIA0004"


def test_a_session_of_seconds_is_new_at_each_need_and_its_failure_is_told_at_once(supply, source, clock):
    source.seconds = 4
    assert key(supply) == "ASIA0001"
    clock.offset += 3
    assert key(supply) == "ASIA0002"
    source.error = UnavailableError("away")
    with pytest.raises(UnavailableError):
        key(supply)


def test_keys_that_do_not_end_are_never_renewed(supply, source, clock):
    source.seconds = None
    key(supply)
    clock.offset += 1e6
    supply.renew_due()
    assert key(supply) == "ASIA0001"
