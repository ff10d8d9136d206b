"""What AWS Organizations says of accounts beyond their names: units and tags, kept beside the index.

The portal does not tell them; somebody who may read the organization asks for them once in a while, and
every later sync uses what is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.profiles.ways import WayIn
from usher.session.vault.files import read_private, write_private

VERSION = 1


def write_details(cache_dir: Path, organization: str, accounts: Iterable[Account]) -> None:
    """Keep what is known of the organization's accounts."""
    known = {account.id: {"unit": account.ou, "tags": dict(account.tags)} for account in accounts}
    document = {"version": VERSION, "accounts": known}
    write_private(_place(cache_dir, organization), json.dumps(document).encode())


def read_details(cache_dir: Path, organization: str) -> Mapping[AccountId, Account]:
    """What is known of the organization's accounts; nothing when that was never asked, or is damaged."""
    try:
        document = json.loads(read_private(_place(cache_dir, organization)) or b"{}")
        known = document["accounts"] if document["version"] == VERSION else {}
        return {
            AccountId(number): Account(
                AccountId(number),
                number,
                tags={str(key): str(value) for key, value in found["tags"].items()},
                ou_names=tuple(found["unit"].split("/")) if found["unit"] else (),
            )
            for number, found in known.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def forget_details(cache_dir: Path, organization: str) -> None:
    """Forget what is known of the organization's accounts."""
    _place(cache_dir, organization).unlink(missing_ok=True)


def with_details(way: WayIn, details: Mapping[AccountId, Account]) -> WayIn:
    """`way` with its account's unit and tags, where they are known."""
    known = details.get(way.account_id)
    return way if known is None else replace(way, unit=known.ou, tags=known.tags)


def _place(cache_dir: Path, organization: str) -> Path:
    return cache_dir / "details" / f"{organization}.json"
