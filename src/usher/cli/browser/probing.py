"""Whether the native host starts: the launcher is run as a browser would, with nothing to say to it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from usher.console.extension import CHROMIUM_ORIGIN
from usher.core.printable import printable

PATIENCE_SECONDS = 15.0
# A browser that a desktop starts gives its children a session's variables, and nothing of a shell's.
_OF_A_SESSION = ("HOME", "PATH", "LANG", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "SYSTEMROOT", "TEMP")


@dataclass(frozen=True, slots=True)
class Probe:
    """How long the host took to start and to end at the end of its input; or what went wrong."""

    seconds: float
    problem: str = ""


def probe_launcher(launcher: Path, environ: Mapping[str, str]) -> Probe:
    """Start the launcher with empty input: the native host ends then, with exit code 0."""
    begun = time.monotonic()
    try:
        done = subprocess.run(
            [str(launcher), CHROMIUM_ORIGIN],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
            cwd=launcher.parent,
            env={name: environ[name] for name in _OF_A_SESSION if name in environ},
        )
    except OSError as error:
        return Probe(0.0, error.strerror or str(error))
    except subprocess.TimeoutExpired:
        return Probe(PATIENCE_SECONDS, f"it did not end within {PATIENCE_SECONDS:.0f} s of its input's end")
    if done.returncode == 0:
        return Probe(time.monotonic() - begun)
    last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return Probe(0.0, printable(last)[:200] or f"it ends with exit code {done.returncode}")
