"""Keys in the current folder, the shells' histories and this shell's own environment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from usher.session.leftovers.finding import (
    KEY_ID,
    SECRET_SHAPE,
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

_ENV_FILES = (".env", ".envrc", ".env.local", ".env.development", ".env.production")
_VARIABLE = re.compile(
    r"^\s*(?:export\s+|set\s+-gx\s+|\$env:)?(?P<name>AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN))"
    r"\s*[=\s]\s*[\"']?(?P<value>[^\s\"'#;]+)"
)
_TYPED_SECRET = re.compile(
    r"(?i)(secret_access_key|session_token)[\"']?\s*[=:\s]\s*[\"']?(?P<value>[^\s\"';]{20,})"
)


def find_nearby(places: Surroundings, now: float) -> Iterator[Leftover]:
    """Everything that is not another tool's own file."""
    for name in _ENV_FILES:
        yield from _env_file(places.folder / name)
    yield from _terraform_state(places.folder)
    for path in _histories(places):
        yield from _history(path)
    yield from _environment(places, now)


def _env_file(path: Path) -> Iterator[Leftover]:
    values, lines = dict[str, str](), list[int]()
    for number, line in enumerate((text_of(path) or "").split("\n"), 1):
        found = _VARIABLE.match(line)
        if found and not found["value"].startswith("$"):
            values[found["name"]] = found["value"]
            lines.append(number)
    if "AWS_SECRET_ACCESS_KEY" not in values:
        return
    key_id = values.get("AWS_ACCESS_KEY_ID", "")
    kind = Kind.SESSION_KEY if "AWS_SESSION_TOKEN" in values else kind_of_key(key_id)
    yield Leftover(
        path,
        kind,
        "environment file",
        Removal.CUT_LINES,
        "run the program with 'usher exec PROFILE -- ...' instead; is the file in git?",
        name="AWS_SECRET_ACCESS_KEY",
        account=account_of_key(key_id),
        key_id=masked(key_id),
        life=Life.LIVE if kind is Kind.STATIC_KEY else Life.UNKNOWN,
        modified_at=modified_at(path),
        lines=tuple(lines),
    )


def _histories(places: Surroundings) -> list[Path]:
    home = places.home
    data = Path(places.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    known = [home / name for name in (".bash_history", ".zsh_history", ".zhistory", ".sh_history")]
    known += [data / "fish" / "fish_history", data / "powershell" / "PSReadLine" / "ConsoleHost_history.txt"]
    named = places.environ.get("HISTFILE")
    return sorted({*known, *([Path(named)] if named else [])})


def _history(path: Path) -> Iterator[Leftover]:
    lines: list[int] = []
    key_id = ""
    for number, line in enumerate((text_of(path) or "").split("\n"), 1):
        key = KEY_ID.search(line)
        typed = _TYPED_SECRET.search(line)
        if (typed and not typed["value"].startswith("$")) or (key and SECRET_SHAPE.search(line)):
            lines.append(number)
            key_id = key_id or (key[0] if key else "")
    if lines:
        yield Leftover(
            path,
            kind_of_key(key_id),
            "shell history",
            Removal.CUT_LINES,
            "close other shells first: they write their history back when they end",
            account=account_of_key(key_id),
            key_id=masked(key_id),
            modified_at=modified_at(path),
            lines=tuple(lines),
        )


def _environment(places: Surroundings, now: float) -> Iterator[Leftover]:
    environ = places.environ
    if not environ.get("AWS_SECRET_ACCESS_KEY"):
        return
    key_id = environ.get("AWS_ACCESS_KEY_ID", "")
    kind = Kind.SESSION_KEY if environ.get("AWS_SESSION_TOKEN") else kind_of_key(key_id)
    expires_at = moment(environ.get("AWS_CREDENTIAL_EXPIRATION"))
    yield Leftover(
        Path("(this shell's environment)"),
        kind,
        "shell",
        Removal.BY_HAND,
        "every program you start reads it: 'unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN'",
        name="AWS_SECRET_ACCESS_KEY",
        account=account_of_key(key_id),
        key_id=masked(key_id),
        life=Life.LIVE if kind is Kind.STATIC_KEY else life_until(expires_at, now),
        expires_at=expires_at,
    )


def _terraform_state(folder: Path) -> Iterator[Leftover]:
    """Terraform keeps the secret of every `aws_iam_access_key` in its state, in clear."""
    for path in (folder / "terraform.tfstate", folder / "terraform.tfstate.backup"):
        try:
            document = json.loads(text_of(path) or "{}")
            resources = [each for each in document["resources"] if each["type"] == "aws_iam_access_key"]
            found = [each["attributes"] for resource in resources for each in resource["instances"]]
        except (ValueError, KeyError, TypeError):
            continue
        for attributes in found:
            if not attributes.get("secret"):
                continue
            key_id = str(attributes.get("id", ""))
            yield Leftover(
                path,
                Kind.STATIC_KEY,
                "Terraform state",
                Removal.BY_HAND,
                "keep the state in an encrypted backend, set pgp_key on the resource, and rotate the key",
                name=str(attributes.get("user", "")),
                account=account_of_key(key_id),
                key_id=masked(key_id),
                life=Life.LIVE,
                modified_at=modified_at(path),
            )
