"""The variables of AWS tools and of Usher, in the groups that are set and taken away together.

Keys in the environment beat `AWS_PROFILE`, a web identity beats a profile, and a region variable beats
the profile's region: whoever sets one group takes away what would win over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from usher.core.credentials import Credentials
from usher.core.looks import PLAIN, Look
from usher.shell.changes import Changes, changes

KEYS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
)
WEB_IDENTITY = ("AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE")
CONTAINER = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
PROFILE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")

# Usher's own: which profile it gave, how that looks, and how to go back. No secrets.
LOOK = ("USHER_PROFILE", "USHER_COLOUR", "USHER_LABEL")
FOLDER = ("USHER_FOLDER", "USHER_OUTSIDE")
PREVIOUS = "USHER_PREVIOUS"
OWN_REGION = "USHER_REGION"
OWN_ENDPOINT = "USHER_ENDPOINT_URL"
PINNED = "USHER_PINNED"
ANNOUNCED = "USHER_ANNOUNCED"
STAMP = "USHER_STAMP"

# The shell's window (`usher switch`): its id, the file that says what it is in, what was seen of that file.
WINDOW = "USHER_WINDOW"
WINDOW_FILE = "USHER_WINDOW_FILE"
WINDOW_SEEN = "USHER_WINDOW_SEEN"

CREDENTIALS = (*PROFILE, *KEYS, *WEB_IDENTITY, *CONTAINER)
"""Each of these would beat, or be confused with, credentials that are given."""


def look_variables(profile: str, look: Look = PLAIN) -> dict[str, str]:
    """The variables by which a prompt knows what was given, without asking anybody."""
    given = {"USHER_PROFILE": profile}
    if look.colour is not None:
        given["USHER_COLOUR"] = look.colour
    if look.label:
        given["USHER_LABEL"] = look.label
    return given


def credential_changes(
    environ: Mapping[str, str],
    profile: str,
    keys: Credentials,
    region: str,
    *,
    endpoint_url: str | None = None,
    look: Look = PLAIN,
) -> Changes:
    """What turns `environ` into the environment of a command that runs with `keys`. Reveals them."""
    given = {
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key.reveal(),
    }
    if keys.session_token is not None:
        given["AWS_SESSION_TOKEN"] = keys.session_token.reveal()
    if keys.expires_at is not None:
        given["AWS_CREDENTIAL_EXPIRATION"] = _iso_time(keys.expires_at)
    if keys.account_id is not None:
        given["AWS_ACCOUNT_ID"] = keys.account_id
    if region:
        given |= dict.fromkeys(REGION, region)
    if endpoint_url:
        given |= {"AWS_ENDPOINT_URL": endpoint_url, OWN_ENDPOINT: endpoint_url}
    gone = (*CREDENTIALS, *LOOK, *FOLDER, OWN_REGION, OWN_ENDPOINT, PREVIOUS)
    return changes(given | look_variables(profile, look), (*gone, *endpoint_of_usher(environ)))


def all_gone(environ: Mapping[str, str]) -> Changes:
    """Take away every credential and everything of Usher's, and a region only if Usher set it."""
    own = (*LOOK, *FOLDER, PREVIOUS, OWN_REGION, OWN_ENDPOINT)
    return changes({}, (*CREDENTIALS, *own, *region_of_usher(environ), *endpoint_of_usher(environ)))


def region_of_usher(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The region variables that still hold what Usher put there."""
    ours = environ.get(OWN_REGION)
    return tuple(name for name in REGION if ours and environ.get(name) == ours)


def endpoint_of_usher(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The endpoint variable, if it still holds what Usher put there: one AWS's address is not another's."""
    ours = environ.get(OWN_ENDPOINT)
    return ("AWS_ENDPOINT_URL",) if ours and environ.get("AWS_ENDPOINT_URL") == ours else ()


def _iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
