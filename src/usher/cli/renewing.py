"""A command's environment with the agent's endpoint in place of keys: a long job never sees them expire."""

from __future__ import annotations

import os
from collections.abc import Mapping

from usher.cli.context import Context
from usher.cli.text.agent_grants import grant_variables
from usher.cli.wire_agent import ensure_agent
from usher.profiles.config_file import read_config
from usher.profiles.config_text import read_sections
from usher.session.agent.client import CREDENTIALS_SECONDS
from usher.session.agent.grants import LONGEST_SECONDS
from usher.session.ready_record import environment_of
from usher.shell.variables import CREDENTIALS

_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
_GIVE_KEYS = {
    "aws_access_key_id",
    "credential_process",
    "sso_session",
    "sso_start_url",
    "role_arn",
    "login_session",
    "web_identity_token_file",
}


def renewing_environment(context: Context, profile: str, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ`, made for a command with keys of `profile`, with a grant of the agent instead of them.

    The grant ends with this process, or with the command that takes its place. SDKs ask a container's
    endpoint last: a `[default]` profile with keys of its own would win, so it is hidden from the command.
    """
    granted = ensure_agent(context).call(
        "grants.open",
        within=CREDENTIALS_SECONDS,
        profile=profile,
        environment=environment_of(context.environ),
        seconds=LONGEST_SECONDS,
        ends_with_caller=True,
    )
    kept = {name: value for name, value in environ.items() if name not in CREDENTIALS}
    hidden = dict.fromkeys(_FILES, os.devnull) if default_profile_has_keys(context) else {}
    if hidden:
        context.terminal.say(
            "Your [default] profile has keys of its own, which would be used instead: the command does not "
            "see your AWS files."
        )
    # The region and the endpoint of `environ` stay: a person may have asked for another region.
    return grant_variables(granted) | kept | hidden


def default_profile_has_keys(context: Context) -> bool:
    """Whether AWS SDKs would find keys in the `[default]` profile."""
    for path in (context.aws_config_file, context.aws_credentials_file):
        for section in read_sections(read_config(path), path):
            if section.name == "default" and _GIVE_KEYS & set(section.values):
                return True
    return False
