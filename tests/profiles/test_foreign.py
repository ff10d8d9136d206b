"""What other sign-in tools left is understood, and profiles are converted in place, nothing else touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from usher.core.errors import UsageError
from usher.profiles.foreign.aws_config import convert, find_profiles
from usher.profiles.foreign.aws_sso_cli import aws_sso_cli_config, read_aws_sso_cli
from usher.profiles.foreign.found import FoundPortal, Tool, Unmapped, plain_start_url
from usher.profiles.foreign.granted import granted_config, read_granted
from usher.profiles.foreign.others import find_traces

CONFIG = Path("config")
URL = "https://mkdev.awsapps.com/start"
LEGACY = f"""\
[profile old]
# why this is here
sso_start_url = {URL}#/
sso_region = eu-central-1
sso_account_id = 222222222222
sso_role_name = ReadOnlyAccess
region = eu-west-1
s3 =
  max_concurrent_requests = 5
"""
GRANTED = f"""\
[profile staging admin]
[profile "staging admin"]
granted_sso_start_url      = {URL}
granted_sso_region         = eu-central-1
granted_sso_account_id     = 222222222222
granted_sso_role_name      = AdministratorAccess
granted_color = red
granted_icon = fruit
granted_description = the test system
common_fate_generated_from = aws-sso
credential_process = granted credential-process --profile "staging admin"
output = json
"""
SSO_CLI = """\
# BEGIN_AWS_SSO_CLI

[profile 222222222222:ReadOnlyAccess]
credential_process = /bin/aws-sso -S "Default" process --arn arn:aws:iam::222222222222:role/ReadOnlyAccess

# END_AWS_SSO_CLI
"""
SSO_UTIL = f"""\
[profile generated]
sso_start_url = {URL}
sso_region = eu-central-1
sso_account_name = staging
sso_account_id = 222222222222
sso_role_name = ReadOnlyAccess
region = eu-west-1
credential_process = aws-sso-util credential-process --profile generated
sso_auto_populated = true
"""


def conversions(text):
    return find_profiles(text, CONFIG).conversions


def converted(text, **settings):
    return convert(text, CONFIG, conversions(text), lambda _: settings or {"usher_organization": "mkdev"})


@pytest.mark.parametrize(
    ("text", "tool", "portal"),
    [
        (LEGACY, Tool.AWS_CLI, URL + "#/"),
        (GRANTED, Tool.GRANTED, URL),
        (SSO_CLI, Tool.AWS_SSO_CLI, "Default"),
        (SSO_UTIL, Tool.AWS_SSO_UTIL, URL),
    ],
)
def test_each_tools_profiles_are_known_by_their_keys(text, tool, portal):
    (found,) = conversions(text)
    assert (found.tool, found.portal, found.account_id) == (tool, portal, "222222222222")
    assert found.permission_set in {"ReadOnlyAccess", "AdministratorAccess"}


def test_a_converted_profile_keeps_its_name_comments_and_other_settings():
    assert converted(LEGACY) == (
        "[profile old]\n# why this is here\nusher_organization = mkdev\nregion = eu-west-1\n"
        "s3 =\n  max_concurrent_requests = 5\n"
    )


def test_everything_granted_wrote_goes_and_what_the_person_wrote_stays():
    assert converted(GRANTED).splitlines()[1:] == [
        '[profile "staging admin"]',
        "usher_organization = mkdev",
        "output = json",
    ]
    (found,) = conversions(GRANTED)
    assert (found.colour, found.description) == ("red", "the test system")


def test_the_markers_go_so_that_aws_sso_cli_does_not_write_over_the_profiles():
    text = converted(SSO_CLI)
    assert "AWS_SSO_CLI" not in text
    assert "[profile 222222222222:ReadOnlyAccess]\nusher_organization = mkdev\n" in text


def test_aws_sso_utils_marks_go_with_its_command():
    assert converted(SSO_UTIL) == "[profile generated]\nusher_organization = mkdev\nregion = eu-west-1\n"


def test_a_command_of_the_persons_own_beside_sso_keys_stays():
    text = LEGACY + "credential_process = /home/me/keys.sh\n"
    assert "credential_process = /home/me/keys.sh\n" in converted(text)


def test_several_profiles_are_converted_and_all_between_them_stays_byte_for_byte():
    between = "\n; a note\n[profile other]\naws_access_key_id = AKIAEXAMPLE\n\n"
    text = LEGACY + between + SSO_UTIL
    assert between in converted(text)
    assert len(conversions(text)) == 2
    assert conversions(converted(text, usher_account_id="222222222222")) == ()


def test_lines_that_end_as_on_windows_go_on_so():
    text = converted(LEGACY.replace("\n", "\r\n"))
    assert "usher_organization = mkdev\r\n" in text
    assert "\n" not in text.replace("\r\n", "")


def test_a_profile_at_the_very_end_without_a_line_feed_is_converted_whole():
    text = f"[profile x]\nsso_role_name = A\nsso_account_id = 222222222222\nsso_start_url = {URL}"
    assert converted(text).endswith("[profile x]\nusher_organization = mkdev\n")


@pytest.mark.parametrize(
    "text",
    [
        LEGACY + "sso_session = corp\n",
        "[profile a]\nsso_session = s\n",
        "[profile a]\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = b\n",
        f"# usher:begin mkdev\n{LEGACY}# usher:end mkdev\n",
        LEGACY + "usher_account_id = 222222222222\n",
        "[profile a]\ncredential_process = /opt/aws-sso list\n",
        "[profile a]\ncredential_process = 'unfinished\n",
    ],
)
def test_what_usher_reads_as_it_is_or_wrote_itself_is_left(text):
    assert conversions(text) == ()


@pytest.mark.parametrize(
    ("line", "tool"),
    [
        ("credential_process = aws-vault export --format=json work", Tool.AWS_VAULT),
        ("credential_process = granted credential-process --profile a", Tool.GRANTED),
        ("credential_process = saml2aws login --credential-process", Tool.OTHER),
        (r"credential_process = 'C:\tools\leapp.exe' session generate 1", Tool.OTHER),
        ("include_profile = base", Tool.AWS_VAULT),
        ("granted_icon = fruit", Tool.GRANTED),
        ("credential_process = aws-sso process --profile x", Tool.AWS_CLI),
        (f"sso_start_url = {URL}\nsso_account_id = 12\nsso_role_name = R", Tool.AWS_CLI),
    ],
)
def test_what_has_no_counterpart_is_named_with_a_reason(line, tool):
    found = find_profiles(f"[profile a]\n{line}\n", CONFIG)
    assert found.conversions == ()
    (left,) = found.unmapped
    assert (left.tool, "profile a" in left.what) == (tool, True)
    assert left.why


def test_portals_are_found_in_sessions_and_in_profiles_that_hold_their_own():
    session = (
        f"[sso-session corp]\nsso_start_url = {URL}/\nsso_region = eu-central-1\n"
        "sso_registration_scopes = sso:account:access, codewhisperer:completions\n"
        "[sso-session broken]\nsso_region = eu-central-1\n"
    )
    assert find_profiles(session + LEGACY, CONFIG).portals == (
        FoundPortal(
            Tool.AWS_CLI,
            "corp",
            URL + "/",
            "eu-central-1",
            ("sso:account:access", "codewhisperer:completions"),
        ),
        FoundPortal(Tool.AWS_CLI, "", URL + "#/", "eu-central-1"),
    )
    assert {plain_start_url(url) for url in (URL, URL + "/", URL + "#/", URL + "/#/", f" {URL}#")} == {URL}


# --- Granted's own settings --------------------------------------------------------------------------


def test_granteds_settings_become_portals_commands_and_notes(tmp_path):
    folder = tmp_path / ".granted"
    folder.mkdir()
    (folder / "config").write_text(
        f"""
DefaultBrowser = "FIREFOX"
CustomSSOBrowserPath = "/usr/bin/firefox"
Ordering = "Frecency"
ExportCredsToAWS = true
ProfileRegistryURLS = ["https://example.com/older.git"]
[ProfileRegistry]
[[ProfileRegistry.Registries]]
Name = "team"
URL = "https://example.com/team.git"
Ref = "v1"
[SSO.mkdev]
StartURL = "{URL}"
SSORegion = "eu-central-1"
Prefix = "mk-"
[SSO.half]
StartURL = "{URL}"
"""
    )
    path = granted_config(tmp_path, {})
    found = read_granted(path)
    assert found.portals == (FoundPortal(Tool.GRANTED, "mkdev", URL, "eu-central-1", (), "/usr/bin/firefox"),)
    assert [each.instead for each in found.suggestions] == [
        "usher login NAME --browser firefox",
        "usher registry add https://example.com/team.git --ref v1",
        "usher registry add https://example.com/older.git",
    ]
    assert [each.what for each in found.unmapped] == ["[SSO.mkdev] Prefix", "[SSO.half]", "ExportCredsToAWS"]


def test_granted_is_found_in_its_folder_or_where_xdg_says(tmp_path):
    assert granted_config(tmp_path, {}) is None
    for place in (tmp_path / "xdg" / "granted", tmp_path / ".granted"):
        place.mkdir(parents=True)
        (place / "config").write_text('DefaultBrowser = "ARC"\n')
        assert granted_config(tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}) == place / "config"
    (left,) = read_granted(tmp_path / ".granted" / "config").unmapped
    assert left == Unmapped(
        Tool.GRANTED, "DefaultBrowser = ARC", "give its path: usher login NAME --browser PATH"
    )


@pytest.mark.parametrize(
    "content", ["not [toml", 'SSO = 1\nProfileRegistry = "x"\nProfileRegistryURLS = 2\n']
)
def test_settings_of_granted_that_are_odd_are_refused_or_hold_nothing(tmp_path, content):
    path = tmp_path / "config"
    path.write_text(content)
    if "not" in content:
        with pytest.raises(UsageError, match="cannot read Granted's"):
            read_granted(path)
    else:
        assert read_granted(path).portals == ()


# --- aws-sso-cli's settings --------------------------------------------------------------------------


def test_aws_sso_clis_settings_become_portals_commands_and_notes(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(
        f"""
SSOConfig:
  Default:
    SSORegion: eu-central-1
    StartUrl: {URL}
    Accounts:
      22222222222:
        Tags: {{env: test}}
        Roles:
          Deployer: {{Via: "arn:aws:iam::222222222222:role/ReadOnlyAccess", ARN: "arn:aws:iam::3:role/D"}}
          ReadOnlyAccess: {{Profile: mine}}
  Half: {{SSORegion: eu-central-1}}
  Wrong: text
DefaultSSO: Default
Browser: /usr/bin/firefox
ProfileFormat: "{{{{ .AccountIdPad }}}}:{{{{ .RoleName }}}}"
SecureStore: file
"""
    )
    found = read_aws_sso_cli(path)
    assert found.portals == (
        FoundPortal(Tool.AWS_SSO_CLI, "Default", URL, "eu-central-1", (), "/usr/bin/firefox"),
    )
    assert found.default == "Default"
    assert [each.instead for each in found.suggestions] == [
        "usher profiles sync --template '{account_id}:{permission_set}'"
    ]
    assert [each.what for each in found.unmapped] == [
        "Tags of account 022222222222",
        "Deployer in 022222222222 via arn:aws:iam::222222222222:role/ReadOnlyAccess",
        "SSOConfig Half",
        "SecureStore",
    ]


def test_aws_sso_cli_is_found_where_it_looks_itself(tmp_path):
    assert aws_sso_cli_config(tmp_path, {}) is None
    places = (".config/aws-sso/config.yaml", ".aws-sso/config.yaml", "named.yaml")
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("SSOConfig: {}\nProfileFormat: '{{ .Own }}'\n")
        named = {"AWS_SSO_CONFIG": str(tmp_path / "named.yaml")} if place == "named.yaml" else {}
        assert aws_sso_cli_config(tmp_path, named) == tmp_path / place
    (left,) = read_aws_sso_cli(tmp_path / "named.yaml").unmapped
    assert left.what == "ProfileFormat {{ .Own }}"


@pytest.mark.parametrize(
    "content", ["a: [", "- a list", "!!python/object/apply:os.getcwd []", "#" * 4_000_001]
)
def test_settings_of_aws_sso_cli_that_are_odd_are_refused_and_run_nothing(tmp_path, content):
    path = tmp_path / "config.yaml"
    path.write_text(content)
    with pytest.raises(UsageError, match="aws-sso-cli's"):
        read_aws_sso_cli(path)


def test_tools_that_cannot_be_taken_over_are_named(tmp_path):
    assert find_traces(tmp_path, {}) == ()
    (tmp_path / ".saml2aws").write_text("")
    (tmp_path / ".Leapp").mkdir()
    (tmp_path / ".Leapp" / "Leapp-lock.json").write_text("{}")
    found = find_traces(tmp_path, {"AWS_VAULT_BACKEND": "file"})
    assert [each.what for each in found] == [
        "~/.saml2aws",
        "~/.Leapp/Leapp-lock.json",
        "AWS_VAULT_BACKEND is set",
    ]
    (tmp_path / ".awsvault").mkdir()
    assert len(find_traces(tmp_path, {"AWS_VAULT_BACKEND": "file"})) == 3
