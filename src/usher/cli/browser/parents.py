"""Which browser started this process: its program, and which of its profiles it was told to use.

So that the same browser can be started again when a console is to be opened and none runs. Where the
system does not tell, the browser is found by its family instead.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from usher.cli.browser.desk import Caller
from usher.console.browsers import Family, family_of

PROCESSES = Path("/proc")
_WITH_VALUE = {Family.FIREFOX: ("-P", "-profile", "--profile"), Family.CHROMIUM: ()}
_WITHIN = {Family.FIREFOX: (), Family.CHROMIUM: ("--user-data-dir=", "--profile-directory=")}
_PS = "/bin/ps"
_PS_SECONDS = 2


def browser_of_parent(caller: Caller, parent: int, processes: Path = PROCESSES) -> Caller:
    """`caller` with its program and options, as far as the process `parent` shows them."""
    program = _program_of(parent, processes)
    if family_of(Path(program).name) is not caller.family:  # a sandbox or a wrapper stands in between
        return caller
    return replace(caller, program=program, options=profile_options(caller.family, _words(parent, processes)))


def profile_options(family: Family, words: Sequence[str]) -> tuple[str, ...]:
    """The words of a browser's command line that say which profile it uses."""
    return tuple(_profile_words(family, words))


def _profile_words(family: Family, words: Sequence[str]) -> Iterator[str]:
    rest = iter(words[1:])
    for word in rest:
        if word in _WITH_VALUE[family]:
            value = next(rest, None)
            if value is not None:
                yield from (word, value)
        elif word.startswith(_WITHIN[family]) and _WITHIN[family]:
            yield word


def _program_of(process: int, processes: Path) -> str:
    try:
        return str((processes / str(process) / "exe").readlink()).removesuffix(" (deleted)")
    except OSError:
        return _asked_of_ps(process) if sys.platform == "darwin" else ""


def _words(process: int, processes: Path) -> list[str]:
    try:
        line = (processes / str(process) / "cmdline").read_bytes()
    except OSError:
        return []
    return [os.fsdecode(word) for word in line.split(b"\0") if word]


def _asked_of_ps(process: int) -> str:
    """macOS has no /proc; its `ps` gives the whole path of a program."""
    try:
        done = subprocess.run(
            [_PS, "-o", "comm=", "-p", str(process)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PS_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = os.fsdecode(done.stdout).strip()
    return found if Path(found).is_absolute() else ""
