"""The `permission_sets` and `fragments` sections, within the limits of IAM Identity Center.

Limits and patterns: the `sso-admin` service model and the Identity Center quotas page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from usher.access.contents import (
    CONTENT_KEYS,
    Contents,
    join_contents,
    read_contents,
    replace_contents,
)
from usher.access.diagnostics import Findings
from usher.access.fields import MAX_TAGS, has_length, note_same_name, read_fields, read_names, read_section
from usher.access.locate import Entry, Fields, Located, Node, Position, describe, is_nothing
from usher.access.model import AccountSelector, DeclaredPermissionSet, Variant
from usher.access.policies import check_sids, join_policies
from usher.access.principals import check_declared
from usher.access.selectors import SelectorReader
from usher.core.durations import PERMISSION_SET_SESSION_MIN
from usher.core.ids import PERMISSION_SET_NAME
from usher.core.permission_sets import MAX_MANAGED_POLICIES, PermissionSet
from usher.core.policy_document import PolicyDocument

_KEYS = ("include", *CONTENT_KEYS, "variants")
_VARIANT_KEYS = ("accounts", "include", *CONTENT_KEYS)


@dataclass(frozen=True, slots=True)
class _Named:
    """A permission set under its name, before its limits are checked."""

    name: Located[str]
    contents: Contents
    variants: tuple[Variant, ...] = ()


class PermissionSetReader:
    """Reads the two sections together, since sets include fragments."""

    def __init__(self, selectors: SelectorReader, most: int, findings: Findings) -> None:
        self._selectors = selectors
        self._most = most
        self._findings = findings
        self._fragments: dict[str, Contents] = {}
        self._unused: dict[str, Position] = {}

    def read(
        self, fragments: Sequence[Node], permission_sets: Sequence[Node]
    ) -> dict[str, DeclaredPermissionSet]:
        """The declared permission sets and their variants by name."""
        for entry in read_section(fragments, "fragment", self._findings):
            self._read_fragment(entry)
        found: dict[str, _Named] = {}
        for entry in read_section(permission_sets, "permission set", self._findings):
            for named in self._read_set(entry):
                first = found.setdefault(named.name.value.casefold(), named)
                if first is not named:
                    name = named.name
                    note_same_name("permission set", name.value, name.at, first.name, self._findings)
        self._check_count(list(found.values()))
        for fragment, at in self._unused.items():
            self._findings.warn(at, f"no permission set includes the fragment '{fragment}'")
        return {named.name.value: self._finish(named) for named in found.values()}

    def _read_fragment(self, entry: Entry) -> None:
        what = f"fragment '{entry.key.text}'"
        fields = read_fields(entry.node, what, CONTENT_KEYS, self._findings)
        self._fragments[entry.key.text] = read_contents(fields, what, self._findings)
        self._unused[entry.key.text] = entry.key.at

    def _read_set(self, entry: Entry) -> list[_Named]:
        name = Located(entry.key.text, entry.key.at)
        what = f"permission set '{name.value}'"
        self._check_name(name)
        if is_nothing(entry.node):
            return [_Named(name, Contents())]
        fields = read_fields(entry.node, what, _KEYS, self._findings)
        contents = self._read_included(fields, what)
        if "variants" not in fields:
            return [_Named(name, contents)]
        variants = self._read_variants(fields["variants"], name.value, contents)
        places = tuple(Variant(each.name, accounts) for each, accounts in variants if accounts is not None)
        return [_Named(name, contents, places), *(each for each, _ in variants)]

    def _read_included(self, fields: Mapping[str, Node], what: str) -> Contents:
        own = read_contents(fields, what, self._findings)
        if "include" not in fields:
            return own
        at = fields["include"].at
        names = read_names(fields["include"], f"include of {what}", self._findings)
        included = []
        for name in names:
            if check_declared("fragment", name, self._fragments, self._findings):
                self._unused.pop(name.value, None)
                included.append(self._fragments[name.value])
        return join_contents(included, at, own)

    def _read_variants(
        self, node: Node, base: str, contents: Contents
    ) -> list[tuple[_Named, AccountSelector | None]]:
        what = f"variants of permission set '{base}'"
        if not isinstance(node, Fields):
            self._findings.add(
                node.at, f"{what} must be a mapping from name to variant, not {describe(node)}"
            )
            return []
        found = []
        for entry in node.entries:
            name = Located(entry.key.text, entry.key.at)
            self._check_name(name)
            found.append(self._read_variant(name, entry.node, f"variant '{name.value}'", contents))
        return found

    def _read_variant(
        self, name: Located[str], node: Node, what: str, contents: Contents
    ) -> tuple[_Named, AccountSelector | None]:
        fields = read_fields(node, what, _VARIANT_KEYS, self._findings)
        accounts = None
        if "accounts" in fields:
            accounts = self._selectors.read(fields["accounts"], f"accounts of {what}")
        elif isinstance(node, Fields):
            self._findings.add(name.at, f"{what} needs accounts", "they say where it takes the set's place")
        changed = replace_contents(contents, self._read_included(fields, what))
        return _Named(name, changed), accounts

    def _check_name(self, name: Located[str]) -> None:
        if not has_length(name.value, name.at, "the permission set's name", 1, 32, self._findings):
            return
        if not PERMISSION_SET_NAME.fullmatch(name.value):
            hint = "letters, digits and _+=,.@-"
            self._findings.add(name.at, f"'{name.value}' is not a permission set name", hint)

    def _check_count(self, found: Sequence[_Named]) -> None:
        if len(found) > self._most:
            self._findings.add(
                found[self._most].name.at,
                f"there are {len(found):,} permission sets; the quota of an instance is {self._most:,}",
                "if AWS raised yours, write organization: {quotas: {permission_sets: …}}",
            )

    def _finish(self, named: _Named) -> DeclaredPermissionSet:
        """The set with its limits checked, now that all its contents are together."""
        contents, what = named.contents, f"permission set '{named.name.value}'"
        count = len(contents.managed) + len(contents.customer)
        if count > MAX_MANAGED_POLICIES:
            at = contents.at.get("customer_policies") or contents.at["managed_policies"]
            limit = f"the limit of both kinds together is {MAX_MANAGED_POLICIES}"
            self._findings.add(at, f"{what} has {count} policies; {limit}")
        # One place is kept for the tag that marks the set as managed by the access file.
        if len(contents.tags) > MAX_TAGS - 1:
            limit = f"the limit is {MAX_TAGS - 1}"
            self._findings.add(contents.at["tags"], f"{what} has {len(contents.tags)} tags; {limit}")
        settings = PermissionSet(
            named.name.value,
            description=contents.description or "",
            session_seconds=contents.session or PERMISSION_SET_SESSION_MIN,
            relay_state=contents.relay_state or "",
            customer_policies=frozenset(policy.value for policy in contents.customer),
            inline_policy=self._join(contents, what),
            tags=contents.tags,
        )
        return DeclaredPermissionSet(
            settings, contents.managed, contents.boundary, named.variants, named.name.at
        )

    def _join(self, contents: Contents, what: str) -> PolicyDocument | None:
        if not contents.inline:
            return None
        try:
            document = join_policies(contents.inline)
            check_sids(document)
        except ValueError as error:
            self._findings.add(contents.at["inline_policy"], f"inline_policy of {what}: {error}")
            return None
        return document
