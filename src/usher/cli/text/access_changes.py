"""What changed between two readings, in lines for people, in rows and documents for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from usher.cli.terminal import printable
from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.report.compare import Changes, Difference, Entry

Style = Callable[[str, str], str]
Accounts = Mapping[AccountId, Account]
FIELDS = ("about", "name", "change", "permission_set", "role", "account", "account_id", "detail")
_STYLES = {"+": "add", "-": "remove", "~": "change"}
_MOST_ENTRIES = 20


def change_lines(changes: Changes, accounts: Accounts, style: Style) -> Iterator[str]:
    """Everything that differs, by person, group, permission set and account."""
    sections = (
        ("People", _difference_lines(changes.people, accounts, "group")),
        ("Groups", _difference_lines(changes.groups, accounts, "member")),
        ("Permission sets", _set_lines(changes)),
        ("Accounts", _account_lines(changes)),
    )
    first = True
    for title, lines in sections:
        for place, (sign, words) in enumerate(lines):
            if place == 0:
                yield from ([] if first else [""])
                yield style("strong", title)
                first = False
            shown = f"{sign} {printable(words)}".rstrip()
            yield f"  {style(_STYLES[sign], shown)}" if sign in _STYLES else f"  {printable(words)}"


def count_line(changes: Changes) -> str:
    """How much differs."""
    if changes.are_none:
        return "Nothing changed."
    gained = sum(len(each.gained) for each in changes.people)
    lost = sum(len(each.lost) for each in changes.people)
    return (
        f"{len(changes.people):,} people: {gained:,} gained, {lost:,} lost; {len(changes.groups):,} groups, "
        f"{len(changes.permission_sets):,} permission sets and {len(changes.accounts):,} accounts changed."
    )


def change_rows(changes: Changes, accounts: Accounts) -> Iterator[tuple[str, ...]]:
    """One row for each difference, in the columns of `FIELDS`."""
    for about, differences in (("person", changes.people), ("group", changes.groups)):
        fellow = "group" if about == "person" else "member"
        for each in differences:
            name = each.principal.name
            for change, entries in (("gained", each.gained), ("lost", each.lost)):
                yield from ((about, name, change, *_entry_cells(entry, accounts), "") for entry in entries)
            for change, names in (("joined", each.joined), ("left", each.left)):
                yield from ((about, name, change, "", "", "", "", f"{fellow} {other}") for other in names)
    for changed in changes.permission_sets:
        details = changed.words or ("",)
        yield from (
            ("permission set", changed.name, changed.kind, "", "", "", "", words) for words in details
        )
    for account in changes.accounts:
        found = account.account
        yield "account", found.name, account.words, "", "", found.name, found.id, ""


def _difference_lines(
    differences: Sequence[Difference], accounts: Accounts, fellow: str
) -> Iterator[tuple[str, str]]:
    for each in differences:
        yield "", each.principal.name
        yield from (("+", f"  {fellow} {name}") for name in each.joined)
        yield from (("-", f"  {fellow} {name}") for name in each.left)
        yield from _entry_lines("+", each.gained, accounts)
        yield from _entry_lines("-", each.lost, accounts)


def _entry_lines(sign: str, entries: Sequence[Entry], accounts: Accounts) -> Iterator[tuple[str, str]]:
    for target, account in entries[:_MOST_ENTRIES]:
        yield sign, f"  {target} in {_account_words(account, accounts)}"
    if len(entries) > _MOST_ENTRIES:
        yield sign, f"  and {len(entries) - _MOST_ENTRIES:,} more (--csv and --json have all)"


def _set_lines(changes: Changes) -> Iterator[tuple[str, str]]:
    signs = {"new": "+", "gone": "-"}
    for each in changes.permission_sets:
        yield signs.get(each.kind, "~"), f"{each.name} is {each.kind}"
        yield from (("", f"    {words}") for words in each.words)


def _account_lines(changes: Changes) -> Iterator[tuple[str, str]]:
    signs = {"new": "+", "gone": "-"}
    for each in changes.accounts:
        yield signs.get(each.words, "~"), f"{each.account}: {each.words}"


def _entry_cells(entry: Entry, accounts: Accounts) -> tuple[str, str, str, str]:
    target, account = entry
    name = accounts[account].name if account in accounts else ""
    return "" if target.is_role else target.name, target.name if target.is_role else "", name, account


def _account_words(account: AccountId, accounts: Accounts) -> str:
    return str(accounts[account]) if account in accounts else account
