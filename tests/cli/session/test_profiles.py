"""`usher profiles` as a person runs it: big portals, kills, edits by hand, settings, and what it warns of."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress

import boto3
import pytest
from moto.server import ThreadedMotoServer

from usher.profiles.index import read_index

STAGING = "222222222222"
USHER = [sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())"]
QUICK = "[profiles.mkdev]\ncalls_per_second = 500\n"


def settings(home, text):
    folder = home.folder / ".config" / "usher"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text(text)


def many(count):
    return {
        f"{n:012d}": (f"account-{n:03d}", ["AdministratorAccess", "ReadOnlyAccess"]) for n in range(count)
    }


def test_a_sync_that_is_killed_goes_on_where_it_stopped(mkdev, portal):
    portal.accounts, portal.latency = many(200), 0.05
    settings(mkdev, "[profiles.mkdev]\ncalls_per_second = 100\n")
    process = mkdev.start("profiles", "sync")
    while portal.count("list_roles") < 100:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not mkdev.config.exists()
    assert "400 profiles of mkdev" in mkdev.ok("profiles", "sync")
    assert portal.count("list_roles") <= 200 + 2 * 20 + 16
    assert portal.count("start_device") == 1


@pytest.mark.once
def test_a_person_who_stops_a_crawl_does_not_wait_for_a_portal_that_throttles(mkdev, portal):
    portal.accounts = many(60)
    portal.limit(0.1, 30, retry_after="15")
    process = mkdev.start("profiles", "sync")
    while portal.throttled == 0:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "what was read is kept" in err
    asked = portal.count("list_roles")
    portal.bucket = None
    mkdev.ok("profiles", "sync")
    assert portal.count("list_roles") <= asked + 60 - 29 + 16


def test_an_account_that_cannot_be_listed_keeps_its_profiles_even_when_pruning(synced, portal):
    before = synced.config.read_text()
    portal.broken_accounts = {STAGING: 400}
    del portal.accounts["333333333333"]
    done = synced.run("profiles", "prune")
    assert done.returncode == 7
    assert "staging (222222222222)" in done.stderr
    assert "Run it again" in done.stderr
    text = synced.config.read_text()
    assert text.count(f"usher_account_id = {STAGING}") == 2 == before.count(f"usher_account_id = {STAGING}")
    assert "333333333333" not in text
    document = json.loads(synced.run("profiles", "sync", "--json").stdout)
    assert [each["account"] for each in document["unlisted"]] == ["staging"]


def test_what_was_read_lately_is_enough_and_a_new_sign_in_reads_anew(synced, portal):
    before = len(portal.calls)
    synced.ok("profiles", "sync", "--if-older-than", "1d", "--template", "{account}-{permission_set|short}")
    assert len(portal.calls) == before
    assert "[profile staging-admin]" in synced.config.read_text()
    assert "usher_account_id" in synced.config.read_text()
    synced.ok("login", "--device")
    synced.ok("profiles", "sync", "--if-older-than", "8h")
    assert portal.count("list_roles") == 6


def test_the_index_knows_what_was_written(synced, portal):
    entries = read_index(synced.folder / ".cache" / "usher")
    assert (entries[0].profile, entries[0].account_name, entries[0].email) == (
        "mkdev-management/AdministratorAccess",
        "management",
        "management@mkdev.example",
    )
    portal.broken_accounts = {STAGING: 400}
    (synced.folder / ".cache" / "usher" / "index" / "mkdev.json").unlink()
    (synced.folder / ".cache" / "usher" / "crawl" / "mkdev.json").unlink()
    assert synced.run("profiles", "sync").returncode == 7
    entries = read_index(synced.folder / ".cache" / "usher")
    assert sorted(e.account_id for e in entries) == ["111111111111", STAGING, STAGING, "333333333333"]


def test_a_block_edited_by_hand_is_not_overwritten_unasked(synced):
    text = synced.config.read_text().replace("region = eu-central-1", "region = eu-west-1", 1)
    synced.config.write_text(text)
    done = synced.run("profiles", "sync")
    assert (done.returncode, synced.config.read_text()) == (2, text)
    assert "edited by hand" in done.stderr
    shown = synced.run("profiles", "sync", "--dry-run")
    assert "-region = eu-west-1" in shown.stdout
    assert "edited by hand" in shown.stderr
    synced.ok("profiles", "sync", "--overwrite")
    assert "eu-west-1" not in synced.config.read_text()


def at_a_terminal(home, answer, *arguments):
    """Run usher where a person answers; what they saw and the exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*USHER, *arguments], env=home.environ, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    seen = b""
    with suppress(OSError):
        while chunk := os.read(ours, 65_536):
            seen += chunk
    os.close(ours)
    return seen.decode(), process.wait(timeout=30)


def test_a_person_sees_what_would_be_overwritten_and_decides(synced):
    own = synced.config.read_text()
    edited = own.replace("region = eu-central-1", "region = eu-west-1", 1)
    synced.config.write_text(edited)
    seen, code = at_a_terminal(synced, "n\n", "profiles", "sync", "--if-older-than", "1d")
    assert "-region = eu-west-1" in seen
    assert (code, synced.config.read_text()) == (2, edited)
    _, code = at_a_terminal(synced, "y\n", "profiles", "sync", "--if-older-than", "1d")
    assert (code, synced.config.read_text()) == (0, own)


def test_a_difference_is_read_by_programs_too(synced):
    document = json.loads(synced.ok("profiles", "sync", "--dry-run", "--region", "eu-west-9", "--json"))
    assert document["changed"]
    assert "+region = eu-west-9" in document["diff"]
    seen, _ = at_a_terminal(synced, "", "profiles", "sync", "--dry-run", "--if-older-than", "1d")
    assert "nothing would change" in seen


def test_selectors_settings_and_options_choose_what_is_written(mkdev):
    settings(mkdev, QUICK + "exclude = 'set:Admin*'\ndefault = 'mkdev-staging/ReadOnlyAccess'\n")
    out = mkdev.ok(
        "profiles", "sync", "--region", "eu-west-3", "--include", "staging", "--include", "id:111*"
    )
    text = mkdev.config.read_text()
    assert text.count("[profile ") == 1
    assert "[default]" in text
    assert "region = eu-west-3" in text
    assert "left out by your selectors: 3 more" in out
    out = mkdev.ok("profiles", "sync")
    assert "2 profiles" not in out
    assert mkdev.config.read_text().count("[profile ") == 2


def test_profiles_that_were_never_used_may_be_left_out(synced):
    fresh = ("--only-used", "--if-older-than", "1d")
    assert "none of these profiles was used" in synced.run("profiles", "sync", *fresh).stderr
    synced.ok("exec", "mkdev-staging/ReadOnlyAccess", "--", "true")
    out = synced.ok("profiles", "sync", *fresh)
    assert synced.config.read_text().count("[profile ") == 1
    assert "left out by your selectors: 3 more" in out


def test_every_organization_is_synced_and_one_that_fails_holds_up_no_other(synced, portal):
    place = ("--start-url", portal.url + "/start", "--region", "eu-central-1")
    synced.ok("login", "b", *place, "--device")
    assert "which organization" in synced.run("profiles", "sync").stderr
    assert synced.run("profiles", "sync", "mkdev", "--all").returncode == 2
    assert synced.ok("profiles", "sync", "--all", "--if-older-than", "1d").count(" profiles of ") == 2
    synced.ok("logout", "mkdev")
    done = synced.run("profiles", "sync", "--all")
    assert done.returncode == 3
    assert "error: mkdev: " in done.stderr
    assert "4 profiles of b" in done.stdout


def test_native_and_plain_profiles_turn_into_each_other(synced):
    plain = synced.config.read_text()
    synced.ok("profiles", "sync", "--native")
    assert "credential_process" not in synced.config.read_text()
    synced.ok("profiles", "sync", "--no-native")
    assert synced.config.read_text() == plain


def test_a_credentials_file_that_has_the_last_word_is_told(mkdev):
    (mkdev.folder / ".aws").mkdir(mode=0o700)
    secret = "wJalrXUtnFEMI"
    (mkdev.folder / ".aws" / "credentials").write_text(
        f"[mkdev-staging/ReadOnlyAccess]\naws_secret_access_key = {secret}\n[other]\n"
    )
    done = mkdev.run("profiles", "sync")
    assert "sections called mkdev-staging/ReadOnlyAccess;" in done.stderr
    assert secret not in done.stdout + done.stderr


def test_many_profiles_are_told_what_they_cost(mkdev, portal):
    portal.accounts = many(250)
    settings(mkdev, QUICK)
    assert (
        "500 profiles, which cost every start of an AWS SDK about 50 ms"
        in mkdev.run("profiles", "sync").stderr
    )


def test_profiles_are_listed_by_selector_as_a_table_and_as_json(synced):
    assert [line.split() for line in synced.ok("profiles", "list", "set:Read*").splitlines()] == [
        ["PROFILE", "ACCOUNT", "ID", "PERMISSION", "SET", "UNIT", "FROM"],
        ["mkdev-production/ReadOnlyAccess", "production", "333333333333", "ReadOnlyAccess", "mkdev"],
        ["mkdev-staging/ReadOnlyAccess", "staging", STAGING, "ReadOnlyAccess", "mkdev"],
    ]
    listed = json.loads(synced.ok("profiles", "list", "--json", "--exclude", "staging"))
    assert [each["account"] for each in listed] == ["management", "production"]
    assert json.loads(synced.ok("profiles", "list", "nothing", "--json")) == []
    assert json.loads(synced.ok("profiles", "list", "--organization", "other", "--json")) == []
    assert "sync" in synced.ok("profiles", "list", "nothing")


def test_removing_an_organization_leaves_everything_else(synced):
    own = "[default]\nregion = eu-west-1\n"
    synced.config.write_text(own + synced.config.read_text())
    assert "-[profile mkdev-staging" in synced.ok("profiles", "remove", "mkdev", "--dry-run")
    assert "4 profiles of mkdev removed" in synced.ok("profiles", "remove", "mkdev")
    assert synced.config.read_text() == own
    assert read_index(synced.folder / ".cache" / "usher") == []
    assert synced.run("profiles", "remove", "mkdev").returncode == 5


def test_removing_says_what_it_removed_as_json(synced):
    assert len(json.loads(synced.ok("profiles", "remove", "mkdev", "--json"))["removed"]) == 4


@pytest.mark.parametrize("text", ["1w", "soon", "d"])
def test_an_age_that_is_none_is_wrong_usage(synced, text):
    assert synced.run("profiles", "sync", "--if-older-than", text).returncode == 2


@pytest.fixture
def organizations():
    """An AWS that has an organization with one account in a unit; the address, and that account's id."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}
    client = boto3.client("organizations", region_name="us-east-1", endpoint_url=url, **keys)
    client.create_organization(FeatureSet="ALL")
    root = client.list_roots()["Roots"][0]["Id"]
    unit = client.create_organizational_unit(ParentId=root, Name="Workloads")["OrganizationalUnit"]["Id"]
    made = client.create_account(
        AccountName="staging", Email="s@mkdev.example", Tags=[{"Key": "env", "Value": "test"}]
    )
    account = made["CreateAccountStatus"]["AccountId"]
    client.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    yield url, account
    server.stop()


@pytest.mark.once
def test_units_and_tags_are_asked_once_and_used_by_every_later_sync(home, portal, organizations):
    url, account = organizations
    portal.accounts = {
        account: ("staging", ["ReadOnlyAccess"]),
        "111111111111": ("other", ["ReadOnlyAccess"]),
    }
    place = ("--start-url", portal.url + "/start", "--region", "eu-central-1", "--aws-endpoint-url", url)
    home.ok("login", "mkdev", *place, "--device")
    home.ok("profiles", "sync")
    done = home.run(
        "profiles", "sync", "--details-from", "mkdev-staging/ReadOnlyAccess", "--include", "unit:Work*"
    )
    assert done.returncode == 0, done.stderr
    assert "units and tags of 2 accounts" in done.stderr
    assert home.config.read_text().count("[profile ") == 1
    home.ok("profiles", "sync", "--template", "{unit}-{tag.env}", "--exclude", "id:111111111111")
    assert "[profile Workloads-test]" in home.config.read_text()
    (entry,) = read_index(home.folder / ".cache" / "usher")
    assert (entry.unit, entry.tags) == ("Workloads", {"env": "test"})
    assert "Workloads" in home.ok("profiles", "list", "tag:env=test")


def test_details_need_a_profile_that_is_there(synced):
    done = synced.run("profiles", "sync", "--details-from", "nobody")
    assert done.returncode == 5
    assert "there is no profile 'nobody'" in done.stderr
