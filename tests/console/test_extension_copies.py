"""Which profiles have the extension, as Firefox 153 and Chromium 150 write it down."""

import json
import zipfile

import pytest

from usher.console.browsers import Family
from usher.console.extension import CHROMIUM_ID, FIREFOX_ID
from usher.console.extension_copies import ProfileCopy, extension_copies, takes_unsigned

OTHER = {"id": "other@example.com", "version": "3", "active": True}


def firefox_profile(data, folder, *addons):
    (data / "firefox" / folder).mkdir(parents=True, exist_ok=True)
    listed = json.dumps({"schemaVersion": 37, "addons": list(addons)})
    (data / "firefox" / folder / "extensions.json").write_text(listed)


def ours(version="0.1.0", *, active=True):
    return {"id": FIREFOX_ID, "version": version, "active": active, "location": "app-profile"}


def test_firefox_profiles_are_told_by_the_names_that_people_gave_them(tmp_path):
    firefox_profile(tmp_path, "x7.default-esr", OTHER, ours())
    firefox_profile(tmp_path, "y8.work", OTHER)
    firefox_profile(tmp_path, "z9.off", ours(active=False))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "extensions.json").write_text(json.dumps({"addons": [ours("0.0.9")]}))
    (tmp_path / "firefox" / "profiles.ini").write_text(
        "[Install4F96]\nDefault=x7.default-esr\n"
        "[Profile0]\nName=default-esr\nIsRelative=1\nPath=x7.default-esr\n"
        "[Profile1]\nName=Work\nIsRelative=1\nPath=y8.work\n"
        f"[Profile2]\nName=Elsewhere\nIsRelative=0\nPath={elsewhere}\n"
        "[Profile3]\nName=Never used\nIsRelative=1\nPath=w0.never\n"
        "[General]\nVersion=2\n"
    )
    assert extension_copies(Family.FIREFOX, tmp_path) == [
        ProfileCopy("Elsewhere", "0.0.9", True),
        ProfileCopy("Work"),
        ProfileCopy("default-esr", "0.1.0", True),
        # Not in profiles.ini: a profile of Firefox' own switcher.
        ProfileCopy("off", "0.1.0", False),
    ]


def chromium_profile(data, name, entry, file="Preferences"):
    folder = data / name
    folder.mkdir(parents=True)
    settings = {CHROMIUM_ID: entry} if entry else {}
    (folder / "Preferences").write_text(json.dumps({"profile": {"name": name}}))
    document = {"extensions": {"settings": settings}}
    (folder / file).write_text(json.dumps(document))


def test_chromium_profiles_tell_the_version_of_the_folder_that_is_loaded(tmp_path):
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    (unpacked / "manifest.json").write_text('{"version": "0.2.0"}')
    loaded = {"path": str(unpacked), "location": 4, "disable_reasons": []}
    data = tmp_path / "data"
    chromium_profile(data, "Default", loaded)
    chromium_profile(data, "Profile 1", None)
    chromium_profile(data, "Profile 2", {**loaded, "disable_reasons": [1]}, "Secure Preferences")
    chromium_profile(data, "Profile 3", {"path": "1.2_0", "manifest": {"version": "1.2"}, "state": 0})
    chromium_profile(data, "Profile 4", {"path": str(tmp_path / "gone")})
    chromium_profile(data, "Profile 5", {**loaded, "disable_reasons": [16777216]})
    chromium_profile(data, "System Profile", loaded)
    assert extension_copies(Family.CHROMIUM, data) == [
        ProfileCopy("Default", "0.2.0", True),
        ProfileCopy("Profile 1"),
        ProfileCopy("Profile 2", "0.2.0", False),
        ProfileCopy("Profile 3", "1.2", False),
        ProfileCopy("Profile 4", "", True),
        ProfileCopy("Profile 5", "0.2.0", False, developer_mode_missing=True),
    ]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"extensions": []}', '{"extensions": {"settings": 1}}'])
def test_files_that_say_nothing_are_as_if_the_extension_were_not_there(tmp_path, content):
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(content)
    assert extension_copies(Family.CHROMIUM, tmp_path) == [ProfileCopy("Default")]


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_firefox_profile_whose_list_is_damaged_is_left_out(tmp_path, content):
    firefox_profile(tmp_path, "x.default")
    (tmp_path / "firefox" / "x.default" / "extensions.json").write_text(content)
    (tmp_path / "firefox" / "profiles.ini").write_text("no section\n")
    assert extension_copies(Family.FIREFOX, tmp_path) == []
    assert extension_copies(Family.FIREFOX, tmp_path / "none") == []


def firefox(folder, constants):
    folder.mkdir()
    program = folder / "firefox"
    program.write_text("")
    with zipfile.ZipFile(folder / "omni.ja", "w") as archive:
        archive.writestr("modules/AppConstants.sys.mjs", constants)
    return program


@pytest.mark.parametrize(
    ("constants", "takes"),
    [
        ("MOZ_REQUIRE_SIGNING: false,", True),
        ("MOZ_REQUIRE_SIGNING: true,", False),
        ("nothing of the kind", None),
    ],
)
def test_firefox_says_itself_whether_it_can_take_what_mozilla_did_not_sign(tmp_path, constants, takes):
    assert takes_unsigned(firefox(tmp_path / "programs", constants)) is takes


def test_a_firefox_that_cannot_be_looked_into_says_nothing(tmp_path):
    program = tmp_path / "some-browser"
    program.write_text("")
    (tmp_path / "omni.ja").write_text("no archive")
    assert takes_unsigned(program) is None


@pytest.mark.client("firefox")
def test_debians_firefox_esr_takes_it(find_client):
    assert takes_unsigned(find_client("firefox")) is True
