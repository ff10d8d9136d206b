"""The picker over 5,000 profiles: from the start of the process to its first paint, and how soon keys answer.

    python benchmarks/picker.py [--json] [--rounds 20]

Starts `usher pick` on a terminal of its own (80 x 24) and looks at what it writes. The first paint is there
when the line of keys at the bottom is; the figure is of the whole process, Python's start included, and is
given as a ratio to `python -c pass` on the same machine in the same run. A key is answered when nothing more
is written. Exits 1 when the first paint takes more than 100 ms and more than 9 x `python -c pass`, or a key
more than 30 ms and more than 3 x: a busy machine is slow at both, a slow picker at the first alone.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from usher.core.ids import AccountId
from usher.profiles.index import IndexEntry, write_index

WORDS = (
    "payments ledger search media ingest fraud billing mobile web platform data ml core auth edge cdn risk"
)
STAGES = ("dev", "test", "staging", "production", "dr")
SETS = ("AdministratorAccess", "ReadOnlyAccess", "PowerUserAccess", "DatabaseOperator", "BillingViewer")
USHER = (sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())")
LAST_WORDS = b"leave"
KEYS = (b"p", b"r", b"o", b"d", b" ", b"a", b"d", b"m", b"\x7f", b"\x7f", b"\x1b[B", b"\x15")
QUIET_SECONDS = 0.15
FIRST_PAINT_SECONDS, FIRST_PAINT_RATIO = 0.100, 9.0
KEY_SECONDS, KEY_RATIO = 0.030, 3.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--rounds", type=int, default=20, help="how often each is timed (%(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        row = measure(Path(folder), options.rounds)
    if options.json:
        print(json.dumps(row, indent=2))
    else:
        print(
            f"{row['profiles']:,} profiles: python -c pass {row['python_ms']:.0f} ms, first paint "
            f"{row['first_paint_ms']:.0f} ms = {row['first_paint_ratio']:.1f} x; "
            f"a key {row['key_ms']:.0f} ms, the slowest {row['slowest_key_ms']:.0f} ms"
        )
    return 0 if row["within_budget"] else 1


def measure(folder: Path, rounds: int) -> dict[str, float | bool]:
    """Every figure, in milliseconds: the median of `rounds`."""
    environ = write_profiles(folder, 5000)
    Terminal(environ).leave()  # compiled once
    python = statistics.median(bare_python() for _ in range(rounds))
    paints = []
    for _ in range(rounds):
        terminal = Terminal(environ)
        paints.append(terminal.first_paint)
        terminal.leave()
    terminal = Terminal(environ)
    terminal.settle()
    keys = [statistics.median(times) for times in zip(*(terminal.type(KEYS) for _ in range(5)), strict=True)]
    terminal.leave()
    paint, key = statistics.median(paints), statistics.median(keys)
    return {
        "profiles": 5000,
        "python_ms": round(python * 1000, 1),
        "first_paint_ms": round(paint * 1000, 1),
        "first_paint_ratio": round(paint / python, 2),
        "key_ms": round(key * 1000, 1),
        "slowest_key_ms": round(max(keys) * 1000, 1),
        "within_budget": (paint <= FIRST_PAINT_SECONDS or paint <= FIRST_PAINT_RATIO * python)
        and (key <= KEY_SECONDS or key <= KEY_RATIO * python),
    }


def write_profiles(folder: Path, count: int) -> dict[str, str]:
    """A home with that many synced profiles, some of them marked; gives the environment of its `usher`."""
    entries = []
    for number in range(count):
        account, name = divmod(number, len(SETS))
        word, stage = WORDS.split()[account % 17], STAGES[account // 17 % 5]
        account_name = f"{word}-{account // 85}-{stage}"
        entries.append(
            IndexEntry(
                f"mkdev-{account_name}/{SETS[name]}",
                "mkdev",
                AccountId(f"{100000000000 + account * 7919}"),
                account_name,
                SETS[name],
                f"{account_name}@mkdev.example",
                "eu-central-1",
                f"{word} in {stage}",
                f"Workloads/{stage}",
                tags={"env": stage},
            )
        )
    write_index(folder / "cache", "mkdev", entries)
    (folder / "config").mkdir()
    (folder / "config" / "settings.toml").write_text(
        '[[protect]]\naccounts = "*-production"\ncolour = "red"\nlabel = "PRODUCTION"\nconfirm = true\n'
    )
    (folder / "aws.config").write_text(
        "# usher:begin mkdev\n"
        + "".join(
            f"[profile {entry.profile}]\ncredential_process = usher credentials {entry.profile}\n"
            f"region = {entry.region}\nusher_organization = mkdev\nusher_account_id = {entry.account_id}\n"
            f"usher_permission_set = {entry.permission_set}\n"
            for entry in entries
        )
        + "# usher:end mkdev\n"
    )
    # Without compiled files every start would compile everything anew.
    own = ("AWS_", "USHER_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {
        **kept,
        "TERM": "xterm-256color",
        "USHER_HOME": str(folder),
        "AWS_CONFIG_FILE": str(folder / "aws.config"),
    }


def bare_python() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - began


class Terminal:
    """`usher pick` on a terminal of its own."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [*USHER, "pick"], env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        written = b""
        while LAST_WORDS not in written:
            written += os.read(self.ours, 65_536)
        self.first_paint = time.perf_counter() - began

    def settle(self, quiet: float = 1.0) -> float:
        """Wait until nothing is written any more; gives the moment of the last bytes."""
        last = time.perf_counter()
        while select.select([self.ours], [], [], quiet)[0]:
            os.read(self.ours, 65_536)
            last = time.perf_counter()
        return last

    def type(self, keys: tuple[bytes, ...]) -> list[float]:
        """How long each key took to be answered."""
        times = []
        for key in keys:
            began = time.perf_counter()
            os.write(self.ours, key)
            times.append(self.settle(QUIET_SECONDS) - began)
        return times

    def leave(self) -> None:
        self.settle()
        os.write(self.ours, b"\x03")
        self.process.wait(10)
        os.close(self.ours)


if __name__ == "__main__":
    sys.exit(main())
