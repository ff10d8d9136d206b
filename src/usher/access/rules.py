"""The `access` section: who gets which permission set or role where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from usher.access.diagnostics import Findings
from usher.access.fields import one_of, read_fields, read_items, read_located_text, read_names
from usher.access.locate import Fields, Items, Located, Node
from usher.access.model import Rule
from usher.access.notes import KEYS as NOTE_KEYS
from usher.access.notes import read_note
from usher.access.owners import UNLIMITED, Owned
from usher.access.principals import check_declared
from usher.access.selectors import CHOICES, SelectorReader
from usher.core.principals import Principal, PrincipalKind
from usher.core.rules import DriftMode

WHO = ("group", "groups", "user", "users")
_WHAT = ("permission_set", "permission_sets", "role", "roles")
_RULE_KEYS = (*WHO, *_WHAT, "accounts", *NOTE_KEYS)


@dataclass(frozen=True, slots=True)
class Declared:
    """What rules and tests may refer to, by kind and name."""

    names: Mapping[str, Mapping[str, object]]
    selectors: SelectorReader
    drift: DriftMode = DriftMode.ENFORCE


def read_rules(
    node: Node, declared: Declared, findings: Findings, *, owner: str = "", owned: Owned = UNLIMITED
) -> list[Rule]:
    """One file's rules in its order. Two rules may give the same access; it is given once."""
    rules = []
    for number, item in enumerate(read_items(node, "access", findings), 1):
        rule = _read_rule(item, f"access rule {number}", declared, owner, owned, findings)
        if rule is not None:
            rules.append(rule)
    return rules


def read_who(
    fields: Mapping[str, Node], node: Fields, what: str, declared: Declared, findings: Findings
) -> list[tuple[PrincipalKind, Located[str]]]:
    """The principals of a rule or test, each declared."""
    chosen = one_of(fields, node.at, what, WHO, findings)
    if chosen is None:
        return []
    kind = PrincipalKind.GROUP if chosen[0] in ("group", "groups") else PrincipalKind.USER
    return [(kind, name) for name in read_references(chosen, kind.lower(), declared, findings)]


def read_references(
    chosen: tuple[str, Node], kind: str, declared: Declared, findings: Findings
) -> Sequence[Located[str]]:
    """The declared names under a key: one name when the key is singular, a list when it is plural."""
    key, node = chosen
    if key.endswith("s"):
        names = read_names(node, key, findings)
        if isinstance(node, Items) and not node.nodes:
            findings.add(node.at, f"{key} is empty", "name at least one")
    elif isinstance(node, Items):
        findings.add(node.at, f"{key} takes one name", f"write {key}s for a list")
        return ()
    else:
        name = read_located_text(node, key, findings)
        names = (name,) if name else ()
    return [name for name in names if check_declared(kind, name, declared.names[kind], findings)]


def _read_rule(
    node: Node, what: str, declared: Declared, owner: str, owned: Owned, findings: Findings
) -> Rule | None:
    fields = read_fields(node, what, _RULE_KEYS, findings)
    if not isinstance(node, Fields):
        return None
    who = read_who(fields, node, what, declared, findings)
    for kind, name in who:
        owned.check(kind.lower(), name, findings)
    sets, roles = _read_what(fields, node, what, declared, owned, findings)
    note = read_note(fields, node.at.place, what, owner or owned.owner, declared.drift, findings)
    if "accounts" not in fields:
        findings.add(node.at, f"{what} needs accounts", CHOICES)
        return None
    selector = declared.selectors.read(fields["accounts"], f"accounts of {what}")
    if selector is None:
        return None
    principals = tuple(Principal(kind, name.value) for kind, name in who)
    return Rule(principals, sets, selector, note, fields["accounts"].at, roles, owned.accounts)


def _read_what(
    fields: Mapping[str, Node],
    node: Fields,
    what: str,
    declared: Declared,
    owned: Owned,
    findings: Findings,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The permission sets, or else the roles, that a rule gives."""
    chosen = one_of(fields, node.at, what, _WHAT, findings)
    if chosen is None:
        return (), ()
    kind = "role" if chosen[0].startswith("role") else "permission set"
    names = read_references(chosen, kind, declared, findings)
    given = tuple(name.value for name in names if owned.check(kind, name, findings))
    return ((), given) if kind == "role" else (given, ())
