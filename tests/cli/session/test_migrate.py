"""`usher migrate`: from what other tools left to profiles that work, under the names they had."""

import json

import pytest

OLD = """\
# my accounts
[profile old]
# read only
sso_start_url = {url}/start#/
sso_region = eu-central-1
sso_account_id = 222222222222
sso_role_name = ReadOnlyAccess

[profile red one]
[profile "red one"]
granted_sso_start_url = {url}/start
granted_sso_region = eu-central-1
granted_sso_account_id = 333333333333
granted_sso_role_name = ReadOnlyAccess
granted_color = red
credential_process = granted credential-process --profile "red one"

[profile 222222222222:ReadOnlyAccess]
credential_process = /bin/aws-sso -S Work process --arn arn:aws:iam::222222222222:role/ReadOnlyAccess

[profile lost]
credential_process = /bin/aws-sso -S Gone process --arn arn:aws:iam::222222222222:role/ReadOnlyAccess
"""
GRANTED = 'DefaultBrowser = "FIREFOX"\n[SSO.mkdev]\nStartURL = "{url}/start/"\nSSORegion = "eu-central-1"\n'
SSO_CLI = "SSOConfig:\n  Work: {{SSORegion: eu-central-1, StartUrl: '{url}/start'}}\nDefaultSSO: Work\n"


@pytest.fixture
def newcomer(home, portal):
    """A home where three other tools were used."""
    for place, text in {
        ".aws/config": OLD,
        ".granted/config": GRANTED,
        ".config/aws-sso/config.yaml": SSO_CLI,
    }.items():
        (home.folder / place).parent.mkdir(parents=True, exist_ok=True)
        (home.folder / place).write_text(text.format(url=portal.url))
    return home


def test_old_names_work_after_one_migration_and_one_login(newcomer):
    before = newcomer.config.read_text()
    done = newcomer.run("migrate", "--yes")
    assert done.returncode == 0, done.stderr
    assert "+ mkdev" in done.stderr
    assert 'granted_color = red\n      [[protect]]\n      profiles = ["red one"]\n' in done.stderr
    assert "profile lost" in done.stderr
    assert newcomer.config.with_name("config.usher-backup").read_text() == before
    newcomer.ok("login", "mkdev", "--device")
    for profile, account in {
        "old": "222222222222",
        "red one": "333333333333",
        "222222222222:ReadOnlyAccess": "222222222222",
    }.items():
        assert json.loads(newcomer.ok("credentials", profile))["AccountId"] == account
    text = newcomer.config.read_text()
    assert "# my accounts\n[profile old]\n# read only\ncredential_process = " in text
    assert "granted" not in text.replace("granted_color", "")
    assert "sso_start_url" not in text


def test_looking_changes_nothing_and_says_what_would(newcomer):
    files = {path: path.read_bytes() for path in newcomer.files()}
    done = newcomer.run("migrate", "--dry-run", "--json")
    document = json.loads(done.stdout)
    assert document["applied"] is False
    assert [each["name"] for each in document["organizations"]] == ["mkdev"]
    assert [(each["name"], each["from"]) for each in document["profiles"]] == [
        ("old", "aws-cli"),
        ("red one", "granted"),
        ("222222222222:ReadOnlyAccess", "aws-sso-cli"),
    ]
    assert "ends after 8 hours and cannot be refreshed" in done.stderr.replace("\n", " ")
    assert {path: path.read_bytes() for path in newcomer.files()} == files


def test_a_second_migration_finds_nothing_to_do(newcomer):
    newcomer.ok("migrate", "--yes")
    files = {path: path.read_bytes() for path in newcomer.files()}
    done = newcomer.run("migrate", "--yes")
    assert done.returncode == 0
    assert "nothing to migrate" in done.stderr
    assert {path: path.read_bytes() for path in newcomer.files()} == files


def test_only_one_tools_traces_are_migrated_when_one_is_named(newcomer):
    newcomer.ok("migrate", "--yes", "--from", "granted")
    text = newcomer.config.read_text()
    assert "granted_sso_start_url" not in text
    assert "sso_role_name = ReadOnlyAccess" in text
    assert "/bin/aws-sso -S Work" in text


def test_where_nobody_can_be_asked_nothing_changes(newcomer):
    before = newcomer.config.read_text()
    done = newcomer.run("migrate")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert newcomer.config.read_text() == before


def test_known_organizations_keep_their_names_and_odd_portals_are_told(mkdev, portal):
    mkdev.config.parent.mkdir(exist_ok=True)
    mkdev.config.write_text(
        OLD.format(url=portal.url).partition("[profile red")[0]
        + "[sso-session mkdev]\nsso_start_url = https://other.awsapps.com/start\nsso_region = eu-west-1\n"
        "sso_registration_scopes = codewhisperer:completions\n"
        "[sso-session plain]\nsso_start_url = http://portal.example/start\nsso_region = eu-west-1\n"
    )
    done = mkdev.run("migrate", "--yes", "--json")
    document = json.loads(done.stdout)
    assert document["applied"] is True
    assert document["profiles"][0]["organization"] == "mkdev"
    assert [each["name"] for each in document["organizations"]] == ["mkdev-2"]
    assert [each["what"] for each in document["unmapped"]] == ["plain"]
    assert json.loads(mkdev.ok("credentials", "old"))["AccountId"] == "222222222222"
    kept = json.loads((mkdev.folder / ".config/usher/organizations.json").read_text())
    assert kept["mkdev-2"]["scopes"] == ["sso:account:access"]


def test_a_machine_without_any_other_tool_has_nothing_to_migrate(home):
    assert "nothing to migrate" in home.run("migrate").stderr
