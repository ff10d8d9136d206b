"""`[login]` and `[organizations.NAME]` of a person's settings."""

import pytest

from usher.core.errors import UsageError
from usher.session.login_settings import (
    LoginSettings,
    portal_session_seconds,
    read_login_settings,
    sharing,
)
from usher.session.settings import load_settings


@pytest.fixture
def settings(tmp_path):
    def written(text):
        (tmp_path / "settings.toml").write_text(text)
        return load_settings(tmp_path)

    return written


def test_without_a_word_any_free_port_is_used_and_tools_ask_nobody(settings):
    assert read_login_settings(settings("")) == LoginSettings(0, False, False)


def test_everything_may_be_said(settings):
    text = "[login]\ncallback_port = 8400\ncallback_published = true\nfrom_tools = true\n"
    assert read_login_settings(settings(text)) == LoginSettings(8400, True, True)


@pytest.mark.parametrize(
    "line", ["callback_port = 70000", "callback_port = true", 'callback_port = "8400"', "callback_prot = 1"]
)
def test_what_makes_no_sense_is_refused(settings, line):
    with pytest.raises(UsageError, match=r"'login\.callback"):
        read_login_settings(settings(f"[login]\n{line}\n"))


def test_a_portal_session_may_be_told_for_each_organization(settings):
    told = settings('[organizations."customer.b"]\nportal_session = "90m"\n')
    assert portal_session_seconds(told, "customer.b") == 5400
    assert portal_session_seconds(told, "mkdev") is None


@pytest.mark.parametrize("line", ['portal_session = "soon"', "portal_session = 8", 'session = "8h"'])
def test_a_portal_session_that_is_no_duration_is_refused(settings, line):
    with pytest.raises(UsageError, match=r"organizations\.mkdev"):
        portal_session_seconds(settings(f"[organizations.mkdev]\n{line}\n"), "mkdev")


def test_sharing_may_be_told_for_each_organization_both_ways(settings):
    told = settings("[organizations]\nmkdev.share = true\nother.share = false\n")
    assert [sharing(told, name) for name in ("mkdev", "other", "third")] == [True, False, None]
    with pytest.raises(UsageError, match=r"'organizations\.mkdev\.share' must be true or false"):
        sharing(settings('[organizations.mkdev]\nshare = "yes"\n'), "mkdev")
