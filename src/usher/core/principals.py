"""Who may be given access: users and groups, referred to by kind and name."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class PrincipalKind(StrEnum):
    """The two kinds of principal, spelled as AWS spells `PrincipalType`."""

    USER = "USER"
    GROUP = "GROUP"


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """A user by user name, or a group by display name."""

    kind: PrincipalKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.name}"


@dataclass(frozen=True, slots=True)
class User:
    """A person in the identity store. `user_name` is what they sign in with; names are as displayed.

    `external` says that a directory elsewhere put them here; it is where they come from, not who they are.
    """

    user_name: str
    display_name: str
    given_name: str
    family_name: str
    email: str = ""
    external: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """A group in the identity store with the user names of its members; `external` as for a user."""

    name: str
    description: str = ""
    members: frozenset[str] = frozenset()
    external: bool = field(default=False, compare=False)
