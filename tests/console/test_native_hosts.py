"""Where each browser of each system is led to the native host, and by what words."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from usher.cli.browser.manifests import manifest_bytes
from usher.console.browsers import Family, known_browsers
from usher.console.launchers import launcher_name, launcher_text
from usher.console.native_hosts import (
    Surroundings,
    System,
    data_folders,
    family_of_known,
    manifest_files,
    manifests_to_write,
    registry_keys,
)
from usher.core.errors import UsageError

HOME = Path("/home/you")
LAUNCHER = Path("/home/you/.local/share/usher/browser/usher-host")
SUPPORT = "Library/Application Support"


def on(system, home=HOME):
    return Surroundings(system, home, home / ".config", home / "AppData" / "Local")


# MDN "Native manifests"; Chrome's and Edge's "Native messaging"; the others as their users' tools have it.
@pytest.mark.parametrize(
    ("browser", "linux", "macos"),
    [
        ("firefox", ".mozilla/native-messaging-hosts", f"{SUPPORT}/Mozilla/NativeMessagingHosts"),
        ("librewolf", ".librewolf/native-messaging-hosts", f"{SUPPORT}/LibreWolf/NativeMessagingHosts"),
        ("chromium", ".config/chromium/NativeMessagingHosts", f"{SUPPORT}/Chromium/NativeMessagingHosts"),
        (
            "chrome",
            ".config/google-chrome/NativeMessagingHosts",
            f"{SUPPORT}/Google/Chrome/NativeMessagingHosts",
        ),
        (
            "brave",
            ".config/BraveSoftware/Brave-Browser/NativeMessagingHosts",
            f"{SUPPORT}/BraveSoftware/Brave-Browser/NativeMessagingHosts",
        ),
        (
            "edge",
            ".config/microsoft-edge/NativeMessagingHosts",
            f"{SUPPORT}/Microsoft Edge/NativeMessagingHosts",
        ),
        ("vivaldi", ".config/vivaldi/NativeMessagingHosts", f"{SUPPORT}/Vivaldi/NativeMessagingHosts"),
    ],
)
def test_each_browser_is_led_to_the_host_where_it_looks(browser, linux, macos):
    assert manifest_files(browser, on(System.LINUX))[0] == HOME / linux / "io.usher.host.json"
    assert manifest_files(browser, on(System.MACOS))[0] == HOME / macos / "io.usher.host.json"


@pytest.mark.parametrize(
    ("browser", "vendors"),
    [
        ("firefox", ["Mozilla"]),
        ("librewolf", ["LibreWolf", "Mozilla"]),
        ("chromium", ["Chromium"]),
        ("chrome", [r"Google\Chrome"]),
        ("brave", [r"BraveSoftware\Brave-Browser", r"Google\Chrome", "Chromium"]),
        ("edge", [r"Microsoft\Edge"]),
        ("vivaldi", ["Vivaldi", r"Google\Chrome", "Chromium"]),
    ],
)
def test_windows_browsers_are_led_by_the_registry_alone(browser, vendors):
    assert manifest_files(browser, on(System.WINDOWS)) == []
    assert registry_keys(browser) == [
        rf"Software\{vendor}\NativeMessagingHosts\io.usher.host" for vendor in vendors
    ]


def test_every_browser_that_usher_knows_has_its_places_on_every_system():
    for browser in known_browsers():
        for system in System:
            assert all(folder.is_relative_to(HOME) for folder in data_folders(browser, on(system)))
            assert data_folders(browser, on(system))


def test_other_channels_are_led_there_only_where_they_are_installed(tmp_path):
    (tmp_path / ".config" / "google-chrome-beta").mkdir(parents=True)
    found = manifests_to_write("chrome", on(System.LINUX, tmp_path))
    assert [path.parent.parent.name for path in found] == ["google-chrome", "google-chrome-beta"]


def test_settings_folders_elsewhere_are_followed_but_by_firefox(tmp_path):
    elsewhere = Surroundings(System.LINUX, tmp_path, tmp_path / "xdg", tmp_path)
    assert manifest_files("chromium", elsewhere)[0].is_relative_to(tmp_path / "xdg")
    assert manifest_files("firefox", elsewhere)[0].is_relative_to(tmp_path / ".mozilla")


def test_a_manifest_lets_our_extension_in_and_no_other():
    firefox = json.loads(manifest_bytes(Family.FIREFOX, LAUNCHER))
    chromium = json.loads(manifest_bytes(Family.CHROMIUM, LAUNCHER))
    assert firefox["allowed_extensions"] == ["usher@usher.example"]
    assert "allowed_origins" not in firefox
    assert chromium["allowed_origins"] == ["chrome-extension://pahgfhkbhedcnjipolpkepemoholgfkk/"]
    assert "allowed_extensions" not in chromium
    for manifest in (firefox, chromium):
        assert manifest["name"] == "io.usher.host"
        assert manifest["type"] == "stdio"
        assert manifest["path"] == str(LAUNCHER)


def test_librewolf_is_a_firefox_and_vivaldi_a_chromium():
    assert family_of_known("librewolf") is Family.FIREFOX
    assert family_of_known("vivaldi") is Family.CHROMIUM


@pytest.mark.parametrize(
    "odd", ["plain", "with space", "it's", '"$(touch x)"', "`id`;&|<>*", "ünï\\cøde", "a%b"]
)
def test_sh_reads_nothing_in_the_launcher_whatever_the_paths_are(tmp_path, odd):
    folder = tmp_path / odd
    folder.mkdir()
    usher = folder / "usher"
    usher.write_text('#!/bin/sh\nprintf "%s\\n" "$USHER_HOME" "$@"\n')
    usher.chmod(0o700)
    launcher = tmp_path / launcher_name(System.LINUX)
    launcher.write_text(launcher_text(System.LINUX, [str(usher)], {"USHER_HOME": f"{folder}/home"}))
    launcher.chmod(0o700)

    done = subprocess.run(
        [launcher, "$HOME", "a b"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
    )
    assert done.stdout.splitlines() == [f"{folder}/home", "browser", "host", "$HOME", "a b"]
    assert {path.name for path in tmp_path.iterdir()} == {odd, launcher.name}


def test_a_batch_file_has_no_variable_of_its_own_in_a_path():
    text = launcher_text(
        System.WINDOWS,
        [r"C:\Users\You & Me\python.exe", "-P", "-m", "usher"],
        {"USHER_HOME": r"D:\100%PATH%"},
    )
    assert text.split("\r\n") == [
        "@echo off",
        "rem Browsers start this for the Usher extension; 'usher browser setup' writes it.",
        r'set "USHER_HOME=D:\100%%PATH%%"',
        r'"C:\Users\You & Me\python.exe" "-P" "-m" "usher" browser host %*',
        "",
    ]
    assert launcher_name(System.WINDOWS) == "usher-host.bat"


@pytest.mark.parametrize("character", ['"', "\n", "\r"])
def test_what_a_batch_file_cannot_quote_is_refused(character):
    with pytest.raises(UsageError, match="cannot hold"):
        launcher_text(System.WINDOWS, ["usher.exe"], {"USHER_HOME": f"D:\\a{character}b"})
