"""AWS's own files: whether they parse, and whose credentials a tool would use in this shell, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from usher.cli.context import Context
from usher.cli.doctor.verdict import Verdict, bad, good, note
from usher.cli.terminal import printable
from usher.core.errors import UsherError
from usher.profiles.aws_files import AwsFiles, read_aws_files
from usher.profiles.config_file import read_config
from usher.profiles.own_keys import sdk_source

_WEB_IDENTITY = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
_CONTAINER = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")


def check_aws_config(context: Context) -> Iterator[Verdict]:
    """Whether AWS's tools can read both files."""
    files = _files(context)
    for problem in files.problems:
        yield bad("aws-config", problem, "give one of the two another name")
    if files.problems:
        return
    if not files.profiles:
        yield note("aws-config", f"no profile in {context.aws_config_file}", "usher profiles sync")
        return
    shadowed = [
        profile.name
        for profile in files.profiles.values()
        if profile.in_credentials.get("aws_access_key_id") and profile.in_config.get("credential_process")
    ]
    if shadowed:
        names = ", ".join(printable(name) for name in shadowed)
        yield bad(
            "aws-config",
            f"keys in {context.aws_credentials_file} win over credential_process for: {names}",
            "usher doctor secrets --remove",
        )
    count = len(files.profiles)
    yield good("aws-config", f"both files are fine, {count} profile{'s' if count != 1 else ''}")


def check_winner(context: Context) -> Iterator[Verdict]:
    """Which credentials win here: variables before profiles, as botocore and the other SDKs do it."""
    environ = context.environ
    profile = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    if environ.get("AWS_ACCESS_KEY_ID"):
        words = "keys in the environment (AWS_ACCESS_KEY_ID) win"
        if profile:
            yield bad(
                "winner",
                f"{words} in most SDKs, though AWS_PROFILE={printable(profile)} is set",
                "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
            )
        else:
            yield note("winner", words, "start programs with 'usher exec PROFILE -- ...'")
        return
    name = profile or "default"
    files = _files(context)
    found = files.profiles.get(name)
    why = f"AWS_PROFILE={printable(name)}" if profile else "no AWS_PROFILE, so 'default'"
    if profile and found is None:
        yield bad("winner", f"{why}, but there is no such profile", "usher use PROFILE, or unset AWS_PROFILE")
        return
    source = sdk_source(found) if found else None
    if source is not None:
        yield good("winner", f"{why}: {source} of {found.place if found else ''}")
    elif all(environ.get(variable) for variable in _WEB_IDENTITY):
        yield note("winner", f"{why} gives none; the web identity of the environment wins")
    elif any(environ.get(variable) for variable in _CONTAINER):
        yield good("winner", f"{why} gives none; the container endpoint of the environment wins")
    else:
        yield note(
            "winner", f"{why}: no credentials; tools will try the instance's metadata", "usher use PROFILE"
        )


def _files(context: Context) -> AwsFiles:
    path = context.aws_credentials_file
    return read_aws_files(
        read_config(context.aws_config_file), context.aws_config_file, _credentials(path), path
    )


def _credentials(path: Path) -> str:
    try:
        return read_config(path)
    except UsherError:
        return ""
