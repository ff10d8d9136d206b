"""How long grants take at AWS's quotas, in real time, against the shortest time that these quotas allow.

    python benchmarks/apply_realtime.py [--json] [--calm]      120 grants in 40 accounts, about a minute
    python benchmarks/apply_realtime.py --full                 1,000 grants in 300 accounts, about six

Starts `usher serve --rehearsal --aws-limits` as a process of its own, makes groups and permission sets there,
then times `usher access apply` of the grants: from the first request to the last outcome by its journal, and
the whole command. Afterwards `usher access plan --exit-code` must find nothing to do. Faults are on (5 %
throttles, 2 % server errors) unless --calm. Exits 1 when the grants take more than 1.2 x (1.33 x with faults)
the shortest time and the six seconds of the last request, which count in small runs, or anything is left.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from usher.server.limits.settings import AwsLimits

REGION = "eu-central-1"
USHER = (sys.executable, "-m", "usher")
BUDGETS = {"calm": 1.2, "stormy": 1.33}


@dataclass(frozen=True, slots=True)
class Shape:
    """How much is granted, to how many groups, with how many permission sets, in how many accounts."""

    accounts: int
    sets: int
    groups: int
    grants: int


SMALL, FULL = Shape(40, 6, 10, 120), Shape(300, 60, 50, 1_000)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="1,000 grants in 300 accounts")
    parser.add_argument("--calm", action="store_true", help="without throttles and server errors")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        row = measure(Path(folder), FULL if options.full else SMALL, "calm" if options.calm else "stormy")
    if options.json:
        print(json.dumps(row, indent=2))
    else:
        print(
            f"{row['grants']:,} grants in {row['accounts']} accounts, {row['weather']}: "
            f"{row['seconds']:.0f} s, at least {row['least_seconds']:.0f} s: {row['ratio']:.2f} x; "
            f"the whole command {row['command_seconds']:.0f} s; {row['left_to_do']}"
        )
    return 0 if row["within_budget"] else 1


def measure(folder: Path, shape: Shape, weather: str) -> dict[str, Any]:
    """Set the stage, grant, and look again."""
    limits = AwsLimits(throttled=0, failing=0) if weather == "calm" else AwsLimits()
    write_organization(folder / "organization.json", shape)
    (folder / "limits.toml").write_text(f"throttled = {limits.throttled}\nfailing = {limits.failing}\n")
    write_access(folder / "before.yaml", shape, grants=1)
    write_access(folder / "after.yaml", shape, grants=shape.grants + 1)
    with served(folder) as environ:
        usher("access", "apply", "before.yaml", "--yes", "--json", folder=folder, environ=environ)
        began = time.monotonic()
        done = usher("access", "apply", "after.yaml", "--yes", "--json", folder=folder, environ=environ)
        command_seconds = time.monotonic() - began
        plan = subprocess.run(
            [*USHER, "access", "plan", "after.yaml", "--exit-code"],
            cwd=folder,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    seconds = seconds_by_journal(Path(json.loads(done)["journal"]))
    slots, rate = limits.outstanding_assignments, limits.calls_per_second
    least = max(shape.grants * limits.mean_seconds / slots, shape.grants / rate)
    ratio = seconds / least
    in_time = seconds <= BUDGETS[weather] * least + limits.slowest_seconds
    return {
        "weather": weather,
        "accounts": shape.accounts,
        "grants": shape.grants,
        "seconds": round(seconds, 1),
        "least_seconds": round(least, 1),
        "ratio": round(ratio, 3),
        "command_seconds": round(command_seconds, 1),
        "left_to_do": "nothing is left to do" if plan.returncode == 0 else "SOMETHING IS LEFT TO DO",
        "within_budget": in_time and plan.returncode == 0,
    }


def write_organization(path: Path, shape: Shape) -> None:
    """An organization of that many accounts."""
    accounts: list[dict[str, object]] = [{"id": "111111111111", "name": "management", "management": True}]
    accounts += [{"id": f"{200000000000 + n}", "name": f"account{n}"} for n in range(1, shape.accounts)]
    path.write_text(json.dumps({"organization": "o-exampleorgid", "accounts": accounts}))


def write_access(path: Path, shape: Shape, *, grants: int) -> None:
    """An access file with that many grants; a longer one begins with those of a shorter one."""
    chance = random.Random(1)
    chosen: dict[tuple[int, int, int], None] = {}
    while len(chosen) < grants:
        account = chance.randrange(1, shape.accounts)
        chosen[chance.randrange(shape.groups), chance.randrange(shape.sets), account] = None
    accounts_of: dict[tuple[int, int], list[str]] = {}
    for group, permission_set, account in chosen:
        accounts_of.setdefault((group, permission_set), []).append(f"account{account}")
    lines = ["version: 1", "organization: {accounts: discovered}", "groups:"]
    lines += [f"  group{n}: {{description: Group {n}}}" for n in range(shape.groups)]
    lines += ["permission_sets:"]
    lines += [f"  Set{n}: {{managed_policies: [ReadOnlyAccess]}}" for n in range(shape.sets)]
    lines += ["access:"]
    lines += [
        f"  - {{group: group{group}, permission_set: Set{number}, accounts: [{', '.join(names)}]}}"
        for (group, number), names in sorted(accounts_of.items())
    ]
    path.write_text("\n".join(lines) + "\n")


@contextlib.contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """The rehearsal, running; gives the environment of its client."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "USHER_"))}
    init = (
        "directory",
        "init",
        "--data",
        "data",
        "--admin",
        "admin@example.com",
        "--region",
        REGION,
        "--json",
    )
    keys = json.loads(usher(*init, folder=folder, environ=clean))
    origin = f"http://127.0.0.1:{free_port()}"
    serve = ("serve", "--data", "data", "--listen", origin.removeprefix("http://"))
    serve += ("--rehearsal", "organization.json", "--aws-limits", "limits.toml")
    with open(folder / "serve.log", "w") as log:
        process = subprocess.Popen([*USHER, *serve], cwd=folder, env=clean, stdout=log, stderr=log)
    try:
        wait_for(origin, process)
        yield {
            **clean,
            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": origin,
            "USHER_HOME": str(folder / "home"),
        }
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_for(origin: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the directory answers."""
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit("the directory ended before it answered")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{origin}/healthz"):
            return
        time.sleep(0.1)
    raise SystemExit("the directory does not answer")


def usher(*arguments: str, folder: Path, environ: dict[str, str]) -> str:
    """What a command of usher writes to stdout. The client keeps AWS's pace, as it does against AWS."""
    pace = ("--calls-per-second", "18") if arguments[0] == "access" else ()
    done = subprocess.run(
        [*USHER, *arguments, *pace], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"usher {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def seconds_by_journal(path: Path) -> float:
    """From the first line of a journal to its last."""
    moments = [datetime.fromisoformat(json.loads(line)["at"]) for line in path.read_text().splitlines()]
    return (moments[-1] - moments[0]).total_seconds()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
