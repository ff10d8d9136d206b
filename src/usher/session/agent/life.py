"""The agent as a whole: it takes its place, serves, and ends when it is told to or nobody needs it.

It ends when it is stopped, when its socket is no longer the one it made, when nothing was asked of it
for long, and, if it was started in passing, soon after it holds nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from usher.core import machine
from usher.core.errors import UnavailableError
from usher.session.agent.client import AgentClient, lock_of
from usher.session.agent.holdings import Holdings
from usher.session.agent.operations import Operations
from usher.session.agent.peers import Peer
from usher.session.agent.place import identity_of, listen
from usher.session.agent.server import SocketServer
from usher.session.locks import exclusive

HOLDS_NOTHING_SECONDS = 300.0
LAST_ONE_LEAVES_SECONDS = 5.0
IDLE_SECONDS = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class LifePolicy:
    """How long the agent stays. `on_demand`: it was started in passing and goes when it holds nothing."""

    idle_seconds: float = IDLE_SECONDS
    on_demand: bool = False
    holds_nothing_seconds: float = HOLDS_NOTHING_SECONDS


@dataclass(slots=True)
class Activity:
    """Since when the agent lives, and when it was last asked for something."""

    clock: Callable[[], float]
    since: float = field(init=False)
    last_asked: float = field(init=False)

    def __post_init__(self) -> None:
        self.since = self.last_asked = self.clock()

    def asked(self) -> None:
        """Something was asked for."""
        self.last_asked = self.clock()

    def quiet_for(self) -> float:
        """Seconds since then."""
        return self.clock() - self.last_asked


class Agent:
    """Serves the operations at `place`. `held` says how many other things keep it alive (grants)."""

    def __init__(
        self,
        place: Path,
        policy: LifePolicy,
        clock: Callable[[], float],
        *,
        held: Callable[[], int] = lambda: 0,
        each_second: Callable[[], None] = lambda: None,
    ) -> None:
        self.holdings = Holdings()
        self.activity = Activity(clock)
        self._place = place
        self._policy = policy
        self._held = held
        self._each_second = each_second
        self._operations = Operations(self.holdings, self._about)
        self._operations.also({"stop": self._stop})
        self._told: dict[str, Callable[[], object]] = {}
        self._own: tuple[int, int] | None = None
        self._server: SocketServer | None = None

    @property
    def operations(self) -> Operations:
        """Where further operations are added before the agent runs."""
        return self._operations

    def tell(self, name: str, words: Callable[[], object]) -> None:
        """Let `status` show `name`."""
        self._told[name] = words

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until the end; `ready` is called once requests are accepted. Raises UnavailableError."""
        with self._own_place() as server:
            ready()
            server.run(self._goes_on)

    def stop(self) -> None:
        """End soon. Safe in a signal handler."""
        if self._server is not None:
            self._server.stop()

    @contextmanager
    def _own_place(self) -> Iterator[SocketServer]:
        with ExitStack() as stack:
            try:
                stack.enter_context(exclusive(lock_of(self._place), self._patience()))
            except UnavailableError:
                raise UnavailableError(
                    "an agent is running already",
                    hint="'usher agent status' shows it; 'usher agent stop' ends it",
                ) from None
            listener = listen(self._place)
            self._own = identity_of(self._place)
            stack.callback(self._leave_place)
            self._server = SocketServer(listener, self._answer, machine.user_id())
            yield self._server

    def _patience(self) -> float:
        """An agent that no longer answers is about to let its lock go."""
        return 0.0 if AgentClient(self._place).is_running() else LAST_ONE_LEAVES_SECONDS

    def _leave_place(self) -> None:
        if identity_of(self._place) == self._own:
            self._place.unlink()

    def _answer(self, request: Mapping[str, object], peer: Peer) -> dict[str, object]:
        if request.get("op") not in {"ping", "status"}:
            self.activity.asked()
        return self._operations.answer(request, peer)

    def _stop(self, _request: Mapping[str, object], _peer: Peer) -> Mapping[str, object]:
        self.stop()
        return {}

    def _about(self) -> Mapping[str, object]:
        told = {name: words() for name, words in self._told.items()}
        return {
            "pid": os.getpid(),
            "since": self.activity.since,
            "last_asked": self.activity.last_asked,
            "idle_seconds": self._policy.idle_seconds,
            "on_demand": self._policy.on_demand,
            "holds": self.holdings.count(),
            **told,
        }

    def _goes_on(self) -> bool:
        if identity_of(self._place) != self._own:
            return False
        self._each_second()
        if self._held():
            return True
        quiet = self.activity.quiet_for()
        if quiet >= self._policy.idle_seconds:
            return False
        holds_nothing = not any(self.holdings.count().values())
        return not (self._policy.on_demand and holds_nothing and quiet >= self._policy.holds_nothing_seconds)
