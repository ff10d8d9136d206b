"""`[console]` of settings.toml: what holds when little is said; mistakes name file, key and remedy."""

from __future__ import annotations

import pytest

from usher.cli.browser.settings import ChromiumWay, ConsoleSettings, console_settings
from usher.console.browsers import BrowserChoice
from usher.core.errors import UsageError
from usher.session.settings import load_settings


def settings_of(folder, text):
    path = folder / "settings.toml"
    path.write_text(text)
    path.chmod(0o600)
    return console_settings(load_settings(folder))


def test_without_settings_a_chromium_has_a_profile_for_each_session_and_firefox_a_container(tmp_path):
    settings = console_settings(load_settings(tmp_path))
    assert settings == ConsoleSettings()
    assert settings.chromium is ChromiumWay.PROFILES
    assert settings.container == "{account_name}/{role}"
    assert settings.choice == BrowserChoice()


def test_everything_that_may_be_said_is_read(tmp_path):
    settings = settings_of(
        tmp_path,
        """
        [console]
        browser = "brave"
        browser_profile = "Profile 1"
        chromium = "multi-session"
        container = "{organization} {account_id} {label}"
        icon = "briefcase"
        open = ["open", "-a", "Safari", "{url}"]
        """,
    )
    assert settings.choice == BrowserChoice("brave", "Profile 1")
    assert settings.chromium is ChromiumWay.MULTI_SESSION
    assert (settings.container, settings.icon) == ("{organization} {account_id} {label}", "briefcase")
    assert settings.open == ("open", "-a", "Safari", "{url}")


def test_an_organization_overrides_what_holds_for_all_and_keeps_the_rest(tmp_path):
    settings = settings_of(
        tmp_path,
        """
        [console]
        browser = "firefox"
        browser_profile = "work"
        icon = "briefcase"
        open = ["firefox", "{url}"]
        [console.organizations.customer]
        browser = "chromium"
        open = []
        [console.organizations.own]
        icon = "dollar"
        """,
    )
    customer, own = settings.of("customer"), settings.of("own")
    assert (customer.choice, customer.icon, customer.open) == (
        BrowserChoice("chromium", None),
        "briefcase",
        (),
    )
    assert (own.choice, own.icon, own.open) == (
        BrowserChoice("firefox", "work"),
        "dollar",
        ("firefox", "{url}"),
    )
    assert settings.of("nobody") is settings


def test_the_desktops_own_browser_may_be_asked_for_by_name(tmp_path):
    assert settings_of(tmp_path, "[console]\nbrowser = 'default'\n").choice == BrowserChoice()


@pytest.mark.parametrize(
    ("line", "key", "wanted"),
    [
        ("browser = 'netscape'", "browser", "one of: firefox, librewolf, chromium"),
        ("browser = 'bin/firefox'", "browser", "the absolute path"),
        ("browser = 3", "browser", "a text"),
        ("browser_profile = '--no-sandbox'", "browser_profile", "the name of a browser's profile"),
        ("browser_profile = 'own'", "browser_profile", "for signing in"),
        ("chromium = 'containers'", "chromium", "one of: profiles, multi-session, plain"),
        ("container = '{account}'", "container", "{account_name} {account_id} {role}"),
        ("container = '{account_id'", "container", "fields of these alone"),
        ("container = '{role}'", "container", "different for each account"),
        ("icon = 'skull'", "icon", "one of: fingerprint, briefcase"),
        ("open = ['firefox']", "open", "{url} in one of them"),
        ("open = 'firefox {url}'", "open", "a program, then its arguments"),
        ("open = ['{url}', '{url}']", "open", "a program, then its arguments"),
        ("open = ['firefox', '{uri}']", "open", "{url} {profile}"),
        ("opens = ['firefox', '{url}']", "opens", "one of: browser"),
        ("organizations = 'mkdev'", "organizations", "a table"),
        ("organizations.mkdev.colour = 'red'", "organizations.mkdev.colour", "one of: browser"),
        ("organizations.mkdev.icon = 'skull'", "organizations.mkdev.icon", "one of: fingerprint"),
    ],
)
def test_a_wrong_value_names_the_file_the_key_and_what_it_must_be(tmp_path, line, key, wanted):
    with pytest.raises(UsageError) as caught:
        settings_of(tmp_path, f"[console]\n{line}\n")
    assert f"{tmp_path / 'settings.toml'}: 'console.{key}' must be" in caught.value.message
    assert wanted in caught.value.message


def test_a_program_is_not_taken_from_a_file_that_others_can_write(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("[console]\nopen = ['firefox', '{url}']\n")
    path.chmod(0o666)
    with pytest.raises(UsageError, match="can be written by others"):
        console_settings(load_settings(tmp_path))


def test_a_browser_that_the_command_line_names_holds_over_the_settings(tmp_path):
    settings = settings_of(
        tmp_path, "[console]\nbrowser = 'firefox'\nbrowser_profile = 'work'\nopen = ['x', '{url}']\n"
    )
    named = settings.in_browser("chromium")
    assert (named.choice, named.open) == (BrowserChoice("chromium", None), ())
    assert settings.in_browser("default").choice == BrowserChoice()
    for wrong in ("netscape", "own"):
        with pytest.raises(UsageError):
            settings.in_browser(wrong)
