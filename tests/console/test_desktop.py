"""The desktop's own browser, as the desktop's files tell it."""

from __future__ import annotations

import plistlib

import pytest

from usher.console.desktop import desktop_browser


@pytest.fixture
def environ(tmp_path):
    return {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CONFIG_DIRS": str(tmp_path / "etc"),
        "XDG_DATA_DIRS": str(tmp_path / "share"),
    }


def write_list(folder, default, name="mimeapps.list"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(
        "[Added Associations]\nx-scheme-handler/https=vivaldi.desktop;\n"
        f"[Default Applications]\ntext/html=gedit.desktop\nx-scheme-handler/https={default}\n"
    )


@pytest.mark.parametrize(
    ("default", "name"),
    [
        ("chromium.desktop", "chromium"),
        ("google-chrome.desktop;firefox.desktop;", "chrome"),
        ("firefox_firefox.desktop", "firefox"),
        ("com.brave.Browser.desktop", "brave"),
        ("org.mozilla.firefox.desktop", "firefox"),
        ("org.gnome.Epiphany.desktop", None),
        ("", None),
    ],
)
def test_linux_tells_it_in_the_list_of_default_applications(tmp_path, environ, default, name):
    write_list(tmp_path / "config", default)
    assert desktop_browser("linux", tmp_path, environ) == name


def test_a_desktops_own_list_and_a_persons_list_come_first(tmp_path, environ):
    write_list(tmp_path / "share" / "applications", "firefox.desktop")
    assert desktop_browser("linux", tmp_path, environ) == "firefox"
    write_list(tmp_path / "etc", "brave-browser.desktop")
    assert desktop_browser("linux", tmp_path, environ) == "brave"
    write_list(tmp_path / "config", "chromium.desktop")
    assert desktop_browser("linux", tmp_path, environ) == "chromium"
    write_list(tmp_path / "config", "microsoft-edge.desktop", "gnome-mimeapps.list")
    assert desktop_browser("linux", tmp_path, {**environ, "XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}) == "edge"


def test_where_nothing_is_told_there_is_none(tmp_path, environ):
    assert desktop_browser("linux", tmp_path, environ) is None
    assert desktop_browser("darwin", tmp_path, environ) is None


def write_handlers(home, document):
    path = home / "Library/Preferences/com.apple.LaunchServices/com.apple.launchservices.secure.plist"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(document if isinstance(document, bytes) else plistlib.dumps(document))


@pytest.mark.parametrize(
    ("application", "name"),
    [
        ("com.google.chrome", "chrome"),
        ("com.brave.browser", "brave"),
        ("org.chromium.chromium", "chromium"),
        ("org.mozilla.firefox", "firefox"),
        ("com.microsoft.edgemac", "edge"),
        ("company.thebrowser.browser", None),
        ("com.apple.safari", None),
    ],
)
def test_macos_tells_it_among_its_handlers(tmp_path, environ, application, name):
    handlers = [
        {"LSHandlerURLScheme": "mailto", "LSHandlerRoleAll": "com.apple.mail"},
        {"LSHandlerURLScheme": "https", "LSHandlerRoleAll": application},
    ]
    write_handlers(tmp_path, {"LSHandlers": handlers})
    assert desktop_browser("darwin", tmp_path, environ) == name


@pytest.mark.parametrize(
    "document", [b"", b"<plist", b"bplist00", {"LSHandlers": 1}, [], {"LSHandlers": [3]}]
)
def test_handlers_that_cannot_be_read_tell_nothing(tmp_path, environ, document):
    write_handlers(tmp_path, document)
    assert desktop_browser("darwin", tmp_path, environ) is None
