"""Asking the agent: single calls, the vault that lives in its memory, and starting it.

Before anything is sent, folder, socket and the serving process are known to be this user's own.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from usher.core.errors import (
    NoAccessError,
    NotFoundError,
    SignInNeededError,
    UnavailableError,
    UsageError,
    UsherError,
)
from usher.session.agent.place import NoAgentError, connect
from usher.session.agent.wire import MessageStream, WireError
from usher.session.locks import exclusive
from usher.session.vault.contract import UnreadableRecordError
from usher.session.vault.files import file_name

CONNECT_SECONDS = 5.0
CALL_SECONDS = 10.0
CREDENTIALS_SECONDS = 90.0
START_SECONDS = 30.0

_ERRORS: Mapping[int, type[UsherError]] = {
    int(kind.exit_code): kind
    for kind in (UsageError, SignInNeededError, NoAccessError, NotFoundError, UnavailableError)
}
# An agent outlives the shell that started it: what else was in that shell's environment stays out of it.
_AWS_KEPT = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE")


class AgentGoneError(UnreadableRecordError):
    """The agent that kept the sign-in in its memory has ended."""


class AgentClient:
    """Calls the agent at `place`, one connection per call."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def call(self, op: str, within: float = CALL_SECONDS, **fields: object) -> dict[str, object]:
        """The answer to one request. Raises NoAgentError, or what the agent says went wrong."""
        with connect(self.place, CONNECT_SECONDS) as connection:
            stream = MessageStream(connection)
            stream.send({"op": op, **fields}, CALL_SECONDS)
            answer = stream.receive(within)
        if answer is None:
            raise WireError("the agent broke off the call", hint="run the command again")
        if answer.get("ok") is not True:
            raise _raised(answer)
        return answer

    def is_running(self) -> bool:
        """Whether an agent answers there."""
        try:
            self.call("ping")
        except (UnavailableError, WireError):
            return False
        return True

    def key(self, name: str) -> bytes | None:
        """The unlocked key `name`; None when the agent has none, or none runs."""
        try:
            return _bytes(self.call("key.get", name=name).get("key"))
        except NoAgentError:
            return None

    def put_key(self, name: str, key: bytes) -> None:
        """Let the agent hold a key until it ends. Raises NoAgentError."""
        self.call("key.put", name=name, key=base64.b64encode(key).decode())

    def forget_key(self, name: str) -> None:
        """Make the agent let the key go, if one runs."""
        try:
            self.call("key.forget", name=name)
        except NoAgentError:
            return


class AgentVault:
    """A vault whose records live in the agent's memory and nowhere else.

    Reading never starts an agent: without one there is nothing to read. Writing does, by `start`.
    """

    def __init__(self, client: AgentClient, start: Callable[[], object]) -> None:
        self._client = client
        self._start = start

    def read(self, name: str) -> bytes | None:
        """The record's bytes, or None. Raises AgentGoneError when the agent that kept records has ended."""
        file_name(name)
        try:
            return _bytes(self._client.call("records.read", name=name).get("content"))
        except NoAgentError:
            if not lock_of(self._client.place).exists():
                return None
            raise AgentGoneError(
                "the agent that kept your sign-in in its memory has ended, and the sign-in with it",
                hint="run 'usher login' to sign in again",
            ) from None

    def write(self, name: str, content: bytes) -> None:
        """Create or replace the record, in an agent that is started if there is none."""
        file_name(name)
        text = base64.b64encode(content).decode()
        try:
            self._client.call("records.write", name=name, content=text)
        except NoAgentError:
            self._start()
            self._client.call("records.write", name=name, content=text)

    def delete(self, name: str) -> None:
        """Remove the record if it is there."""
        file_name(name)
        try:
            self._client.call("records.delete", name=name)
        except NoAgentError:
            return

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        try:
            found = self._client.call("records.names").get("names")
        except NoAgentError:
            return []
        return [str(name) for name in found] if isinstance(found, list) else []


def lock_of(place: Path) -> Path:
    """The file that a running agent holds locked; it stays behind when the agent ends."""
    return place.with_suffix(".lock")


def start_agent(place: Path, run: Sequence[str], environ: Mapping[str, str]) -> None:
    """Start an agent at `place` unless one runs; returns when it answers.

    `run` is the command that becomes an agent and returns once it is ready (`usher agent run --detach`).

    However many ask at once, one starts it and the others wait. Raises UnavailableError.
    """
    import subprocess  # not for those who find it running, or do not need one

    client = AgentClient(place)
    if client.is_running():
        return
    with exclusive(place.with_suffix(".start")):
        if client.is_running():
            return
        try:
            done = subprocess.run(
                run,
                env=_own_environment(environ),
                cwd=os.sep,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=START_SECONDS,
                check=False,
            )
            words = done.stderr.decode("utf-8", "replace").strip()
        except (OSError, subprocess.TimeoutExpired) as error:
            words = str(error)
        if not client.is_running():
            raise UnavailableError(
                f"the agent did not start: {words or 'it gave no reason'}",
                hint="'usher agent run' starts it in this terminal and shows why",
            )


def _own_environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in environ.items() if not name.startswith("AWS_") or name in _AWS_KEPT
    }


def _raised(answer: Mapping[str, object]) -> UsherError:
    code = answer.get("exit_code")
    kind = _ERRORS.get(code if isinstance(code, int) else 1, UsherError)
    return kind(str(answer.get("error", "the agent refused")), hint=str(answer.get("hint", "")))


def _bytes(text: object) -> bytes | None:
    return base64.b64decode(text) if isinstance(text, str) else None
