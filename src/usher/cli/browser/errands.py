"""What a native host does for `usher console`: the same, in a process that runs already."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

from usher.cli.browser.desk import Desk
from usher.cli.browser.messages import flag, only, optional_text, text
from usher.cli.browser.opening import Errand, is_the_way, note_session, words_on
from usher.cli.browser.quickly import OF_BROWSERS_APART, surroundings
from usher.cli.browser.settings import console_settings
from usher.cli.browser.visits import can_be_visited, place_of, sealed_link
from usher.cli.console_links import console_link, session_of
from usher.cli.console_opening import seconds_of
from usher.cli.console_pages import Wanted, named_service
from usher.cli.entering import open_confirmed
from usher.cli.opening import chain_of
from usher.cli.wire import open_session_rooms
from usher.core.errors import UsherError
from usher.core.hops import LoginSessionHop, ProcessHop
from usher.core.secrets import Secret
from usher.session.settings import load_settings

_LONGEST_WORD = 512
_LONGEST_WINDOW = 64


def console_for_command(
    desk: Desk, request: Mapping[str, object], hand_over: Callable[[str], dict[str, object]]
) -> dict[str, object]:
    """Open a console as `usher console` asks. `hand_over` gives a sealed link to the extension.

    What does not come to a link is the command's to say or to ask, by going the same way itself.
    """
    only(request, "profile", "service", "duration", "yes", "window", "surroundings")
    profile = text(request, "profile", _LONGEST_WORD)
    service = optional_text(request, "service", _LONGEST_WORD)
    duration = optional_text(request, "duration", _LONGEST_WORD)
    yes = flag(request, "yes")
    window = optional_text(request, "window", _LONGEST_WINDOW)
    ours = surroundings(desk.context, OF_BROWSERS_APART if desk.install.jar is not None else ())
    if not hmac.compare_digest(ours, text(request, "surroundings", len(ours))):
        return {"handed_over": False}
    try:
        prepared = _prepared(desk, profile, service, seconds_of(duration), window, yes=yes)
    except (UsherError, OSError):
        prepared = None
    if prepared is None:
        return {"handed_over": False}
    sealed, words = prepared
    told = {"handed_over": True, "browser": desk.install.name, "said": words}
    try:
        return {**told, **hand_over(sealed.reveal())}
    except UsherError as error:
        return {**told, "ok": False, "error": error.message, "hint": error.hint}


def _prepared(
    desk: Desk, profile: str, service: str | None, seconds: int | None, window: str | None, *, yes: bool
) -> tuple[Secret, str] | None:
    """A sealed link for this browser, and where it opens in words; None where another way is the person's."""
    context = desk.context
    hops = [each.hop for each in chain_of(context, profile).links]
    if any(isinstance(hop, ProcessHop | LoginSessionHop) for hop in hops):
        return None  # other programs are found, and run, from where the command runs
    wanted = Wanted(service=named_service(service) if service is not None else None)
    rooms = open_session_rooms(context)
    opened, look = open_confirmed(context, rooms, profile, yes=yes)
    name = opened.organization.name if opened.organization else ""
    settings = console_settings(load_settings(context.config_dir)).of(name)
    session = session_of(rooms, opened, look, opened.region, None)
    if not is_the_way(context, settings, desk.install, session):
        return None
    link = console_link(rooms, opened, look, wanted, seconds)
    if not can_be_visited(link):
        return None
    if desk.install.jar is not None:
        note_session(context, settings, link)
    place = place_of(desk.install, link.session, settings)
    words = words_on(Errand(rooms, link, settings, window), desk.install, place)
    return sealed_link(rooms, link, place, window), words
