"""The `users` and `groups` sections."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from usher.access.diagnostics import Findings
from usher.access.fields import (
    has_length,
    is_made_of,
    is_name_text,
    read_fields,
    read_if_present,
    read_names,
    read_section,
    read_text,
)
from usher.access.locate import Located, Node, Position, is_nothing
from usher.core.principals import Group, User

# "Administrator and AWSAdministrators are reserved names" (IAM Identity Center user guide, users and groups).
RESERVED_NAMES = {"administrator", "awsadministrators"}

_USER_KEYS = ("name", "given_name", "family_name", "display_name", "email")
_GROUP_KEYS = ("description", "members")


def read_users(node: Node | None, findings: Findings) -> dict[str, User]:
    """The declared users by user name."""
    users: dict[str, User] = {}
    for entry in read_section(node, "user", findings):
        _check_user_name(entry.key.text, entry.key.at, findings)
        users[entry.key.text] = _read_user(entry.key.text, entry.key.at, entry.node, findings)
    return users


def read_groups(node: Node | None, users: Mapping[str, User], findings: Findings) -> dict[str, Group]:
    """The declared groups by name; each member must be one of `users`."""
    groups: dict[str, Group] = {}
    for entry in read_section(node, "group", findings):
        _check_group_name(entry.key.text, entry.key.at, findings)
        groups[entry.key.text] = _read_group(entry.key.text, entry.node, users, findings)
    return groups


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
        fields, "display_name", partial(_read_name, what=f"display_name of {what}", findings=findings)
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
        name = _read_name(fields["name"], f"name of {what}", findings) or ""
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
        read_if_present(fields, key, partial(_read_name, what=f"{key} of {what}", findings=findings))
        for key in ("given_name", "family_name")
    )
    return given_name, family_name


def _read_name(node: Node, what: str, findings: Findings) -> str | None:
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
    text = _read_name(node, what, findings)
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


def _check_group_name(name: str, at: Position, findings: Findings) -> None:
    if not has_length(name, at, "the group's name", 1, 1024, findings):
        return
    if not name.strip() or not is_name_text(name):
        findings.add(at, f"group name '{name}' is blank or has a character that AWS does not allow")
    _check_not_reserved("group", name, at, findings)


def _check_not_reserved(kind: str, name: str, at: Position, findings: Findings) -> None:
    if name.casefold() in RESERVED_NAMES:
        findings.add(at, f"{kind} name '{name}' is reserved by AWS")


def _read_group(name: str, node: Node, users: Mapping[str, User], findings: Findings) -> Group:
    what = f"group '{name}'"
    if is_nothing(node):
        return Group(name)
    fields = read_fields(node, what, _GROUP_KEYS, findings)
    description = read_if_present(
        fields, "description", partial(_read_name, what=f"description of {what}", findings=findings)
    )
    members = read_names(fields["members"], f"members of {what}", findings) if "members" in fields else ()
    known = [member.value for member in members if check_declared("user", member, users, findings)]
    return Group(name, description, frozenset(known))
