"""Opening a page in Windows from WSL: through programs that are shells, so only with a harmless address.

The address is always one of our own listener, made of letters that no shell of any kind reads as its
own; whatever else is asked for is refused rather than quoted.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from usher.core.errors import UsageError

_HARMLESS = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}/[A-Za-z0-9_-]{1,100}")
_SYSTEM = Path("/mnt/c/Windows/System32")
_LONGEST_START_SECONDS = 20.0


def open_in_windows(url: str, environ: Mapping[str, str], system: Path = _SYSTEM) -> bool:
    """Open our own loopback address `url` in the browser of Windows. False when nothing could."""
    for command in windows_commands(url, environ, system):
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=system if system.is_dir() else None,  # cmd.exe does not start in a Linux folder
                env=dict(environ),
                timeout=_LONGEST_START_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return True
    return False


def windows_commands(url: str, environ: Mapping[str, str], system: Path = _SYSTEM) -> list[list[str]]:
    """The commands that are here to open `url`, best first. Raises UsageError unless it is harmless."""
    if not _HARMLESS.fullmatch(url):
        raise UsageError("only an address of usher's own listener is handed to Windows")
    candidates = (
        ("wslview", system / "wslview", [url]),
        (
            "powershell.exe",
            system / "WindowsPowerShell" / "v1.0" / "powershell.exe",
            ["-NoProfile", "-NonInteractive", "-Command", f"Start-Process '{url}'"],
        ),
        ("cmd.exe", system / "cmd.exe", ["/d", "/c", "start", "", url]),
    )
    found = []
    for name, place, arguments in candidates:
        path = shutil.which(name, path=environ.get("PATH")) or (str(place) if place.is_file() else None)
        if path is not None:
            found.append([path, *arguments])
    return found
