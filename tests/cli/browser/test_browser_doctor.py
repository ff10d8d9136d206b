"""The doctor of browsers: each link of the chain broken once, and said with its fix."""

from __future__ import annotations

import io
import json
import os
import stat
import time
import zipfile
from dataclasses import replace

import pytest

from usher.cli.browser import doctor, manifests, registry_windows
from usher.cli.browser.doctor import examine
from usher.cli.browser.finding import Found, choose_browsers, find_browsers, is_of
from usher.cli.browser.installs import new_install, write_install
from usher.cli.browser.manifests import carry_out, launcher_path, wanted_launcher
from usher.cli.browser.packages import hand_over_package, handed_over, package_of
from usher.cli.browser.probing import Probe
from usher.cli.browser.setup import plan_setup
from usher.cli.browser.sockets import serving, socket_of
from usher.cli.context import context_of
from usher.cli.main import VERSION, run
from usher.console.browsers import Family, known_browsers
from usher.console.extension import CHROMIUM_ID, CHROMIUM_ORIGIN, FIREFOX_ID
from usher.console.native_hosts import Surroundings, System, family_of_known

CHROMIUM = ".config/chromium/NativeMessagingHosts/io.usher.host.json"
INSTALL = "0123456789abcdef" * 2


@pytest.fixture
def home(own_home):
    """A machine where all is well: set up, and the extension in a profile of each browser."""
    set_up(context_here())
    firefox_has(own_home, "x.default", {"id": FIREFOX_ID, "version": VERSION, "active": True})
    chromium_has(own_home, "Default", {"path": str(handed_over(context_here(), Family.CHROMIUM))})
    return own_home


def set_up(context, *browsers):
    """What `usher browser setup` writes, without starting the launcher."""
    plan = plan_setup(context, browsers)
    for package in plan.packages:
        hand_over_package(context, package)
    for wanted in plan.files:
        carry_out(wanted)


def set_up_launcher(context):
    carry_out(wanted_launcher(context))


def context_here():
    return context_of(dict(os.environ))


def firefox_has(home, profile, *addons):
    folder = home / ".mozilla/firefox" / profile
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "extensions.json").write_text(json.dumps({"addons": list(addons)}))


def chromium_has(home, profile, entry):
    folder = home / ".config/chromium" / profile
    folder.mkdir(parents=True, exist_ok=True)
    settings = {CHROMIUM_ID: entry} if entry else {}
    (folder / "Preferences").write_text(json.dumps({"extensions": {"settings": settings}}))


def seen(context, version=VERSION, jar=None):
    install = new_install(INSTALL, "chromium", version, CHROMIUM_ORIGIN)
    write_install(
        context.cache_dir, replace(install, program="/usr/lib/chromium/chromium", seen=time.time(), jar=jar)
    )


def findings(*browsers):
    """What is found of each browser and check, with a launcher that starts."""
    context = context_here()
    found, boxes = find_browsers(context)
    chosen = choose_browsers(found, boxes, browsers)
    examined = examine(context, chosen, [] if browsers else boxes, lambda _launcher, _environ: Probe(0.05))
    return [
        (each.browser, each.verdict.check, str(each.verdict.state), each.verdict.words, each.verdict.fix)
        for each in examined
    ]


def wrong(found):
    return [each for each in found if each[2] == "bad"]


def test_on_a_new_machine_there_is_one_thing_to_do(own_home, capsys):
    found = findings()
    assert found[0] == (
        "",
        "launcher",
        "bad",
        "nothing was set up on this machine yet",
        "usher browser setup",
    )
    assert wrong(found) == found[:1]


def test_where_all_is_well_each_link_of_the_chain_says_so(home, capsys):
    seen(context_here())
    assert run(["browser", "doctor"]) == 0
    shown = capsys.readouterr().out
    assert "good  launcher   starts in" in shown
    assert "good  link key   is made when the first console is opened" in shown
    assert shown.count("good  manifest   leads to the launcher") == 2
    assert shown.count(f"good  extension  version {VERSION}") == 2
    assert "note  connected  not now; last at" in shown


def test_a_browser_that_is_connected_answers(home):
    context = context_here()
    seen(context)
    with serving(socket_of(context, INSTALL), lambda _request, _peer: {"install": INSTALL}):
        found = findings("chromium")
    assert ("chromium", "connected", "good", "now", "") in found
    # A socket that was left behind is nobody's.
    found = findings("chromium")
    assert [each[2] for each in found if each[1] == "connected"] == ["note"]


def test_an_extension_that_is_connected_from_elsewhere_is_good_and_was_seen_afterwards(home):
    context = context_here()
    chromium_has(home, "Default", None)
    seen(context)
    with serving(socket_of(context, INSTALL), lambda _request, _peer: {"install": INSTALL}):
        found = findings("chromium")
    assert ("chromium", "extension", "good", f"version {VERSION}", "") in found
    found = findings("chromium")
    assert [each[2:4] for each in found if each[1] == "extension"] == [
        ("note", f"version {VERSION} was seen, in a profile elsewhere or loaded for a trial")
    ]
    seen(context, version="0.0.9")
    found = findings("chromium")
    assert wrong(found)[0][3] == f"version 0.0.9 was seen, this usher brings {VERSION}"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"path": "/opt/other/usher-host"}, "leads to /opt/other/usher-host"),
        ({"path": 1}, "names no program"),
        ({"allowed_origins": ["chrome-extension://aaaa/"]}, "lets another extension in, or not ours"),
        ({"type": "pipe"}, "lets another extension in, or not ours"),
    ],
)
def test_a_manifest_that_leads_elsewhere_is_found_and_set_up_again(home, change, problem):
    manifest = json.loads((home / CHROMIUM).read_text())
    (home / CHROMIUM).write_text(json.dumps({**manifest, **change}))
    found = findings()
    assert wrong(found) == [
        ("chromium", "manifest", "bad", f"{home / CHROMIUM} {problem}", "usher browser setup chromium")
    ]
    set_up(context_here(), "chromium")
    assert wrong(findings()) == []


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "is not there"), ("{", "cannot be read"), ("[]", "names no program")]
)
def test_a_manifest_that_is_gone_or_damaged_is_found(home, content, problem):
    (home / CHROMIUM).unlink()
    if content is not None:
        (home / CHROMIUM).write_text(content)
    assert [each[3] for each in wrong(findings())] == [f"{home / CHROMIUM} {problem}"]


def test_another_channel_that_came_later_is_noted(home):
    (home.parent / "programs/google-chrome").write_text("#!/bin/sh\n")
    (home.parent / "programs/google-chrome").chmod(0o755)
    set_up(context_here(), "chrome")
    (home / ".config/google-chrome-beta").mkdir()
    found = findings("chrome")
    (note,) = [each for each in found if each[1] == "manifest"]
    assert note[2] == "note"
    assert "google-chrome-beta/NativeMessagingHosts" in note[3]
    assert note[4] == "usher browser setup chrome"


def test_a_launcher_whose_usher_is_gone_is_found_and_healed(home, capsys):
    launcher = launcher_path(context_here())
    launcher.write_text('#!/bin/sh\nexec /opt/gone/bin/usher browser host "$@"\n')
    assert run(["browser", "doctor", "--json"]) == 1
    (found,) = [each for each in json.loads(capsys.readouterr().out) if each["state"] == "bad"]
    assert (found["browser"], found["check"], found["fix"]) == (None, "launcher", "usher browser setup")
    assert "does not start" in found["words"]
    assert "/opt/gone/bin/usher" in found["words"]
    assert run(["browser", "setup"]) == 0
    assert run(["browser", "doctor"]) == 0


def test_a_launcher_of_another_usher_that_works_is_found(home):
    launcher = launcher_path(context_here())
    launcher.write_text("#!/bin/sh\nexec :\n")
    ((_, check, _, words, _),) = wrong(findings())
    assert (check, words) == ("launcher", f"{launcher} starts another usher than this one")


def test_a_launcher_that_others_may_change_is_found_and_closed(home):
    launcher = launcher_path(context_here())
    for path, mode in ((launcher, 0o755), (launcher.parent, 0o777)):
        path.chmod(mode)
        ((_, check, _, words, _),) = wrong(findings())
        assert (check, words) == (
            "launcher",
            f"other users may change {launcher}, which browsers start as you",
        )
        set_up_launcher(context_here())
        assert wrong(findings()) == []


def test_a_launcher_with_other_variables_is_noted(home, monkeypatch):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "another"))
    found = findings()
    assert [each[2] for each in found if each[1] == "launcher"] == ["note"]
    assert wrong(found) == []


def test_a_package_that_is_not_this_ushers_is_found(home):
    context = context_here()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("manifest.json", '{"version": "0.0.9"}')
    hand_over_package(context, package_of(Family.CHROMIUM, buffer.getvalue()))
    handed_over(context, Family.FIREFOX).write_bytes(b"damaged")
    found = wrong(findings())
    assert [each[1:4:2] for each in found] == [
        ("package", "Firefox: not handed over"),
        ("package", f"Chromium: version 0.0.9 was handed over, this usher has {VERSION}"),
        ("extension", f"version 0.0.9, this usher brings {VERSION}"),
    ]
    assert found[-1][4] == "restart chromium, or press the extension's reload arrow at chrome://extensions"


def test_a_package_that_was_changed_where_it_lies_is_found(home):
    place = handed_over(context_here(), Family.CHROMIUM)
    (place / "background.js").write_text("// somebody else's")
    ((_, check, _, words, fix),) = wrong(findings())
    assert (check, fix) == ("package", "usher browser setup")
    assert words == f"Chromium: what lies in {place} is not what this usher brings"


def test_an_older_extension_in_firefox_is_installed_again(home):
    firefox_has(home, "x.default", {"id": FIREFOX_ID, "version": "0.0.9", "active": True})
    (found,) = wrong(findings())
    assert found[:4] == ("firefox", "extension", "bad", f"version 0.0.9, this usher brings {VERSION}")
    assert found[4].endswith("usher-firefox.xpi again, at about:addons")


def test_an_extension_that_is_switched_off_is_found(home):
    firefox_has(home, "x.default", {"id": FIREFOX_ID, "version": VERSION, "active": False})
    (found,) = wrong(findings())
    assert found == ("firefox", "extension", "bad", "is switched off", "switch it on at about:addons")


def test_chromium_runs_it_in_developer_mode_alone(home):
    place = str(handed_over(context_here(), Family.CHROMIUM))
    chromium_has(home, "Default", {"path": place, "disable_reasons": [16777216]})
    (found,) = wrong(findings())
    assert found[3:] == ("is switched off", "switch 'Developer mode' on at chrome://extensions")


def test_several_profiles_are_told_apart(home):
    firefox_has(home, "y.work")
    firefox_has(home, "z.old", {"id": FIREFOX_ID, "version": "0.0.9", "active": True})
    found = findings("firefox")
    assert [each[2:4] for each in found if each[1] == "extension"] == [
        ("good", f"version {VERSION} in the profile 'default'"),
        ("bad", f"version 0.0.9 in the profile 'old', this usher brings {VERSION}"),
        ("note", "not in 1 of 3 profiles: 'work'; consoles open where it is"),
    ]


def test_one_browser_without_the_extension_is_a_choice_and_none_with_it_is_wrong(home):
    firefox_has(home, "x.default")
    found = findings()
    (left,) = [each for each in found if each[2] == "note"]
    assert left[:2] == ("firefox", "extension")
    assert left[4] == "'usher browser setup firefox' tells the steps"
    chromium_has(home, "Default", None)
    found = findings()
    assert wrong(found) == [
        ("", "extension", "bad", "no browser has it yet", "usher browser setup, and its last click")
    ]


def test_a_browser_that_was_left_out_of_the_set_up_is_nobodys_mistake(home):
    (home.parent / "programs/vivaldi").write_text("#!/bin/sh\n")
    (home.parent / "programs/vivaldi").chmod(0o755)
    found = findings()
    assert [each[1:] for each in found if each[0] == "vivaldi"] == [
        ("manifest", "note", "is not set up", "usher browser setup vivaldi")
    ]
    assert wrong(found) == []
    # Asked for by name, it is what is wrong.
    assert wrong(findings("vivaldi")) == [
        ("vivaldi", "manifest", "bad", "is not set up", "usher browser setup vivaldi"),
        ("", "extension", "bad", "no browser has it yet", "usher browser setup, and its last click"),
    ]


def test_a_locked_vault_is_found_because_a_browser_can_ask_nobody(home, monkeypatch):
    context = context_here()
    from usher.cli.wire_vault import open_vault

    open_vault(context).write("some-record", b"x")
    monkeypatch.delenv("USHER_VAULT_IDENTITY")
    # Sealed for an identity that is noted beside the vault; without it only a passphrase would do.
    for noted in (context.data_dir / "vault").rglob("*"):
        if noted.is_file() and "identity" in noted.read_text("utf-8", "ignore"):
            noted.write_text(noted.read_text().replace(str(home.parent / "identity"), ""))
            noted.chmod(stat.S_IRUSR | stat.S_IWUSR)
    (found,) = wrong(findings())
    assert found == (
        "",
        "link key",
        "bad",
        "the vault is locked, and a browser cannot ask for it",
        "usher vault unlock",
    )


def test_a_vault_that_cannot_be_opened_is_said_with_its_own_hint(home, monkeypatch):
    monkeypatch.setenv("USHER_VAULT", "nowhere")
    ((_, check, _, words, fix),) = wrong(findings())
    assert (check, words) == ("link key", "USHER_VAULT is 'nowhere'")
    assert "os" in fix


def test_a_firefox_that_takes_only_what_mozilla_signed_is_told_the_trial(home, capsys):
    (home.parent / "programs/firefox").unlink()
    with zipfile.ZipFile(home.parent / "programs/omni.ja", "w") as archive:
        archive.writestr("modules/AppConstants.sys.mjs", "MOZ_REQUIRE_SIGNING: true,")
    (home.parent / "programs/firefox").write_bytes(b"\x7fELF")
    (home.parent / "programs/firefox").chmod(0o755)
    firefox_has(home, "x.default", {"id": FIREFOX_ID, "version": "0.0.9", "active": True})
    assert run(["browser", "setup", "firefox", "--open"]) == 0
    shown = capsys.readouterr()
    assert f"has another version of the extension than {VERSION}" in shown.out
    assert "It stays until Firefox is closed" in shown.out
    assert "Load Temporary Add-on" in shown.out
    assert "could not be started; open about:debugging" in shown.err  # it is no program


def test_windows_keys_that_are_missing_or_lead_elsewhere_are_found(home, monkeypatch):
    where = Surroundings(System.WINDOWS, home, home, home)
    monkeypatch.setattr(manifests, "surroundings_of", lambda _context: where)
    values = {r"Software\Chromium\NativeMessagingHosts\io.usher.host": "C:\\other\\chromium.json"}
    monkeypatch.setattr(registry_windows, "read", values.get)
    monkeypatch.setattr(registry_windows, "write", values.__setitem__)
    set_up_launcher(context_here())
    found = [each[3] for each in wrong(findings()) if each[1] == "manifest"]
    assert [words.partition(" ")[2] for words in found if words.startswith("HKCU")] == [
        "is not set",
        "leads elsewhere",
    ]
    set_up(context_here())
    assert [each for each in wrong(findings()) if each[1] == "manifest"] == []


def test_a_system_without_sockets_has_links_on_command_lines(home, monkeypatch):
    seen(context_here())
    monkeypatch.setattr(doctor, "has_sockets", lambda: False)
    assert (
        "chromium",
        "connected",
        "good",
        "links go by the browser's command line on this system",
        "",
    ) in findings("chromium")


def test_boxes_are_noted_with_what_helps(home):
    (home / ".local/share/flatpak/app/com.google.Chrome").mkdir(parents=True)
    found = findings()
    (noted,) = [each for each in found if each[0] == "chrome"]
    assert noted[1:4] == ("sandbox", "note", "the Flatpak com.google.Chrome cannot start Usher")


def test_the_doctor_of_the_machine_has_a_line_for_browsers(home, capsys):
    assert run(["doctor", "browsers"]) == 0
    assert "good  browsers    consoles open side by side in firefox, chromium" in capsys.readouterr().out
    chromium_has(home, "Default", {"path": str(home / "gone"), "disable_reasons": [1]})
    (home / CHROMIUM).unlink()
    assert run(["doctor", "browsers"]) == 1
    shown = capsys.readouterr().out
    assert "(and 1 more)" in shown
    assert "fix: usher browser doctor" in shown


def test_the_doctor_of_the_machine_tells_of_the_set_up_and_of_machines_without_browsers(
    own_home, capsys, monkeypatch
):
    assert run(["doctor", "browsers"]) == 0
    assert "fix: usher browser setup" in capsys.readouterr().out
    monkeypatch.setenv("PATH", str(own_home))
    assert run(["doctor", "browsers"]) == 0
    assert "none is here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("/usr/lib/firefox-esr/firefox-esr", "firefox"),
        ("/usr/lib/librewolf/librewolf", "librewolf"),
        ("/usr/lib/chromium/chromium", "chromium"),
        ("/opt/google/chrome/chrome", "chrome"),
        ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "chrome"),
        ("/opt/brave.com/brave/brave", "brave"),
        ("/opt/microsoft/msedge/msedge", "edge"),
        ("/opt/vivaldi/vivaldi-bin", "vivaldi"),
    ],
)
def test_an_install_is_of_the_browser_whose_program_it_names(program, name):
    family = family_of_known(name)
    url = (
        CHROMIUM_ORIGIN
        if family is Family.CHROMIUM
        else f"moz-extension://{'0' * 8}-0000-0000-0000-{'0' * 12}/"
    )
    install = replace(new_install(INSTALL, str(family), VERSION, url), program=program)
    assert [each for each in known_browsers() if is_of(Found(each, None, (), None), install)] == [name]
    unknown = replace(install, program="")
    assert is_of(Found(name, None, (), None), unknown)


def test_a_browser_that_was_set_apart_counts_where_no_other_has_the_extension(home):
    firefox_has(home, "x.default")
    chromium_has(home, "Default", None)
    seen(context_here(), jar="ab" * 8)
    assert wrong(findings()) == []
