"""How a profile looks by the person's own rules, and the question before entering a protected one.

The rules are `[[protect]]` tables of settings.toml. Whatever leads to a protected account is protected:
the account is found in the index, in the config file's keys, or in the keys that were opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from usher.cli.context import Context
from usher.cli.terminal import Terminal, printable
from usher.core.errors import NoAccessError, UsherError
from usher.core.ids import AccountId
from usher.core.looks import PLAIN, Colour, Confirm, Look, LookRule, Seen, look_of
from usher.profiles.index import IndexEntry, has_shared, read_index
from usher.profiles.known import as_configured, known_profiles
from usher.session.settings import Settings, Table, load_settings

if TYPE_CHECKING:
    from usher.cli.opening import OpenedProfile  # brings the network; a prompt needs none

# Where what a rule could not see comes from.
_TOLD_BY = {
    "profile": "give the profile's whole name",
    "account": "a rule by 'profiles' decides without it",
    "name": "'usher profiles sync' tells it, and a rule by 'profiles' before decides without it",
    "permission set": "a rule by 'profiles' decides without it",
    "unit": "'usher profiles sync --details-from PROFILE' tells it",
    "tags": "'usher profiles sync --details-from PROFILE' tells them",
}
_WHAT = ("profiles", "accounts", "permission_sets", "organizations", "units")


def look_rules(settings: Settings) -> tuple[LookRule, ...]:
    """The rules of `settings`, in order. Raises UsageError for a rule that could never do anything."""
    return tuple(_rule(table) for table in settings.list_of_tables("protect"))


def look_for(context: Context, profile: str | IndexEntry | OpenedProfile) -> Look:
    """The look of a profile: by its name, from the index, or opened. Plain when no rule is for it."""
    rules = look_rules(load_settings(context.config_dir))
    if not rules and not has_shared(context.cache_dir):
        return PLAIN
    if isinstance(profile, IndexEntry):
        return look_of(rules, seen_entry(profile))
    if isinstance(profile, str):
        return look_of(rules, _seen(context, profile, None))
    return look_of(rules, _seen(context, profile.name, profile.account_id))


def look_of_role(context: Context, organization: str, account: AccountId, permission_set: str) -> Look:
    """The look of a role session that is at hand, whatever profile opened it."""
    rules = look_rules(load_settings(context.config_dir))
    there = account_entry(context, account, permission_set)
    known = seen_entry(there) if there else Seen(f"{account}/{permission_set}", account)
    return look_of(rules, replace(known, organization=organization, permission_set=permission_set))


def account_entry(context: Context, account: AccountId, permission_set: str) -> IndexEntry | None:
    """What the index tells of an account, by this way into it or else by any other."""
    ways = [entry for entry in read_index(context.cache_dir) if entry.account_id == account]
    return next((way for way in ways if way.permission_set == permission_set), next(iter(ways), None))


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before they enter a protected account, and the `word` that means yes.

    `doubt` is a sentence on what is not known, empty where the account surely is protected.
    """

    how: Confirm
    word: str
    text: str
    doubt: str = ""


def question_of(name: str, look: Look) -> Question | None:
    """The question that `look` wants asked before `name` is entered; None where it wants none."""
    if not look.confirm:
        return None
    shown = printable(name)
    doubt = f"The {look.doubt} of {shown} is not known here: {_TOLD_BY[look.doubt]}." if look.doubt else ""
    is_protected = "may be protected" if look.doubt else "is protected"
    if look.confirm is Confirm.ASK:
        return Question(look.confirm, "yes", f"{shown} {is_protected}. Enter it?", doubt)
    word = name if look.doubt else look.label or name
    return Question(look.confirm, word, f"{shown} {is_protected}. Type {printable(word)} to enter it:", doubt)


def confirm_entry(context: Context, name: str, look: Look, *, yes: bool) -> None:
    """Ask before `name` is entered, if its look wants that; `yes` is the command's --yes.

    Raises UsherError when the person does not agree, and NoAccessError where nobody can be asked:
    a script says --yes, or does not get in.
    """
    question = question_of(name, look)
    if question is None or yes:
        return
    terminal = context.terminal
    if not terminal.interactive:
        raise NoAccessError(
            f"'{printable(name)}' {'may be' if look.doubt else 'is'} protected{_marked(look)} "
            "and nobody is here to confirm it",
            hint=f"the {look.doubt} is not known here: {_TOLD_BY[look.doubt]}"
            if look.doubt
            else "add --yes where that is meant; the rule is a [[protect]] table of settings.toml",
        )
    if question.doubt:
        terminal.say(question.doubt)
    asked = f"{badge(terminal, look)} {question.text}" if look.label else question.text
    agreed = terminal.confirm(asked) if question.how is Confirm.ASK else terminal.ask(asked) == question.word
    if not agreed:
        raise not_confirmed(name)


def not_confirmed(name: str) -> UsherError:
    """The error for a question that was not answered with yes."""
    return UsherError(f"not confirmed: '{printable(name)}' was not entered")


def badge(terminal: Terminal, look: Look) -> str:
    """The look's label as a coloured badge; empty when it has none."""
    if not look.label:
        return ""
    words = terminal.style("badge", f" {printable(look.label)} ")
    return terminal.style(look.colour, words) if look.colour else words


def coloured(terminal: Terminal, look: Look, text: str) -> str:
    """`text` in the look's colour."""
    return terminal.style(look.colour, text) if look.colour else text


def seen_entry(entry: IndexEntry) -> Seen:
    """What rules see of an index entry."""
    return Seen(
        entry.profile,
        entry.account_id,
        entry.account_name,
        entry.permission_set,
        entry.organization,
        entry.unit,
        entry.tags,
        entry.colour,
    )


def _rule(table: Table) -> LookRule:
    table.only(*_WHAT, "tags", "colour", "label", "confirm")
    rule = LookRule(
        Look(_colour(table), table.text("label"), _confirm(table)),
        **{what: table.texts(what) for what in _WHAT},
        tags=table.mapping("tags"),
    )
    if not rule.tags and not any(getattr(rule, what) for what in _WHAT):
        raise table.settings.wrong(table.name, f"for something: give {', '.join(_WHAT)} or tags")
    if rule.look == PLAIN:
        raise table.settings.wrong(table.name, "of some effect: give colour, label or confirm")
    return rule


def _colour(table: Table) -> Colour | None:
    name = table.text("colour")
    if not name:
        return None
    try:
        return Colour(name)
    except ValueError:
        import difflib

        near = difflib.get_close_matches(name, list(Colour), 1)
        meant = f" (did you mean '{near[0]}'?)" if near else ""
        raise table.wrong("colour", f"one of: {', '.join(Colour)}{meant}") from None


def _confirm(table: Table) -> Confirm:
    match table.values.get("confirm", False):
        case True:
            return Confirm.ASK
        case False:
            return Confirm.NEVER
        case "type":
            return Confirm.TYPE
    raise table.wrong("confirm", 'true, false or "type"')


def _seen(context: Context, name: str, account: AccountId | None) -> Seen:
    """What is known of the profile `name`; `account` is where its keys lead, once they are there."""
    entries = read_index(context.cache_dir)
    own = _entry_of(context, entries, name)
    if own is not None and account in {None, own.account_id}:
        return seen_entry(own)
    seen = seen_entry(own) if own else Seen(name)
    there = next((entry for entry in entries if entry.account_id == account), None)
    return replace(
        seen,
        account_id=account,
        account_name=there.account_name if there else "",
        unit=there.unit if there else "",
        tags=there.tags if there else {},
    )


def _entry_of(context: Context, entries: Sequence[IndexEntry], name: str) -> IndexEntry | None:
    """The entry of that very name, in the index or the AWS files, else the one that it is short for."""
    for entry in entries:
        if entry.profile == name:
            return as_configured(entry, context.aws_config_file, entries)
    known = known_profiles(context.cache_dir, context.aws_config_file, context.aws_credentials_file)
    for entry in known:
        if entry.profile == name:
            return entry
    short = (e for e in known if e.profile in {f"{e.organization}-{name}", f"{e.organization}/{name}"})
    return next(short, None)


def _marked(look: Look) -> str:
    return f" ({printable(look.label)})" if look.label else ""
