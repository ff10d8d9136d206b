"""Browsers in a Flatpak or Snap: found, and said plainly what they can and cannot."""

import pytest

from usher.console.browsers import is_snap
from usher.console.sandboxed import Box, Sandboxed, sandboxed_browsers


def test_flatpaks_and_snaps_are_found_where_they_are_kept(tmp_path):
    home, root = tmp_path / "home", tmp_path / "root"
    for folder in (
        home / ".local/share/flatpak/app/org.chromium.Chromium",
        root / "var/lib/flatpak/app/org.mozilla.firefox",
        root / "snap/firefox",
        root / "snap/core22",
    ):
        folder.mkdir(parents=True)
    assert sandboxed_browsers(home, root) == [
        Sandboxed("firefox", Box.FLATPAK, "org.mozilla.firefox"),
        Sandboxed("chromium", Box.FLATPAK, "org.chromium.Chromium"),
        Sandboxed("firefox", Box.SNAP, "firefox"),
    ]


def test_a_machine_without_any_has_none(tmp_path):
    assert sandboxed_browsers(tmp_path, tmp_path) == []


@pytest.mark.parametrize(
    ("box", "can", "says"),
    [
        (Sandboxed("firefox", Box.SNAP, "firefox"), True, "desktop portal"),
        (Sandboxed("firefox", Box.FLATPAK, "org.mozilla.firefox"), True, "xdg-native-messaging-proxy"),
        (Sandboxed("librewolf", Box.FLATPAK, "io.gitlab.librewolf-community"), True, "xdg-native"),
        (Sandboxed("chromium", Box.SNAP, "chromium"), False, "own package"),
        (Sandboxed("chrome", Box.FLATPAK, "com.google.Chrome"), False, "own package"),
    ],
)
def test_what_a_person_can_do_is_said(box, can, says):
    assert box.may_start_hosts is can
    assert says in box.advice


def test_a_program_that_leads_into_a_snap_is_known_by_its_place_its_link_or_its_script(tmp_path):
    (tmp_path / "usr/bin").mkdir(parents=True)
    snap = tmp_path / "usr/bin/snap"
    snap.write_bytes(b"\x7fELF")
    linked = tmp_path / "firefox-by-link"
    linked.symlink_to(snap)
    script = tmp_path / "firefox-by-script"
    script.write_text('#!/bin/sh\nexec /snap/bin/firefox "$@"\n')
    plain = tmp_path / "firefox"
    plain.write_text('#!/bin/sh\nexec firefox-esr "$@"\n')
    assert is_snap(linked)
    assert is_snap(script)
    assert not is_snap(plain)
    assert is_snap(plain.with_name("gone").parent / "/snap/bin/chromium")
    assert not is_snap(tmp_path / "gone")
