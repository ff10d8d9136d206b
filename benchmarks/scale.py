"""How long and how much memory the largest organization that people report takes, the world in memory.

    python benchmarks/scale.py [--json] [--accounts 1850 --sets 1550 --assignments 90000] [--runs 3]

A folder of 201 access files is compiled (read, checked, every selector resolved) and planned against an
Identity Center that differs in two grants of a hundred; the plan's three layers are written; a report is
made; and what is there is written as access files that are proved to give an empty plan. Each stage is a
process of its own, as `usher access` would be: seconds count from its first import to its result, reading the
files included, loading the world, which stands for AWS, not; memory is the process's largest resident size.
Exits 1 over the budgets: 5 s and 600 MB for compile and plan, 10 s for the report.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

GROUPS_HAVE = 20
USERS = 20_000
INSTANCE_ARN = "arn:aws:sso:::instance/ssoins-0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, what it says of its work, and its budget."""

    name: str
    work: Callable[[Path, Any], Mapping[str, object]]
    most_seconds: float | None = None
    most_megabytes: float | None = None


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=1_850)
    parser.add_argument("--sets", type=int, default=1_550)
    parser.add_argument("--assignments", type=int, default=90_000)
    parser.add_argument("--runs", type=int, default=3, help="runs of each stage; the median counts")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--child", nargs=2, metavar=("STAGE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return _be_a_stage(*options.child)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, options.accounts, options.sets, options.assignments)
        floor = _seconds_of([sys.executable, "-c", "pass"], options.runs)
        rows = [measure(stage, folder, options.runs, floor) for stage in STAGES]
    if options.json:
        print(json.dumps({"python_ms": floor * 1_000, "stages": rows}, indent=2))
    else:
        _print(rows, floor)
    return 0 if all(row["within_budget"] for row in rows) else 1


def prepare(folder: Path, accounts: int, sets: int, assignments: int) -> None:
    """Write the access files, and beside them the world that they are compared with."""
    from worlds import big_access_files

    from usher.access.load import load_access_files
    from usher.access.resolve import resolve_access
    from usher.core.organization import ActualAccess, Instance
    from usher.core.principals import Group, Principal, PrincipalKind, User

    texts, organization = big_access_files(accounts, sets, assignments)
    files = folder / "access"
    files.mkdir()
    for name, text in texts.items():
        (files / name).write_text(text)
    desired = resolve_access(load_access_files(texts), organization, now=datetime.now(UTC))
    chance = random.Random(0)
    users = [f"user{n:05}@example.com" for n in range(USERS)]
    groups = {
        name: Group(name, members=frozenset(chance.sample(users, GROUPS_HAVE)), external=True)
        for name in sorted(desired.external_groups)
    }
    in_order = sorted(desired.assignments)
    without = set(in_order) - set(in_order[::100])
    elsewhere = (replace(each, account_id=chance.choice(organization).id) for each in in_order[50::100])
    actual = ActualAccess(
        Instance(INSTANCE_ARN, "d-0123456789"),
        {account.id: account for account in organization},
        {name: User(name, name, "Somebody", name, external=True) for name in users},
        groups,
        desired.permission_sets,
        frozenset(without | set(elsewhere)),
        principal_ids={Principal(PrincipalKind.GROUP, name): f"id-{name}" for name in groups},
        permission_set_arns={name: f"{INSTANCE_ARN}/{name}" for name in desired.permission_sets},
    )
    (folder / "world").write_bytes(pickle.dumps(actual))


def compile_and_plan(folder: Path, actual: Any) -> Mapping[str, object]:
    """What `usher access plan` computes."""
    _, plan = _plan(folder, actual)
    return {"changes": len(plan.changes)}


def review(folder: Path, actual: Any) -> Mapping[str, object]:
    """What `usher access plan` computes and shows: all three layers of it."""
    from usher.cli.text.plan import no_style, review_lines
    from usher.plan.review import review_plan

    desired, plan = _plan(folder, actual)
    found = review_plan(plan, desired, actual, lambda _sets: {}, now=datetime.now(UTC))
    return {"lines": sum(1 for _ in review_lines(found, "access", no_style))}


def report(_folder: Path, actual: Any) -> Mapping[str, object]:
    """What `usher access report` writes."""
    from usher.cli.access.verdicts import judge_powers
    from usher.report.holdings import Holdings
    from usher.report.page import render_page
    from usher.report.source import Source

    now = datetime.now(UTC)
    holdings = Holdings(actual)
    page = render_page(holdings, judge_powers(holdings, {}), Source("ssoins-0123456789abcdef", now), now)
    return {"megabytes_of_page": round(len(page.encode()) / 1e6, 1)}


def import_and_prove(_folder: Path, actual: Any) -> Mapping[str, object]:
    """What `usher access import` writes, and its proof that the plan is empty."""
    from usher.access.load import load_access_files
    from usher.access.resolve import resolve_access
    from usher.access.selections import Candidates
    from usher.access.write import write_access
    from usher.core.partitions import AWS
    from usher.plan.diff import plan_changes

    accounts = list(actual.accounts.values())
    written = write_access(actual, AWS, candidates=Candidates.of(accounts), origin="a benchmark")
    desired = resolve_access(load_access_files(written.files), accounts, now=datetime.now(UTC))
    left = len(plan_changes(desired, actual).changes)
    if left:
        raise SystemExit(f"the plan after an import should be empty and has {left} changes")
    return {"grants": written.grants, "rules": written.rules}


STAGES = (
    Stage("compile and plan", compile_and_plan, 5.0, 600.0),
    Stage("plan with its three layers", review),
    Stage("report", report, 10.0),
    Stage("import and prove", import_and_prove),
)


def _plan(folder: Path, actual: Any) -> tuple[Any, Any]:
    from usher.access.resolve import resolve_access
    from usher.cli.access.files import read_access_file
    from usher.plan.diff import plan_changes

    file = read_access_file(str(folder / "access"))
    desired = resolve_access(file, list(actual.accounts.values()), now=datetime.now(UTC))
    return desired, plan_changes(desired, actual)


def measure(stage: Stage, folder: Path, runs: int, floor: float) -> dict[str, Any]:
    """The median of some runs of a stage in processes of their own."""
    command = [sys.executable, __file__, "--child", stage.name, str(folder)]
    found = [
        json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout) for _ in range(runs)
    ]
    seconds = statistics.median(each["seconds"] for each in found)
    megabytes = statistics.median(each["megabytes"] for each in found)
    return {
        "stage": stage.name,
        "seconds": round(seconds, 2),
        "starts_of_python": round(seconds / floor),
        "megabytes": round(megabytes),
        "megabytes_of_world": round(statistics.median(each["megabytes_of_world"] for each in found)),
        "work": found[0]["work"],
        "within_budget": (stage.most_seconds is None or seconds <= stage.most_seconds)
        and (stage.most_megabytes is None or megabytes <= stage.most_megabytes),
    }


def _be_a_stage(name: str, folder: str) -> int:
    import gc

    gc.set_threshold(100_000, 20, 100)  # as `usher access` does
    actual = pickle.loads((Path(folder) / "world").read_bytes())
    world = _resident_megabytes()
    stage = next(each for each in STAGES if each.name == name)
    began = time.perf_counter()
    work = stage.work(Path(folder), actual)
    outcome = {
        "seconds": time.perf_counter() - began,
        "megabytes": _resident_megabytes(),
        "megabytes_of_world": world,
        "work": work,
    }
    print(json.dumps(outcome))
    return 0


def _resident_megabytes() -> float:
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _seconds_of(command: list[str], runs: int) -> float:
    found = []
    for _ in range(runs * 5):
        began = time.perf_counter()
        subprocess.run(command, check=True)
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def _print(rows: list[dict[str, Any]], floor: float) -> None:
    print(f"{'stage':<27} {'seconds':>8} {'x python':>9} {'MB':>5} {'of world':>9}  work")
    for row in rows:
        work = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in row["work"].items())
        print(
            f"{row['stage']:<27} {row['seconds']:>8.2f} {row['starts_of_python']:>9} {row['megabytes']:>5} "
            f"{row['megabytes_of_world']:>9}  {work}{'' if row['within_budget'] else '  OVER BUDGET'}"
        )
    print(f"python -c pass takes {floor * 1_000:.0f} ms here")


if __name__ == "__main__":
    sys.exit(main())
