"""Caches of the AWS CLI and SDKs: one JSON file per token, registration or role session."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from usher.session.leftovers.finding import (
    Kind,
    Leftover,
    Life,
    Removal,
    Surroundings,
    account_of_key,
    life_until,
    masked,
    modified_at,
    moment,
    text_of,
)

_AGAIN = "a cache: the tool makes it again when it is used"
_SIGN_OUT = "'aws sso logout' ends the session too; deleting only forgets it here"


def find_in_caches(places: Surroundings, now: float) -> Iterator[Leftover]:
    """Files of the caches below `~/.aws`; each can be deleted and is made again when needed."""
    login = places.environ.get("AWS_LOGIN_CACHE_DIRECTORY")
    folders = (
        (places.home / ".aws" / "sso" / "cache", "AWS CLI (sso)"),
        (places.home / ".aws" / "cli" / "cache", "AWS CLI (role sessions)"),
        (places.home / ".aws" / "boto" / "cache", "boto (role sessions)"),
        (Path(login) if login else places.home / ".aws" / "login" / "cache", "aws login"),
    )
    for folder, tool in folders:
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            document = _document(path)
            found = document and _judged(path, tool, document, now)
            if found:
                yield found


def _document(path: Path) -> Mapping[str, object] | None:
    """The file's object. Torn files, which old CLIs leave, still hold what they hold: they count as live."""
    text = text_of(path)
    try:
        document = json.loads(text) if text else None
    except ValueError:
        return {"torn": text}
    return document if isinstance(document, dict) else None


def _judged(path: Path, tool: str, document: Mapping[str, object], now: float) -> Leftover | None:
    for judge in (_role_session, _token, _client):
        found = judge(path, tool, document, now)
        if found is not None:
            return found
    if "torn" in document and any(word in str(document["torn"]) for word in ("Token", "Secret")):
        return _leftover(path, Kind.TOKEN, tool, "a torn cache file: it can only be deleted")
    return None


def _role_session(path: Path, tool: str, document: Mapping[str, object], now: float) -> Leftover | None:
    keys = document.get("Credentials")
    nested = document.get("accessToken")
    if not isinstance(keys, dict):
        keys = (
            {name[:1].upper() + name[1:]: each for name, each in nested.items()}
            if isinstance(nested, dict)
            else {}
        )
    if not keys.get("SecretAccessKey"):
        return None
    key_id = str(keys.get("AccessKeyId", ""))
    expires_at = moment(keys.get("Expiration") or keys.get("ExpiresAt"))
    return _leftover(
        path,
        Kind.TOKEN if document.get("refreshToken") else Kind.SESSION_KEY,
        tool,
        "'aws logout' ends the session too" if document.get("refreshToken") else _AGAIN,
        str(keys.get("AccountId") or account_of_key(key_id)),
        masked(key_id),
        life=Life.LIVE if document.get("refreshToken") else life_until(expires_at, now),
        expires_at=expires_at,
    )


def _token(path: Path, tool: str, document: Mapping[str, object], now: float) -> Leftover | None:
    if not isinstance(document.get("accessToken"), str):
        return None
    expires_at = moment(document.get("expiresAt"))
    refreshable_until = (
        moment(document.get("registrationExpiresAt")) if document.get("refreshToken") else None
    )
    ends = max((end for end in (expires_at, refreshable_until) if end is not None), default=None)
    return _leftover(
        path,
        Kind.TOKEN,
        tool,
        _SIGN_OUT,
        name=str(document.get("startUrl", "")),
        life=life_until(ends, now),
        expires_at=ends,
    )


def _client(path: Path, tool: str, document: Mapping[str, object], now: float) -> Leftover | None:
    if not document.get("clientSecret"):
        return None
    expires_at = moment(document.get("expiresAt"))
    return _leftover(path, Kind.CLIENT, tool, _AGAIN, life=life_until(expires_at, now), expires_at=expires_at)


def _leftover(
    path: Path,
    kind: Kind,
    tool: str,
    advice: str,
    account: str = "",
    key_id: str = "",
    *,
    name: str = "",
    life: Life = Life.UNKNOWN,
    expires_at: float | None = None,
) -> Leftover:
    return Leftover(
        path,
        kind,
        tool,
        Removal.DELETE_FILE,
        advice,
        name,
        account,
        key_id,
        life,
        expires_at,
        modified_at(path),
    )
