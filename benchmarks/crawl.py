"""How long `usher profiles sync` takes in a large organization, beside the least time that AWS allows.

    python benchmarks/crawl.py [--accounts 1000] [--roles 5] [--rate 20] [--json]

A portal on loopback lets through `rate` calls a second, that many at once, and answers everything beyond
with 429, as AWS does. A real `usher` signs in and syncs once: accounts are listed in pages of 100,
permission sets with one call per account, so that the least time is (calls - burst) / rate. Then it syncs
again from what was read, which is the cost of writing alone; botocore reads the file for comparison.
Exits 1 over 1.2 x the least.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyrage

BUDGET = 1.2
_SERVER = Path(__file__).parents[1] / "tests" / "session" / "portal_server.py"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--roles", type=int, default=5)
    parser.add_argument("--rate", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = _measure(Path(folder), options.accounts, options.roles, options.rate)
    if options.json:
        print(json.dumps(outcome, indent=2))
    else:
        ratio, least = f"{outcome['ratio']:.2f}", outcome["least"]
        again, floor = f"{outcome['again_seconds']:.2f}", f"{outcome['floor_ms']:.0f}"
        print(f"{outcome['accounts']:,} accounts, {outcome['profiles']:,} profiles")
        print(f"crawl {outcome['seconds']:.1f} s, {ratio} x the least, {least} s")
        print(f"{outcome['calls']:,} calls, of which throttled: {outcome['throttled']}")
        print(f"sync of what was read {again} s; python -c pass {floor} ms")
        print(f"botocore reads the file in {outcome['botocore_ms']:.0f} ms")
    whole = outcome["profiles"] == options.accounts * options.roles
    return 0 if whole and outcome["ratio"] <= BUDGET else 1


def _measure(home: Path, accounts: int, roles: int, rate: int) -> dict[str, float]:
    spec = importlib.util.spec_from_file_location("portal_server", _SERVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (home / "identity.txt").write_text(f"{pyrage.x25519.Identity.generate()}\n")
    environ = {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(Path(__file__).parents[1] / "src"),
        "USHER_VAULT": "file",
        "USHER_VAULT_IDENTITY": str(home / "identity.txt"),
    }
    for portal in module.running_portal():
        portal.interval = 0.01
        portal.accounts = {
            f"{n:012d}": (f"account-{n:04d}", [f"Role{r}" for r in range(roles)]) for n in range(accounts)
        }
        _usher(
            environ,
            "login",
            "mkdev",
            "--start-url",
            portal.url + "/start",
            "--region",
            "eu-central-1",
            "--device",
        )
        portal.limit(rate, rate)
        seconds, synced = _usher(environ, "profiles", "sync", "--json")
        again, _ = _usher(environ, "profiles", "sync", "--if-older-than", "1d")
        asked = math.ceil(accounts / 100) + accounts
        calls = portal.count("list_roles") + portal.count("list_accounts")
    least = (asked - rate) / rate
    return {
        "accounts": accounts,
        "profiles": len(json.loads(synced)["profiles"]),
        "seconds": round(seconds, 1),
        "least": round(least, 1),
        "ratio": round(seconds / least, 3),
        "calls": calls,
        "throttled": portal.throttled,
        "again_seconds": round(again, 2),
        "floor_ms": round(_timed([sys.executable, "-c", "pass"], environ) * 1000, 1),
        "botocore_ms": round(_botocore(home) * 1000, 1),
    }


def _usher(environ: dict[str, str], *arguments: str) -> tuple[float, str]:
    began = time.perf_counter()
    command = [
        sys.executable,
        "-c",
        "import sys; from usher._entry import main; sys.exit(main())",
        *arguments,
    ]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.perf_counter() - began, done.stdout


def _timed(command: list[str], environ: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environ, check=True)
    return time.perf_counter() - began


def _botocore(home: Path) -> float:
    from botocore.configloader import load_config

    began = time.perf_counter()
    load_config(str(home / ".aws" / "config"))
    return time.perf_counter() - began


if __name__ == "__main__":
    raise SystemExit(main())
