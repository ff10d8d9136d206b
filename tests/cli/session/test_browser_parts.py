"""Between a link and a browser: records of installs, who started the host, the key, ways to open."""

import io
import json
import os
import stat
import sys
import threading
import time

import pytest

from usher.cli.browser import opening, sockets
from usher.cli.browser.desk import Caller
from usher.cli.browser.installs import (
    KEPT_SECONDS,
    Install,
    forget_install,
    forget_stale,
    new_install,
    read_install,
    read_installs,
    write_install,
)
from usher.cli.browser.link_key import RECORD, link_key
from usher.cli.browser.messages import FrameError, Pipe
from usher.cli.browser.parents import browser_of_parent, profile_options
from usher.cli.browser.visits import can_be_visited
from usher.cli.console_links import ConsoleLink
from usher.cli.context import context_of
from usher.cli.terminal import Terminal
from usher.cli.wire import open_session_rooms
from usher.console.browsers import Family
from usher.console.federation import console_door
from usher.console.sealed_links import ConsoleSession
from usher.core.errors import UnavailableError, UsageError, UsherError
from usher.core.partitions import partition_of_region
from usher.core.secrets import Secret
from usher.profiles.favourites import MOST, read_favourites, set_favourite
from usher.session.agent.place import listen
from usher.session.vault.files import write_private

MOZ = "moz-extension://01234567-89ab-cdef-0123-456789abcdef/"
INSTALL = Install("5" * 32, Family.FIREFOX, "0.1.0", MOZ, seen=1_000.0)
SESSION = ConsoleSession("dev", "mkdev", "222222222222", "staging", "Admin", "eu-west-1")
DOOR = console_door(partition_of_region("eu-west-1"), "eu-west-1", None)
LINK = ConsoleLink(Secret("https://signin.aws.amazon.com/federation?x"), DOOR, SESSION)


@pytest.fixture
def words():
    return io.StringIO()


@pytest.fixture
def rooms(home, words):
    """A person's rooms, in this process, on a machine with a screen."""
    environ = {**home.environ, "DISPLAY": ":0"}
    return open_session_rooms(context_of(environ, Terminal(io.StringIO(), words, colour=False)))


def program(folder, name, code="exit 0"):
    """An executable script, and the file that it leaves its arguments in."""
    path, left = folder / name, folder / f"{name}.arguments"
    path.write_text(f'#!/bin/sh\necho "$@" > {left}.new; mv {left}.new {left}\n{code}\n')
    path.chmod(0o700)
    return path, left


def write_settings(rooms, *lines):
    folder = rooms.context.config_dir
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text("\n".join(["[console]", *lines]))
    (folder / "settings.toml").chmod(0o600)


def usual_browser(rooms, folder):
    """The browser of the settings: one that takes the one-time address and does not go where it leads."""
    taker = folder / "usual" / "firefox"
    taker.parent.mkdir()
    taker.write_text(
        f"#!{sys.executable}\n"
        "import http.client as h, sys, urllib.parse as p; u = p.urlsplit(sys.argv[1])\n"
        "c = h.HTTPConnection(u.netloc); c.request('GET', u.path); c.getresponse().read()\n"
    )
    taker.chmod(0o700)
    write_settings(rooms, f'browser = "{taker}"')


def came(file):
    give_up = time.monotonic() + 20
    while not file.exists():
        assert time.monotonic() < give_up
        time.sleep(0.01)
    return file.read_text().strip()


# Records of installs


def test_an_install_is_read_as_it_was_written_the_newest_first(tmp_path):
    later = Install(
        "6" * 32, Family.CHROMIUM, "2", "chrome-extension://" + "a" * 32 + "/", "/b", ("-P", "x"), 2e9
    )
    for install in (INSTALL, later):
        write_install(tmp_path, install)
    assert read_installs(tmp_path) == [later, INSTALL]
    assert read_install(tmp_path, INSTALL.id) == INSTALL
    forget_install(tmp_path, INSTALL.id)
    forget_install(tmp_path, "../recent")
    assert read_install(tmp_path, INSTALL.id) is read_install(tmp_path, "../recent") is None


@pytest.mark.parametrize(
    "change",
    [
        {"id": "7" * 32},
        {"family": "safari"},
        {"base_url": "https://evil.example/"},
        {"options": "-P"},
        {"jar": 7},
        {"seen": "soon"},
        {"version": None},
    ],
)
def test_a_record_that_does_not_hold_what_it_must_is_none(tmp_path, change):
    write_install(tmp_path, INSTALL)
    [file] = (tmp_path / "browsers").glob("*.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    assert read_installs(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_damaged_record_is_none(tmp_path, content):
    write_install(tmp_path, INSTALL)
    [file] = (tmp_path / "browsers").glob("*.json")
    file.write_bytes(content)
    assert read_installs(tmp_path) == []


def test_installs_that_are_gone_or_were_not_seen_for_half_a_year_are_forgotten(tmp_path):
    now = 1_000 + KEPT_SECONDS
    there = Install("1" * 32, Family.FIREFOX, "1", MOZ, str(tmp_path), seen=now)
    gone = Install("2" * 32, Family.FIREFOX, "1", MOZ, str(tmp_path / "gone"), seen=now)
    old = Install("3" * 32, Family.FIREFOX, "1", MOZ, str(tmp_path), seen=999.0)
    for install in (there, gone, old):
        write_install(tmp_path, install)
    forget_stale(tmp_path, now)
    assert read_installs(tmp_path) == [there]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/usr/lib/firefox-esr/firefox-esr", "Firefox"),
        ("/opt/google/chrome/chrome", "Chrome"),
        ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "Chrome"),
        ("/opt/waterfox", "waterfox"),
        ("", "Firefox"),
    ],
)
def test_browsers_are_called_as_people_call_them(path, name):
    assert Install("1" * 32, Family.FIREFOX, "1", MOZ, path).name == name


def test_a_browser_is_meant_by_its_name_its_path_or_its_kin(tmp_path):
    install = Install("1" * 32, Family.FIREFOX, "1", MOZ, "/usr/lib/firefox-esr/firefox-esr", ("-P", "work"))
    assert install.is_of("firefox")
    assert install.is_of("/usr/bin/firefox")
    assert not install.is_of("chrome")
    assert not install.is_of("/usr/bin/librewolf")
    assert install.uses_profile("work")
    assert not install.uses_profile("home")


def test_what_an_extension_says_of_itself_is_checked():
    assert new_install("a" * 32, "firefox", "1.0", MOZ).family is Family.FIREFOX
    with pytest.raises(UsageError):
        new_install("a" * 32, "chromium", "1.0", MOZ)


# Who started the host


def processes(folder, exe, words):
    (folder / "77").mkdir()
    (folder / "77" / "exe").symlink_to(exe)
    (folder / "77" / "cmdline").write_bytes(b"\0".join(map(os.fsencode, words)) + b"\0")
    return folder


def test_the_program_and_profile_of_the_browser_are_found_by_its_process(tmp_path):
    command = ["firefox", "--new-instance", "--profile", "/home/p", "about:blank"]
    found = browser_of_parent(
        Caller(Family.FIREFOX), 77, processes(tmp_path, "/opt/firefox/firefox", command)
    )
    assert found == Caller(Family.FIREFOX, "/opt/firefox/firefox", ("--profile", "/home/p"))


def test_a_browser_that_was_updated_meanwhile_is_the_new_one(tmp_path):
    there = processes(tmp_path, "/opt/chrome/chrome (deleted)", ["chrome", "--user-data-dir=/d", "--x"])
    found = browser_of_parent(Caller(Family.CHROMIUM), 77, there)
    assert found == Caller(Family.CHROMIUM, "/opt/chrome/chrome", ("--user-data-dir=/d",))


@pytest.mark.parametrize("exe", ["/usr/bin/python3", "/usr/bin/chromium"])
def test_a_parent_that_is_another_program_tells_nothing(tmp_path, exe):
    assert browser_of_parent(Caller(Family.FIREFOX), 77, processes(tmp_path, exe, ["x"])) == Caller(
        Family.FIREFOX
    )


def test_where_the_system_does_not_show_processes_nothing_is_told(tmp_path):
    assert browser_of_parent(Caller(Family.FIREFOX), 77, tmp_path) == Caller(Family.FIREFOX)


def test_only_the_words_that_choose_a_profile_are_kept():
    words = ["firefox", "https://secret.example", "-P", "work", "--profile"]
    assert profile_options(Family.FIREFOX, words) == ("-P", "work")
    assert profile_options(Family.CHROMIUM, ["c", "--profile-directory=P 1", "-P", "x"]) == (
        "--profile-directory=P 1",
    )


# The key


def test_the_key_is_made_once_and_kept_in_the_vault(rooms):
    assert link_key(rooms) == link_key(rooms)
    assert rooms.vault.names() == [RECORD]


@pytest.mark.parametrize("content", [b"", b"short", b"!" * 43, b"\xff" * 43, b"A" * 44])
def test_a_damaged_key_is_made_anew(rooms, content):
    rooms.vault.write(RECORD, content)
    key = link_key(rooms)
    assert len(key.reveal()) == 43
    assert link_key(rooms) == key


def test_a_key_that_does_not_open_any_more_is_made_anew(rooms, home):
    before = link_key(rooms)
    [record] = home.records
    record.write_bytes(record.read_bytes()[:-1] + b"x")
    assert link_key(rooms) != before


# Favourites


def test_favourites_are_kept_and_taken_back(tmp_path):
    set_favourite(tmp_path, "a/b", on=True)
    set_favourite(tmp_path, "c", on=True)
    set_favourite(tmp_path, "c", on=False)
    set_favourite(tmp_path, "never", on=False)
    assert read_favourites(tmp_path) == {"a/b"}
    (tmp_path / "favourites.json").write_text("[]")
    assert read_favourites(tmp_path) == frozenset()


def test_there_are_not_more_favourites_than_a_person_can_look_at(tmp_path):
    names = [f"p{number}" for number in range(MOST)]
    write_private(tmp_path / "favourites.json", json.dumps({"version": 1, "profiles": names}).encode())
    with pytest.raises(UsageError):
        set_favourite(tmp_path, "one more", on=True)
    set_favourite(tmp_path, "p0", on=True)
    assert len(read_favourites(tmp_path)) == MOST


# Ways to open


def test_what_the_extension_cannot_know_is_not_asked_of_it():
    def with_door(region, endpoint):
        return ConsoleLink(LINK.url, console_door(partition_of_region(region), region, endpoint), SESSION)

    assert can_be_visited(LINK)
    assert can_be_visited(with_door("eu-west-1", "http://localhost:4566"))
    assert not can_be_visited(with_door("eu-west-1", "http://localstack.internal:4566"))
    nameless = ConsoleSession("dev", "", "", "", "", "eu-west-1")
    assert not can_be_visited(ConsoleLink(LINK.url, DOOR, nameless))


def test_a_browser_that_is_started_in_vain_is_forgotten_and_the_page_opens_as_ever(
    rooms, words, tmp_path, monkeypatch
):
    firefox, left = program(tmp_path, "firefox")
    monkeypatch.setattr(opening, "START_SECONDS", 0.2)
    usual_browser(rooms, tmp_path)
    write_install(
        rooms.context.cache_dir, Install("5" * 32, Family.FIREFOX, "1", MOZ, str(firefox), ("-P", "w"))
    )
    opening.open_console(rooms, LINK)
    assert came(left).startswith(f"-P w {MOZ}open.html#1.")
    assert "The extension in Firefox did not come" in words.getvalue()
    assert words.getvalue().endswith("Your browser opens the console of dev.\n")
    assert read_installs(rooms.context.cache_dir) == []


def test_without_unix_sockets_the_sealed_link_goes_by_the_command_line(rooms, words, tmp_path, monkeypatch):
    firefox, left = program(tmp_path, "firefox")
    monkeypatch.setattr(opening, "has_sockets", lambda: False)
    write_install(rooms.context.cache_dir, Install("5" * 32, Family.FIREFOX, "1", MOZ, str(firefox)))
    opening.open_console(rooms, LINK)
    assert came(left).startswith(f"{MOZ}open.html#1.")
    assert "signin" not in came(left)
    assert words.getvalue() == "Firefox opens the console of dev in its container 'staging/Admin'.\n"


def test_the_settings_browser_opens_the_page_where_it_has_no_extension(rooms, words, tmp_path):
    usual_browser(rooms, tmp_path)
    opening.open_console(rooms, LINK)
    assert words.getvalue() == "Your browser opens the console of dev.\n"


def test_a_program_that_does_not_come_for_the_link_is_named(rooms, tmp_path, monkeypatch):
    write_settings(rooms, f'open = ["{tmp_path}/none", "{{url}}"]')
    with pytest.raises(UsherError, match="none' did not come for the console link"):
        opening.open_console(rooms, LINK)


# Sockets


def test_a_host_that_says_nothing_is_not_waited_for_forever(rooms):
    place = sockets.socket_of(rooms.context, INSTALL.id)
    answered = threading.Event()
    with sockets.serving(place, lambda _request, _peer: {"late": answered.wait(30)}):
        with pytest.raises(UnavailableError, match="did not answer"):
            sockets.call_host(rooms.context, INSTALL.id, {"op": "ping"}, 0.05)
        answered.set()


def test_a_socket_that_was_left_behind_is_removed_by_who_meets_it(rooms):
    place = sockets.socket_of(rooms.context, INSTALL.id)
    with sockets.serving(place, lambda _request, _peer: {}):
        assert stat.S_IMODE(place.lstat().st_mode) == 0o600
        assert sockets.call_host(rooms.context, INSTALL.id, {}) == {"ok": True}
    listen(place).close()
    assert sockets.listening(rooms.context) == [INSTALL.id]
    with pytest.raises(sockets.HostGoneError):
        sockets.call_host(rooms.context, INSTALL.id, {})
    assert sockets.listening(rooms.context) == []
    with pytest.raises(sockets.HostGoneError):
        sockets.call_host(rooms.context, INSTALL.id, {})


def test_a_host_that_ends_leaves_the_socket_of_the_one_that_took_its_place(rooms):
    place = sockets.socket_of(rooms.context, INSTALL.id)
    with sockets.serving(place, lambda _request, _peer: {"mine": 1}):
        first = sockets.serving(place, lambda _request, _peer: {"mine": 2})
        first.__enter__()
    assert sockets.call_host(rooms.context, INSTALL.id, {})["mine"] == 2
    first.__exit__(None, None, None)
    assert not place.exists()


def test_other_sockets_in_the_folder_are_nobodys_install(rooms):
    place = sockets.socket_of(rooms.context, INSTALL.id)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    for name in ("0123456789abcdef.sock", f"{place.stem[:-32]}x.sock", f"browser-other-{'5' * 32}.sock"):
        (place.parent / name).touch()
    assert sockets.listening(rooms.context) == []


# Frames


def test_a_message_larger_than_the_extension_takes_is_not_sent():
    ours, theirs = os.pipe()
    pipe = Pipe(ours, theirs)
    with pytest.raises(FrameError):
        pipe.send({"text": "x" * 65_536})
    os.close(theirs)
    assert pipe.receive() is None
    os.close(ours)


def test_frames_of_several_threads_do_not_mix():
    ours, theirs = os.pipe()
    pipe = Pipe(ours, theirs)
    messages = [{"id": number, "text": "x" * 20_000} for number in range(8)]
    threads = [threading.Thread(target=pipe.send, args=(message,)) for message in messages]
    for thread in threads:
        thread.start()
    received = [json.loads(pipe.receive()) for _ in messages]
    assert sorted(message["id"] for message in received) == list(range(8))
    for descriptor in (ours, theirs):
        os.close(descriptor)
