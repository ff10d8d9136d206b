"""What shells wait for, as ratios to starting Python: a switch, a prompt, a completion, the help.

    python benchmarks/shell.py [--runs 20] [--profiles 5000] [--json]

Alternating runs of `python -c pass` and of

- `usher use`, the whole of it: what the hook runs between Enter and the next prompt,
- `usher prompt` with what `usher use` left in the environment, and for a profile that was set by hand,
- a completion of profiles and of options,
- `usher --help`,

in a throw-away home with that many profiles, and of the hook's own work at each prompt in bash (no
process is started: microseconds). Asks no network. Exits 1 over a budget.
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

# Ratios to `python -c pass`: 2.5 is less than 50 ms where Python starts in 20.
BUDGETS = {
    "help": 3.0,
    "prompt": 2.0,
    "prompt by hand": 2.0,
    "complete profiles": 2.5,
    "complete options": 2.5,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20, help="runs of each, at least 5")
    parser.add_argument("--profiles", type=int, default=5_000, help="profiles in the config file")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = _measure(Path(folder), max(options.runs, 5), options.profiles)
    if options.json:
        print(json.dumps(outcome, indent=2))
    else:
        for name, figures in outcome["figures"].items():
            print(f"{name:<24} {figures['ms']:7.1f} ms {figures['ratio']:6.2f}")
        print(f"the hook at a prompt     {outcome['hook_us']:7.1f} us")
        print(f"medians of {outcome['runs']} alternating runs, {outcome['profiles']} profiles")
    return 0 if outcome["within_budget"] else 1


def _measure(home: Path, runs: int, profiles: int) -> dict[str, object]:
    usher = str(Path(sys.executable).with_name("usher"))
    name = _prepare(home, profiles)
    environ = {"HOME": str(home), "PATH": os.environ["PATH"]}
    environ |= {kept: os.environ[kept] for kept in ("PYTHONPATH",) if kept in os.environ}
    by_hand = {**environ, "AWS_PROFILE": name}
    entered = {**by_hand, "USHER_PROFILE": name}
    commands = {
        "python -c pass": ([sys.executable, "-c", "pass"], environ),
        "help": ([usher, "--help"], environ),
        "use": ([usher, "use", "--shell-output", "bash", name], environ),
        "prompt": ([usher, "prompt"], entered),
        "prompt by hand": ([usher, "prompt"], by_hand),
        "complete profiles": ([usher, "--complete", "use", "acme-account-04"], environ),
        "complete options": ([usher, "--complete", "exec", "--"], environ),
    }
    times: dict[str, list[float]] = {each: [] for each in commands}
    for command, given in commands.values():
        _timed(command, given)
    for _ in range(runs):
        for each, (command, given) in commands.items():
            times[each].append(_timed(command, given))
    floor = statistics.median(times["python -c pass"])
    figures = {
        each: {"ms": round(statistics.median(taken), 2), "ratio": round(statistics.median(taken) / floor, 2)}
        for each, taken in times.items()
    }
    within = all(figures[each]["ratio"] <= budget for each, budget in BUDGETS.items())
    return {
        "runs": runs,
        "profiles": profiles,
        "figures": figures,
        "hook_us": _hook_microseconds(usher, home, environ),
        "within_budget": within,
    }


def _prepare(home: Path, profiles: int) -> str:
    """A home with that many profiles as `usher profiles sync` writes them; one profile's name."""
    (home / ".aws").mkdir(mode=0o700)
    names = [f"acme-account-{number:04}/Role{role}" for number in range(profiles // 5) for role in range(5)]
    (home / ".aws" / "config").write_text(
        "".join(
            f"[profile {name}]\ncredential_process = /usr/bin/usher credentials {name}\nregion = eu-west-1\n"
            f"usher_organization = acme\nusher_account_id = {number:012}\nusher_permission_set = Role\n\n"
            for number, name in enumerate(names)
        )
    )
    return names[len(names) // 2]


def _hook_microseconds(usher: str, home: Path, environ: dict[str, str]) -> float:
    """What the hook does at a prompt, five folders deep, when no folder's file is there or changed."""
    deep = home / "a" / "b" / "c" / "d" / "e"
    deep.mkdir(parents=True)
    script = (
        f'eval "$({usher} shell-init bash --no-completion)"; cd {deep}\n'
        "start=$EPOCHREALTIME; for ((i = 0; i < 1000; i++)); do __usher_prompt; done; end=$EPOCHREALTIME\n"
        "echo $(( (${end/./} - ${start/./}) ))"
    )
    printed = subprocess.run(["bash", "-c", script], env=environ, check=True, capture_output=True, text=True)
    return int(printed.stdout) / 1_000


def _timed(command: list[str], environ: dict[str, str]) -> float:
    """Milliseconds that `command` takes; it must succeed."""
    started = time.perf_counter()
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main())
