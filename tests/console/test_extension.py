"""The browser extension as it is built: its own checks, its packages, and what it may do in a browser."""

import json
import re
import subprocess
import tomllib
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

from usher.console.extension import CHROMIUM_ID

EXTENSION = Path(__file__).parents[2] / "extension"
PACKAGES = files("usher.console") / "packages"
NAMES = ("usher-firefox.xpi", "usher-chromium.zip")
ALLOWED = {
    "usher-firefox.xpi": {"alarms", "contextualIdentities", "cookies", "nativeMessaging", "storage"},
    "usher-chromium.zip": {"alarms", "nativeMessaging", "storage", "tabGroups"},
}


def manifest_of(name):
    with PACKAGES.joinpath(name).open("rb") as stream, zipfile.ZipFile(stream) as package:
        return json.loads(package.read("manifest.json"))


@pytest.mark.client("extension")
def test_types_lint_and_unit_tests_pass():
    checked = subprocess.run(
        ["npm", "run", "--silent", "check"], cwd=EXTENSION, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.client("extension")
def test_the_packages_are_what_the_source_builds_byte_for_byte(tmp_path):
    subprocess.run(["node", "scripts/package.mjs", str(tmp_path)], cwd=EXTENSION, check=True)
    for name in NAMES:
        committed = PACKAGES.joinpath(name).read_bytes()
        assert (tmp_path / name).read_bytes() == committed, f"{name} is of another source: 'make extension'"


def test_extension_and_command_line_have_one_version():
    project = tomllib.loads((EXTENSION.parent / "pyproject.toml").read_text())
    versions = {manifest_of(name)["version"] for name in NAMES}
    assert versions == {project["project"]["version"]}


@pytest.mark.parametrize("name", NAMES)
def test_the_extension_asks_for_no_more_than_it_argues_for(name):
    manifest = manifest_of(name)
    assert set(manifest["permissions"]) == ALLOWED[name]
    argued = (EXTENSION / "README.md").read_text()
    assert all(f"| `{permission}` |" in argued for permission in ALLOWED[name])
    assert "optional_permissions" not in manifest


@pytest.mark.parametrize("name", NAMES)
def test_the_extension_runs_on_console_pages_and_nowhere_else(name):
    manifest = manifest_of(name)
    [script] = manifest["content_scripts"]
    assert script["matches"] == manifest["host_permissions"]
    hosts = {
        host
        for each in json.loads((EXTENSION / "src/shared/hosts.json").read_text()).values()
        for host in each["consoles"]
    }
    for pattern in script["matches"]:
        found = re.fullmatch(r"https://(?:\*\.)?([a-z0-9.-]+)/\*", pattern)
        assert found is not None
        assert found[1] in hosts
    assert script["all_frames"] is False


@pytest.mark.parametrize("name", NAMES)
def test_no_page_reaches_the_extension_or_frames_it(name):
    manifest = manifest_of(name)
    assert "web_accessible_resources" not in manifest
    assert manifest.get("externally_connectable", {"ids": [CHROMIUM_ID]}) == {"ids": [CHROMIUM_ID]}
    assert manifest["incognito"] == "not_allowed"
    rules = manifest["content_security_policy"]["extension_pages"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(rules)
