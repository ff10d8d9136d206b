"""How profiles are named: a template with a few safe fields and filters, and what happens to equal names.

Names come from account names that others choose, so that nothing of them is ever interpreted: fields are
put in by substitution, made of characters that every AWS tool accepts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from usher.core.errors import UsageError
from usher.profiles.ways import WayIn

DEFAULT_TEMPLATE = "{organization}-{account}/{permission_set}"
FIELDS = ("organization", "account", "account_id", "permission_set", "unit", "region", "tag.NAME")

_FIELD = re.compile(r"\{(?P<field>[a-z_]+(?:\.[^{}|]+)?)(?P<filters>(?:\|[a-z]+)*)\}")
_PROFILE_NAME = re.compile(r"[\w@+.%:/=,-][\w@+.%:/=, -]{0,199}", re.ASCII)
# A run that holds something other than the plain characters, with the dashes around it.
_NOT_PLAIN = re.compile(r"-*[^\w@+.%:-][^\w@+.%:]*", re.ASCII)
_SIMPLE = re.compile(r"\w+(-\w+)*", re.ASCII)
_SHORT = {
    "AdministratorAccess": "admin",
    "AWSAdministratorAccess": "admin",
    "AWSPowerUserAccess": "poweruser",
    "AWSReadOnlyAccess": "readonly",
    "PowerUserAccess": "poweruser",
    "ReadOnlyAccess": "readonly",
    "SystemAdministrator": "sysadmin",
    "DatabaseAdministrator": "dba",
    "NetworkAdministrator": "netadmin",
    "ViewOnlyAccess": "viewonly",
}
_FILTERS: Mapping[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "short": lambda text: _SHORT.get(text) or re.sub(r"(?<=.)Access$", "", text).lower(),
    "dashes": lambda text: re.sub(r"[\s_./-]+", "-", text).strip("-"),
    "underscores": lambda text: re.sub(r"[\s_./-]+", "_", text).strip("_"),
    "last": lambda text: re.split(r"[-_./\s]", text)[-1],
}


class OnCollision(StrEnum):
    """What happens when the template gives one name to two ways in."""

    FAIL = "fail"
    ACCOUNT_ID = "account-id"


@dataclass(frozen=True, slots=True)
class Naming:
    """How profiles are named. Prefixes and suffixes are taken off the accounts' names, one of each."""

    template: str = DEFAULT_TEMPLATE
    strip_prefixes: tuple[str, ...] = ()
    strip_suffixes: tuple[str, ...] = ()
    spaces: str = "-"
    on_collision: OnCollision = OnCollision.FAIL


def profile_name(naming: Naming, organization: str, way: WayIn) -> str:
    """The profile's name. Raises UsageError for a template or a result that no tool could use."""
    template = naming.template

    def put_in(match: re.Match[str]) -> str:
        value = _field(naming, organization, way, match["field"])
        for name in match["filters"].split("|")[1:]:
            if name not in _FILTERS:
                raise UsageError(
                    f"the template {template!r} names an unknown filter: {name}",
                    hint=f"known: {' '.join(_FILTERS)}",
                )
            value = _FILTERS[name](value)
        return value

    if re.search(r"[{}]", _FIELD.sub("", template)):
        raise UsageError(
            f"the template {template!r} is wrong",
            hint="write fields as {account} or with filters as {account|lower}",
        )
    name = _FIELD.sub(put_in, template)
    if not _PROFILE_NAME.fullmatch(name) or name != name.strip():
        raise UsageError(
            f"{name!r} cannot be a profile's name",
            hint="letters, digits, spaces and _ @ + . % : / = , - work in every AWS tool",
        )
    return name


def is_profile_name(text: str) -> bool:
    """Whether every AWS tool takes `text` as a profile's name."""
    return _PROFILE_NAME.fullmatch(text) is not None and text == text.strip()


def name_all(naming: Naming, organization: str, ways: Iterable[WayIn]) -> dict[str, WayIn]:
    """Each way in by its name. Raises UsageError, naming both, when two would be called the same."""
    return tell_apart(naming, ((profile_name(naming, organization, way), way) for way in ways))


def tell_apart(naming: Naming, named: Iterable[tuple[str, WayIn]]) -> dict[str, WayIn]:
    """Each way in by a name of its own. Raises UsageError, naming both, when there is none."""
    by_name: dict[str, list[WayIn]] = {}
    for name, way in named:
        by_name.setdefault(name, []).append(way)
    found: dict[str, WayIn] = {}
    for name, same in by_name.items():
        if len(same) > 1 and naming.on_collision is OnCollision.FAIL:
            raise _collision(name, same[0], same[1])
        for way in same:
            own = name if len(same) == 1 else f"{name}-{way.account_id}"
            other = found.setdefault(own, way)
            if other is not way:
                raise _collision(own, other, way)
    return found


def _collision(name: str, one: WayIn, other: WayIn) -> UsageError:
    return UsageError(
        f"the template gives '{name}' to both {one} and {other}",
        hint="use {account_id} and {permission_set} in the template, or --on-collision account-id",
    )


def _field(naming: Naming, organization: str, way: WayIn, field: str) -> str:
    match field:
        case "organization":
            return organization
        case "account":
            return _account(naming, way)
        case "account_id":
            return way.account_id
        case "permission_set":
            return way.permission_set
        case "unit":
            return "/".join(_simplified(part, naming.spaces) for part in way.unit.split("/"))
        case "region":
            return way.region
    if field.startswith("tag."):
        return _simplified(way.tags.get(field.removeprefix("tag."), ""), naming.spaces)
    raise UsageError(
        f"the template {naming.template!r} names an unknown field: {field}",
        hint=f"known: {' '.join(f'{{{name}}}' for name in FIELDS)}",
    )


def _account(naming: Naming, way: WayIn) -> str:
    if way.alias:
        return _simplified(way.alias, naming.spaces)
    name = _without_one(way.account_name, naming.strip_prefixes, str.startswith, str.removeprefix)
    name = _without_one(name, naming.strip_suffixes, str.endswith, str.removesuffix)
    return _simplified(name, naming.spaces) or way.account_id


def _without_one(
    text: str, parts: Iterable[str], has: Callable[[str, str], bool], without: Callable[[str, str], str]
) -> str:
    """`text` without the longest of `parts`; never without all of it."""
    for part in sorted(parts, key=len, reverse=True):
        if part and part != text and has(text, part):
            return without(text, part)
    return text


def _simplified(text: str, spaces: str) -> str:
    """`text` in characters that every SDK accepts in a profile's name."""
    if _SIMPLE.fullmatch(text):
        return text
    if not text.isprintable():
        return ""  # one name that was chosen to do harm must not keep all others from being written
    decomposed = unicodedata.normalize("NFKD", text)
    ascii_only = "".join(c for c in decomposed if not unicodedata.combining(c))

    def plain(match: re.Match[str]) -> str:
        return spaces if match[0].isspace() else "-"

    return _NOT_PLAIN.sub(plain, ascii_only.strip()).strip("-")
