"""The native host: the process that a browser starts for the extension, for as long as its port is open.

Standard input and output carry native messages and nothing else; words for people go to standard error,
which browsers log. Each request is answered in a thread of its own, so that a console that is slow to open
keeps nobody waiting, and programs of this user reach the extension over the host's socket meanwhile.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from usher.cli.browser.desk import Caller, Desk, error_document
from usher.cli.browser.errands import console_for_command
from usher.cli.browser.installs import Install
from usher.cli.browser.messages import FrameError, Pipe, WrongMessageError, id_of, parsed, text
from usher.cli.browser.operations import OPERATIONS
from usher.cli.browser.parents import browser_of_parent
from usher.cli.browser.sockets import has_sockets, serving, socket_of
from usher.cli.context import Context
from usher.console.browsers import Family
from usher.console.extension import CHROMIUM_ORIGIN, FIREFOX_ID
from usher.core.errors import UnavailableError, UsageError, UsherError
from usher.session.agent.peers import Peer
from usher.shell.variables import all_gone

MOST_AT_ONCE = 16
EXTENSION_SECONDS = 12.0
_LONGEST_SEALED_LINK = 32_768
_UNKNOWN_KEY = ("forged", "no_key")


class _Ended(Exception):  # noqa: N818 -- nothing failed: the browser wants this process to end
    """The process was told to end."""


def run_host(context: Context, arguments: Sequence[str]) -> None:
    """Serve the extension until the browser closes the port. Raises UsageError for any other caller."""
    caller = browser_of_parent(Caller(family_of_caller(arguments)), os.getppid())
    pipe = _own_pipe()
    _end_when_told()
    with ExitStack() as leaving:
        host = Host(as_of_browser(context), caller, pipe, leaving)
        with contextlib.suppress(_Ended):
            try:
                host.serve()
            finally:  # a browser that has closed the port may send the signal as well
                signal.signal(signal.SIGTERM, signal.SIG_IGN)


def as_of_browser(context: Context) -> Context:
    """`context` without the keys and the profile of the shell that the browser may have been started from.

    The browser outlives them; its extension names the profile that it wants.
    """
    return replace(context, environ=all_gone(context.environ).applied_to(context.environ), attended=False)


def family_of_caller(arguments: Sequence[str]) -> Family:
    """Which browser calls, by the arguments that browsers give: Usher's own extension, or nobody.

    Firefox names the host's manifest and the extension's id; Chromium the extension's origin, and on
    Windows its window.
    """
    match list(arguments):
        case [origin, *rest] if origin == CHROMIUM_ORIGIN and all(
            each.startswith("--parent-window=") for each in rest
        ):
            return Family.CHROMIUM
        case [manifest, extension] if extension == FIREFOX_ID and Path(manifest).name.endswith(".json"):
            return Family.FIREFOX
    raise UsageError(
        "this is the native host of usher's browser extension: browsers start it, for that extension alone",
        hint="'usher browser setup' installs it",
    )


class Host:
    """One extension's host. What has to be undone at the end is put on `leaving`."""

    def __init__(self, context: Context, caller: Caller, pipe: Pipe, leaving: ExitStack) -> None:
        self._context = context
        self._pipe = pipe
        self._leaving = leaving
        self._desk = Desk(context, caller, self._greeted)
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._asked: dict[str, _Asked] = {}
        self._numbers = itertools.count(1)
        self._ended = False

    def serve(self) -> None:
        """Answer the extension until it closes the port. Raises FrameError for what is no frame."""
        while (frame := self._pipe.receive()) is not None:
            self._take(frame)

    def end(self) -> None:
        """Give up on what the extension was asked."""
        self._ended = True
        for asked in list(self._asked.values()):
            asked.answered.set()

    def ask(self, op: str, **fields: object) -> Mapping[str, object]:
        """What the extension answers. Raises UnavailableError when it does not."""
        asked = _Asked()
        number = f"h{next(self._numbers)}"
        self._asked[number] = asked
        try:
            if not self._ended:
                self._pipe.send({"id": number, "op": op, **fields})
                asked.answered.wait(EXTENSION_SECONDS)
        except OSError:
            asked.answer = None
        finally:
            del self._asked[number]
        if asked.answer is None:
            raise UnavailableError(
                "the extension in the browser did not answer",
                hint="reload it on the browser's page of extensions, or restart the browser",
            )
        return asked.answer

    def _take(self, frame: bytes) -> None:
        try:
            message = parsed(frame)
            number = id_of(message)
        except WrongMessageError as error:
            self._send({"id": None, "ok": False, "error": error_document(error)})
            return
        if isinstance(number, str):
            self._take_answer(number, message)
        elif self._free.acquire(blocking=False):
            threading.Thread(target=self._work, args=(number, message), daemon=True).start()
        else:
            busy = UnavailableError("usher has its hands full", hint="try again in a moment")
            self._send({"id": number, "ok": False, "error": error_document(busy)})

    def _take_answer(self, number: str, message: Mapping[str, object]) -> None:
        asked = self._asked.get(number)  # none: it came too late, and nobody waits any more
        if asked is not None:
            asked.answer = message
            asked.answered.set()

    def _work(self, number: int, message: Mapping[str, object]) -> None:
        try:
            answer: dict[str, object] = {"ok": True, **self._answered(message)}
        except UsherError as error:
            answer = {"ok": False, "error": error_document(error)}
        except OSError as error:
            known = UsherError(f"{error.filename or 'the system'}: {error.strerror or error}")
            answer = {"ok": False, "error": error_document(known)}
        finally:
            self._free.release()
        self._send({"id": number, **answer})

    def _answered(self, message: Mapping[str, object]) -> Mapping[str, object]:
        op = text(message, "op", 40)
        operation = OPERATIONS.get(op)
        if operation is None:
            raise WrongMessageError(
                f"usher does not know {op!r}", hint="extension and usher are of different versions"
            )
        return operation(self._desk, message)

    def _send(self, message: Mapping[str, object]) -> None:
        with contextlib.suppress(OSError):  # the browser has gone; reading notices it too
            try:
                self._pipe.send(message)
            except FrameError as error:
                self._pipe.send({"id": message["id"], "ok": False, "error": error_document(error)})

    def _greeted(self, install: Install) -> None:
        if has_sockets():
            place = socket_of(self._context, install.id)
            self._leaving.enter_context(serving(place, self._answer_program, _end_this_process))
            self._leaving.callback(self.end)  # before the socket is closed: nobody waits in vain

    def _answer_program(self, request: Mapping[str, object], _peer: Peer) -> dict[str, object]:
        """What a program of this user gets that asks over the socket."""
        match request.get("op"):
            case "ping":
                return {"install": self._desk.install.id, "process": os.getpid()}
            case "open":
                return self._open(text(request, "link", _LONGEST_SEALED_LINK))
            case "console":
                return console_for_command(self._desk, request, self._open)
        raise UsageError("the native host does not know this: it is of another version")

    def _open(self, link: str) -> dict[str, object]:
        """Hand a sealed link to the extension. Raises UnavailableError."""
        outcome = _outcome(self.ask("open", link=link))
        if outcome.get("code") in _UNKNOWN_KEY and self._desk.has_old_key():
            # The vault was made anew since this browser was greeted. The next host gives it the key of now.
            _end_this_process()
            raise UnavailableError(
                "the browser had the key of an earlier vault; it gets the one of now",
                hint="run the command again in a moment",
            )
        return outcome


class _Asked:
    """A question to the extension that waits for its answer."""

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.answer: Mapping[str, object] | None = None


def _outcome(answer: Mapping[str, object]) -> dict[str, object]:
    """The extension's answer as a program is given it: nothing but yes, or code and words."""
    if answer.get("ok") is True:
        return {"ok": True}
    error = answer.get("error")
    said = error if isinstance(error, dict) else {}
    code, message = (str(said.get(key, ""))[:2_000] for key in ("code", "message"))
    return {"ok": False, "code": code, "refusal": message}


def _own_pipe() -> Pipe:
    """The browser's two ends, so that nothing else in this process writes to it or waits for it."""
    pipe = Pipe(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return pipe


def _end_this_process() -> None:
    """The extension starts another host at once when this one ends."""
    os.kill(os.getpid(), signal.SIGTERM)


def _end_when_told() -> None:
    """Browsers end a host by closing its input, or with SIGTERM: both leave by the same way."""

    def end(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise _Ended

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal that the browser was started from
