"""The `.usher` file that binds a folder to a profile: three settings, data only.

    profile = "mkdev-staging/AdministratorAccess"
    region = "eu-central-1"          # optional
    organization = "mkdev"           # optional: whose profile is meant by a short name

It names a profile of the person's own; it cannot define one, nor run anything. It counts only while its
content is the one the person has trusted (`usher trust`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from usher.core.errors import UsageError
from usher.core.printable import printable
from usher.shell.quoting import check_plain

FILE_NAME = ".usher"
LARGEST_BYTES = 4_096
_KEYS = ("profile", "region", "organization")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")


@dataclass(frozen=True, slots=True)
class FolderFile:
    """What a `.usher` file says. `region` and `organization` are empty when it does not say."""

    profile: str
    region: str = ""
    organization: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the profile may have in the AWS config file, the likeliest first."""
        if not self.organization:
            return (self.profile,)
        prefix = self.organization
        return (f"{prefix}-{self.profile}", f"{prefix}/{self.profile}", self.profile)


def content_hash(content: bytes) -> str:
    """What trust is given to: the content, to the byte."""
    import hashlib  # brings OpenSSL; most switches look at no folder

    return hashlib.sha256(content).hexdigest()


def read_folder_file(content: bytes, place: str) -> FolderFile:
    """What the file's bytes say. Raises UsageError naming `place`."""
    import tomllib

    if len(content) > LARGEST_BYTES:
        raise _wrong(place, f"it is larger than {LARGEST_BYTES} bytes")
    try:
        values = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(place, str(error)) from None
    texts: dict[str, str] = {}
    for key, value in values.items():
        if key not in _KEYS:
            raise _wrong(place, f"'{printable(key)}' is not a setting of it")
        if not isinstance(value, str) or not value:
            raise _wrong(place, f"'{key}' must be a text")
        check_plain(value)
        texts[key] = value
    if "profile" not in texts:
        raise _wrong(place, "it names no profile")
    if "region" in texts and not _REGION.fullmatch(texts["region"]):
        raise _wrong(place, f"'{printable(texts['region'])}' is not a region")
    return FolderFile(**texts)


def _wrong(place: str, what: str) -> UsageError:
    return UsageError(
        f"{printable(place)}: {printable(what)}",
        hint='it holds: profile = "NAME" and, where wanted, region = "..." and organization = "..."',
    )
