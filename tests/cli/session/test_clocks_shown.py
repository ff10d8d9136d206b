"""`usher status`, `--needs` and `usher exec --needs`: which clock binds, and who is warned."""

from __future__ import annotations

import io
import json

import pytest

from usher.cli.context import read_context
from usher.cli.needs import warn_of_outliving
from usher.cli.opening import open_profile
from usher.cli.terminal import Terminal
from usher.cli.wire import open_session_rooms

PROFILE = "mkdev-staging/ReadOnlyAccess"


def setting(home, text):
    path = home.folder / ".config" / "usher" / "settings.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def only_organization(home, *options):
    [organization] = json.loads(home.run("status", "--json", *options).stdout)["organizations"]
    return organization


def test_without_a_known_end_the_portal_session_binds_and_status_says_how_to_tell_it(mkdev):
    words = mkdev.ok("status")
    assert "binding         the portal session; this portal does not tell its end" in words
    assert '[organizations.mkdev] portal_session = "8h"' in words
    organization = only_organization(mkdev)
    assert (organization["binding"], organization["binding_ends_at"]) == ("portal-session", None)


def test_the_settings_tell_how_long_a_portal_session_lasts(mkdev):
    setting(mkdev, '[organizations.mkdev]\nportal_session = "8h"\n')
    words = mkdev.ok("status")
    assert "ends in 7h59m at the latest (" in words
    assert "binding         the portal session: new keys until " in words
    organization = only_organization(mkdev)
    assert organization["signed_in_at"] < organization["binding_ends_at"]


def test_a_directory_tells_how_long_its_sessions_last(home, portal):
    portal.card = {"name": "mkdev", "region": "eu-west-1", "portal_session_seconds": 4 * 3600}
    home.ok("login", "--start-url", portal.url, "--device")
    assert "ends in 3h59m at the latest" in home.ok("status")


def test_a_directory_is_asked_at_every_sign_in_how_long_its_sessions_last(home, portal):
    portal.card = {"name": "mkdev", "region": "eu-west-1"}
    home.ok("login", "--start-url", portal.url, "--device")
    assert "this portal does not tell its end" in home.ok("status")
    portal.card["portal_session_seconds"] = 4 * 3600
    home.ok("login", "mkdev", "--device")
    assert "ends in 3h59m at the latest" in home.ok("status")


def test_a_session_that_is_refreshed_keeps_its_start(mkdev, portal):
    portal.token_seconds = 1
    mkdev.ok("login", "mkdev", "--device")
    before = only_organization(mkdev)["signed_in_at"]
    portal.token_seconds = 3600
    mkdev.ok("profiles", "sync")
    after = only_organization(mkdev)
    assert portal.count("refresh") == 1
    assert after["signed_in_at"] == before


def test_status_answers_scripts_whether_a_job_would_hold(mkdev):
    unknown = mkdev.run("status", "--needs", "3h")
    assert (unknown.returncode, "its end is not known" in unknown.stdout) == (0, True)
    setting(mkdev, '[organizations.mkdev]\nportal_session = "2h"\n')
    assert "a job of 1h     holds" in mkdev.ok("status", "--needs", "1h")
    done = mkdev.run("status", "mkdev", "--needs", "3h")
    assert done.returncode == 3
    assert "a job of 3h     outlives the portal session, which ends in 1h59m" in done.stdout
    assert only_organization(mkdev, "--needs", "3h")["outlived"] == "portal-session"


def test_an_ended_session_is_told_from_none(mkdev, portal):
    portal.token_seconds = 1
    mkdev.ok("login", "mkdev", "--device")
    portal.refresh_tokens.clear()
    assert mkdev.run("profiles", "sync").returncode == 3
    done = mkdev.run("status")
    assert done.returncode == 3
    assert "portal session  ended: run 'usher login mkdev'" in done.stdout
    assert only_organization(mkdev)["access_token_expires_at"] is None


@pytest.mark.parametrize("command", [["status"], ["exec", PROFILE]])
def test_a_duration_that_is_none_is_refused(synced, command):
    done = synced.run(*command, "--needs", "soon", "--", "true")
    assert done.returncode == 2
    assert "is not a duration" in done.stderr


def test_exec_warns_of_a_job_that_outlives_its_keys_and_starts_it(synced):
    done = synced.run("exec", "--needs", "3h", PROFILE, "--", "echo", "started")
    assert done.stdout == "started\n"
    assert "these keys end in 59m" in done.stderr
    assert "before a job of 3h is done; 'usher exec --renew'" in done.stderr
    assert "warning" not in synced.run("exec", "--needs", "30m", PROFILE, "--", "true").stderr


def warned(home, monkeypatch, needs, *, renews):
    """What is said before a job, in this process: with `--renew` an agent would be started first."""
    for name, value in home.environ.items():
        monkeypatch.setenv(name, value)
    err = io.StringIO()
    rooms = open_session_rooms(read_context(Terminal(err=err)))
    warn_of_outliving(rooms, open_profile(rooms, PROFILE), needs, renews=renews)
    return err.getvalue()


def test_a_job_that_renews_its_keys_is_warned_of_the_portal_session(synced, monkeypatch):
    assert warned(synced, monkeypatch, 3 * 3600, renews=True) == ""
    setting(synced, '[organizations.mkdev]\nportal_session = "2h"\n')
    said = warned(synced, monkeypatch, 3 * 3600, renews=True)
    assert said.startswith("warning: the portal session ends in 1h59m")
    assert warned(synced, monkeypatch, 3600, renews=True) == ""
    assert warned(synced, monkeypatch, 1800, renews=False) == ""


def test_settings_that_make_no_sense_are_named(mkdev):
    for text, words in (
        ('[organizations.mkdev]\nportal_session = "long"\n', "organizations.mkdev.portal_session"),
        ("[organizations]\nmkdev = 1\n", "organizations.mkdev"),
    ):
        setting(mkdev, text)
        done = mkdev.run("status")
        assert done.returncode == 2
        assert words in done.stderr
