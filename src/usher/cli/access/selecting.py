"""Which access is asked about: the filters of `who` and `report`, from words to exact names."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from usher.cli.terminal import printable
from usher.core.errors import UsageError
from usher.core.ids import AccountId

if TYPE_CHECKING:
    from usher.core.accounts import Account
    from usher.report.holdings import Holdings, Question, Target
    from usher.report.why import FileView

_MOST_NAMED = 5


def add_filter_arguments(parser: argparse.ArgumentParser) -> None:
    """--account, --ou, --user, --group, --permission-set, --role."""
    options = (
        ("--account", "an account by name, id or pattern such as 'web-*'"),
        ("--ou", "the accounts below an organizational unit, such as Workloads/Production"),
        ("--user", "what a person has, themselves and through groups"),
        ("--group", "what a group gives"),
        ("--permission-set", "a permission set"),
        ("--role", "an IAM role of your own, by path and name"),
    )
    for name, words in options:
        parser.add_argument(name, default="", metavar=name[2:].upper(), help=words)


def make_question(options: argparse.Namespace, holdings: Holdings) -> Question:
    """The exact names that the options mean. Raises NotFoundError with near names."""
    from usher.report.find import find_names
    from usher.report.holdings import Question

    access = holdings.access
    roles = {target.name for target in holdings.of_target if target.is_role}
    kinds = (
        (options.user, known_people(holdings), "user"),
        (options.group, known_groups(holdings), "group"),
        (options.permission_set, set(access.permission_sets), "permission set"),
        (options.role, roles, "role"),
    )
    people, groups, sets, chosen_roles = (
        find_names(text, names, what) if text else None for text, names, what in kinds
    )
    return Question(_accounts(options, holdings), people, groups, sets, chosen_roles)


def known_people(holdings: Holdings) -> set[str]:
    """Everybody who may be asked about."""
    return {*holdings.access.users, *holdings.groups_of, *getattr(holdings.access, "external_users", ())}


def known_groups(holdings: Holdings) -> set[str]:
    """Every group that may be asked about."""
    return {*holdings.access.groups, *getattr(holdings.access, "external_groups", ())}


def _accounts(options: argparse.Namespace, holdings: Holdings) -> frozenset[AccountId] | None:
    from usher.report.find import find_accounts, find_accounts_of_unit

    known = holdings.access.accounts
    chosen = None
    if options.account:
        chosen = find_accounts(options.account, known)
    if options.ou:
        below = find_accounts_of_unit(options.ou, known)
        chosen = below if chosen is None else chosen & below
    return chosen


def find_account(text: str, holdings: Holdings) -> Account:
    """The one account that `text` means. Raises NotFoundError; UsageError when it means several."""
    from usher.report.find import find_accounts

    known = holdings.access.accounts
    found = sorted(find_accounts(text, known))
    if len(found) > 1:
        listed = ", ".join(printable(str(known[each])) for each in found[:_MOST_NAMED])
        raise UsageError(f"'{printable(text)}' means {len(found)} accounts: {listed}", hint="give the id")
    return known[found[0]]


def find_person(text: str, holdings: Holdings, file: FileView | None) -> str:
    """The one person that `text` means, in what was read or in the file. Raises like `find_account`."""
    from usher.report.find import find_names

    names = known_people(holdings)
    if file is not None:
        names |= {*file.desired.users, *file.desired.external_users}
    found = sorted(find_names(text, names, "user"))
    if len(found) > 1:
        listed = ", ".join(printable(each) for each in found[:_MOST_NAMED])
        raise UsageError(f"'{printable(text)}' means {len(found)} people: {listed}")
    return found[0]


def find_target(options: argparse.Namespace, holdings: Holdings, file: FileView | None) -> Target | None:
    """The permission set or role that the options name, or None. Raises NotFoundError."""
    from usher.report.find import find_names
    from usher.report.holdings import Target

    if options.role:
        roles = {target.name for target in holdings.of_target if target.is_role}
        roles |= file.desired.roles if file else frozenset()
        return Target(min(find_names(options.role, roles, "role")), is_role=True)
    if options.permission_set:
        names = {*holdings.access.permission_sets, *(file.desired.permission_sets if file else ())}
        return Target(min(find_names(options.permission_set, names, "permission set")))
    return None
