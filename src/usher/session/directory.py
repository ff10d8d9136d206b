"""The one Usher-specific call, and an optional one: what a self-hosted directory says about itself."""

from __future__ import annotations

from dataclasses import dataclass

from usher.session.errors import PortalAnswerError
from usher.session.fields import number_field, optional_text_field
from usher.session.http import HttpClient

WELL_KNOWN_PATH = "/.well-known/usher-directory"
_SESSION = "portal_session_seconds"


@dataclass(frozen=True, slots=True)
class DirectoryCard:
    """What the directory publishes; each part may be missing.

    `console_url` is the page that takes links to consoles: `?account_id=...&role_name=...&destination=...`.
    """

    start_url: str | None = None
    region: str | None = None
    name: str | None = None
    portal_session_seconds: int | None = None
    console_url: str | None = None


def read_directory_card(http: HttpClient, origin: str) -> DirectoryCard:
    """The directory's card; empty when `origin` publishes none. Raises PortalUnavailableError."""
    answer = http.send("GET", origin + WELL_KNOWN_PATH, {"Accept": "application/json"})
    if answer.status != 200:
        return DirectoryCard()
    try:
        document = answer.json()
        seconds = number_field(document, _SESSION) if document.get(_SESSION) is not None else None
        return DirectoryCard(
            optional_text_field(document, "start_url"),
            optional_text_field(document, "region"),
            optional_text_field(document, "name"),
            int(seconds) if seconds is not None else None,
            optional_text_field(document, "console_url"),
        )
    except PortalAnswerError:
        return DirectoryCard()
