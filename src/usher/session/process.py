"""Another program's keys (`credential_process`), run as botocore runs it: arguments, never a shell.

The program gets no input, a minute and a half, and 64 KiB for its answer; what it says on stderr goes to
the person. A program that others could replace is not run.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

from usher.core import machine
from usher.core.credentials import Credentials
from usher.core.errors import UsageError, UsherError
from usher.core.ids import AccountId, account_id
from usher.core.secrets import Secret
from usher.fastpath.ready import ENVIRONMENT

PROCESS_SECONDS = 90.0
LARGEST_ANSWER_BYTES = 65_536
CHAIN_VARIABLE = "USHER_PROFILE_CHAIN"
_DEEPEST = 4
_END_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ProcessRunner:
    """Runs programs that print keys, with `environ` as their environment."""

    environ: Mapping[str, str]
    clock: Callable[[], float]
    seconds: float = PROCESS_SECONDS

    def surroundings(self) -> str:
        """What the same command's keys may depend on: which AWS files and which profile it is given."""
        named = {name: value for name, value in self.environ.items() if _says_which_keys(name)}
        return json.dumps(named, sort_keys=True)

    def keys(self, command: str, profile: str, owner: AccountId | None = None) -> Credentials:
        """The keys that `command` prints for `profile`. Raises UsageError or UsherError."""
        try:
            words = machine.split_command(command)
        except ValueError as error:
            raise UsageError(f"the credential_process of '{profile}' cannot be split: {error}") from None
        return self.keys_of(words, profile, owner)

    def keys_of(self, words: Sequence[str], profile: str, owner: AccountId | None = None) -> Credentials:
        """As `keys`, of a command that is split already."""
        what = f"the credential_process of '{profile}'"
        program = find_program(words[0] if words else "", self.environ, what)
        environ = {**self.environ, CHAIN_VARIABLE: _longer_chain(self.environ, profile)}
        answer = capture([str(program), *words[1:]], environ, what, self.seconds)
        return _credentials(answer, what, self.clock(), owner)


def refuse_circle(environ: Mapping[str, str], profile: str) -> None:
    """Raise UsageError when another program asks usher for a profile that waits for that program."""
    chain = _chain(environ)
    if profile in chain or len(chain) >= _DEEPEST:
        raise UsageError(
            f"profiles ask each other in a circle through other programs: {' -> '.join((*chain, profile))}",
            hint=f"'usher explain {chain[0]}' shows the way; change a credential_process on it",
        )


def find_program(name: str, environ: Mapping[str, str], what: str) -> Path:
    """The file of the program `name`. Raises UsageError if there is none or if others may change it."""
    import shutil

    found = shutil.which(name, path=environ.get("PATH", os.defpath)) if name else None
    if found is None:
        raise UsageError(
            f"{what} names the program '{name}', which is not there",
            hint="write its whole path: no shell runs it, so ~ and $HOME mean nothing here",
        )
    path = Path(found).absolute()
    for each in (path, path.parent):
        state = each.stat()
        if state.st_uid not in {0, machine.user_id()} or machine.others_may(state, stat.S_IWOTH):
            raise UsageError(
                f"{what} would run {path}, but {each} belongs to another user or anybody may change it",
                hint="write the whole path of a program of your own or of the system",
            )
    return path


def capture(words: Sequence[str], environ: Mapping[str, str], what: str, seconds: float) -> bytes:
    """What a program prints, within time and size. Raises UsherError; then the program is ended."""
    import subprocess  # most keys come from no program

    try:
        process = subprocess.Popen(
            words, bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=dict(environ)
        )
    except OSError as error:
        raise UsherError(f"{what} cannot be run: {words[0]}: {error.strerror}") from None
    reader = _Reader(cast("IO[bytes]", process.stdout))
    with process:
        try:
            answer = reader.answer(what, seconds)
            code = process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            raise UsherError(f"{what} has answered but does not end") from None
        finally:
            process.kill()
            reader.join(_END_SECONDS)
    if code != 0:
        raise UsherError(
            f"{what} failed: {Path(words[0]).name} ended with {code}", hint="its own words stand above"
        )
    return answer


class _Reader(threading.Thread):
    """Reads a pipe to its end, or beyond what is allowed; a thread, because pipes have no time limit."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._answer = b""

    def run(self) -> None:
        with contextlib.suppress(OSError):  # a child of the killed program may still hold the other end
            while len(self._answer) <= LARGEST_ANSWER_BYTES:
                part = self._pipe.read(LARGEST_ANSWER_BYTES)
                if not part:
                    return
                self._answer += part

    def answer(self, what: str, seconds: float) -> bytes:
        """All that was printed. Raises UsherError when it takes too long or is too much."""
        self.start()
        self.join(seconds)
        if self.is_alive():
            raise UsherError(
                f"{what} has not answered within {seconds:.0f} s", hint="run it by hand to see why"
            )
        if len(self._answer) > LARGEST_ANSWER_BYTES:
            raise UsherError(f"{what} printed more than {LARGEST_ANSWER_BYTES:,} bytes")
        return self._answer


def _says_which_keys(variable: str) -> bool:
    if variable in {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}:
        return False  # the key's id says as much
    return variable in ENVIRONMENT or variable.startswith("AWS_")


def _credentials(answer: bytes, what: str, now: float, owner: AccountId | None) -> Credentials:
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UsherError(f"{what} printed no JSON object", hint="run it by hand to see what it prints")
    if document.get("Version") != 1:
        raise UsherError(f"{what} answers in version {document.get('Version')!r}; 1 is known")
    expires_at = _moment(document.get("Expiration"), what)
    if expires_at is not None and expires_at <= now:
        raise UsherError(f"{what} printed keys that have ended", hint="sign in to that program again")
    named = document.get("AccountId")
    token = _text(document, "SessionToken", what) if document.get("SessionToken") else None
    try:
        account = account_id(str(named)) if named else owner
    except ValueError as error:
        raise UsherError(f"{what}: {error}") from None
    return Credentials(
        _text(document, "AccessKeyId", what),
        Secret(_text(document, "SecretAccessKey", what)),
        Secret(token) if token else None,
        expires_at,
        account,
    )


def _text(document: Mapping[str, object], key: str, what: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise UsherError(f"{what} printed no usable '{key}'")
    return value


def _moment(text: object, what: str) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):  # also a moment that UTC has no year for
        raise UsherError(f"{what} printed an Expiration that is no time: {text!r}") from None


def _chain(environ: Mapping[str, str]) -> list[str]:
    try:
        chain = json.loads(environ.get(CHAIN_VARIABLE) or "[]")
    except ValueError:
        return []
    return [str(name) for name in chain] if isinstance(chain, list) else []


def _longer_chain(environ: Mapping[str, str], profile: str) -> str:
    return json.dumps([*_chain(environ), profile])
