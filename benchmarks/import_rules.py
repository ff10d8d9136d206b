"""How few rules `usher access import` finds for organizations of known size, and how long it takes.

    python benchmarks/import_rules.py

The organizations of `worlds.py` were written as rules; import sees only their assignments. Afterwards the
files are loaded, resolved and planned as `import` itself does: the plan must be empty.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from worlds import big_access_files

from usher.access.load import load_access_files
from usher.access.resolve import resolve_access
from usher.access.selections import Candidates
from usher.access.write import write_access
from usher.core.ids import IdentityStoreId, InstanceArn
from usher.core.organization import ActualAccess, Instance
from usher.core.partitions import AWS
from usher.core.principals import Group
from usher.plan.diff import plan_changes

NOW = datetime(2026, 11, 25, tzinfo=UTC)
INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)
SIZES = ((300, 60, 6_000), (1_850, 1_550, 90_000))


def main() -> int:
    """Measure every size; 1 when a plan is not empty."""
    rows = [measure(*size) for size in SIZES]
    print(json.dumps(rows, indent=2))
    return int(any(row["plan_changes"] for row in rows))


def measure(accounts: int, sets: int, assignments: int) -> dict[str, object]:
    """One organization, imported from its assignments alone."""
    files, organization = big_access_files(accounts, sets, assignments)
    source = load_access_files(files)
    desired = resolve_access(source, organization, now=NOW)
    actual = ActualAccess(
        INSTANCE,
        {each.id: each for each in organization},
        desired.users,
        {**desired.groups, **{name: Group(name, external=True) for name in desired.external_groups}},
        desired.permission_sets,
        desired.assignments,
        entitlements=desired.entitlements,
    )
    start = time.perf_counter()
    written = write_access(actual, AWS, candidates=Candidates.of(organization), origin="a benchmark")
    compressed = time.perf_counter()
    again = resolve_access(load_access_files(written.files), organization, now=NOW)
    changes = len(plan_changes(again, actual).changes)
    return {
        "accounts": accounts,
        "permission_sets": sets,
        "assignments": written.grants,
        "rules_they_were_made_from": len(source.rules),
        "rules_found": written.rules,
        "files": len(written.files),
        "seconds_to_write": round(compressed - start, 1),
        "seconds_to_prove": round(time.perf_counter() - compressed, 1),
        "plan_changes": changes,
    }


if __name__ == "__main__":
    raise SystemExit(main())
