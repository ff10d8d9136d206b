"""What a person wants of their profiles, as settings.toml says it: `[profiles.ORG]` and `[accounts.ID]`."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from usher.core.ids import AccountId, account_id
from usher.profiles.blocks import EXTRA_KEYS
from usher.profiles.filters import Selection, parse_selector
from usher.profiles.names import DEFAULT_TEMPLATE, Naming, OnCollision
from usher.profiles.ways import WayIn
from usher.session.settings import Settings, Table

_KEYS = ("region", "output", "keys")


@dataclass(frozen=True, slots=True)
class OwnLines:
    """What profiles get beside their way in: a region, and further lines."""

    region: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """What a person says of one account."""

    alias: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    lines: OwnLines = field(default_factory=OwnLines)


@dataclass(frozen=True, slots=True)
class Preferences:
    """How one organization's profiles are wanted. `aliases` are further names for profiles."""

    naming: Naming = field(default_factory=Naming)
    selection: Selection = field(default_factory=Selection)
    native: bool = False
    lines: OwnLines = field(default_factory=OwnLines)
    sets: Mapping[str, OwnLines] = field(default_factory=dict)
    accounts: Mapping[AccountId, OwnAccount] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    calls_per_second: float | None = None

    def applied_to(self, way: WayIn) -> WayIn:
        """`way` with what the person says of its account; the nearest word on region and lines holds."""
        own = self.accounts.get(way.account_id, OwnAccount())
        near = (own.lines, self.sets.get(way.permission_set, OwnLines()), self.lines)
        keys: dict[str, str] = {}
        for lines in reversed(near):
            keys.update(lines.keys)
        return replace(
            way,
            alias=own.alias,
            description=own.description or way.description,
            tags={**way.tags, **own.tags},
            region=next((lines.region for lines in near if lines.region), way.region),
            keys=keys,
        )


def read_preferences(settings: Settings, organization: str) -> Preferences:
    """The preferences for `organization`. Raises UsageError for what cannot be meant."""
    table = settings.table("profiles").within(organization)
    table.only(
        "template", "strip_prefix", "strip_suffix", "spaces", "on_collision", "include", "exclude", "native",
        "default", "aliases", "permission_sets", "calls_per_second", *_KEYS,
    )  # fmt: skip
    rate = table.values.get("calls_per_second")
    if rate is not None and (
        isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= 1000
    ):
        raise table.wrong("calls_per_second", "a number of calls, up to 1000")
    return Preferences(
        naming=_naming(table),
        selection=selection(table.texts("include"), table.texts("exclude")),
        native=table.flag("native"),
        lines=_lines(table),
        sets={name: _set_lines(inner) for name, inner in table.within("permission_sets").tables().items()},
        accounts={
            _account_id(inner): _account(inner) for inner in settings.table("accounts").tables().values()
        },
        aliases=table.mapping("aliases"),
        default=table.text("default"),
        calls_per_second=rate,
    )


def unread_tables(settings: Settings, organizations: Collection[str]) -> Iterator[str]:
    """Words on tables of organizations that nobody has signed in to: their names may be misspelt."""
    for name in settings.table("profiles").tables():
        if name not in organizations:
            near = difflib.get_close_matches(name, organizations, 1)
            meant = f" (did you mean [profiles.{near[0]}]?)" if near else ""
            yield f"{settings.path}: nothing reads [profiles.{name}]: no organization is called so{meant}"


def selection(include: Iterable[str], exclude: Iterable[str]) -> Selection:
    """What selectors written by a person mean."""
    return Selection(tuple(map(parse_selector, include)), tuple(map(parse_selector, exclude)))


def _naming(table: Table) -> Naming:
    text = table.text("on_collision", OnCollision.FAIL)
    if text not in set(OnCollision):
        raise table.wrong("on_collision", f"one of: {', '.join(OnCollision)}")
    return Naming(
        template=table.text("template", DEFAULT_TEMPLATE),
        strip_prefixes=table.texts("strip_prefix"),
        strip_suffixes=table.texts("strip_suffix"),
        spaces=table.text("spaces", "-"),
        on_collision=OnCollision(text),
    )


def _set_lines(table: Table) -> OwnLines:
    table.only(*_KEYS)
    return _lines(table)


def _lines(table: Table) -> OwnLines:
    keys = table.mapping("keys")
    for key in keys:
        if key not in EXTRA_KEYS:
            raise table.wrong(f"keys.{key}", f"one of: {', '.join(sorted(EXTRA_KEYS))}")
    output = table.text("output")
    return OwnLines(table.text("region"), {**({"output": output} if output else {}), **keys})


def _account_id(table: Table) -> AccountId:
    number = table.name.removeprefix("accounts.")
    try:
        return account_id(number)
    except ValueError:
        raise table.settings.wrong(table.name, "named by an account id in quotes, twelve digits") from None


def _account(table: Table) -> OwnAccount:
    table.only("alias", "description", "tags", *_KEYS)
    return OwnAccount(table.text("alias"), table.text("description"), table.mapping("tags"), _lines(table))
