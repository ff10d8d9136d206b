"""`--needs 3h`: whether keys and sessions outlive a job, said before it starts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from usher.cli.text.status import outlived_words
from usher.cli.wire import SessionRooms
from usher.core.durations import parse_duration
from usher.session.clocks import Binding, binding_of_keys, binding_of_session, outlives
from usher.session.login_settings import portal_session_seconds
from usher.session.organizations import PortalOrganization
from usher.session.records import PortalSession, read_session
from usher.session.settings import Settings, load_settings

if TYPE_CHECKING:  # botocore's room and others that `usher status` does not need
    from usher.cli.opening import OpenedProfile


def add_needs(parser: argparse.ArgumentParser, meaning: str) -> None:
    """The option `--needs`."""
    parser.add_argument("--needs", type=_duration, metavar="T", help=meaning)


def binding_of(
    session: PortalSession, organization: PortalOrganization, settings: Settings, now: float
) -> Binding:
    """What ends the time in which new keys can be had, by the settings or as the portal tells."""
    told = portal_session_seconds(settings, organization.name) or organization.portal_session_seconds
    return binding_of_session(session, told, now)


def warn_of_outliving(rooms: SessionRooms, opened: OpenedProfile, needs: int, *, renews: bool) -> None:
    """Say so when a job of `needs` seconds outlives its keys or, if it `renews` them, its session."""
    terminal, now = rooms.context.terminal, rooms.clock()
    outlived = _outlived(rooms, opened, needs, now, renews=renews)
    if outlived is not None:
        terminal.say(terminal.style("warn", "warning: ") + outlived_words(outlived, needs, now))


def _outlived(
    rooms: SessionRooms, opened: OpenedProfile, needs: int, now: float, *, renews: bool
) -> Binding | None:
    keys_end = opened.credentials.expires_at
    if not renews:
        return None if keys_end is None else outlives(needs, now, binding_of_keys(keys_end))
    if opened.organization is None:
        return None
    session = read_session(rooms.vault, opened.organization)
    if session is None:
        return None
    settings = load_settings(rooms.context.config_dir)
    return outlives(needs, now, binding_of(session, opened.organization, settings, now))


def _duration(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
