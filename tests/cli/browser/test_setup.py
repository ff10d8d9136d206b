"""Setting browsers up and taking it back, in a home of the test's own whose browsers are only files."""

from __future__ import annotations

import io
import json
import os
import stat
import time
import zipfile
from pathlib import Path

import pytest

from usher.cli.browser import manifests, registry_windows, removal
from usher.cli.browser.installs import new_install, read_installs, write_install
from usher.cli.browser.link_key import RECORD
from usher.cli.browser.manifests import Put, Register, carry_out, launcher_path, wanted_launcher
from usher.cli.browser.packages import hand_over_package, handed_over, handed_over_version, package_of
from usher.cli.browser.probing import probe_launcher
from usher.cli.context import context_of
from usher.cli.main import VERSION, run
from usher.cli.wire_vault import open_vault
from usher.console.browsers import Family
from usher.console.native_hosts import Surroundings, System
from usher.core.errors import UsherError

FIREFOX = ".mozilla/native-messaging-hosts/io.usher.host.json"
CHROMIUM = ".config/chromium/NativeMessagingHosts/io.usher.host.json"
LAUNCHER = ".local/share/usher/browser/usher-host"
PACKED = ".local/share/usher/extension/usher-firefox.xpi"
UNPACKED = ".local/share/usher/extension/chromium"


@pytest.fixture
def home(own_home):
    return own_home


@pytest.fixture
def context(home):
    return context_of(dict(os.environ))


def files_below(home):
    return {path.relative_to(home).as_posix(): path for path in home.rglob("*") if path.is_file()}


def test_a_set_up_leads_every_browser_to_one_launcher_and_says_which_click_is_left(home, capsys):
    assert run(["browser", "setup"]) == 0
    shown = capsys.readouterr().out
    assert "open chrome://extensions and switch 'Developer mode' on" in shown
    assert f"\n      {home / UNPACKED}\n" in shown  # on a line of its own, to be copied
    assert f"\n      {home / PACKED}\n" in shown
    for manifest in (FIREFOX, CHROMIUM):
        assert json.loads((home / manifest).read_text())["path"] == str(home / LAUNCHER)
    assert (home / UNPACKED / "manifest.json").is_file()
    modes = {path: stat.S_IMODE((home / path).stat().st_mode) for path in files_below(home)}
    assert {path for path, mode in modes.items() if mode != 0o600} == {LAUNCHER}
    assert modes[LAUNCHER] == 0o700
    # What was written starts the native host, which ends when its input does.
    assert probe_launcher(home / LAUNCHER, os.environ).problem == ""

    before = {path: found.stat().st_mtime_ns for path, found in files_below(home).items()}
    assert run(["browser", "setup"]) == 0
    again = capsys.readouterr().out
    assert again.count("same    ") == 5
    assert "new     " not in again
    assert {path: found.stat().st_mtime_ns for path, found in files_below(home).items()} == before


def test_a_dry_run_shows_everything_and_writes_nothing(home, capsys):
    assert run(["browser", "setup", "--dry-run"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("new     ~/") == 5
    assert "Nothing was written." in shown.err
    assert files_below(home) == {}


def test_browsers_are_completed(home, capsys):
    assert run(["--complete", "browser", "setup", "l"]) == 0
    assert capsys.readouterr().out.split() == ["librewolf"]


def test_one_browser_can_be_set_up_alone(home, capsys):
    assert run(["browser", "setup", "chromium", "chromium", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(each["browser"], each["state"]) for each in told["files"]] == [
        (None, "new"),
        ("chromium", "new"),
    ]
    assert [(each["family"], each["version"]) for each in told["packages"]] == [("chromium", VERSION)]
    (browser,) = told["browsers"]
    assert browser["choose"] == str(home / UNPACKED)
    assert (browser["page"], browser["done"]) == ("chrome://extensions", False)
    assert not (home / FIREFOX).exists()


def test_a_browser_that_is_not_here_is_said_with_those_that_are(home, capsys):
    assert run(["browser", "setup", "vivaldi"]) == 5
    assert "here is: firefox, chromium" in capsys.readouterr().err


def test_without_any_browser_it_is_said_which_would_do(home, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(home))
    assert run(["browser", "setup"]) == 5
    assert "Firefox, LibreWolf, Chromium" in capsys.readouterr().err


def test_a_browser_in_a_box_that_cannot_be_helped_is_said_plainly(home, capsys):
    (home / ".local/share/flatpak/app/com.brave.Browser").mkdir(parents=True)
    (home / ".local/share/flatpak/app/io.gitlab.librewolf-community").mkdir(parents=True)
    assert run(["browser", "setup", "brave"]) == 5
    said = capsys.readouterr().err
    assert "brave is here only as a Flatpak" in said
    assert "cannot start a program outside it" in said
    # LibreWolf's can be helped: what it will look for is written.
    assert run(["browser", "setup", "librewolf"]) == 0
    shown = capsys.readouterr().out
    assert (home / ".librewolf/native-messaging-hosts/io.usher.host.json").is_file()
    assert "xdg-native-messaging-proxy" in shown


def test_the_launcher_keeps_the_folders_that_it_was_set_up_with(home, context, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("USHER_HOME", "elsewhere/usher")
    monkeypatch.setenv("USHER_VAULT", "file")
    monkeypatch.setenv("AWS_CONFIG_FILE", "~/aws config")
    monkeypatch.setenv("AWS_PROFILE", "not-kept")
    launcher = wanted_launcher(context_of(dict(os.environ)))
    assert launcher.path == tmp_path / "elsewhere/usher/data/browser/usher-host"
    lines = launcher.content.decode().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[2:-1] == [
        f"export USHER_HOME={tmp_path}/elsewhere/usher",
        "export AWS_CONFIG_FILE='~/aws config'",
        "export USHER_VAULT=file",
        f"export USHER_VAULT_IDENTITY={tmp_path}/identity",
        "export USHER_JAR=''",  # whatever the browser was started by
    ]
    assert lines[-1].startswith("exec /")
    assert lines[-1].endswith('browser host "$@"')


def test_the_launcher_names_the_link_on_the_path_that_upgrades_keep(home, context, monkeypatch):
    own = Path(wanted_launcher(context).content.decode().split()[-4])
    bin_folder = home / ".local/bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "usher").symlink_to(own)
    monkeypatch.setenv("PATH", str(bin_folder))
    assert (
        f"exec {bin_folder}/usher browser host"
        in wanted_launcher(context_of(dict(os.environ))).content.decode()
    )


def test_the_browsers_own_folders_keep_their_rights_and_their_links(home, capsys):
    kept = home / "dotfiles/native-messaging-hosts"
    kept.mkdir(parents=True)
    kept.chmod(0o775)
    (home / ".mozilla").mkdir()
    (home / ".mozilla/native-messaging-hosts").symlink_to(kept)
    assert run(["browser", "setup", "firefox"]) == 0
    assert (kept / "io.usher.host.json").is_file()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o775
    assert run(["browser", "setup", "firefox", "--dry-run"]) == 0
    assert "\nsame    ~/.mozilla/native-messaging-hosts" in capsys.readouterr().out


def test_what_cannot_be_written_is_named(home, capsys):
    (home / ".mozilla").mkdir()
    (home / FIREFOX).parent.write_text("a file in the way")
    assert run(["browser", "setup", "firefox"]) == 1
    assert str((home / FIREFOX).parent) in capsys.readouterr().err


def test_everything_is_taken_away_again(home, context, capsys):
    assert run(["browser", "setup"]) == 0
    write_install(
        context.cache_dir, new_install("ab" * 16, "chromium", VERSION, f"chrome-extension://{'a' * 32}/")
    )
    open_vault(context).write(RECORD, b"key")
    capsys.readouterr()

    assert run(["browser", "setup", "--remove", "--dry-run"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("remove  ") == 6
    assert "Nothing was removed." in shown.err
    assert (home / LAUNCHER).exists()

    assert run(["browser", "setup", "--remove", "--json"]) == 0
    assert all(each["stays"] is None for each in json.loads(capsys.readouterr().out))
    left = set(files_below(home))
    assert not {path for path in left if "vault" not in path and "lock" not in path}
    assert read_installs(context.cache_dir) == []
    assert RECORD not in open_vault(context).names()

    assert run(["browser", "setup", "--remove"]) == 0
    assert "Nothing of a set-up is here." in capsys.readouterr().err


def test_another_installations_manifest_stays(home, capsys):
    assert run(["browser", "setup"]) == 0
    manifest = json.loads((home / CHROMIUM).read_text())
    (home / CHROMIUM).write_text(json.dumps({**manifest, "path": "/opt/usher/usher-host"}))
    capsys.readouterr()
    assert run(["browser", "setup", "--remove"]) == 0
    shown = capsys.readouterr()
    assert "stays   " in shown.out
    assert "it leads to /opt/usher/usher-host" in shown.out
    assert "about:addons" in shown.err
    assert (home / CHROMIUM).exists()
    assert not (home / FIREFOX).exists()


def test_the_page_of_the_click_is_opened_where_a_program_may(home, capsys):
    assert run(["browser", "setup", "--open"]) == 0
    assert "firefox opens about:addons." in capsys.readouterr().err
    opened = home.parent / "programs" / "opened"
    give_up = time.monotonic() + 10
    while not opened.exists() and time.monotonic() < give_up:
        time.sleep(0.01)
    assert opened.read_text() == "about:addons\n"


def test_policies_for_a_fleet_name_the_same_ids_as_the_manifests(home, capsys):
    assert run(["browser", "setup", "--policies", str(home / "fleet")]) == 0
    shown = capsys.readouterr()
    assert "have ExtensionSettings block what you do not name" in shown.err
    firefox = json.loads((home / "fleet/firefox/policies.json").read_text())["policies"]
    package = home / "fleet/firefox/usher-firefox.xpi"
    assert firefox["ExtensionSettings"] == {
        "usher@usher.example": {"installation_mode": "force_installed", "install_url": package.as_uri()}
    }
    assert package.is_file()
    chromium = json.loads((home / "fleet/chromium/usher.json").read_text())
    assert chromium["ExtensionInstallAllowlist"] == ["pahgfhkbhedcnjipolpkepemoholgfkk"]
    assert chromium["NativeMessagingAllowlist"] == ["io.usher.host"]

    url = "https://intranet.mkdev.example/usher.xpi"
    assert run(["browser", "setup", "--policies", "-", "--firefox-url", url]) == 0
    printed = json.loads(capsys.readouterr().out)
    (extension,) = printed["firefox/policies.json"]["policies"]["ExtensionSettings"].values()
    assert extension["install_url"] == url
    assert not (home / LAUNCHER).exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--remove", "--open"],
        ["--remove", "firefox"],
        ["--policies", "fleet", "--dry-run"],
        ["--firefox-url", "https://intranet.mkdev.example/usher.xpi"],
        ["--policies", "-", "--firefox-url", "http://intranet.mkdev.example/usher.xpi"],
    ],
)
def test_options_that_would_do_nothing_together_are_refused(home, capsys, options):
    assert run(["browser", "setup", *options]) == 2
    capsys.readouterr()
    assert files_below(home) == {}


def packed(version, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"version": version}))
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def test_a_new_version_takes_the_old_ones_place_as_a_whole(context):
    hand_over_package(context, package_of(Family.CHROMIUM, packed("1", old__gone="x")))
    hand_over_package(context, package_of(Family.CHROMIUM, packed("2", new__here="y")))
    place = handed_over(context, Family.CHROMIUM)
    found = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert found == {"manifest.json", "new/here"}
    assert handed_over_version(context, Family.CHROMIUM) == "2"
    assert {path.name for path in place.parent.iterdir()} == {"chromium", ".lock"}

    hand_over_package(context, package_of(Family.FIREFOX, packed("3")))
    hand_over_package(context, package_of(Family.FIREFOX, packed("4")))
    assert handed_over_version(context, Family.FIREFOX) == "4"


def test_a_place_that_cannot_be_taken_keeps_what_was_there(context):
    place = handed_over(context, Family.CHROMIUM)
    place.parent.mkdir(parents=True, mode=0o700)
    place.write_text("a file in the way")
    with pytest.raises(UsherError, match="cannot put the extension into"):
        hand_over_package(context, package_of(Family.CHROMIUM, packed("1")))
    assert {path.name for path in place.parent.iterdir()} == {"chromium", ".lock"}
    assert place.read_text() == "a file in the way"


@pytest.mark.parametrize(
    "content",
    [
        b"no archive",
        packed("1")[:-30],
        packed("1", **{"..__..__evil": "x"}),
        packed("1", __etc__evil="x"),
        packed("1", large=b"0" * (17 * 1024 * 1024)),
    ],
    ids=["no archive", "cut off", "leads out", "absolute", "too large"],
)
def test_a_package_that_is_damaged_or_leads_out_of_its_folder_is_refused(content):
    with pytest.raises(UsherError):
        package_of(Family.CHROMIUM, content)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("#!/bin/sh\necho 'no such module: usher' >&2\nexit 3\n", "no such module: usher"),
        ("#!/bin/sh\nexit 3\n", "it ends with exit code 3"),
        ("#!/no/such/interpreter\n", "No such file or directory"),
    ],
)
def test_a_launcher_that_does_not_start_says_why(tmp_path, text, problem):
    launcher = tmp_path / "usher-host"
    launcher.write_text(text)
    launcher.chmod(0o700)
    assert probe_launcher(launcher, os.environ).problem == problem


def test_windows_has_a_manifest_for_each_family_and_keys_that_lead_there(home, context, monkeypatch):
    where = Surroundings(System.WINDOWS, home, home, home)
    monkeypatch.setattr(manifests, "surroundings_of", lambda _context: where)
    assert launcher_path(context).name == "usher-host.bat"
    assert b'"-P" "-m" "usher" browser host' in wanted_launcher(context).content
    wanted = manifests.wanted_manifests(context, ["firefox", "edge"])
    files = [each for each in wanted if isinstance(each, Put)]
    keys = [each for each in wanted if isinstance(each, Register)]
    assert [each.path.name for each in files] == ["firefox.json", "chromium.json"]
    assert {each.key: each.value for each in keys} == {
        r"Software\Mozilla\NativeMessagingHosts\io.usher.host": str(files[0].path),
        r"Software\Microsoft\Edge\NativeMessagingHosts\io.usher.host": str(files[1].path),
    }


def test_on_windows_files_and_keys_are_taken_away_but_others_keys_stay(home, context, monkeypatch, capsys):
    where = Surroundings(System.WINDOWS, home, home, home)
    for module in (manifests, removal):
        monkeypatch.setattr(module, "surroundings_of", lambda _context: where)
    values = {
        r"Software\Microsoft\Edge\NativeMessagingHosts\io.usher.host": str(home / "other/chromium.json")
    }
    monkeypatch.setattr(registry_windows, "read", values.get)
    monkeypatch.setattr(registry_windows, "write", values.__setitem__)
    monkeypatch.setattr(registry_windows, "delete", values.pop)
    for wanted in manifests.wanted_manifests(context, ["firefox", "chromium"]):
        carry_out(wanted)
    assert len(values) == 3
    assert run(["browser", "setup", "--remove"]) == 0
    assert list(values) == [r"Software\Microsoft\Edge\NativeMessagingHosts\io.usher.host"]
    assert files_below(home) == {}
    shown = capsys.readouterr().out
    assert "stays   HKCU\\Software\\Microsoft\\Edge" in shown


def test_what_cannot_be_removed_is_named(home, capsys):
    assert run(["browser", "setup", "firefox"]) == 0
    (home / FIREFOX).unlink()
    (home / FIREFOX).mkdir()
    assert run(["browser", "setup", "--remove"]) == 1
    assert f"cannot remove {home / FIREFOX}" in capsys.readouterr().err


def test_policies_that_cannot_be_written_are_named(home, capsys):
    (home / "fleet").write_text("a file in the way")
    assert run(["browser", "setup", "--policies", str(home / "fleet")]) == 1
    assert f"cannot write {home / 'fleet'}" in capsys.readouterr().err


def test_where_there_is_no_registry_nothing_pretends_to_write_it():
    key = Register(r"Software\Mozilla\NativeMessagingHosts\io.usher.host", "x", "firefox")
    assert key.state() is manifests.State.NEW
    with pytest.raises(UsherError, match="no registry"):
        carry_out(key)
