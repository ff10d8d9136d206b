"""The parts of the demonstration that need no running directory."""

from __future__ import annotations

import os
import stat

import pytest

from usher.aws.clients import AwsKeys, AwsSettings, make_client
from usher.cli.commands.demo import clean_environment
from usher.cli.text.demo import entry_lines, walk_through_json
from usher.core.errors import UnavailableError, UsageError, UsherError
from usher.core.secrets import Secret
from usher.profiles.lookup import list_profiles
from usher.profiles.ways import WayIn
from usher.sandbox.client_settings import ADMIN_PROFILE, write_aws_config, write_usher_settings
from usher.sandbox.demo import EXAMPLE, DemoSettings, Entry, expected_entries, open_demo
from usher.sandbox.processes import Runner
from usher.sandbox.walk_through import Entered, WalkThrough
from usher.session.organizations import load_organizations, new_organization

OPERATOR, DEVELOPER = "operator@mkdev.example", "developer@mkdev.example"


@pytest.fixture
def portal():
    return new_organization(
        name="mkdev",
        start_url="http://127.0.0.1:8080/start",
        region="eu-central-1",
        endpoint_url="http://127.0.0.1:8080",
        aws_endpoint_url="http://127.0.0.1:9090",
        alias_start_url="https://d-0123456789.awsapps.com/start",
    )


def test_the_shipped_access_file_is_the_example(project):
    assert EXAMPLE.read_bytes() == (project / "examples" / "start-up" / "access.yaml").read_bytes()


def test_the_access_file_says_who_may_enter_where(mkdev):
    assert expected_entries(EXAMPLE.read_text(), mkdev) == (
        Entry(DEVELOPER, "production", "ReadOnlyAccess"),
        Entry(DEVELOPER, "staging", "AdministratorAccess"),
        Entry(OPERATOR, "management", "AdministratorAccess"),
        Entry(OPERATOR, "production", "AdministratorAccess"),
        Entry(OPERATOR, "staging", "AdministratorAccess"),
    )


def test_a_persons_tools_find_the_demonstration_and_nothing_is_readable_by_others(tmp_path, portal):
    write_usher_settings(tmp_path / "usher", portal)
    assert load_organizations(tmp_path / "usher" / "config")["mkdev"] == portal

    config = tmp_path / "aws" / "config"
    ways = [WayIn("222222222222", "staging", "AdministratorAccess")]
    admin = AwsKeys("AKIAEXAMPLE", Secret("the secret"))
    assert write_aws_config(config, portal, ways, admin) == ("mkdev-staging",)
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    target = list_profiles(config.read_text(), config)[0]
    assert (target.name, target.start_url) == ("mkdev-staging", portal.alias_start_url)


def test_botocore_reads_the_written_profiles(tmp_path, portal, monkeypatch):
    config = tmp_path / "aws" / "config"
    ways = [WayIn("222222222222", "staging", "AdministratorAccess")]
    write_aws_config(config, portal, ways, AwsKeys("AKIAEXAMPLE", Secret("the secret")))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    admin = make_client("sso-admin", AwsSettings("", profile=ADMIN_PROFILE))
    assert admin.meta.endpoint_url == "http://127.0.0.1:8080"
    assert admin.meta.region_name == "eu-central-1"
    portal_client = make_client("sso", AwsSettings("", profile="mkdev-staging"), unsigned=True)
    assert portal_client.meta.endpoint_url == "http://127.0.0.1:8080"
    assert (
        make_client("s3", AwsSettings("", profile="mkdev-staging")).meta.endpoint_url
        == portal.aws_endpoint_url
    )


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("precious")
    settings = DemoSettings(tmp_path, 0, {})
    with pytest.raises(UsageError, match="not empty"), open_demo(settings, lambda *_: None):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_failing_command_is_an_error_with_its_own_words():
    with pytest.raises(UsherError, match="failed with 2") as caught:
        Runner({"PATH": os.environ["PATH"]}).run("no-such-command")
    assert "there is no command" in caught.value.hint


def test_a_directory_that_ends_at_once_is_noticed_with_its_last_words(tmp_path):
    runner = Runner({"PATH": os.environ["PATH"]})
    directory = runner.start_directory(["--no-such-option"], tmp_path / "log")
    with pytest.raises(UnavailableError, match="ended with") as caught:
        directory.wait_until_ready("http://127.0.0.1:9")
    assert caught.value.hint == (tmp_path / "log").read_text().strip()[-2000:] != ""
    directory.stop()


def test_the_persons_aws_settings_and_proxies_are_not_passed_on():
    mine = {"AWS_PROFILE": "mine", "HTTPS_PROXY": "http://proxy", "MOTO_ACCOUNT_ID": "1", "PATH": "/bin"}
    clean = clean_environment(mine)
    assert clean["PATH"] == "/bin"
    assert not {"AWS_PROFILE", "HTTPS_PROXY", "MOTO_ACCOUNT_ID"} & set(clean)
    assert clean["AWS_CONFIG_FILE"] == os.devnull
    assert clean_environment(clean) == clean


def test_entries_are_shown_in_columns():
    entries = [Entry("a@x", "staging", "ReadOnly"), Entry("longer@x", "production", "Admin")]
    assert entry_lines(entries, {"staging": "1", "production": "2"}) == [
        "a@x       staging (1)     ReadOnly",
        "longer@x  production (2)  Admin",
    ]


def test_the_walk_is_one_sorted_json_document():
    door = Entered("staging", "222222222222", "Admin", "arn:x", ("bucket",))
    text = walk_through_json(WalkThrough({"b@x": (door,), "a@x": ()}, {}), {"total": 1.5})
    assert text.index('"a@x"') < text.index('"b@x"')
    assert '"buckets": [\n          "bucket"\n        ]' in text
