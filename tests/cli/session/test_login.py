"""`usher login`, `status` and `logout` as a person runs them."""

import json
import os
import signal
import time
from pathlib import Path

import pytest


def login(home, portal, *arguments, **environ):
    address = ("--start-url", portal.url + "/start", "--region", "eu-central-1")
    return home.run("login", "mkdev", *address, *arguments, **environ)


def test_a_login_in_the_browser_leaves_the_person_signed_in(home, portal):
    done = login(home, portal, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["organization"], document["region"]) == ("mkdev", "eu-central-1")
    assert document["refreshable"] is True
    status = json.loads(home.ok("status", "--json"))
    assert status["organizations"][0]["signed_in"] is True


def test_the_second_login_needs_no_words(home, portal):
    login(home, portal)
    assert home.run("login", "--device").returncode == 0
    assert home.run("login", "mkdev", "--device").returncode == 0
    assert portal.count("token") == 3


def test_without_a_browser_the_address_is_printed_and_still_works(home, portal):
    import re
    import urllib.request

    process = home.start(
        "login", "mkdev", "--start-url", portal.url + "/start", "--region", "eu-central-1", "--no-browser"
    )
    address = None
    while address is None:
        found = re.search(r"http://\S+/authorize\S+", process.stderr.readline())
        address = found and found[0]
    urllib.request.urlopen(address).read()
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_without_a_browser_that_starts_the_address_is_printed_too(home, portal):
    process = home.start(
        "login", "--start-url", portal.url, "--region", "eu-west-1", BROWSER="/no/such/program %s"
    )
    try:
        assert any("/authorize?" in process.stderr.readline() for _ in range(5))
    finally:
        process.kill()
        process.communicate()


def test_where_secrets_are_kept_is_said_once(home, portal):
    assert "vault.key.age" in login(home, portal, "--device").stderr
    assert "vault.key.age" not in login(home, portal, "--device").stderr


def test_a_device_login_shows_code_and_address(home, portal):
    said = login(home, portal, "--device").stderr
    assert "ABCD-EFGH" in said
    assert portal.url + "/device" in said


def test_a_refused_login_exits_4_and_saves_nothing(home, portal):
    portal.deny = "access_denied"
    done = login(home, portal)
    assert done.returncode == 4
    assert "access_denied" in done.stderr
    assert home.run("status").returncode == 3


def test_the_directory_tells_name_region_and_alias(home, portal):
    portal.card = {
        "start_url": "https://d-1234567890.awsapps.com/start",
        "region": "eu-west-1",
        "name": "mkdev",
    }
    document = json.loads(home.ok("login", "--start-url", portal.url, "--device", "--json"))
    assert (document["organization"], document["region"]) == ("mkdev", "eu-west-1")
    home.ok("profiles", "sync", "--native")
    assert "sso_start_url = https://d-1234567890.awsapps.com/start" in home.config.read_text()


def test_without_a_directory_card_the_region_must_be_given(home, portal):
    done = home.run("login", "--start-url", portal.url, "--device")
    assert done.returncode == 2
    assert "--region" in done.stderr


def test_an_alias_start_url_with_the_directorys_endpoint_works(home, portal):
    alias = "https://d-1234567890.awsapps.com/start"
    home.ok(
        "login",
        "mkdev",
        "--start-url",
        alias,
        "--region",
        "eu-west-1",
        "--endpoint-url",
        portal.url,
        "--device",
    )
    home.ok("profiles", "sync")
    assert home.run("login", "--device").returncode == 0


def test_a_second_organization_does_not_take_the_firsts_name(home, portal):
    portal.card = {"name": "mkdev", "region": "eu-west-1"}
    home.ok("login", "--start-url", portal.url + "/one", "--device")
    done = home.run("login", "--start-url", portal.url + "/two", "--device")
    assert done.returncode == 2
    assert "already known" in done.stderr
    assert home.run("login", "second", "--start-url", portal.url + "/two", "--device").returncode == 0
    assert home.run("login", "--device").returncode == 2


def test_settings_may_be_changed_at_a_later_login(mkdev):
    mkdev.ok("login", "--device", "--aws-endpoint-url", "http://127.0.0.1:5000", "--region", "eu-west-3")
    saved = json.loads((mkdev.folder / ".config/usher/organizations.json").read_text())
    assert saved["mkdev"]["aws_endpoint_url"] == "http://127.0.0.1:5000"
    assert saved["mkdev"]["region"] == "eu-west-3"


@pytest.mark.parametrize("url", ["http://sso.mkdev.example", "nonsense"])
def test_an_address_that_is_not_safe_exits_2(home, url):
    assert home.run("login", "--start-url", url, "--region", "eu-west-1").returncode == 2


def test_an_unreachable_portal_exits_7(home):
    done = home.run("login", "--start-url", "http://127.0.0.1:9/start", "--region", "eu-west-1")
    assert done.returncode == 7
    assert "cannot reach 127.0.0.1:9" in done.stderr


def test_a_wrong_clock_is_said_once(home, portal):
    portal.clock_error = 3600
    assert login(home, portal, "--device").stderr.count("clock is 1h behind") == 1


def test_interrupting_a_login_exits_130(home, portal):
    process = home.start("login", "--start-url", portal.url, "--region", "eu-west-1", "--no-browser")
    while "/authorize" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130


def test_status_shows_both_clocks_and_where_secrets_are(synced):
    synced.ok("credentials", "mkdev-staging/ReadOnlyAccess")
    settings = synced.folder / ".config" / "usher" / "settings.toml"
    settings.write_text('[[protect]]\naccounts = "stag*"\nlabel = "STAGING"\n')
    words = synced.ok("status")
    assert "59m left, then refreshed" in words
    assert "role session    staging (222222222222) ReadOnlyAccess: 59m left  [STAGING]" in words
    assert "their key in vault.key.age" in words
    [organization] = json.loads(synced.ok("status", "--json"))["organizations"]
    assert organization["roles"][0]["permission_set"] == "ReadOnlyAccess"
    assert organization["roles"][0]["account_name"] == "staging"


def test_status_of_nobody_exits_3(home):
    done = home.run("status")
    assert done.returncode == 3
    assert "usher login" in done.stdout


def test_status_after_logout_exits_3(mkdev):
    mkdev.ok("logout")
    done = mkdev.run("status")
    assert done.returncode == 3
    assert "not signed in" in done.stdout


def test_logout_tells_the_server_and_removes_every_secret(synced, portal, tmp_path):
    synced.ok("credentials", "mkdev-staging/ReadOnlyAccess")
    assert "Signed out of mkdev" in synced.run("logout").stderr
    assert portal.access_tokens == {}
    assert synced.records == []
    assert synced.run("credentials", "mkdev-staging/ReadOnlyAccess").returncode == 3


def test_logout_without_the_server_works_here_and_says_so(mkdev, portal):
    portal.shutdown()
    portal.server_close()
    done = mkdev.run("logout", "--all")
    assert done.returncode == 0
    assert "could not be told" in done.stderr
    assert mkdev.records == []


def test_logout_wants_a_name_or_all(mkdev):
    assert mkdev.run("logout", "mkdev", "--all").returncode == 2
    assert mkdev.run("logout", "nobody").returncode == 5


def test_no_secret_rests_readable_anywhere(synced, portal, tmp_path):
    for profile in ("mkdev-staging/ReadOnlyAccess", "mkdev-production/ReadOnlyAccess"):
        synced.ok("credentials", profile)
    shown = "".join(output for output in synced.outputs if '"Version": 1' not in output)
    contents = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(portal.issued) > 6
    for secret in portal.issued:
        assert secret not in shown
        assert [path for path, content in contents.items() if secret.encode() in content] == []


def test_everything_usher_writes_is_private_whatever_the_umask(home, portal):
    before = os.umask(0)
    try:
        login(home, portal, "--device")
        home.ok("profiles", "sync")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in home.files()} == {0o600}
    folders = [path for path in home.folder.rglob("*") if path.is_dir()]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


def test_no_secret_is_on_a_command_line(home, portal):
    """Watches the arguments of every process while a browser login runs."""
    process = home.start("login", "--start-url", portal.url, "--region", "eu-west-1", "--json")
    seen = set()
    while process.poll() is None:
        for arguments in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(arguments.read_bytes())
            except OSError:
                continue
        time.sleep(0.005)
    process.communicate()
    assert process.returncode == 0
    watched = b"\n".join(seen)
    assert b"http://127.0.0.1:" in watched
    assert not any(secret.encode() in watched for secret in portal.issued)
    assert not any(word in watched for word in (b"/authorize", b"state=", b"code_challenge"))
