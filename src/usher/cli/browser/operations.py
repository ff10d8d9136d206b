"""What the extension may ask of its native host: the operations of the native messages, by name.

An operation checks its message before it does anything. It works without a terminal: it asks nobody
and starts no sign-in by itself; what a person has to do is said in the error.
"""

from __future__ import annotations

import shlex
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from usher.cli.browser.desk import ConfirmNeededError, Desk, PortalSignInNeededError
from usher.cli.browser.installs import forget_stale, new_install, write_install
from usher.cli.browser.link_key import link_key
from usher.cli.browser.messages import (
    WrongMessageError,
    flag,
    number,
    one_of,
    only,
    optional_text,
    text,
)
from usher.cli.browser.opening import open_console
from usher.cli.browser.settings import ChromiumWay, ConsoleSettings
from usher.cli.browser.visits import KINDS, can_be_visited, place_of, sealed_link, settings_for
from usher.cli.browser.windows import WINDOW_ID, switch_from_browser
from usher.cli.console_links import ConsoleLink, console_link
from usher.cli.console_pages import Wanted, check_account
from usher.cli.context import usher_command
from usher.cli.entering import open_agreed
from usher.cli.looks import look_rules, question_of, seen_entry
from usher.cli.main import VERSION
from usher.cli.opening import chain_of
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.cli.wire_chains import chain_walker
from usher.console.browsers import Family
from usher.console.jars import JAR_VARIABLE, Jar, read_jar
from usher.console.links import read_target
from usher.core.errors import SignInNeededError, UsageError, UsherError
from usher.core.looks import Confirm, Look, look_of
from usher.core.printable import printable
from usher.profiles.favourites import read_favourites, set_favourite
from usher.profiles.index import IndexEntry
from usher.profiles.known import known_profiles
from usher.profiles.recent import habits, read_recent
from usher.session.organizations import choose_organization
from usher.session.records import read_session
from usher.session.settings import load_settings
from usher.session.vault.contract import UnreadableRecordError
from usher.session.vault.keys import VaultLockedError

MOST_PROFILES = 50
_LONGEST_NAME = 512
_LONGEST_QUERY = 200
_LONGEST_LINK = 8_192


def hello(desk: Desk, message: Mapping[str, object]) -> Mapping[str, object]:
    """The key that opens links; from now on programs of this user reach the extension."""
    only(message, "install", "family", "version", "baseUrl")
    said = (text(message, key, _LONGEST_NAME) for key in ("install", "family", "version", "baseUrl"))
    try:
        install = new_install(*said)
    except UsageError as error:
        raise WrongMessageError(error.message) from None
    if install.family is not desk.caller.family:
        raise WrongMessageError(f"this host was started by {desk.caller.family}, not by {install.family}")
    rooms = open_session_rooms(desk.context)
    key = link_key(rooms)
    now, jar = rooms.clock(), _jar(desk)
    install = replace(
        install,
        program=desk.caller.program,
        options=desk.caller.options,
        seen=now,
        jar=jar.id if jar else None,
    )
    write_install(desk.context.cache_dir, install)
    forget_stale(desk.context.cache_dir, now)
    desk.greet(install, key)
    return {"key": key.reveal(), "usher": VERSION, "jar": jar.session.wire() if jar else None}


def profiles(desk: Desk, message: Mapping[str, object]) -> Mapping[str, object]:
    """The ways in that a query means: favourites first, then the most used."""
    only(message, "query", "limit")
    query = text(message, "query", _LONGEST_QUERY)
    limit = number(message, "limit", 1, MOST_PROFILES)
    context = desk.context
    entries = known_profiles(context.cache_dir, context.aws_config_file, context.aws_credentials_file)
    favourites = read_favourites(context.config_dir)
    share = habits(read_recent(context.cache_dir), open_session_rooms(context).clock())
    rules = look_rules(load_settings(context.config_dir))
    found = _found(entries, query, favourites, share)[:limit]
    return {
        "profiles": [
            {
                "profile": entry.profile,
                "accountId": entry.account_id,
                "accountName": entry.account_name,
                "role": entry.permission_set,
                "organization": entry.organization,
                "label": look.label,
                "colour": look.colour,
                "favourite": entry.profile in favourites,
                "recent": entry.profile in share,
            }
            for entry in found
            for look in [look_of(rules, seen_entry(entry))]
        ]
    }


def status(desk: Desk, message: Mapping[str, object]) -> Mapping[str, object]:
    """Where somebody is signed in. Raises VaultLockedError."""
    only(message)
    from usher.cli.needs import binding_of

    rooms, settings = open_session_rooms(desk.context), load_settings(desk.context.config_dir)
    sessions = []
    for organization in rooms.organizations.values():
        state: dict[str, object] = {"state": "never", "ends": None}
        try:
            session = read_session(rooms.vault, organization)
        except VaultLockedError:
            raise
        except UnreadableRecordError:
            session, state = None, {"state": "ended", "ends": None}
        if session is not None and session.is_usable(rooms.clock()):
            ends = binding_of(session, organization, settings, rooms.clock()).ends_at
            state = {"state": "open", "ends": ends}
        elif session is not None:
            state = {"state": "ended", "ends": None}
        sessions.append({"organization": organization.name, "startUrl": organization.start_url, **state})
    return {"sessions": sessions}


def open_profile_console(desk: Desk, message: Mapping[str, object]) -> Mapping[str, object]:
    """A sealed link to a profile's console, at its home or the page of `url`: what `usher console` opens."""
    only(message, "profile", "url", "confirmed", "place", "window")
    name = _profile(message)
    url = optional_text(message, "url", _LONGEST_LINK)
    confirmed = optional_text(message, "confirmed", _LONGEST_NAME)
    kind = _kind(message.get("place"))
    window = _window(message)
    install = desk.install
    wanted = Wanted(read_target(url) if url is not None else None)
    context = desk.context
    rooms = open_session_rooms(context)

    def agree(shown: str, look: Look) -> None:
        question = question_of(shown, look)
        # Who typed the word of a stronger question, which only the keys revealed, has said yes to the first.
        said_yes = question is not None and question.how is Confirm.ASK and bool(confirmed)
        if question is not None and not said_yes and confirmed != question.word:
            raise ConfirmNeededError(question)

    try:
        check_account(context, wanted, chain_of(context, name).account_id, name)
        opened, look = open_agreed(context, rooms, name, agree)
        check_account(context, wanted, opened.account_id, opened.name)
        link = console_link(rooms, opened, look, wanted, None)
    except VaultLockedError:
        raise
    except SignInNeededError as error:
        raise _with_organization(rooms, name, error) from None
    settings = settings_for(context, link.session)
    if kind is None and _is_set_apart(desk, link, settings):
        open_console(rooms, link)
        return {"link": None}
    if not can_be_visited(link):
        raise UsherError(
            f"the extension cannot open the console of '{printable(opened.name)}': its account is not known, "
            "or its console is none of AWS's",
            hint=f"run: usher console {shlex.quote(printable(opened.name))}",
        )
    place = place_of(install, link.session, settings, kind)
    return {"link": sealed_link(rooms, link, place, window).reveal()}


def sign_in(desk: Desk, message: Mapping[str, object]) -> Mapping[str, object]:
    """Start `usher login`, which opens the portal in a browser; it goes on by itself."""
    only(message, "organization")
    wanted = text(message, "organization", _LONGEST_NAME)
    organization = choose_organization(open_session_rooms(desk.context).organizations, wanted)
    quiet = subprocess.DEVNULL
    command = [*usher_command(desk.context), "login", organization.name]
    try:
        started = subprocess.Popen(
            command,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
            env=dict(desk.context.environ),
        )
    except OSError as error:
        raise UsherError(
            f"the sign-in could not be started: {error.strerror}",
            hint=f"run in a terminal: usher login {organization.name}",
        ) from None
    threading.Thread(target=started.wait, daemon=True).start()  # so that it leaves no zombie
    return {}


def favourite(desk: Desk, message: Mapping[str, object]) -> Mapping[str, object]:
    """Make a profile a favourite, or take that back."""
    only(message, "profile", "on")
    set_favourite(desk.context.config_dir, _profile(message), on=flag(message, "on"))
    return {}


def switch(desk: Desk, message: Mapping[str, object]) -> Mapping[str, object]:
    """A browser window was switched to a profile: the shells of the terminal that it belongs to follow."""
    only(message, "profile", "window")
    window = _window(message)
    if window is None:
        raise WrongMessageError("'window' is missing")
    switch_from_browser(desk.context, window, _profile(message))
    return {}


Operation = Callable[[Desk, Mapping[str, object]], Mapping[str, object]]

OPERATIONS: Mapping[str, Operation] = {
    "hello": hello,
    "profiles": profiles,
    "status": status,
    "open": open_profile_console,
    "sign_in": sign_in,
    "favourite": favourite,
    "switch": switch,
}


def _found(
    entries: list[IndexEntry], query: str, favourites: frozenset[str], share: Mapping[str, float]
) -> list[IndexEntry]:
    from usher.cli.picker.match import Candidate, Matcher

    def rank(entry: IndexEntry) -> tuple[bool, float]:
        return entry.profile not in favourites, -share.get(entry.profile, 0.0)

    ordered = sorted(entries, key=rank)
    if not query.strip():
        return ordered
    candidates = [
        Candidate(
            entry.profile,
            (entry.account_name, entry.account_id, entry.permission_set, entry.email, entry.description),
            1.0 if entry.profile in favourites else share.get(entry.profile, 0.0),
        )
        for entry in ordered
    ]
    return [ordered[number] for number in Matcher(candidates).find(query)]


def _profile(message: Mapping[str, object]) -> str:
    name = text(message, "profile", _LONGEST_NAME)
    if not name:
        raise WrongMessageError("'profile' is empty")
    return name


def _kind(place: object) -> str | None:
    if place is None:
        return None
    if not isinstance(place, dict):
        raise WrongMessageError("'place' is not an object")
    only(place, "kind")
    return one_of(place, "kind", KINDS)


def _window(message: Mapping[str, object]) -> str | None:
    window = optional_text(message, "window", 64)
    if window is not None and not WINDOW_ID.fullmatch(window):
        raise WrongMessageError("'window' is no window's name")
    return window


def _is_set_apart(desk: Desk, link: ConsoleLink, settings: ConsoleSettings) -> bool:
    """Whether the session has, or gets, a browser of its own that is not the one that asks."""
    if desk.install.family is not Family.CHROMIUM or settings.chromium is not ChromiumWay.PROFILES:
        return False
    jar = _jar(desk)
    if jar is not None:
        return jar.session.key != link.session.key
    choice = settings.choice  # who names a profile of their browser's own wants no browser beside it
    is_named = choice.profile is not None and (choice.program is None or desk.install.is_of(choice.program))
    return not is_named


def _jar(desk: Desk) -> Jar | None:
    """The jar that this host's launcher was written for; None in a person's own browser."""
    folder = desk.context.environ.get(JAR_VARIABLE)
    return read_jar(Path(folder)) if folder else None


def _with_organization(rooms: SessionRooms, name: str, error: SignInNeededError) -> SignInNeededError:
    """`error` with the organization to sign in to, where the profile's way begins at one."""
    try:
        organization = chain_walker(rooms, chain_of(rooms.context, name)).organization
    except SignInNeededError:
        return error
    return PortalSignInNeededError(error, organization.name) if organization is not None else error
