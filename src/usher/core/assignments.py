"""An assignment: this principal may use that permission set in that account."""

from __future__ import annotations

from dataclasses import dataclass

from usher.core.ids import AccountId
from usher.core.principals import Principal


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """One grant, named as people name it: principal, permission set name, account id."""

    principal: Principal
    permission_set: str
    account_id: AccountId
