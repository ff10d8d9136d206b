"""Ownership in a folder: whose each file is, and what its rules may touch.

The point is review: whoever may change `shop.yaml` alone can give no more than `owners` lets that file give.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from usher.access.diagnostics import Findings
from usher.access.fields import read_fields, read_names, read_section
from usher.access.locate import Entry, Fields, Located, Node, Position, is_nothing, line_words
from usher.access.model import AccountSelector
from usher.access.notes import read_words
from usher.access.patterns import matches
from usher.access.selectors import SelectorReader

KEYS = ("owner", "accounts", "permission_sets", "roles", "groups", "users")

# What would let an owned file change what other files' rules mean.
_NOT_OWNED = ("organization", "owners", "accounts", "drift", "separation")


@dataclass(frozen=True, slots=True)
class Owned:
    """What one file may touch. `names` has, for each kind that is limited, the names and patterns it may use.

    Groups and users are limited together, and so are permission sets and roles: a limit of one kind alone
    would be no limit.
    """

    owner: str = ""
    accounts: AccountSelector | None = None
    names: Mapping[str, tuple[str, ...]] | None = None
    at: Position | None = None

    def check(self, kind: str, name: Located[str], findings: Findings) -> bool:
        """Whether this file may use the `kind` called `name`; notes it when not."""
        allowed = (self.names or {}).get(kind)
        if allowed is None or any(matches(pattern, name.value) for pattern in allowed):
            return True
        words = f"only {', '.join(allowed)}" if allowed else "none"
        where = f", on {line_words(self.at, name.at)}" if self.at else ""
        findings.add(
            name.at, f"this file may not use the {kind} '{name.value}'", f"owners allow {words}{where}"
        )
        return False


UNLIMITED = Owned()


def read_owners(
    node: Node | None, files: Collection[str], selectors: SelectorReader, findings: Findings
) -> dict[str, Owned]:
    """What each file of the folder may touch; every file but the one that holds `owners` must be named."""
    if node is None:
        return {}
    owned: dict[str, Owned] = {}
    for entry in read_section((node,), "owner", findings):
        file = _find_file(entry, files, findings)
        if file is not None:
            owned[file] = _read_owned(entry, selectors, findings)
    for file in sorted(set(files) - owned.keys() - {node.at.file}):
        findings.add(
            Position(1, 1, file),
            "this file is not among the owners of its folder",
            f"name it on {line_words(node.at, Position(1, 1, file))}, or nobody limits what it gives",
        )
    return owned


def check_sections(root: Fields, owned: Owned, findings: Findings) -> None:
    """Note what an owned file declares and may not."""
    if owned.at is None:
        return
    for entry in root.entries:
        section = entry.key.text
        if section in _NOT_OWNED:
            findings.add(
                entry.key.at,
                f"a file with an owner cannot hold {section}",
                f"it would change other files' rules: write it in {owned.at.file}",
            )
        kind = {"groups": "group", "permission_sets": "permission set", "roles": "role"}.get(section)
        if kind is not None and isinstance(entry.node, Fields):
            for declared in entry.node.entries:
                owned.check(kind, Located(declared.key.text, declared.key.at), findings)


def _find_file(entry: Entry, files: Iterable[str], findings: Findings) -> str | None:
    written = entry.key.text
    found = [file for file in files if file == written or file.endswith(f"/{written}")]
    if len(found) == 1:
        return found[0]
    bases = [file.rpartition("/")[2] for file in files]
    findings.add(
        entry.key.at, f"there is no file '{written}' in this folder", findings.did_you_mean(written, bases)
    )
    return None


def _read_owned(entry: Entry, selectors: SelectorReader, findings: Findings) -> Owned:
    what = f"owner of '{entry.key.text}'"
    if is_nothing(entry.node):
        return Owned(at=entry.key.at)
    fields = read_fields(entry.node, what, KEYS, findings)
    accounts = None
    if "accounts" in fields:
        accounts = selectors.read(fields["accounts"], f"accounts of the {what}")
    names: dict[str, tuple[str, ...]] = {}
    for pair in (("groups", "users"), ("permission_sets", "roles")):
        if any(key in fields for key in pair):
            for key in pair:
                written = read_names(fields[key], f"{key} of the {what}", findings) if key in fields else ()
                names[key.removesuffix("s").replace("_", " ")] = tuple(each.value for each in written)
    owner = read_words(fields.get("owner"), f"the {what}", findings)
    return Owned(owner, accounts, names, entry.key.at)
