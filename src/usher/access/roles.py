"""The `roles` section: IAM roles of the organization's own that rules may give access to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from usher.access.diagnostics import Findings
from usher.access.fields import has_length, read_fields, read_located_text, read_section
from usher.access.locate import Located, Node, is_nothing, line_words
from usher.access.model import DeclaredRole
from usher.core.ids import POLICY_PATH

KEYS = ("name", "path")
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_RESERVED_PATH = "/aws-reserved/"


def read_roles(nodes: Sequence[Node], findings: Findings) -> dict[str, DeclaredRole]:
    """The declared roles by key: what rules call them."""
    roles: dict[str, DeclaredRole] = {}
    seen: dict[str, DeclaredRole] = {}
    for entry in read_section(nodes, "role", findings):
        role = _read_role(Located(entry.key.text, entry.key.at), entry.node, findings)
        first = seen.setdefault(role.path_and_name, role)
        if first is not role:
            findings.add(
                role.at,
                f"role '{role.key}' is the same IAM role as '{first.key}'",
                f"first on {line_words(first.at, role.at)}",
            )
        roles[role.key] = role
    return roles


def _read_role(key: Located[str], node: Node, findings: Findings) -> DeclaredRole:
    what = f"role '{key.value}'"
    fields = {} if is_nothing(node) else read_fields(node, what, KEYS, findings)
    name, path = key, Located("/", key.at)
    if "name" in fields:
        name = read_located_text(fields["name"], f"name of {what}", findings) or name
    if "path" in fields:
        path = read_located_text(fields["path"], f"path of {what}", findings) or path
    if has_length(name.value, name.at, f"name of {what}", 1, 64, findings) and not _ROLE_NAME.fullmatch(
        name.value
    ):
        hint = "write {name: NAME, path: /PATH/}" if "/" in name.value else "letters, digits and _+=,.@-"
        findings.add(name.at, f"'{name.value}' is not the name of an IAM role", hint)
    if len(path.value) > 512 or not POLICY_PATH.fullmatch(path.value):
        findings.add(
            path.at, f"'{path.value}' is not a role's path", "it starts and ends with '/': /teams/web/"
        )
    elif path.value.startswith(_RESERVED_PATH) or name.value.startswith("AWSReservedSSO_"):
        findings.add(path.at, f"{what} belongs to AWS", "only roles of your own can be given")
    return DeclaredRole(key.value, name.value, path.value, key.at)
