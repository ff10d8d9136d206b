"""What AWS's own tools make of a profile, and what beats it, where that is not what Usher does."""

from __future__ import annotations

from collections.abc import Mapping

from usher.profiles.aws_files import AwsFiles
from usher.profiles.own_keys import Source, asked_of_usher, own_source, sdk_source

_FIRST_KEY = {
    Source.ASSUME_ROLE: "role_arn",
    Source.WEB_IDENTITY: "web_identity_token_file",
    Source.SSO_PORTAL: "sso_account_id",
    Source.CREDENTIALS_FILE: "aws_access_key_id",
    Source.LOGIN_SESSION: "login_session",
    Source.PROCESS: "credential_process",
    Source.CONFIG_FILE: "aws_access_key_id",
}


def aws_tools_use(files: AwsFiles, name: str) -> str:
    """What the AWS CLI and SDKs use of the profile, in one sentence with file and line."""
    profile = files.profiles[name]
    source = sdk_source(profile)
    if source is None:
        return "nothing: they find no keys in this profile"
    key = _FIRST_KEY[source]
    value = profile.get(key)
    where = value.place if value else profile.place
    if source is Source.PROCESS and value is not None and asked_of_usher(value.text):
        return f"credential_process at {where}, which asks usher"
    return f"{source} at {where}"


def shadows(files: AwsFiles, name: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Warnings: what gives AWS's own tools other keys than usher gives for this profile."""
    profile = files.profiles[name]
    ours, theirs = own_source(profile), sdk_source(profile)
    found: list[str] = []
    asks_usher = asked_of_usher(profile.text("credential_process") or "")
    if theirs is Source.CREDENTIALS_FILE and (asks_usher or ours is not theirs):
        place = profile.in_credentials["aws_access_key_id"].place
        found.append(
            f"{place}: the keys there beat what the config file says of '{name}' in the AWS CLI and SDKs"
        )
    if theirs is Source.SSO_PORTAL and asks_usher and ours is not Source.SSO_PORTAL:
        found.append(f"the sso_ settings of '{name}' beat its credential_process in the AWS CLI and SDKs")
    if environ.get("AWS_ACCESS_KEY_ID"):
        found.append(
            "AWS_ACCESS_KEY_ID is set: it beats AWS_PROFILE in the AWS CLI and SDKs, but not --profile"
        )
    found += [
        f"{variable} is set: every call to STS goes to {environ[variable]}"
        for variable in ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
        if environ.get(variable)
    ][:1]
    found += [
        f"{variable} is set: profiles come from {environ[variable]}"
        for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
        if environ.get(variable)
    ]
    return tuple(found)
