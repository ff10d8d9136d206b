"""Running another program in Usher's place: the same exit status and signals as if it had been called itself.

On POSIX systems Usher becomes the program. Windows has no such call: there Usher starts it in the same
console, leaves Ctrl-C and Ctrl-Break to it, and ends with its exact code.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

from usher.cli.terminal import Terminal, printable
from usher.core.errors import UsageError

COMMAND_NOT_FOUND = 127
COMMAND_NOT_RUNNABLE = 126
# What cmd.exe, which runs batch files, would take apart however it is quoted.
_SPECIAL_IN_BATCH = frozenset('"%!^&|<>\r\n')
# Windows has neither.
_IGNORED_BY_PYTHON = [number for number in signal.Signals if number.name in {"SIGPIPE", "SIGXFSZ"}]


def become(command: Sequence[str], environ: Mapping[str, str], terminal: Terminal) -> int:
    """Run `command` instead of this process; returns only an exit code that could not be given otherwise."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        if os.name == "nt":
            return run_and_wait(command, environ)
        with signals_as_a_program_expects():
            os.execvpe(command[0], list(command), dict(environ))  # noqa: S606 -- the given command is the purpose
    except OSError as error:
        return explain_start_failure(command[0], error, terminal)


def explain_start_failure(name: str, error: OSError, terminal: Terminal) -> int:
    """Say why the program `name` did not start, and give the exit code that shells have for it."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        terminal.say(f"usher: there is no command '{printable(name)}'")
        return COMMAND_NOT_FOUND
    terminal.say(f"usher: cannot run '{printable(name)}': {error.strerror}")
    return COMMAND_NOT_RUNNABLE


@contextlib.contextmanager
def signals_as_a_program_expects() -> Iterator[None]:
    """Python ignores these two, and an exec hands that on: `yes | head` would end in an error message.

    An exec that fails leaves them as they were: this process must not die of a peer that hangs up.
    """
    before = {number: signal.signal(number, signal.SIG_DFL) for number in _IGNORED_BY_PYTHON}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_and_wait(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Start `command` in the same console and wait for its exit code. Raises OSError when it does not start.

    Ctrl-C and Ctrl-Break reach every process of a console; Usher ignores them, so that the command alone
    decides what they mean.
    """
    found = shutil.which(command[0], path=environ.get("PATH"))
    if found is None:
        raise FileNotFoundError(command[0])
    _check_batch_file(found, command[1:])
    ignored = [signal.SIGINT, *([signal.Signals(21)] if os.name == "nt" else [])]  # 21: SIGBREAK
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ignored}
    try:
        with subprocess.Popen([found, *command[1:]], env=dict(environ)) as process:
            return exit_code(process.wait())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code(status: int) -> int:
    """What a process's end means as an exit code: as it is; 128 and the signal's number, as shells say it.

    Windows codes such as 0xC000013A (ended by Ctrl-C) are 32 bits without a sign, which Python would not
    hand on as they are.
    """
    if status < 0:
        return 128 - status
    return status - 2**32 if status >= 2**31 else status


def _check_batch_file(path: str, arguments: Sequence[str]) -> None:
    """Batch files get their arguments through cmd.exe, which has no quoting that holds (CVE-2024-24576)."""
    if not path.lower().endswith((".bat", ".cmd")):
        return
    unsafe = next((argument for argument in arguments if _SPECIAL_IN_BATCH & set(argument)), None)
    if unsafe is not None:
        raise UsageError(
            f"the argument {printable(unsafe)!r} cannot be given safely to the batch file {printable(path)}",
            hint="call the program itself, or put the argument into a file",
        )
