"""Sealed links of the person's own key: good ones, and every way of being a bad one."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from stand_in_internet import PARTITIONS, Who

from usher.cli.browser.link_key import link_key
from usher.cli.context import context_of
from usher.cli.wire import open_session_rooms

ASSOCIATED = b"usher console link 1"
NAMES = {
    "111111111111": ("management", "purple", ""),
    "222222222222": ("staging", "green", ""),
    "333333333333": ("production", "red", "PRODUCTION"),
    "444444444444": ("playground", "blue", ""),
}
HOME = "https://eu-central-1.console.aws.amazon.com/console/home?region=eu-central-1"
OURS = Who("222222222222", "AdministratorAccess")


class Links:
    """Makes them as the command line does; a visit's fields can be anything."""

    def __init__(self, person: Any, internet: Any) -> None:
        key = link_key(open_session_rooms(context_of(person.environ)))
        self.key = _decoded(key.reveal())
        self._internet = internet

    def visit(
        self, who: Who = OURS, destination: str = HOME, kind: str = "container", **changed: Any
    ) -> dict:
        """What a link asks for: the console of `who`, signed in by an address that works once."""
        name, colour, label = NAMES[who.account]
        partition = changed.get("partition", "aws")
        known = partition if partition in PARTITIONS else "aws"
        session = {
            "key": f"mkdev/{who.account}/{who.role}",
            "profile": f"mkdev-{name}/{who.role}",
            "organization": "mkdev",
            "accountId": who.account,
            "accountName": name,
            "role": who.role,
            "region": "eu-central-1",
            "label": label,
            "colour": colour,
            "ends": changed.pop("ends", time.time() + 3600),
        }
        return {
            "id": _encoded(secrets.token_bytes(16)),
            "made": time.time(),
            "url": self._internet.sign_in_url(who, destination, known),
            "partition": partition,
            "emulatedOrigin": None,
            "session": session,
            "place": {"kind": kind, "name": f"{name}/{who.role}", "icon": "fingerprint"},
            "window": None,
            **changed,
        }

    def seal(
        self, visit: dict, key: bytes | None = None, version: str = "1", associated: bytes = ASSOCIATED
    ) -> str:
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(key or self.key).encrypt(nonce, json.dumps(visit).encode(), associated)
        return f"{version}.{_encoded(nonce + sealed)}"


def bytes_of(link: str) -> bytearray:
    """What is sealed in a link, to be changed."""
    return bytearray(_decoded(link.partition(".")[2]))


def link_of(content: bytes) -> str:
    return f"1.{_encoded(content)}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
