"""Serving a profile's keys: the `credential_process` document, and making it ready for the next call."""

from __future__ import annotations

import json

from usher.cli.opening import OpenedProfile, is_still_kept
from usher.cli.text.status import iso_time
from usher.cli.wire import SessionRooms


def credentials_document(opened: OpenedProfile) -> str:
    """The document that AWS SDKs read from a `credential_process`."""
    keys = opened.credentials
    document: dict[str, object] = {
        "Version": 1,
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key.reveal(),
    }
    if keys.session_token is not None:
        document["SessionToken"] = keys.session_token.reveal()
    if keys.expires_at is not None:
        document["Expiration"] = iso_time(keys.expires_at)
    if keys.account_id is not None:
        document["AccountId"] = keys.account_id
    return json.dumps(document)


def make_ready(rooms: SessionRooms, profile: str, opened: OpenedProfile) -> None:
    """Put the document where the hot path finds it, under the name that was asked for.

    The hot path notices a change of the config file alone, so keys that rest on more are left out. A login or
    logout that takes the keys away clears the shelf after: under its lock, nothing comes in between.
    """
    expires_at = opened.credentials.expires_at
    if expires_at is None or not opened.chain.rests_on(str(rooms.context.aws_config_file)):
        return
    content = credentials_document(opened).encode() + b"\n"
    with rooms.holding_session(opened.organization):
        if is_still_kept(rooms, opened):
            rooms.shelf.put(profile, content, expires_at, opened.stamp)
