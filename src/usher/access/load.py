"""From an access file's text to checked values: everything that can be known without the network."""

from __future__ import annotations

from usher.access.accounts import read_accounts
from usher.access.diagnostics import Findings
from usher.access.fields import read_fields
from usher.access.locate import START, Fields, Node, Scalar
from usher.access.model import AccessFile
from usher.access.parse import parse_yaml
from usher.access.permission_sets import read_permission_sets
from usher.access.principals import read_groups, read_users
from usher.access.rules import Declared, read_rules

VERSION = 1

_KEYS = ("version", "accounts", "users", "groups", "permission_sets", "access")


def load_access_file(text: str, file_name: str) -> AccessFile:
    """The access file in `text`; `file_name` is how messages call it.

    Raises AccessFileError with every mistake that can be found without asking AWS, in the file's order.
    Text with undecodable bytes (`errors="surrogateescape"`) is such a mistake too.
    """
    findings = Findings(file_name)
    root = parse_yaml(text, findings)
    if root is None:
        raise findings.error()
    fields = read_fields(root, "the file", _KEYS, findings)
    if not isinstance(root, Fields):
        raise findings.error()
    _check_version(fields.get("version"), findings)
    access_file = _read_sections(fields, file_name, findings)
    findings.raise_if_any()
    return access_file


def _read_sections(fields: dict[str, Node], file_name: str, findings: Findings) -> AccessFile:
    accounts = read_accounts(fields.get("accounts"), findings)
    users = read_users(fields.get("users"), findings)
    groups = read_groups(fields.get("groups"), users, findings)
    permission_sets = read_permission_sets(fields.get("permission_sets"), findings)
    declared = Declared(accounts, users, groups, permission_sets)
    rules = read_rules(fields.get("access"), declared, findings)
    return AccessFile(file_name, accounts, users, groups, permission_sets, rules)


def _check_version(node: Node | None, findings: Findings) -> None:
    if node is None:
        findings.add(START, "the file has no version", f"write 'version: {VERSION}' first")
        return
    is_number = isinstance(node, Scalar) and type(node.value) is int
    if not is_number:
        findings.add(node.at, f"version must be the number {VERSION}", f"write 'version: {VERSION}'")
    elif isinstance(node, Scalar) and node.value != VERSION:
        findings.add(node.at, f"version {node.text} is not known", f"this Usher reads version {VERSION}")
