"""Sealed links: how the browser extension is told to open a console, so that nobody else can tell it.

A link is `1.` and the base64url of a nonce and the AES-256-GCM of what is asked for. Only who has the
key of this installation makes one (no page can), and nobody else reads one, though it stands on a
command line: it holds the address that signs in. It is good for 30 seconds and for one opening; the
extension (`extension/src/shared/link.ts`) checks that, and that it leads to a console.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from usher.core.looks import Colour
from usher.core.secrets import Secret

KEY_BYTES = 32
LINK_LIFETIME_SECONDS = 30
_NONCE_BYTES = 12
_ID_BYTES = 16
_ASSOCIATED = b"usher console link 1"


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """A console session of one account and role, as the browser shows it.

    `ends` is in Unix seconds, None where it is not known. `organization` is empty for roles that no
    portal gives.
    """

    profile: str
    organization: str
    account_id: str
    account_name: str
    role: str
    region: str
    label: str = ""
    colour: Colour | None = None
    ends: float | None = None

    @property
    def key(self) -> str:
        """What tells sessions apart: two with the same key are one session, renewed."""
        return f"{self.organization}/{self.account_id}/{self.role}"

    def wire(self) -> dict[str, object]:
        """As the extension reads it (`extension/src/shared/visit.ts`)."""
        return {
            "key": self.key,
            "profile": self.profile,
            "organization": self.organization,
            "accountId": self.account_id,
            "accountName": self.account_name,
            "role": self.role,
            "region": self.region,
            "label": self.label,
            "colour": self.colour,
            "ends": self.ends,
        }


def session_from_wire(document: Mapping[str, object]) -> ConsoleSession:
    """A session from what `wire` gives. Raises KeyError, TypeError or ValueError."""
    names = ("profile", "organization", "accountId", "accountName", "role", "region", "label")
    profile, organization, account_id, account_name, role, region, label = map(
        str, (document[name] for name in names)
    )
    colour, ends = document["colour"], document["ends"]
    return ConsoleSession(
        profile,
        organization,
        account_id,
        account_name,
        role,
        region,
        label,
        None if colour is None else Colour(str(colour)),
        None if ends is None else float(str(ends)),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where the session's tabs live: a `container`, a tab `group`, or `plain` tabs."""

    kind: str
    name: str
    icon: str = "fingerprint"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a link asks for. `url` signs in, so it is a secret. `window` is the terminal that asked."""

    url: Secret
    partition: str
    session: ConsoleSession
    place: Place
    emulated_origin: str | None = None
    window: str | None = None


def new_link_key() -> Secret:
    """A new key for links, as base64url text."""
    return Secret(_encoded(os.urandom(KEY_BYTES)))


def seal_visit(
    visit: Visit, key: Secret, made: float, random_bytes: Callable[[int], bytes] = os.urandom
) -> Secret:
    """The link that asks for `visit`, made at `made` (Unix seconds)."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    document = {
        "id": _encoded(random_bytes(_ID_BYTES)),
        "made": made,
        "url": visit.url.reveal(),
        "partition": visit.partition,
        "emulatedOrigin": visit.emulated_origin,
        "session": visit.session.wire(),
        "place": {"kind": visit.place.kind, "name": visit.place.name, "icon": visit.place.icon},
        "window": visit.window,
    }
    nonce = random_bytes(_NONCE_BYTES)
    sealed = AESGCM(_decoded(key.reveal())).encrypt(nonce, json.dumps(document).encode(), _ASSOCIATED)
    return Secret(f"1.{_encoded(nonce + sealed)}")


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
