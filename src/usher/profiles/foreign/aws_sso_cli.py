"""aws-sso-cli's settings: one YAML file with its portals, accounts and roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from usher.core.errors import UsageError
from usher.profiles.foreign.found import FoundPortal, FoundSettings, Suggestion, Tool, Unmapped

# The simplest of its Go templates have a counterpart.
_TEMPLATES = {
    "{{ .AccountIdPad }}:{{ .RoleName }}": "{account_id}:{permission_set}",
    "{{ .AccountName }}:{{ .RoleName }}": "{account}:{permission_set}",
    "{{ .AccountAlias }}:{{ .RoleName }}": "{account}:{permission_set}",
    "{{ FirstItem .AccountName (.AccountAlias | nospace) }}:{{ .RoleName }}": "{account}:{permission_set}",
}
_NO_COUNTERPART = {
    "SecureStore": "secrets go to usher's vault: see 'usher vault'",
    "PromptColors": "the picker takes your terminal's colours",
    "EnvVarTags": "tags do not become variables",
    "UrlExecCommand": "give the browser: usher login NAME --browser PATH",
    "AccountPrimaryTag": "'usher pick' searches names, ids and roles at once",
}
_LONGEST = 4_000_000


def aws_sso_cli_config(home: Path, environ: Mapping[str, str]) -> Path | None:
    """The file, None when aws-sso-cli was never here. Its older folder wins where it is still there."""
    named = environ.get("AWS_SSO_CONFIG")
    xdg = environ.get("XDG_CONFIG_HOME") or str(home / ".config")
    places = (
        *([Path(named).expanduser()] if named else []),
        home / ".aws-sso" / "config.yaml",
        Path(xdg) / "aws-sso" / "config.yaml",
    )
    return next((place for place in places if place.is_file()), None)


def read_aws_sso_cli(path: Path) -> FoundSettings:
    """What the file says. Raises UsageError for one that is no YAML mapping."""
    try:
        if path.stat().st_size > _LONGEST:
            raise UsageError(f"aws-sso-cli's {path} is larger than any settings are")
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"cannot read aws-sso-cli's {path}: {error}") from None
    if not isinstance(document, dict):
        raise UsageError(f"cannot read aws-sso-cli's {path}: it holds no settings")
    portals, bad = [], []
    for name, section in _sections(document.get("SSOConfig")):
        start_url, region = section.get("StartUrl"), section.get("SSORegion")
        if isinstance(start_url, str) and isinstance(region, str):
            portals.append(FoundPortal(Tool.AWS_SSO_CLI, name, start_url, region))
        else:
            bad.append(Unmapped(Tool.AWS_SSO_CLI, f"SSOConfig {name}", "it needs StartUrl and SSORegion"))
        bad += _of_accounts(section)
    browser = document.get("Browser")
    if isinstance(browser, str) and Path(browser).is_absolute():
        portals = [
            FoundPortal(each.tool, each.name, each.start_url, each.region, each.scopes, browser)
            for each in portals
        ]
    default = document.get("DefaultSSO")
    return FoundSettings(
        path,
        tuple(portals),
        tuple(_suggestions(document)),
        (*bad, *_unmapped(document)),
        default if isinstance(default, str) else None,
    )


def _sections(value: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    for name, section in value.items() if isinstance(value, dict) else ():
        if isinstance(section, dict):
            yield str(name), section


def _of_accounts(section: Mapping[str, object]) -> Iterator[Unmapped]:
    for number, account in _sections(section.get("Accounts")):
        account_id = number.zfill(12)
        if account.get("Tags"):
            why = "tags come from AWS Organizations; rules by name go to [[protect]] in settings.toml"
            yield Unmapped(Tool.AWS_SSO_CLI, f"Tags of account {account_id}", why)
        for role, settings in _sections(account.get("Roles")):
            if settings.get("Via"):
                why = f"write a profile with 'source_profile' and role_arn {settings.get('ARN') or role}"
                yield Unmapped(Tool.AWS_SSO_CLI, f"{role} in {account_id} via {settings['Via']}", why)


def _suggestions(document: Mapping[str, object]) -> Iterator[Suggestion]:
    template = document.get("ProfileFormat")
    if isinstance(template, str) and template in _TEMPLATES:
        instead = f"usher profiles sync --template '{_TEMPLATES[template]}'"
        yield Suggestion(Tool.AWS_SSO_CLI, f"ProfileFormat {template}", instead)


def _unmapped(document: Mapping[str, object]) -> Iterator[Unmapped]:
    template = document.get("ProfileFormat")
    if isinstance(template, str) and template not in _TEMPLATES:
        why = "say it with {organization} {account} {account_id} {permission_set} and --template"
        yield Unmapped(Tool.AWS_SSO_CLI, f"ProfileFormat {template}", why)
    for key, why in _NO_COUNTERPART.items():
        if document.get(key):
            yield Unmapped(Tool.AWS_SSO_CLI, key, why)
