"""Which clock binds, and what a job would outlive."""

from usher.core.secrets import Secret
from usher.session.clocks import Binding, Clock, binding_of_keys, binding_of_session, outlives
from usher.session.oidc import ClientKind, Registration, Tokens
from usher.session.records import PortalSession

NOW, HOUR = 1_000_000.0, 3600.0


def session(*, refreshable=True, registered_for=90 * 24 * HOUR):
    tokens = Tokens(Secret("a"), NOW + HOUR / 2, Secret("r") if refreshable else None)
    client = Registration("c", Secret("s"), NOW + registered_for)
    return PortalSession(tokens, client, ClientKind.BROWSER, NOW - HOUR)


def test_a_session_that_is_refreshed_is_bound_by_the_portal_sessions_end():
    assert binding_of_session(session(), 8 * 3600, NOW) == Binding(Clock.PORTAL_SESSION, NOW + 7 * HOUR)


def test_an_end_that_nobody_tells_is_not_made_up():
    assert binding_of_session(session(), None, NOW) == Binding(Clock.PORTAL_SESSION, None)


def test_a_session_that_cannot_be_refreshed_is_bound_by_its_token():
    binding = binding_of_session(session(refreshable=False), 8 * 3600, NOW)
    assert binding == Binding(Clock.ACCESS_TOKEN, NOW + HOUR / 2)


def test_a_registration_that_ends_earlier_ends_the_session():
    binding = binding_of_session(session(registered_for=2 * HOUR), 8 * 3600, NOW)
    assert binding.ends_at == NOW + 2 * HOUR


def test_a_job_that_renews_its_keys_is_held_by_the_portal_session():
    binding = Binding(Clock.PORTAL_SESSION, NOW + 2 * HOUR)
    assert outlives(3 * HOUR, NOW, binding) == binding
    assert outlives(2 * HOUR, NOW, binding) is None
    assert outlives(3 * HOUR, NOW, Binding(Clock.PORTAL_SESSION, None)) is None


def test_a_job_with_fixed_keys_ends_with_them():
    binding = binding_of_keys(NOW + HOUR)
    assert outlives(3 * HOUR, NOW, binding) == Binding(Clock.ROLE_SESSION, NOW + HOUR)
    assert outlives(HOUR / 2, NOW, binding) is None
