"""When a command may ask its person to sign in, without costing commands that need not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from usher.cli.terminal import Terminal
from usher.cli.wire import SessionRooms
from usher.session.errors import NotSignedInError, SessionEndedError
from usher.session.organizations import PortalOrganization
from usher.session.vault.contract import UnreadableRecordError

T = TypeVar("T")


def with_sign_in(rooms: SessionRooms, organization: PortalOrganization, call: Callable[[], T]) -> T:
    """What `call` gives; when it needs a sign-in and a person is here, sign in once and call again.

    Without a person it raises at once what `call` raised (SignInNeededError, exit code 3). However many
    processes get here together, one opens a browser and the others share its session.
    """
    try:
        return call()
    except (NotSignedInError, SessionEndedError, UnreadableRecordError):
        terminal = terminal_of_person(rooms)
        if terminal is None:
            raise
    from usher.cli.sign_ins import sign_in_once  # a browser, a listener: only those who need them pay

    sign_in_once(rooms, organization, terminal)
    return call()


def terminal_of_person(rooms: SessionRooms) -> Terminal | None:
    """Where a person can be asked to sign in now; None where nobody is, and in continuous integration.

    A program that an SDK runs has a person's terminal behind it at most, and may run unwatched for
    hours: that one is used only when `[login] from_tools` says so.
    """
    context = rooms.context
    if context.environ.get("CI"):
        return None
    if context.terminal.interactive:
        return context.terminal
    from usher.session.login_settings import read_login_settings
    from usher.session.settings import load_settings

    if read_login_settings(load_settings(context.config_dir)).from_tools:
        return context.controlling_terminal()
    return None
