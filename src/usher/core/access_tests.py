"""What the access file asserts about itself: access tests, and duties that nobody may hold together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from usher.core.ids import AccountId
from usher.core.principals import Principal
from usher.core.rules import Place


@dataclass(frozen=True, slots=True)
class AccessTest:
    """One assertion: this principal can, or cannot, do something in each of these accounts.

    With `actions` (for example `s3:DeleteObject`), it is about what the policies allow on `resources`
    under `context` (condition keys to values). Without, it is about entering the account at all, with the
    permission set or role called `entering`, or with any when that is empty. `relies_on_scps` says that
    service control policies may be what forbids it.
    """

    principal: Principal
    accounts: tuple[AccountId, ...]
    expected: bool
    at: Place
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ("*",)
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    entering: str = ""
    relies_on_scps: bool = False


@dataclass(frozen=True, slots=True)
class Duty:
    """One side of a separation: membership in one of `groups`, or entering one of `accounts` with one of
    `permission_sets` or `roles`. `accounts` None means anywhere."""

    groups: frozenset[str] = frozenset()
    permission_sets: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    accounts: frozenset[AccountId] | None = None


@dataclass(frozen=True, slots=True)
class Separation:
    """Nobody may have more than one of these duties."""

    name: str
    duties: tuple[Duty, ...]
    at: Place
    reason: str = ""
