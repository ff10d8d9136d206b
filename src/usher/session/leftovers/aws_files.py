"""Keys that lie open in `~/.aws/credentials` and `~/.aws/config`, profile by profile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from usher.session.leftovers.finding import (
    Kind,
    Leftover,
    Life,
    Removal,
    Surroundings,
    account_of_key,
    kind_of_key,
    life_until,
    masked,
    modified_at,
    moment,
    text_of,
)

_HEADER = re.compile(r"^\[\s*(?P<name>[^\]]+?)\s*\]")
_OPTION = re.compile(r"^(?P<key>[A-Za-z_]\w*)\s*[=:]\s*(?P<value>.*?)\s*$")
_SECRETS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token")
_EXPIRIES = ("x_security_token_expires", "expiration", "aws_expiration", "aws_session_expiration")
_ADVICE = {
    Kind.STATIC_KEY: "'usher keys import --profile {name}' moves it to the vault; then rotate it",
    Kind.SESSION_KEY: "take it out: 'usher exec' and credential_process give fresh ones",
}


def find_in_aws_files(places: Surroundings, now: float) -> Iterator[Leftover]:
    """Keys in both files and in copies beside them. Lines are taken out, everything else stays as it is."""
    for file in (places.credentials_file, places.config_file):
        for path in (file, *_copies(file)):
            text = text_of(path)
            if text is not None:
                yield from _in_text(text, path, now)


def _copies(file: Path) -> list[Path]:
    """Back-ups of editors and tools: `credentials~`, `credentials.bak`, `config.usher-backup`, ..."""
    try:
        return sorted(
            path for path in file.parent.iterdir() if path.name.startswith((f"{file.name}.", f"{file.name}~"))
        )
    except OSError:
        return []


def _in_text(text: str, path: Path, now: float) -> Iterator[Leftover]:
    name, options, lines = "", dict[str, str](), list[int]()
    for number, line in enumerate(text.split("\n"), 1):
        header = _HEADER.match(line)
        if header:
            yield from _profile(path, name, options, lines, now)
            name, options, lines = header["name"].removeprefix("profile ").strip(), {}, []
            continue
        option = _OPTION.match(line)
        if option:
            options[option["key"].lower()] = option["value"]
            if option["key"].lower() in (*_SECRETS, *_EXPIRIES):
                lines.append(number)
    yield from _profile(path, name, options, lines, now)


def _profile(
    path: Path, name: str, options: dict[str, str], lines: list[int], now: float
) -> Iterator[Leftover]:
    if not options.get("aws_secret_access_key"):
        return
    key_id = (options.get("aws_access_key_id") or "").partition(" ")[0]
    has_token = bool(options.get("aws_session_token") or options.get("aws_security_token"))
    kind = Kind.SESSION_KEY if has_token else kind_of_key(key_id)
    expires_at = next((moment(options[key]) for key in _EXPIRIES if key in options), None)
    life = life_until(expires_at, now)
    yield Leftover(
        path,
        kind,
        "AWS CLI",
        Removal.CUT_LINES,
        _ADVICE[kind].format(name=name),
        name=name,
        account=account_of_key(key_id),
        key_id=masked(key_id),
        life=Life.LIVE if kind is Kind.STATIC_KEY else life,
        expires_at=expires_at,
        modified_at=modified_at(path),
        lines=tuple(lines),
    )
