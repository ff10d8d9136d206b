"""Whether anything here opens consoles apart, as far as it can be told before keys are asked for."""

import pytest

from usher.cli.browser.installs import new_install, write_install
from usher.cli.browser.opening import can_open_apart
from usher.cli.context import read_context
from usher.core.errors import NotFoundError, UsageError


@pytest.fixture
def apart(own_home, monkeypatch):
    """`apart(SETTINGS)` on a machine whose only browser is the one that `$BROWSER` names, if any."""
    monkeypatch.setenv("PATH", str(own_home))
    monkeypatch.delenv("BROWSER", raising=False)

    def ask(settings="", browser=None):
        place = own_home / ".config" / "usher" / "settings.toml"
        place.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        place.write_text(settings)
        place.chmod(0o600)
        if browser is not None:
            (own_home / browser).write_text("#!/bin/sh\n")
            (own_home / browser).chmod(0o700)
            monkeypatch.setenv("BROWSER", browser)
        return can_open_apart(read_context())

    return ask


def test_nothing_is_here(apart):
    assert not apart()
    assert not apart(browser="firefox")


def test_a_chromium_sets_browsers_apart_unless_it_is_told_otherwise(apart):
    assert apart(browser="chromium")
    assert not apart('[console]\nchromium = "multi-session"\n', "chromium")


def test_a_program_of_ones_own_opens_it_for_all_or_for_one_organization(apart):
    assert apart('[console]\nopen = ["open-it", "{url}"]\n')
    assert apart('[console.organizations.mkdev]\nopen = ["open-it", "{url}"]\n')


def test_a_browser_that_has_the_extension_was_here(apart, own_home):

    address = "moz-extension://01234567-89ab-cdef-0123-456789abcdef/"
    write_install(read_context().cache_dir, new_install("0" * 32, "firefox", "0.1.0", address))
    assert apart()


def test_settings_that_are_wrong_or_name_a_browser_that_is_not_here_are_said(apart):
    with pytest.raises(UsageError, match="chromium"):
        apart('[console]\nchromium = "sometimes"\n')
    with pytest.raises(NotFoundError):
        apart('[console]\nbrowser = "brave"\n')
