"""Roles, keys, programs and MFA as people and SDKs meet them: `usher credentials`, `explain` and `keys`."""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from moto.iam.models import iam_backends

from usher.sandbox.cloud import start_cloud

_SPEC = importlib.util.spec_from_file_location(
    "sts_server", Path(__file__).parents[2] / "session" / "sts_server.py"
)
sts_server = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(sts_server)

pytestmark = pytest.mark.once

HUB, SPOKE = "arn:aws:iam::111111111111:role/hub", "arn:aws:iam::222222222222:role/spoke"
DEVICE = sts_server.DEVICE


@pytest.fixture
def sts():
    yield from sts_server.running_sts()


def write(home, config, credentials=""):
    home.config.parent.mkdir(exist_ok=True)
    home.config.write_text(config)
    (home.config.parent / "credentials").write_text(credentials)


def user_of(sts):
    key, secret = sts.user()
    return f"[ana]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"


def role(name, arn, source, sts, more=""):
    return f"[profile {name}]\nrole_arn = {arn}\nsource_profile = {source}\nendpoint_url = {sts.url}\n{more}"


@pytest.fixture
def spoked(synced, sts, portal):
    """A home that is signed in, with a hub and a spoke behind one of its profiles."""
    sts.portal = portal
    sts.role(HUB)
    sts.role(SPOKE, external_id="e1")
    hub = role("hub", HUB, "mkdev-staging/ReadOnlyAccess", sts)
    spoke = role("spoke", SPOKE, "hub", sts, "external_id = e1\nduration_seconds = 7200\n")
    synced.config.write_text(synced.config.read_text() + hub + spoke)
    return synced


def test_a_spoke_behind_a_hub_behind_a_portal_serves_every_caller(spoked, portal, sts):
    document = json.loads(spoked.ok("credentials", "spoke"))
    assert document["AccountId"] == "222222222222"
    assert json.loads(spoked.ok("credentials", "spoke")) == document
    assert (portal.count("credentials"), sts.count("AssumeRole")) == (1, 2)
    code = "import os; print(os.environ['AWS_ACCESS_KEY_ID'])"
    assert spoked.ok("exec", "spoke", "--", sys.executable, "-c", code).strip() == document["AccessKeyId"]
    shown = spoked.ok("status")
    assert f"  chained         the role {SPOKE}: 59m left" in shown
    assert f"  chained         the role {HUB}: 59m left" in shown
    assert document["SecretAccessKey"] not in shown
    spoked.ok("logout")
    done = spoked.run("credentials", "spoke")
    assert (done.returncode, done.stdout) == (3, "")
    assert "usher login mkdev" in done.stderr


def test_the_way_is_explained_with_file_and_line_and_without_a_call(spoked, portal, sts):
    calls = len(portal.calls)
    text = spoked.ok("explain", "spoke")
    assert (len(portal.calls), sts.calls) == (calls, [])
    hub = spoked.config.read_text().splitlines().index("[profile hub]") + 1
    assert f"~/.aws/config:{hub + 1}: role_arn = {HUB}" in text
    assert "1. ReadOnlyAccess in 222222222222 through the portal of mkdev" in text
    assert "next call: asks the portal, then enters hub (AssumeRole), then enters spoke (AssumeRole)" in text
    assert "lasts an hour at most" in text
    text = spoked.ok("explain", "spoke", "--check")
    assert "checked: the keys are those of arn:aws:sts::222222222222:assumed-role/spoke/usher" in text
    assert "kept, 59m left" in text
    assert "next call: none" in text
    document = json.loads(spoked.ok("explain", "spoke", "--json"))
    assert [hop["kind"] for hop in document["hops"]] == ["portal", "role", "role"]
    assert [hop["kept"] for hop in document["hops"]] == [True, True, True]
    assert document["hops"][2]["settings"][0]["line"] == hub + 5


def test_an_explanation_says_when_a_login_comes_first(spoked):
    spoked.ok("logout")
    assert "next call: signs in first: 'usher login mkdev'" in spoked.ok("explain", "spoke")


def test_a_way_from_an_unknown_portal_is_explained_too(home):
    sso = "sso_start_url = https://a.awsapps.com/start\nsso_region = eu-west-1\n"
    process = (
        f"credential_process = /bin/usher credentials x\nsso_account_id = {'1' * 12}\nsso_role_name = R\n"
    )
    write(home, f"[profile x]\n{sso}{process}")
    text = home.ok("explain", "x")
    assert "which usher does not know yet (run 'usher login --start-url https://a.awsapps.com/start" in text
    assert "AWS's own tools use: sso_ settings at ~/.aws/config:5" in text


def test_what_shadows_a_profile_is_told(spoked, tmp_path):
    name = "mkdev-staging/ReadOnlyAccess"
    (spoked.config.parent / "credentials").write_text(
        f"[{name}]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
    )
    environ = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    text = spoked.ok("explain", name, **environ, AWS_CONFIG_FILE=str(spoked.config))
    assert "~/.aws/credentials:2: the keys there beat what the config file says" in text
    assert "AWS's own tools use: keys in the credentials file at ~/.aws/credentials:2" in text
    assert "warning: AWS_ACCESS_KEY_ID is set" in text
    assert "warning: AWS_ENDPOINT_URL is set: every call to STS goes to http://127.0.0.1:1" in text
    assert "warning: AWS_CONFIG_FILE is set" in text


def test_other_keys_in_the_credentials_file_are_noticed_at_once(home, sts):
    sts.role(HUB)
    write(home, role("hub", HUB, "ana", sts), user_of(sts))
    first = home.ok("credentials", "hub")
    assert home.ok("credentials", "hub") == first
    (home.config.parent / "credentials").write_text(user_of(sts))
    assert home.ok("credentials", "hub") != first


def test_nobody_to_type_a_code_exits_3_at_once(home, sts):
    write(home, role("hub", HUB, "ana", sts, f"mfa_serial = {DEVICE}\n"), user_of(sts))
    done = home.run("credentials", "hub")
    assert (done.returncode, done.stdout, sts.calls) == (3, "", [])
    assert "usher explain --check hub" in done.stderr


def test_one_typed_code_opens_every_role_of_the_user(home, sts):
    config = ""
    for name, arn in (("hub", HUB), ("spoke", SPOKE)):
        sts.role(arn, mfa=True)
        config += role(name, arn, "ana", sts, f"mfa_serial = {DEVICE}\n")
    write(home, config, user_of(sts))
    screen = typed(home, "123456\n", "explain", "hub", "--check")
    assert f"Code of {DEVICE}:" in screen
    assert "assumed-role/hub" in screen
    assert json.loads(home.ok("credentials", "spoke"))["AccountId"] == "222222222222"
    assert sts.count("GetSessionToken") == 1
    status = home.run("status", "--json")
    kept = [each["what"] for each in json.loads(status.stdout)["without_a_portal"]]
    assert sorted(kept) == sorted(
        [f"a session with a code of {DEVICE}", f"the role {HUB}", f"the role {SPOKE}"]
    )
    assert "without a portal\n  chained" in home.run("status").stdout
    home.ok("logout", "--all")
    assert home.run("credentials", "spoke").returncode == 3


def typed(home, text, *arguments):
    """What a person sees who types `text` at a terminal."""
    terminal, other = pty.openpty()
    process = subprocess.Popen(
        [*home.usher, *arguments], env=home.environ, stdin=other, stdout=other, stderr=other
    )
    os.close(other)
    os.write(terminal, text.encode())
    screen = b""
    try:
        while part := os.read(terminal, 65536):
            screen += part
    except OSError:
        pass  # the other side is closed: the process has ended
    os.close(terminal)
    assert process.wait(timeout=60) == 0, screen
    return screen.decode()


def test_the_settings_may_name_a_program_that_gives_codes(home, sts, tmp_path):
    sts.role(HUB, mfa=True)
    write(home, role("hub", HUB, "ana", sts, f"mfa_serial = {DEVICE}\n"), user_of(sts))
    program = tmp_path / "code"
    program.write_text("#!/bin/sh\necho 123456\n")
    program.chmod(0o755)
    settings = home.folder / ".config" / "usher" / "settings.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f'[mfa]\ncommand = ["{program}", "{{serial}}"]\n')
    settings.chmod(0o666)
    assert home.run("credentials", "hub").returncode == 2
    settings.chmod(0o600)
    assert json.loads(home.ok("credentials", "hub"))["AccountId"] == "111111111111"


def test_a_refused_role_exits_4_and_says_who_may_not_enter_what(spoked, sts):
    sts.role(HUB, trusts=["nobody"])
    done = spoked.run("credentials", "spoke")
    assert (done.returncode, done.stdout) == (4, "")
    assert "ReadOnlyAccess in 222222222222 through the portal of mkdev may not enter the role" in done.stderr
    assert "trust policy" in done.stderr


def test_other_programs_keys_are_served_and_circles_through_them_are_cut(home, tmp_path):
    keys = {"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s"}
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho '{json.dumps(keys)}'\n")
    program.chmod(0o755)
    usher = " ".join(f"'{part}'" if " " in part else part for part in usher_as_a_program(tmp_path, home))
    write(home, f"[profile p]\ncredential_process = {program}\n[profile q]\ncredential_process = {usher} q\n")
    assert json.loads(home.ok("credentials", "p")) == keys
    done = home.run("credentials", "q")
    assert done.returncode == 1
    assert "in a circle through other programs: q -> q" in done.stderr


def usher_as_a_program(folder, home):
    file = folder / "wrapped"
    file.write_text(f"#!{sys.executable}\nimport sys; from usher._entry import main; sys.exit(main())\n")
    file.chmod(0o755)
    return [str(file), "credentials"]


def test_a_program_that_a_cloned_project_names_is_not_run(home, tmp_path):
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    program = project / "program"
    program.write_text(f"#!/bin/sh\ntouch {project}/ran\necho '{{}}'\n")
    program.chmod(0o755)
    config = project / "config"
    config.write_text(f"[profile p]\ncredential_process = {program}\n")
    done = home.run("credentials", "p", AWS_CONFIG_FILE=str(config))
    assert done.returncode == 2
    assert "lies in a repository" in done.stderr
    settings = home.folder / ".config" / "usher" / "settings.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    assert not (project / "ran").exists()
    settings.write_text(f'[process]\nconfig_files = ["{config}"]\n')
    settings.chmod(0o600)
    assert "version None" in home.run("credentials", "p", AWS_CONFIG_FILE=str(config)).stderr
    assert (project / "ran").exists()


def test_a_config_file_elsewhere_that_is_no_projects_runs_its_programs(home, tmp_path):
    config = tmp_path / "config"
    config.write_text("[profile p]\ncredential_process = /bin/false\n")
    assert "ended with 1" in home.run("credentials", "p", AWS_CONFIG_FILE=str(config)).stderr


def test_boto3_takes_a_chained_role_through_a_profile_that_asks_usher(spoked):
    command = usher_as_a_program(spoked.folder, spoked)
    text = spoked.config.read_text()
    spoked.config.write_text(f"{text}[profile sdk]\ncredential_process = {' '.join(command)} spoke\n")
    code = (
        "import boto3; c = boto3.Session(profile_name='sdk').get_credentials();"
        "print(c.get_frozen_credentials().access_key)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=spoked.environ, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == json.loads(spoked.ok("credentials", "spoke"))["AccessKeyId"], done.stderr


# Keys of IAM users ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cloud():
    running = start_cloud()
    yield running
    running.stop()


@pytest.fixture
def ana(cloud):
    """An IAM user of moto behind an honest front, with one key."""
    iam = iam_backends["123456789012"]["aws"]
    user = iam.create_user("aws", f"cli-ana{len(iam.users)}")
    user.first = iam.create_access_key(user.name)
    yield user
    for key in list(user.access_keys):
        iam.delete_access_key(key.access_key_id, user.name)
    iam.delete_user(user.name)


def plain(ana):
    return (
        f"aws_access_key_id = {ana.first.access_key_id}\n"
        f"aws_secret_access_key = {ana.first.secret_access_key}\n"
    )


def holds(home, secret):
    return [file for file in home.files() if secret.encode() in file.read_bytes()]


def test_plain_keys_move_into_the_vault_and_leave_nothing_behind(home, cloud, ana):
    config = (
        f"# mine\n[profile ana]\nregion = eu-central-1 \nendpoint_url = {cloud.url}\n\n[profile b]\nx = y"
    )
    write(home, config, f"[other]\nx = y\n\n[ana]\n{plain(ana)}# last\n")
    done = home.run("keys", "import", "--profile", "ana")
    assert done.returncode == 0, done.stderr
    assert f"of {ana.arn} are in the vault as 'ana'" in done.stderr
    assert "They still lie in the profile 'ana'" in done.stderr
    home.ok("keys", "import", "--profile", "ana", "--yes")
    assert not holds(home, ana.first.secret_access_key)
    assert (home.config.parent / "credentials").read_text() == "[other]\nx = y\n\n[ana]\n# last\n"
    text = home.config.read_text()
    assert text.startswith("# mine\n[profile ana]\nusher_keys = ana\ncredential_process = ")
    assert text.endswith(config.removeprefix("# mine\n[profile ana]\n"))
    assert json.loads(home.ok("credentials", "ana"))["AccessKeyId"] == ana.first.access_key_id
    listed = json.loads(home.ok("keys", "list", "--check", "--json"))
    assert [(key["name"], key["profiles"], key["accepted"]) for key in listed] == [("ana", ["ana"], True)]
    assert "accepted by AWS" in home.ok("keys", "list", "--check")


def test_keys_of_the_console_move_into_the_vault_too(home, cloud, ana, tmp_path):
    file = tmp_path / "access keys.csv"
    keys = f"{ana.first.access_key_id},{ana.first.secret_access_key}"
    file.write_text(f"\ufeffAccess key ID,Secret access key\n{keys}\n")
    endpoint = {"AWS_ENDPOINT_URL": cloud.url}
    options = ["--from-csv", str(file), "--name", "console", "--keep-plain"]
    kept = home.run("keys", "import", *options, **endpoint)
    told = kept.stderr.partition("; 'usher ")[2].partition("' removes them")[0]
    home.ok(*shlex.split(told), **endpoint)
    assert not file.exists()
    nobody = home.run("keys", "list", "--check", AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert (nobody.returncode, "accepted" in nobody.stdout) == (0, False)
    assert "cannot be reached" in nobody.stderr
    assert json.loads(home.ok("credentials", "console"))["SecretAccessKey"] == ana.first.secret_access_key


def test_rotated_keys_serve_at_once_and_the_old_ones_are_gone(home, cloud, ana):
    write(home, f"[profile ana]\nendpoint_url = {cloud.url}\n", f"[ana]\n{plain(ana)}")
    home.ok("keys", "import", "--profile", "ana", "--yes")
    done = home.run("keys", "rotate", "ana")
    assert done.returncode == 0, done.stderr
    keys = json.loads(home.ok("credentials", "ana"))
    assert [key.access_key_id for key in ana.access_keys] == [keys["AccessKeyId"]]
    assert keys["AccessKeyId"] != ana.first.access_key_id
    assert f"{ana.first.access_key_id} is deleted at AWS" in done.stderr
    iam_backends["123456789012"]["aws"].create_access_key(ana.name)
    done = home.run("keys", "rotate", "ana")
    assert done.returncode == 1
    assert "AWS allows no third" in done.stderr


def test_a_user_that_needs_a_code_to_change_its_keys_gives_one(home, sts):
    user = sts_server.USER
    write(home, f"[profile ana]\nmfa_serial = {DEVICE}\nendpoint_url = {sts.url}\n", user_of(sts))
    home.ok("keys", "import", "--profile", "ana", "--yes")
    screen = typed(home, "123456\n", "keys", "rotate", "ana")
    assert screen.count("Code of") == 1
    assert "is deleted at AWS" in screen
    assert len([key for key, each in sts.keys.items() if each["arn"] == user and not each["token"]]) == 1
    assert "accepted by AWS" in home.ok("keys", "list", "--check")


def test_removed_keys_are_gone_and_their_profiles_named(home, cloud, ana):
    write(home, f"[profile ana]\nendpoint_url = {cloud.url}\n", f"[ana]\n{plain(ana)}")
    home.ok("keys", "import", "--profile", "ana", "--yes")
    assert home.run("keys", "remove", "ana").returncode == 2
    done = home.run("keys", "remove", "ana", "--yes")
    assert "the profile 'ana' still names these keys" in done.stderr
    assert "The vault holds no keys" in home.ok("keys", "list")
    done = home.run("credentials", "ana")
    assert done.returncode == 5
    assert "holds no keys called 'ana'" in home.ok("explain", "ana")


def test_keys_that_aws_refuses_exit_4(home, cloud, ana):
    write(home, f"[profile ana]\nendpoint_url = {cloud.url}\n", f"[ana]\n{plain(ana)}")
    home.ok("keys", "import", "--profile", "ana", "--yes")
    iam_backends["123456789012"]["aws"].update_access_key(ana.name, ana.first.access_key_id, "Inactive")
    done = home.run("keys", "list", "--check")
    assert done.returncode == 4
    assert "refused by AWS" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--profile", "none"], "there is no profile 'none'"),
        (["--profile", "empty"], "has no plain keys"),
        (["--profile", "short"], "of a session that ends by itself"),
        (["--from-csv", "/nowhere"], "cannot read /nowhere"),
        (["--from-csv", "BINARY"], "is not a text file"),
        (["--from-csv", "OTHER"], "is not one key as the AWS console writes it"),
    ],
)
def test_what_cannot_be_imported_is_said(home, tmp_path, arguments, words):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "other").write_text("a,b\n1,2\n")
    names = {"BINARY": str(tmp_path / "binary"), "OTHER": str(tmp_path / "other")}
    keys = "aws_access_key_id = ASIA\naws_secret_access_key = s\naws_session_token = t\n"
    write(home, "[profile empty]\nregion = x\n", f"[short]\n{keys}")
    done = home.run("keys", "import", *(names.get(each, each) for each in arguments))
    assert done.returncode in {2, 5}
    assert words in done.stderr


def test_keys_of_another_user_do_not_replace_those_of_the_same_name(home, cloud, ana):
    write(home, f"[profile ana]\nendpoint_url = {cloud.url}\n", f"[ana]\n{plain(ana)}")
    home.ok("keys", "import", "--profile", "ana", "--keep-plain")
    second = iam_backends["123456789012"]["aws"].create_access_key(ana.name)
    keys = f"aws_access_key_id = {second.access_key_id}\naws_secret_access_key = {second.secret_access_key}\n"
    write(home, f"[profile ana]\nendpoint_url = {cloud.url}\n", f"[ana]\n{keys}")
    done = home.run("keys", "import", "--profile", "ana")
    assert done.returncode == 2
    assert "holds other keys called 'ana'" in done.stderr


def test_keys_of_the_root_user_and_names_that_break_lines_are_refused(home, sts):
    key, secret = sts.user("arn:aws:iam::111111111111:root")
    keys = f"[root]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
    write(
        home,
        f"[profile root]\nendpoint_url = {sts.url}\n[profile ana]\nendpoint_url = {sts.url}\n",
        keys + user_of(sts),
    )
    done = home.run("keys", "import", "--profile", "root")
    assert done.returncode == 2
    assert "better deleted than kept" in done.stderr
    assert home.run("keys", "import", "--profile", "ana", "--name", "a\nb").returncode == 2


def test_a_vault_that_is_only_memory_takes_no_lasting_keys(home, cloud, ana):
    write(home, f"[profile ana]\nendpoint_url = {cloud.url}\n", f"[ana]\n{plain(ana)}")
    try:
        done = home.run("keys", "import", "--profile", "ana", "--yes", USHER_VAULT="agent")
        assert done.returncode == 2
        assert "only in the agent's memory" in done.stderr
        assert holds(home, ana.first.secret_access_key)
        assert "holds no keys" in home.ok("keys", "list", USHER_VAULT="agent")
    finally:
        home.run("agent", "stop", USHER_VAULT="agent")
