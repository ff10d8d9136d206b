"""One find: where it lies, what it is, whether it still works, and how it can go."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

KEY_ID = re.compile(r"\b(?P<kind>AKIA|ASIA)(?P<rest>[A-Z2-7]{16})\b")
SECRET_SHAPE = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
LARGEST_FILE = 8_000_000


class Kind(StrEnum):
    """What was found."""

    STATIC_KEY = "static key"
    SESSION_KEY = "session key"
    TOKEN = "sign-in token"  # noqa: S105 -- a word for people
    CLIENT = "client registration"
    STORE = "another tool's store"
    OPEN_FILE = "file open to others"


class Life(StrEnum):
    """Whether it can still be used, as far as the file tells."""

    LIVE = "live"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Removal(StrEnum):
    """How it can go."""

    DELETE_FILE = "delete the file"
    CUT_LINES = "take the lines out"
    CLOSE_FILE = "close the file to others"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Leftover:
    """One find. `lines` counts from 1; `name` is a profile or variable."""

    path: Path
    kind: Kind
    tool: str
    removal: Removal
    advice: str
    name: str = ""
    account: str = ""
    key_id: str = ""
    life: Life = Life.UNKNOWN
    expires_at: float | None = None
    modified_at: float | None = None
    lines: tuple[int, ...] = ()

    @property
    def is_removable(self) -> bool:
        """Whether `remove` can do it."""
        return self.removal is not Removal.BY_HAND


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where to look. Nothing is read from the process itself."""

    environ: Mapping[str, str]
    home: Path
    folder: Path
    uid: int

    @property
    def credentials_file(self) -> Path:
        """The AWS credentials file."""
        named = self.environ.get("AWS_SHARED_CREDENTIALS_FILE")
        return Path(named) if named else self.home / ".aws" / "credentials"

    @property
    def config_file(self) -> Path:
        """The AWS config file."""
        named = self.environ.get("AWS_CONFIG_FILE")
        return Path(named) if named else self.home / ".aws" / "config"


def account_of_key(key_id: str) -> str:
    """The account that an access key id belongs to, which AWS encodes in it; empty when it is none.

    The 12 digits are bits 1 to 40 of the base32 text; the older ids, AKIAI... and AKIAJ..., do not hold it.
    """
    found = KEY_ID.fullmatch(key_id)
    if found is None or found["rest"][0] in "IJ":
        return ""
    number = int.from_bytes(base64.b32decode(found["rest"])[:6], "big")
    return f"{(number & 0x7FFFFFFFFF80) >> 7:012d}"


def masked(key_id: str) -> str:
    """An access key id that can be told from others without being shown whole."""
    return f"{key_id[:4]}…{key_id[-4:]}" if len(key_id) > 8 else ""


def kind_of_key(key_id: str) -> Kind:
    """ASIA keys end by themselves; AKIA keys live until somebody deletes them."""
    return Kind.SESSION_KEY if key_id.startswith("ASIA") else Kind.STATIC_KEY


def text_of(path: Path) -> str | None:
    """The file's text; None when it is none, is too large, or cannot be read. Pipes are not waited for."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_FILE:
            return None
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return None


def modified_at(path: Path) -> float | None:
    """When the file was last written."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def moment(text: object) -> float | None:
    """Seconds since the epoch of an ISO 8601 time, also with the `UTC` that old AWS CLIs wrote."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.replace("UTC", "Z").replace("Z", "+00:00"))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def life_until(expires_at: float | None, now: float) -> Life:
    """Whether something that ends at `expires_at` still works."""
    if expires_at is None:
        return Life.UNKNOWN
    return Life.LIVE if expires_at > now else Life.EXPIRED
