"""`usher login --share` and `--from-aws-cli`: one login for Usher and for AWS's own tools."""

import json
import subprocess
import sys

import pytest

STAGING = "mkdev-staging/ReadOnlyAccess"
ASK = (
    "import boto3; s = boto3.Session(profile_name='mkdev-staging/ReadOnlyAccess');"
    "print(s.get_credentials().get_frozen_credentials().access_key)"
)


def cache(home):
    folder = home.folder / ".aws" / "sso" / "cache"
    return {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}


def boto3_key(home):
    done = subprocess.run([sys.executable, "-c", ASK], env=home.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def native(mkdev):
    """A home with native profiles, which AWS's tools open with their own token files."""
    mkdev.ok("profiles", "sync", "--native")
    return mkdev


def test_nothing_is_shared_unless_asked_for(native):
    assert cache(native) == {}


def test_a_shared_login_opens_native_profiles_of_awss_tools(native):
    native.ok("login", "--device", "--share")
    assert boto3_key(native)
    assert {path.stat().st_mode & 0o777 for path in native.folder.glob(".aws/sso/cache/*")} == {0o600}


def test_sharing_is_remembered_until_it_is_taken_back(native):
    native.ok("login", "--device", "--share")
    first = cache(native)
    native.ok("login", "--device")
    assert cache(native).keys() == first.keys()
    assert cache(native) != first
    native.ok("login", "--device", "--no-share")
    assert cache(native) == {}


def settle(home, share):
    path = home.folder / ".config" / "usher" / "settings.toml"
    path.write_text(f"[organizations.mkdev]\nshare = {share}\n")


def test_the_settings_say_for_every_login_whether_it_is_shared_and_options_hold_over_them(native):
    settle(native, "true")
    native.ok("login", "--device", "--no-share")
    assert cache(native) == {}
    native.ok("login", "--device")
    assert boto3_key(native)
    settle(native, "false")
    native.ok("login", "--device")
    assert cache(native) == {}
    done = native.run("login", "--from-aws-cli")
    assert done.returncode == 2
    assert "share = false in settings.toml" in done.stderr


def test_a_session_that_does_not_open_any_more_hinders_no_login(native, tmp_path):
    native.ok("login", "--device", "--share")
    for record in native.records:
        record.write_bytes(b"damaged")
    native.ok("login", "--device", "--no-share")


def test_logout_removes_what_was_shared(native):
    native.ok("login", "--device", "--share")
    native.ok("logout")
    assert cache(native) == {}


def test_a_session_of_the_aws_cli_is_taken_over_and_both_go_on(native, portal):
    native.ok("login", "--device", "--share")
    theirs = {name: content for name, content in cache(native).items() if "accessToken" in content}
    shared = {path: path.read_bytes() for path in native.folder.glob(".aws/sso/cache/*")}
    # As after `aws sso login`: the files are there, and Usher knows nothing of the session.
    native.ok("login", "--device", "--no-share")
    for path, content in shared.items():
        path.write_bytes(content)
        path.chmod(0o600)
    logins = portal.count("device_authorization")
    native.ok("login", "--from-aws-cli")
    assert portal.count("device_authorization") == logins
    assert json.loads(native.ok("credentials", STAGING))["AccountId"] == "222222222222"
    assert boto3_key(native)
    kept = {name: content for name, content in cache(native).items() if "accessToken" in content}
    assert [kept[name]["clientId"] for name in theirs] == [each["clientId"] for each in theirs.values()]


def test_no_session_to_take_over_is_said_with_the_way_to_sign_in(native):
    done = native.run("login", "--from-aws-cli")
    assert done.returncode == 3
    assert "run 'usher login'" in done.stderr
    assert native.run("login", "--from-aws-cli", "--no-share").returncode == 2


@pytest.mark.client("aws-cli")
def test_the_aws_cli_refreshes_the_shared_session_and_usher_goes_on_with_it(native, portal, find_client):
    portal.token_seconds = 240  # the AWS CLI refreshes what ends within 15 minutes, Usher within 5
    native.ok("login", "--device", "--share")
    before = {content["refreshToken"] for content in cache(native).values() if "refreshToken" in content}
    ask = [find_client("aws-cli"), "configure", "export-credentials", "--profile", STAGING]
    done = subprocess.run(ask, env=native.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["AccessKeyId"]
    assert portal.count("refresh") == 1
    after = {content["refreshToken"] for content in cache(native).values() if "refreshToken" in content}
    assert after - before
    assert json.loads(native.ok("credentials", STAGING))["AccountId"] == "222222222222"
    assert portal.count("refresh") == 2
