"""A person's accounts, temporary keys, and the way into a console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from usher.core.accounts import Account
from usher.core.errors import NoAccessError, UnavailableError
from usher.core.ids import AccountId
from usher.server.decide import Entry, accounts_of, entries_of, may_enter
from usher.server.portal.console_link import ConsolePlace, console_place, sign_in_address
from usher.server.portal.door import Page, Redirect, Visit
from usher.server.portal.profile_block import profile_block
from usher.server.services import Services

_ACCOUNTS_PER_PAGE = 50
_MOST_PERMISSION_SETS = 500


@dataclass(frozen=True, slots=True)
class AccountCard:
    """One account as the page of accounts shows it."""

    id: str
    name: str
    email: str
    permission_sets: tuple[str, ...]


def show_accounts(visit: Visit) -> Page:
    """The accounts that the person may enter, with their permission sets."""
    services, owner, after = visit.services, visit.owner, visit.query.get("after", "")
    with services.database.read() as connection:
        ids = accounts_of(connection, owner.user_id, after=after, limit=_ACCOUNTS_PER_PAGE + 1)
        shown = {
            id_: entries_of(connection, owner.user_id, id_, limit=_MOST_PERMISSION_SETS)
            for id_ in ids[:_ACCOUNTS_PER_PAGE]
        }
    cards = [_card(_account(services, id_), entries) for id_, entries in shown.items()]
    next_page = ids[_ACCOUNTS_PER_PAGE - 1] if len(ids) > _ACCOUNTS_PER_PAGE else ""
    place = console_place(services.config)
    facts = {"accounts": cards, "next_page": next_page}
    return Page("accounts.html", facts, form_targets=place.form_targets)


def go_to_accounts(visit: Visit) -> Redirect:
    """Keys are only given to a form of ours; a bare address leads to the accounts."""
    _ = visit.owner
    return Redirect("/start")


def show_keys(visit: Visit) -> Page:
    """Temporary keys, in each form in which people need them."""
    services = visit.services
    entry = _entry(visit, visit.form)
    account = _account(services, entry.account_id)
    keys = services.role_credentials.issue(visit.owner.user_id, entry.account_id, entry.permission_set_name)
    profile = profile_block(services.config, services.instance, account, entry.permission_set_name)
    facts = {
        "account": account,
        "role_name": entry.permission_set_name,
        "ends_at": datetime.fromtimestamp(keys.expiration, UTC).strftime("%H:%M UTC on %d %B %Y"),
        "profile_name": profile.name,
        "profile_block": profile.text,
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key.reveal(),
        "session_token": keys.session_token.reveal(),
    }
    return Page("keys.html", facts)


def show_console(visit: Visit) -> Page | Redirect:
    """What a console link leads to, before it is opened; a link without a role leads to the accounts."""
    _ = visit.owner
    if not visit.query.get("role_name"):
        return Redirect("/start")
    entry = _entry(visit, visit.query)
    place = console_place(visit.services.config)
    destination = visit.query.get("destination", "")
    if destination:
        place.check(destination)
    facts = {
        "account": _account(visit.services, entry.account_id),
        "role_name": entry.permission_set_name,
        "destination": destination,
    }
    return Page("console.html", facts, form_targets=place.form_targets)


def open_console(visit: Visit) -> Redirect:
    """Trade role credentials for a console session and go there."""
    services = visit.services
    entry = _entry(visit, visit.form)
    place = console_place(services.config)
    destination = _destination(place, visit.form.get("destination", ""), entry)
    keys = services.role_credentials.issue(visit.owner.user_id, entry.account_id, entry.permission_set_name)
    return Redirect(sign_in_address(place, keys, destination, services.config.start_url).reveal())


def _destination(place: ConsolePlace, asked: str, entry: Entry) -> str:
    """The link's own destination, else the permission set's relay state, else the console's home."""
    if asked:
        return place.check(asked)
    return entry.relay_state if place.accepts(entry.relay_state) else place.home


def _entry(visit: Visit, fields: Mapping[str, str]) -> Entry:
    """The way in that was asked for. Raises NoAccessError, the same for what exists and what does not."""
    account_id, role_name = fields.get("account_id", ""), fields.get("role_name", "")
    with visit.services.database.read() as connection:
        entry = may_enter(connection, visit.owner.user_id, account_id, role_name)
    if entry is None:
        raise NoAccessError("you may not enter that account with that permission set")
    return entry


def _account(services: Services, account_id: AccountId) -> Account:
    """The account, or its bare id while AWS cannot be asked."""
    try:
        return services.accounts.get(account_id) or Account(account_id, account_id)
    except UnavailableError:
        return Account(account_id, account_id)


def _card(account: Account, entries: list[Entry]) -> AccountCard:
    return AccountCard(
        account.id, account.name, account.email, tuple(entry.permission_set_name for entry in entries)
    )
