"""The one Usher-specific call, and an optional one: what a self-hosted directory says about itself."""

from __future__ import annotations

from dataclasses import dataclass

from usher.session.errors import PortalAnswerError
from usher.session.fields import optional_text_field
from usher.session.http import HttpClient

WELL_KNOWN_PATH = "/.well-known/usher-directory"


@dataclass(frozen=True, slots=True)
class DirectoryCard:
    """What the directory publishes; each part may be missing."""

    start_url: str | None = None
    region: str | None = None
    name: str | None = None


def read_directory_card(http: HttpClient, origin: str) -> DirectoryCard:
    """The directory's card; empty when `origin` publishes none. Raises PortalUnavailableError."""
    answer = http.send("GET", origin + WELL_KNOWN_PATH, {"Accept": "application/json"})
    if answer.status != 200:
        return DirectoryCard()
    try:
        document = answer.json()
        return DirectoryCard(*(optional_text_field(document, key) for key in ("start_url", "region", "name")))
    except PortalAnswerError:
        return DirectoryCard()
