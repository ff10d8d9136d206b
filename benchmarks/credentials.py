"""How much a warm `usher credentials PROFILE` costs over starting Python, as ratios of one run.

    python benchmarks/credentials.py [--runs 30] [--json]

Compares, on this machine and with this interpreter, alternating runs of

- `python -c pass`: the floor, what no Python program can undercut,
- `usher credentials PROFILE` from a ready record, with the agent on (the budget is 1.3 x the floor),
- the same from the sealed vault, as on machines without a memory file system,
- `aws configure export-credentials`, where an AWS CLI v2 is at hand (the budget is 0.05 x its time): the
  one that `make clients` installs, or what --aws names.

Sets up a throw-away home with a sealed role session and asks no network. Exits 1 over a budget.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyrage

from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.session.organizations import PortalOrganization, save_organization
from usher.session.portal import RoleCredentials
from usher.session.ready_record import ReadyShelf
from usher.session.records import write_role
from usher.session.vault.key_file import KeyFile, recipients_of
from usher.session.vault.keys import new_key
from usher.session.vault.place import VaultPlace
from usher.session.vault.sealed import SealedVault

BUDGET = 1.3
AWS_CLI_BUDGET = 0.05
AWS_CLI = Path(__file__).parents[1] / ".cache" / "clients" / "bin" / "aws"
PROFILE = "mkdev-staging/AdministratorAccess"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=30, help="runs of each, at least 20")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--aws", type=Path, default=AWS_CLI, help="an AWS CLI v2 to compare with")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = _measure(Path(folder), max(options.runs, 20), options.aws)
    if options.json:
        print(json.dumps(outcome, indent=2))
    else:
        print(f"python -c pass            {outcome['floor_ms']:6.1f} ms  1.00")
        print(f"usher credentials, ready  {outcome['ready_ms']:6.1f} ms  {outcome['ready_ratio']:.2f}")
        print(f"usher credentials, sealed {outcome['sealed_ms']:6.1f} ms  {outcome['sealed_ratio']:.2f}")
        if "aws_cli_ms" in outcome:
            print(
                f"aws export-credentials    {outcome['aws_cli_ms']:6.1f} ms  {outcome['aws_cli_ratio']:.2f}"
            )
            print(f"usher credentials costs {outcome['of_aws_cli']:.3f} of it; budget: {AWS_CLI_BUDGET}")
        else:
            print(f"no AWS CLI at {options.aws}: 'make clients' installs one")
        print(
            f"medians of {outcome['runs']} alternating runs, {outcome['python']}; budget for ready: {BUDGET}"
        )
    return 0 if outcome["within_budget"] else 1


def _measure(home: Path, runs: int, aws: Path) -> dict[str, object]:
    environ = _prepare(home)
    usher = str(Path(sys.executable).with_name("usher"))
    shelf = ReadyShelf(environ, Path("/proc/self/mountinfo").read_text(), os.getuid())
    floor, ready, sealed, by_aws = [], [], [], []
    try:
        _timed([usher, "agent", "start"], environ)
        _timed([usher, "credentials", PROFILE], environ)
        for _ in range(runs):
            floor.append(_timed([sys.executable, "-c", "pass"], environ))
            ready.append(_timed([usher, "credentials", PROFILE], environ))
        for _ in range(max(runs // 3, 7)):
            shelf.remove(PROFILE)
            sealed.append(_timed([usher, "credentials", PROFILE], environ))
        if aws.exists():
            export = [str(aws), "configure", "export-credentials", "--profile", "static"]
            _timed(export, environ)
            by_aws += [_timed(export, environ) for _ in range(max(runs // 3, 7))]
    finally:
        shelf.remove(PROFILE)
        _timed([usher, "agent", "stop"], environ)
    return _outcome(
        runs, *(statistics.median(each) if each else None for each in (floor, ready, sealed, by_aws))
    )


def _outcome(runs: int, floor: float, ready: float, sealed: float, by_aws: float | None) -> dict[str, object]:
    outcome: dict[str, object] = {
        "python": sys.version.split()[0],
        "runs": runs,
        "floor_ms": round(floor, 2),
        "ready_ms": round(ready, 2),
        "sealed_ms": round(sealed, 2),
        "ready_ratio": round(ready / floor, 3),
        "sealed_ratio": round(sealed / floor, 3),
        "budget": BUDGET,
        "within_budget": ready / floor <= BUDGET,
    }
    if by_aws is not None:
        outcome |= {
            "aws_cli_ms": round(by_aws, 2),
            "aws_cli_ratio": round(by_aws / floor, 3),
            "of_aws_cli": round(ready / by_aws, 4),
            "within_budget": ready / floor <= BUDGET and ready / by_aws <= AWS_CLI_BUDGET,
        }
    return outcome


def _prepare(home: Path) -> dict[str, str]:
    """A home whose vault holds a role session for the profile."""
    usher_home, config = home / "usher", home / "config"
    organization = PortalOrganization("mkdev", "https://mkdev.awsapps.com/start", "eu-central-1")
    save_organization(usher_home / "config", organization)
    identity = home / "identity.txt"
    identity.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    place, key = (
        VaultPlace(usher_home / "data" / "vault", usher_home / "cache" / "locks"),
        new_key(os.urandom),
    )
    generation = KeyFile(place.folder, lambda: recipients_of(identity), lambda: iter(())).keep(key)
    place.switch(generation)
    vault = SealedVault(place.folder_of(generation), lambda: key)
    secret = Secret("s" * 1_000)
    account = AccountId("222222222222")
    expires_at = time.time() + 3_600
    write_role(
        vault,
        organization,
        RoleCredentials(account, "AdministratorAccess", "ASIA", secret, secret, expires_at),
    )
    config.write_text(
        f"[profile {PROFILE}]\nusher_organization = mkdev\nusher_account_id = {account}\n"
        "usher_permission_set = AdministratorAccess\nregion = eu-central-1\n"
        "[profile static]\naws_access_key_id = AKIA\naws_secret_access_key = secret\n"  # nothing to ask for
    )
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "USHER_HOME": str(usher_home),
        "AWS_CONFIG_FILE": str(config),
        "USHER_VAULT": "file",
        "USHER_VAULT_IDENTITY": str(identity),
        **{name: os.environ[name] for name in ("XDG_RUNTIME_DIR",) if name in os.environ},
    }


def _timed(command: list[str], environ: dict[str, str]) -> float:
    """Milliseconds that `command` takes; it must succeed."""
    started = time.perf_counter()
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main())
