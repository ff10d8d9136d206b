"""Which Chromium keeps sessions apart: the named, that with the extension, `$BROWSER`, the desktop's."""

from __future__ import annotations

from pathlib import Path

import pytest

from usher.cli.browser.installs import Install
from usher.cli.browser.jars import browser_to_set_apart
from usher.cli.browser.settings import ConsoleSettings
from usher.cli.context import context_of
from usher.console.browsers import Family
from usher.core.errors import NotFoundError


@pytest.fixture
def machine(tmp_path):
    """`machine(*programs, **variables)` is a context where these programs are on the PATH."""

    def make(*programs, **variables):
        for name in programs:
            (tmp_path / name).write_text("")
            (tmp_path / name).chmod(0o700)
        return context_of({"HOME": str(tmp_path), "PATH": str(tmp_path), **variables})

    return make


def install(program, family=Family.CHROMIUM):
    return Install("0" * 32, family, "0.1.0", "chrome-extension://x/", program)


def chosen(context, settings=None, at=None):
    browser = browser_to_set_apart(context, settings or ConsoleSettings(), at)
    return browser.path.name if browser else None


def test_the_settings_name_it_and_one_that_is_not_here_is_an_error(machine):
    assert chosen(machine("brave", "chromium"), ConsoleSettings("brave")) == "brave"
    assert chosen(machine("firefox"), ConsoleSettings("firefox")) is None
    with pytest.raises(NotFoundError, match="vivaldi"):
        chosen(machine(), ConsoleSettings("vivaldi"))


def test_a_profile_of_the_persons_own_is_meant_as_it_is(machine):
    assert chosen(machine("chromium"), ConsoleSettings("chromium", "Work")) is None


def test_the_browser_with_the_extension_is_started_as_it_is_started_here(machine):
    wrapped = install("/usr/lib/chromium/chromium")
    assert browser_to_set_apart(machine("chromium"), ConsoleSettings(), wrapped) is not None
    assert chosen(machine("chromium"), at=wrapped) == "chromium"
    elsewhere = browser_to_set_apart(machine(), ConsoleSettings(), install("/opt/brave.com/brave/brave"))
    assert elsewhere is not None
    assert elsewhere.path == Path("/opt/brave.com/brave/brave")
    assert chosen(machine("chromium"), at=install("/opt/thorium/thorium")) == "thorium"
    assert chosen(machine("chromium"), at=install("/usr/bin/firefox", Family.FIREFOX)) is None


def test_where_the_system_does_not_tell_its_program_the_first_chromium_is_taken(machine):
    assert chosen(machine("firefox", "vivaldi"), at=install("")) == "vivaldi"
    assert chosen(machine("firefox", "vivaldi", "brave", BROWSER="vivaldi"), at=install("")) == "vivaldi"


def test_the_environment_names_it_before_the_desktop_does(machine, tmp_path):
    (tmp_path / ".config").mkdir()
    lists = tmp_path / ".config" / "mimeapps.list"
    lists.write_text("[Default Applications]\nx-scheme-handler/https=chromium.desktop\n")
    assert chosen(machine("chromium", "brave", BROWSER="brave:firefox")) == "brave"
    assert chosen(machine("brave", BROWSER="brave %s")) == "brave"
    assert chosen(machine("chromium", BROWSER="lynx")) is None
    assert chosen(machine("chromium")) == "chromium"
    lists.write_text("[Default Applications]\nx-scheme-handler/https=microsoft-edge.desktop\n")
    assert chosen(machine("chromium")) is None
    lists.unlink()
    assert chosen(machine("chromium")) is None
