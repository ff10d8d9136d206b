"""Service control policies from a folder of JSON files, laid out by the names they are attached to.

`root.json` (or the root's id) holds for all; other files are named by the id, the name or the path (with
`/` as folders) of an organizational unit, or by the id or name of an account. A file holds one policy or a
list of them. A level without a file has AWS's own FullAWSAccess.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from usher.core.accounts import Account
from usher.core.errors import NotFoundError, UsageError
from usher.core.ids import AccountId
from usher.core.policy_document import PolicyDocument, policy_document, published_policy

Level = tuple[tuple[str, PolicyDocument], ...]

ROOT = "root"
FULL_ACCESS: Level = (
    (
        "FullAWSAccess",
        policy_document(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        ),
    ),
)


def read_scp_folder(folder: str, accounts: Iterable[Account]) -> Mapping[AccountId, tuple[Level, ...]]:
    """The levels of each account, from the root down; none for the management account.

    Raises NotFoundError without the folder, UsageError for a file that is no policy.
    """
    files = _read_files(Path(folder))
    return {
        account.id: tuple(_level(names, files) for names in _chain(account))
        for account in accounts
        if not account.is_management
    }


def _chain(account: Account) -> list[tuple[str, ...]]:
    """What each level above and at `account` may be called."""
    chain: list[tuple[str, ...]] = [(ROOT,)]
    for depth, name in enumerate(account.ou_names, 1):
        path = "/".join(account.ou_names[:depth])
        ids = account.ou_ids[depth - 1 : depth]
        chain.append((*ids, path, name))
    chain.append((account.id, account.name))
    return chain


def _level(names: tuple[str, ...], files: Mapping[str, Level]) -> Level:
    return next((files[name] for name in names if name in files), FULL_ACCESS)


def _read_files(folder: Path) -> Mapping[str, Level]:
    if not folder.is_dir():
        raise NotFoundError(f"there is no folder '{folder}' with service control policies")
    found: dict[str, Level] = {}
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        found[ROOT if name.startswith("r-") else name] = _read_file(path)
    if not found:
        raise NotFoundError(f"the folder '{folder}' has no *.json files")
    return found


def _read_file(path: Path) -> Level:
    try:
        content = json.loads(path.read_text("utf-8"))
        policies = content if isinstance(content, list) else [content]
        return tuple(
            (path.stem if len(policies) == 1 else f"{path.stem} {number}", published_policy(policy))
            for number, policy in enumerate(policies, 1)
        )
    except (OSError, ValueError) as error:
        raise UsageError(f"'{path}' is not a service control policy: {error}") from None
