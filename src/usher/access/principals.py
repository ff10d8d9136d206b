"""The `users` section, and what the names in it and in `groups` have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from usher.access.diagnostics import Findings
from usher.access.fields import (
    has_length,
    is_made_of,
    is_name_text,
    read_fields,
    read_flag,
    read_if_present,
    read_section,
    read_text,
)
from usher.access.locate import Fields, Located, Node, Position, is_nothing
from usher.core.principals import User

# "Administrator and AWSAdministrators are reserved names" (IAM Identity Center user guide, users and groups).
RESERVED_NAMES = {"administrator", "awsadministrators"}

_USER_KEYS = ("name", "given_name", "family_name", "display_name", "email", "external")


def read_users(nodes: Sequence[Node], findings: Findings) -> tuple[dict[str, User], frozenset[str]]:
    """The declared users by user name, and the names of those that a directory elsewhere manages."""
    users: dict[str, User] = {}
    external: set[str] = set()
    for entry in read_section(nodes, "user", findings):
        name, at = entry.key.text, entry.key.at
        _check_user_name(name, at, findings)
        if is_external(entry.node, f"user '{name}'", findings):
            external.add(name)
        else:
            users[name] = _read_user(name, at, entry.node, findings)
    return users, frozenset(external)


def is_external(node: Node, what: str, findings: Findings) -> bool:
    """Whether a user or group is marked `external: true`; notes what else it says then."""
    if not isinstance(node, Fields):
        return False
    fields = {entry.key.text: entry for entry in node.entries}
    if "external" not in fields:
        return False
    if not read_flag(fields["external"].node, f"external of {what}", findings):
        return False
    for key, entry in fields.items():
        if key != "external":
            findings.add(
                entry.key.at,
                f"{what} is external and has {key}",
                "a directory elsewhere decides about it: keep external alone",
            )
    return True


def check_declared(kind: str, name: Located[str], declared: Mapping[str, object], findings: Findings) -> bool:
    """Whether the file declares the `kind` called `name`; notes it with a near name when not."""
    if name.value in declared:
        return True
    hint = findings.did_you_mean(name.value, declared)
    findings.add(name.at, f"there is no {kind} '{name.value}' in this file", hint)
    return False


def _read_user(user_name: str, at: Position, node: Node, findings: Findings) -> User:
    what = f"user '{user_name}'"
    if is_nothing(node):
        findings.add(at, f"{what} needs a name", "write {name: Given Family}")
        return User(user_name, "", "", "")
    fields = read_fields(node, what, _USER_KEYS, findings)
    given, family = _read_names_of_person(fields, at, what, findings)
    display = read_if_present(
        fields, "display_name", partial(read_name, what=f"display_name of {what}", findings=findings)
    )
    email = read_if_present(fields, "email", partial(_read_email, what=f"email of {what}", findings=findings))
    default_email = user_name if "@" in user_name else ""
    return User(user_name, display or f"{given} {family}", given, family, email or default_email)


def _read_names_of_person(
    fields: Mapping[str, Node], at: Position, what: str, findings: Findings
) -> tuple[str, str]:
    """Given and family name, from both keys or from `name`, whose last word is the family name."""
    if "name" in fields:
        for key in ("given_name", "family_name"):
            if key in fields:
                findings.add(fields[key].at, f"{what} has both name and {key}", "keep one")
        name = read_name(fields["name"], f"name of {what}", findings) or ""
        *given, family = name.split() or [""]
        if name and not given:
            findings.add(
                fields["name"].at, f"name of {what} has one word", "write given_name and family_name instead"
            )
        return " ".join(given), family
    missing = [key for key in ("given_name", "family_name") if key not in fields]
    if missing:
        words = "a name" if len(missing) == 2 else f"a {missing[0]}"
        findings.add(at, f"{what} needs {words}", "write {name: Given Family}")
    given_name, family_name = (
        read_if_present(fields, key, partial(read_name, what=f"{key} of {what}", findings=findings))
        for key in ("given_name", "family_name")
    )
    return given_name, family_name


def read_name(node: Node, what: str, findings: Findings) -> str | None:
    """A displayed name or description as the identity store takes it."""
    text = read_text(node, what, findings)
    if text is None or not has_length(text, node.at, what, 1, 1024, findings):
        return None
    if not text.strip():
        findings.add(node.at, f"{what} is blank")
        return None
    if not is_name_text(text):
        findings.add(node.at, f"{what} has a character that AWS does not allow")
        return None
    return text


def _read_email(node: Node, what: str, findings: Findings) -> str | None:
    text = read_name(node, what, findings)
    if text is None:
        return None
    local, at_sign, host = text.rpartition("@")
    if not (local and at_sign and host) or any(letter.isspace() for letter in text):
        findings.add(node.at, f"{what} is not an email address")
        return None
    return text


def _check_user_name(name: str, at: Position, findings: Findings) -> None:
    if not has_length(name, at, "the user's name", 1, 128, findings):
        return
    if not is_made_of(name, "LMSNP"):
        findings.add(at, f"user name '{name}' has a space or a character that AWS does not allow")
    _check_not_reserved("user", name, at, findings)


def check_group_name(name: str, at: Position, findings: Findings) -> None:
    """Note what AWS does not allow in a group's name."""
    if not has_length(name, at, "the group's name", 1, 1024, findings):
        return
    if not name.strip() or not is_name_text(name):
        findings.add(at, f"group name '{name}' is blank or has a character that AWS does not allow")
    _check_not_reserved("group", name, at, findings)


def _check_not_reserved(kind: str, name: str, at: Position, findings: Findings) -> None:
    if name.casefold() in RESERVED_NAMES:
        findings.add(at, f"{kind} name '{name}' is reserved by AWS")
