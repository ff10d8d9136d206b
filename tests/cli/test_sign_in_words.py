"""What a person reads while signing in and about their clocks: complete, and within eighty columns."""

import pytest

from usher.cli.text import sign_in as words
from usher.cli.text.status import OrganizationState, RoleState, local_time, outlived_words, status_text
from usher.session.clocks import Binding, Clock
from usher.session.login import Knocks
from usher.session.surroundings import Way

ADDRESS = "http://127.0.0.1:41007/5c1f3d0a9be24e7788c0d6f1a2b34c5d"
FULL = "https://oidc.eu-central-1.amazonaws.com/authorize?x=y"
NOW = 1_764_064_800.0
HOUR = 3600.0


@pytest.mark.parametrize("way", Way)
def test_everything_fits_a_narrow_terminal(way):
    said = [
        words.opening_words(way, 41007),
        words.not_visited_words(way, 41007, ADDRESS, FULL),
        words.tunnel_words("ssh -N -L 41007:127.0.0.1:41007 anna@10.0.0.5", ADDRESS),
        words.codespace_words("anna-x7", 41007, ADDRESS),
        words.container_words(41007, ADDRESS, published=False),
        words.container_words(8400, ADDRESS, published=True),
        words.fallback_words("mkdev", way, 41007, fixed=False),
        words.knock_words(Knocks(10_412, 10_000)),
        words.phishing_words(),
        words.WAIT,
    ]
    assert max(len(line) for text in said for line in text.splitlines()) < 80


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (Way.EDITOR, f"Forward port 41007 in your editor's Ports view,\nthen open\n  {ADDRESS}"),
        (Way.WINDOWS, f"Open this in Windows:\n  {ADDRESS}"),
        (Way.HERE, f"Open this address on this machine:\n  {FULL}"),
    ],
)
def test_a_browser_that_has_not_come_gets_another_way(way, told):
    assert told in words.not_visited_words(way, 41007, ADDRESS, FULL)


def test_the_way_to_keep_the_port_is_told_only_where_it_helps():
    assert "--callback-port 41007" in words.fallback_words("mkdev", Way.TUNNEL, 41007, fixed=False)
    assert "--callback-port" not in words.fallback_words("mkdev", Way.TUNNEL, 41007, fixed=True)
    assert "--callback-port" not in words.fallback_words("mkdev", Way.SHOWN, 41007, fixed=False)


def test_one_stranger_is_one_request():
    assert words.knock_words(Knocks(2, 1)).startswith("1 request that")


def state(binding, **more):
    values = {"signed_in": True, "expires_at": NOW + HOUR, "refreshable": True, "roles": []} | more
    return OrganizationState(
        "mkdev", "https://x.awsapps.com/start", "eu-central-1", binding=binding, **values
    )


def test_a_session_that_cannot_be_refreshed_is_bound_by_its_token():
    text = status_text([state(Binding(Clock.ACCESS_TOKEN, NOW + HOUR), refreshable=False)], "here", NOW, 7200)
    assert "  portal session  signed in\n" in text
    assert "  access token    1h left, cannot be refreshed\n" in text
    assert "  binding         the access token: new keys until " in text


def test_what_a_job_would_outlive_is_said_of_either_clock():
    for clock, what in ((Clock.ACCESS_TOKEN, "session"), (Clock.PORTAL_SESSION, "portal session")):
        binding = Binding(clock, NOW + HOUR)
        text = status_text([state(binding, outlived=binding)], "here", NOW, 7200)
        assert f"a job of 2h     outlives the {what}, which ends in 1h" in text


def test_a_token_that_ended_is_refreshed_when_it_is_needed():
    text = status_text([state(Binding(Clock.PORTAL_SESSION, None), expires_at=NOW - 1)], "here", NOW)
    assert "access token    ended, refreshed at next use" in text


def test_a_stored_session_that_does_not_open_is_said_with_the_way_out():
    text = status_text([state(None, problem="the record is damaged", expires_at=None)], "here", NOW)
    assert "portal session  the record is damaged: run 'usher login mkdev'" in text


def test_role_sessions_are_listed_with_names_made_safe():
    role = RoleState("222222222222", "Read\x1b[31mOnly", NOW + 90)
    text = status_text([state(None, signed_in=False, expires_at=None, roles=[role])], "here", NOW)
    assert "portal session  not signed in: run 'usher login mkdev'" in text
    assert "role session    222222222222 Read\ufffd[31mOnly: 1m left" in text


def test_another_days_end_is_told_with_its_day():
    assert len(local_time(NOW + 60, NOW)) in {5, 16}
    assert len(local_time(NOW + 30 * HOUR, NOW)) == len("Thu 26 Nov 15:00")


@pytest.mark.parametrize(
    ("clock", "told"),
    [
        (Clock.ROLE_SESSION, "these keys end in 1h"),
        (Clock.PORTAL_SESSION, "the portal session ends in 1h"),
        (Clock.ACCESS_TOKEN, "cannot be refreshed"),
    ],
)
def test_a_job_that_outlives_a_clock_is_warned_of_it(clock, told):
    said = outlived_words(Binding(clock, NOW + HOUR), 3 * HOUR, NOW)
    assert told in said
    assert "a job of 3h is done" in said
