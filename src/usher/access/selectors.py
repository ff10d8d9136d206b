"""Account selectors: `all`, `members`, names, ids, patterns, tags, organizational units, exclusions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from usher.access.diagnostics import Findings
from usher.access.fields import (
    is_tag_text,
    read_fields,
    read_flag,
    read_names,
    read_tag_key,
    read_text,
)
from usher.access.locate import Fields, Items, Located, Node, Scalar, describe, is_nothing
from usher.access.model import (
    AccountSelector,
    DeclaredAccount,
    EveryAccount,
    MatchingAccounts,
    MemberAccounts,
    NamedAccounts,
)
from usher.access.patterns import is_pattern
from usher.core.ids import ACCOUNT_ID

ALL = "all"
MEMBERS = "members"
WORDS = {ALL: "every account", MEMBERS: "every account but the management account"}
KEYS = ("tags", "ou", "ou_direct", "names", "except", "management")
UNIT_ID = re.compile(r"ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32}")
ROOT = "/"

CHOICES = "write all, members, a name, [names], {tags: {env: production}} or {ou: Workloads/Production}"


class SelectorReader:
    """Reads selectors; `declared` is None when every account of the organization is in scope."""

    def __init__(self, declared: Mapping[str, DeclaredAccount] | None, findings: Findings) -> None:
        self._declared = declared
        self._findings = findings
        self._ids = [str(each.id.value) for each in (declared or {}).values() if each.id]

    def read(self, node: Node, what: str) -> AccountSelector | None:
        """The selector in `node`, or None after noting why it is none. `what` starts each message."""
        match node:
            case Scalar(value="all"):
                return EveryAccount(node.at)
            case Scalar(value="members"):
                return MemberAccounts(node.at)
            case Scalar(value=str(text)):
                return self._named((Located(text, node.at),))
            case Items():
                return self._named(self._names(node, what))
            case Fields():
                return self._read_mapping(node, what)
            case Scalar():
                hint = CHOICES if node.value is None else f'write it in quotes: "{node.text}"'
                self._findings.add(node.at, f"{what} cannot be {describe(node)}", hint)
                return None

    def _named(self, names: tuple[Located[str], ...]) -> NamedAccounts:
        return NamedAccounts(tuple(name for name in names if self._is_known(name)))

    def _names(self, node: Node, what: str) -> tuple[Located[str], ...]:
        names = read_names(node, what, self._findings)
        if isinstance(node, Items) and not node.nodes:
            self._findings.add(node.at, f"{what} is empty", CHOICES)
        return names

    def _read_mapping(self, node: Fields, what: str) -> AccountSelector | None:
        before = len(self._findings)
        fields = read_fields(node, what, KEYS, self._findings)
        if not node.entries:
            self._findings.add(node.at, f"{what} is empty", CHOICES)
        elif not fields.keys() - {"except", "management"} and "except" not in fields and fields:
            self._findings.add(node.at, f"{what} says nothing but management", f"write {ALL} or {MEMBERS}")
        tags = self._read_tags(fields["tags"], what) if "tags" in fields else {}
        names: tuple[Located[str], ...] = ()
        if "names" in fields:
            names = self._named(self._names(fields["names"], f"names of {what}")).names
        excluded = self.read(fields["except"], f"except of {what}") if "except" in fields else None
        selector = MatchingAccounts(
            fields["tags"].at if list(fields) == ["tags"] else node.at,
            tags=tags,
            units=self._read_units(fields.get("ou"), f"ou of {what}"),
            direct_units=self._read_units(fields.get("ou_direct"), f"ou_direct of {what}"),
            names=names,
            excluded=excluded,
            management=read_flag(fields.get("management"), f"management of {what}", self._findings),
        )
        return selector if len(self._findings) == before else None

    def _read_tags(self, node: Node, what: str) -> dict[str, tuple[str, ...]]:
        if is_nothing(node) or (isinstance(node, Fields) and not node.entries):
            self._findings.add(
                node.at, f"tags of {what} are empty", f"they would mean every account: write {ALL}"
            )
            return {}
        if not isinstance(node, Fields):
            self._findings.add(
                node.at, f"tags of {what} must be a mapping, not {describe(node)}", "write {env: staging}"
            )
            return {}
        tags: dict[str, tuple[str, ...]] = {}
        for entry in node.entries:
            key = read_tag_key(entry.key, self._findings)
            if key is not None:
                tags[key] = self._read_values(entry.node, key)
        return tags

    def _read_values(self, node: Node, key: str) -> tuple[str, ...]:
        what = f"tag '{key}'"
        if isinstance(node, Items):
            if not node.nodes:
                self._findings.add(node.at, f"{what} has no value", "name at least one")
            values = read_names(node, what, self._findings)
        else:
            text = read_text(node, what, self._findings)
            values = () if text is None else (Located(text, node.at),)
        return tuple(
            value.value
            for value in values
            if is_tag_text(value.value, value.at, what, 0, 256, self._findings)
        )

    def _read_units(self, node: Node | None, what: str) -> tuple[Located[str], ...]:
        if node is None:
            return ()
        units: tuple[Located[str], ...]
        if isinstance(node, Items):
            units = read_names(node, what, self._findings)
            if not node.nodes:
                self._findings.add(node.at, f"{what} is empty", "name at least one unit")
        else:
            text = read_text(node, what, self._findings)
            units = () if text is None else (Located(text, node.at),)
        return tuple(unit for unit in units if self._is_unit(unit, what))

    def _is_unit(self, unit: Located[str], what: str) -> bool:
        text = unit.value
        if text == ROOT or all(text.split("/")):
            return True
        path = "/".join(part for part in text.split("/") if part)
        hint = f"write {path}" if path else f"write {ROOT} for the root"
        self._findings.add(unit.at, f"{what}: '{text}' is not the path of an organizational unit", hint)
        return False

    def _is_known(self, name: Located[str]) -> bool:
        """Whether `name` can be an account in scope, as far as the file tells."""
        if name.value in WORDS:
            self._findings.add(name.at, f"'{name.value}' stands alone", f"write accounts: {name.value}")
            return False
        if self._declared is None or name.value in self._declared or is_pattern(name.value):
            return True
        if ACCOUNT_ID.fullmatch(name.value):
            # While some declared accounts have no id, only the organization can tell whose id this is.
            if name.value in self._ids or len(self._ids) < len(self._declared):
                return True
            message = f"no account in this file has the id {name.value}"
            self._findings.add(name.at, message, self._findings.did_you_mean(name.value, self._ids))
            return False
        hint = self._findings.did_you_mean(name.value, self._declared)
        self._findings.add(name.at, f"there is no account '{name.value}' in this file", hint)
        return False
