"""The organization that a rehearsal plays, from a JSON file: its accounts, organizational units and tags.

{"organization": "o-exampleorgid",
 "accounts": [{"id": "111111111111", "name": "management", "management": true},
              {"id": "222222222222", "name": "shop", "ou": "Workloads/Production", "tags": {"env": "prod"}}]}
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from usher.core.accounts import Account
from usher.core.errors import UsageError
from usher.core.ids import AccountId

_ORGANIZATION_ID = re.compile(r"o-[a-z0-9]{10,32}")
_ACCOUNT_ID = re.compile(r"\d{12}")
_MEMBERS: Mapping[str, type] = {
    "id": str,
    "name": str,
    "email": str,
    "ou": str,
    "tags": dict,
    "active": bool,
    "management": bool,
}


@dataclass(frozen=True, slots=True)
class Unit:
    """An organizational unit. `path` are the names that lead to it; ids are made from the path."""

    id: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RehearsedOrganization:
    """An organization that exists only in its file. `accounts` begin with the management account."""

    id: str
    accounts: tuple[Account, ...]

    @property
    def root_id(self) -> str:
        """The id of its root."""
        return f"r-{_digest(self.id, 4)}"

    @property
    def units(self) -> Mapping[str, Unit]:
        """Its organizational units by id, each after the one that holds it."""
        paths = {
            each.ou_names[:depth] for each in self.accounts for depth in range(1, len(each.ou_names) + 1)
        }
        return {unit.id: unit for unit in (self.unit(path) for path in sorted(paths))}

    def unit(self, path: tuple[str, ...]) -> Unit:
        """The organizational unit at `path`."""
        return Unit(unit_id(self.id, path), path)


def read_organization_file(path: Path) -> RehearsedOrganization:
    """The organization in a JSON file. Raises UsageError that names what is wrong."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--rehearsal {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"--rehearsal {path} is not JSON: {error}") from None
    listed = document.get("accounts") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not listed:
        raise UsageError(
            f"{path} lists no accounts",
            hint='for example {"accounts": [{"id": "111111111111", "name": "main", "management": true}]}',
        )
    organization_id = document.get("organization", "o-rehearsal00")
    if not isinstance(organization_id, str) or not _ORGANIZATION_ID.fullmatch(organization_id):
        raise UsageError(f"{path}: organization {organization_id!r} is no organization id (o-exampleorgid)")
    accounts = [_account(path, organization_id, item) for item in listed]
    _check_accounts(path, accounts)
    in_order = sorted(accounts, key=lambda each: (not each.is_management, each.name, each.id))
    return RehearsedOrganization(organization_id, tuple(in_order))


def unit_id(organization_id: str, path: tuple[str, ...]) -> str:
    """The id that the organizational unit at `path` always has."""
    return f"ou-{_digest(organization_id, 4)}-{_digest('/'.join((organization_id, *path)), 8)}"


def _account(file: Path, organization_id: str, item: Any) -> Account:
    if not isinstance(item, dict):
        raise UsageError(f"{file}: account {item!r} is not an object")
    account_id = item.get("id")
    if not isinstance(account_id, str) or not _ACCOUNT_ID.fullmatch(account_id):
        raise UsageError(f"{file}: account id {account_id!r} is not a string of twelve digits")
    for member, value in item.items():
        wanted = _MEMBERS.get(member)
        if wanted is None:
            raise UsageError(f"{file}: account {account_id} has an unknown member '{member}'")
        if not isinstance(value, wanted):
            raise UsageError(f"{file}: '{member}' of account {account_id} is not a {wanted.__name__}")
    tags = item.get("tags", {})
    if not all(isinstance(value, str) for value in tags.values()):
        raise UsageError(f"{file}: a tag of account {account_id} is not a string")
    names = tuple(name for name in item.get("ou", "").split("/") if name)
    depths = range(1, len(names) + 1)
    return Account(
        AccountId(account_id),
        item.get("name", account_id),
        email=item.get("email", ""),
        tags=tags,
        active=item.get("active", True),
        is_management=item.get("management", False),
        ou_names=names,
        ou_ids=tuple(unit_id(organization_id, names[:depth]) for depth in depths),
    )


def _check_accounts(file: Path, accounts: list[Account]) -> None:
    seen: set[str] = set()
    for account in accounts:
        if account.id in seen:
            raise UsageError(f"{file}: account {account.id} is listed twice")
        seen.add(account.id)
    if sum(account.is_management for account in accounts) != 1:
        raise UsageError(f'{file}: exactly one account must have "management": true')


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
