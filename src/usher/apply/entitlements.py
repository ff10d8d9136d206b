"""Reading who may assume owned roles: by account or by principal, whichever takes fewer calls.

The service lists entitlements of one account, role or principal, and never all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from usher.apply.cost import pages
from usher.apply.ports import EntitlementReader, RoleGrant
from usher.apply.side_by_side import each
from usher.core.errors import NoAccessError, UnavailableError
from usher.core.ids import AccountId, PrincipalId
from usher.core.principals import PrincipalKind


@dataclass(frozen=True, slots=True)
class FoundEntitlements:
    """Entitlements by ids, and the calls they took.

    `is_read` is False when nobody asked, or nobody may; `every_holder` when only principals that exist
    were asked about.
    """

    grants: Sequence[RoleGrant] = ()
    calls: int = 0
    is_read: bool = True
    every_holder: bool = True


NOT_ASKED = FoundEntitlements(is_read=False)


def read_entitlements(
    reader: EntitlementReader,
    accounts: Sequence[AccountId],
    principals: Sequence[tuple[PrincipalKind, PrincipalId]],
    pool: Executor,
    *,
    must: bool,
) -> FoundEntitlements:
    """All entitlements on roles in `accounts`.

    Where the service cannot be used, that is an error if they `must` be read, and is said otherwise.
    """
    try:
        lookup = reader.look_for_application()
    except (NoAccessError, UnavailableError):
        if must:
            raise
        return NOT_ASKED
    if not lookup.found:
        return FoundEntitlements(calls=lookup.calls)
    by_account = len(accounts) <= len(principals)
    found: list[RoleGrant] = []
    calls = lookup.calls
    answers = (
        each(pool, reader.list_entitlements_in, accounts)
        if by_account
        else each(pool, lambda who: reader.list_entitlements_of(*who), principals)
    )
    for _, listed in answers:
        found.extend(listed)
        calls += pages(len(listed))
    return FoundEntitlements(found, calls, every_holder=by_account)
