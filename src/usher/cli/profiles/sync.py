"""`usher profiles sync` and `prune`: read what may be entered, and make one block of the file hold it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from usher.cli.context import Context
from usher.cli.profiles.index import write_entries
from usher.cli.signing_in import with_sign_in
from usher.cli.terminal import printable
from usher.cli.text.profiles import (
    coloured_difference,
    cost_note,
    difference,
    shadow_warning,
    sync_summary,
    unlisted_words,
)
from usher.cli.wire import SessionRooms, open_session_rooms, usher_command
from usher.cli.wire_profiles import PORTAL_CALLS_PER_SECOND, read_entrances
from usher.core.durations import parse_age
from usher.core.errors import ExitCode, UsageError, UsherError
from usher.profiles.blocks import BlockStyle, SyncedBlock, Wanted, sync_block
from usher.profiles.config_file import edit_config, read_config
from usher.profiles.config_text import ConfigFileError
from usher.profiles.credentials_file import names_in_credentials
from usher.profiles.details import read_details, with_details, write_details
from usher.profiles.names import OnCollision
from usher.profiles.preferences import Preferences, read_preferences, selection, unread_tables
from usher.profiles.recent import read_recent
from usher.profiles.wanted import Chosen, choose_profiles
from usher.profiles.ways import WayIn
from usher.session.crawl import Crawl
from usher.session.organizations import PortalOrganization, choose_organization
from usher.session.records import stored_roles
from usher.session.settings import load_settings


@dataclass(frozen=True, slots=True)
class _Job:
    """One sync: for whom, how, and what was read."""

    context: Context
    organization: PortalOrganization
    preferences: Preferences
    style: BlockStyle
    crawl: Crawl
    chosen: Chosen
    prune: bool

    def synced(self, text: str) -> SyncedBlock:
        """`text` with the block as it shall be."""
        wanted = Wanted(
            self.chosen.profiles,
            {(way.account.id, way.permission_set) for way in self.crawl.entrances},
            {each.account.id for each in self.crawl.unlisted},
        )
        return sync_block(text, self.path, self.style, wanted, prune=self.prune)

    @property
    def path(self) -> Path:
        """The AWS config file."""
        return self.context.aws_config_file


def add_sync_arguments(parser: argparse.ArgumentParser) -> None:
    """What `sync` and `prune` have in common. What is not given here is taken from settings.toml."""
    parser.add_argument("name", nargs="?", metavar="ORG", help="the organization's name")
    parser.add_argument("--all", action="store_true", help="of every organization")
    parser.add_argument("--template", metavar="T", help="how profiles are named")
    parser.add_argument("--include", action="append", default=[], metavar="S", help="only what S selects")
    parser.add_argument("--exclude", action="append", default=[], metavar="S", help="nothing that S selects")
    parser.add_argument("--only-used", action="store_true", help="only profiles that you have entered before")
    parser.add_argument("--strip-prefix", action="append", metavar="P", help="take P off accounts' names")
    parser.add_argument("--strip-suffix", action="append", metavar="P", help="take P off accounts' names")
    parser.add_argument(
        "--on-collision", choices=list(OnCollision), help="equal names: fail, or add the account's id"
    )
    parser.add_argument(
        "--native",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="sso_session profiles instead of credential_process",
    )
    parser.add_argument("--region", metavar="R", help="the profiles' default region")
    parser.add_argument("--default", metavar="PROFILE", help="write this one as [default] as well")
    parser.add_argument(
        "--if-older-than",
        type=parse_age,
        default=0.0,
        metavar="AGE",
        help="take what was read in the last 1d, 8h",
    )
    parser.add_argument(
        "--details-from",
        metavar="PROFILE",
        help="ask AWS Organizations for units and tags, with PROFILE's keys",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a block that was edited by hand")
    parser.add_argument("--dry-run", action="store_true", help="show the difference, change nothing")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def sync(options: argparse.Namespace, context: Context, *, prune: bool) -> ExitCode:
    """Make the blocks of the organizations that are meant hold what may be entered and is wanted."""
    rooms = open_session_rooms(context)
    if not options.all:
        return _sync_one(options, rooms, choose_organization(rooms.organizations, options.name), prune=prune)
    if options.name:
        raise UsageError("name an organization or use --all, not both")
    worst = ExitCode.DONE
    for organization in rooms.organizations.values():
        try:
            code = _sync_one(options, rooms, organization, prune=prune)
        except UsherError as error:
            code = error.exit_code
            words = f"{organization.name}: {error.message}"
            context.terminal.say(context.terminal.style("error", "error: ") + printable(words))
            if error.hint:
                context.terminal.say(context.terminal.style("dim", error.hint))
        worst = worst if code is ExitCode.DONE else code
    return worst


def _sync_one(
    options: argparse.Namespace, rooms: SessionRooms, organization: PortalOrganization, *, prune: bool
) -> ExitCode:
    context = rooms.context
    job = _prepare(options, rooms, organization, prune=prune)
    terminal = context.terminal
    for notice in job.chosen.notices:
        terminal.say(terminal.style("warn", "note: ") + printable(notice))
    before = read_config(job.path)
    outcome = job.synced(before)
    if options.dry_run:
        _show(options, job, before, outcome)
    else:
        agreed = outcome.edited and _agree_to_overwrite(options, job, before, outcome)
        before, outcome = _write(job, before, outcome, agreed=agreed)
        write_entries(context, job.organization.name, job.chosen.profiles, outcome.kept)
        _say(options, job, before, outcome)
    for words in unlisted_words(job.crawl.unlisted):
        terminal.say(terminal.style("warn", words))
    return ExitCode.TRY_AGAIN if job.crawl.unlisted else ExitCode.DONE


def _prepare(
    options: argparse.Namespace, rooms: SessionRooms, organization: PortalOrganization, *, prune: bool
) -> _Job:
    context = rooms.context
    settings = load_settings(context.config_dir)
    for words in unread_tables(settings, rooms.organizations):
        context.terminal.say(context.terminal.style("warn", "note: ") + printable(words))
    preferences = _with_options(read_preferences(settings, organization.name), options)
    rate = preferences.calls_per_second or PORTAL_CALLS_PER_SECOND
    found = with_sign_in(
        rooms,
        organization,
        lambda: read_entrances(rooms, organization, fresh=options.if_older_than, calls_per_second=rate),
    )
    if options.details_from:
        _ask_for_details(rooms, organization, options.details_from)
    details = read_details(context.cache_dir, organization.name)
    ways = (
        with_details(WayIn(way.account.id, way.account.name, way.permission_set, way.account.email), details)
        for way in found.entrances
    )
    is_used = _use_of(rooms, organization) if options.only_used else None
    chosen = choose_profiles(preferences, organization.name, ways, is_used)
    style = _style(context, organization, preferences)
    return _Job(context, organization, preferences, style, found, chosen, prune)


def _use_of(rooms: SessionRooms, organization: PortalOrganization) -> Callable[[str, WayIn], bool]:
    """Tells whether a profile was entered by a person, or a program asked for its keys of late."""
    entered = read_recent(rooms.context.cache_dir)
    asked_for = set(stored_roles(rooms.vault, organization.name))
    return lambda name, way: name in entered or (way.account_id, way.permission_set) in asked_for


def _with_options(preferences: Preferences, options: argparse.Namespace) -> Preferences:
    """What is typed holds before what settings.toml says; selectors are added to its own."""
    naming = preferences.naming
    naming = replace(
        naming,
        template=options.template or naming.template,
        strip_prefixes=_first(options.strip_prefix, naming.strip_prefixes),
        strip_suffixes=_first(options.strip_suffix, naming.strip_suffixes),
        on_collision=OnCollision(options.on_collision or naming.on_collision),
    )
    typed = selection(options.include, options.exclude)
    return replace(
        preferences,
        naming=naming,
        selection=replace(
            preferences.selection,
            include=typed.include or preferences.selection.include,
            exclude=(*preferences.selection.exclude, *typed.exclude),
        ),
        native=preferences.native if options.native is None else options.native,
        lines=replace(preferences.lines, region=options.region or preferences.lines.region),
        default=options.default or preferences.default,
    )


def _first(typed: Sequence[str] | None, written: tuple[str, ...]) -> tuple[str, ...]:
    return written if typed is None else tuple(typed)


def _style(context: Context, organization: PortalOrganization, preferences: Preferences) -> BlockStyle:
    return BlockStyle(
        organization=organization.name,
        region=organization.region,
        command=usher_command(context),
        start_url=organization.profile_start_url,
        sso_region=organization.region,
        scopes=organization.scopes,
        portal_endpoint=organization.endpoint_url,
        aws_endpoint=organization.aws_endpoint_url,
        native=preferences.native,
    )


def _ask_for_details(rooms: SessionRooms, organization: PortalOrganization, profile: str) -> None:
    from usher.cli.wire_details import read_account_details

    accounts = read_account_details(rooms, profile)
    write_details(rooms.context.cache_dir, organization.name, accounts)
    rooms.context.terminal.say(f"Read units and tags of {len(accounts):,} accounts of {organization.name}.")


def _agree_to_overwrite(options: argparse.Namespace, job: _Job, before: str, outcome: SyncedBlock) -> bool:
    """Whether lines that were changed by hand may go. Raises ConfigFileError when nobody says so."""
    if options.overwrite:
        return True
    terminal = job.context.terminal
    words = f"the block '{job.organization.name}' in {job.path} was edited by hand"
    if options.json or not terminal.interactive:
        raise ConfigFileError(
            f"{words}; nothing was changed",
            hint="'usher profiles sync --dry-run' shows it, '--overwrite' replaces it",
        )
    terminal.say(coloured_difference(difference(before, outcome.text, str(job.path)), terminal.style))
    if not terminal.confirm(f"{words}. Replace it?"):
        raise ConfigFileError("not replaced; nothing was changed", hint="keep your wishes in settings.toml")
    return True


def _write(job: _Job, seen: str, planned: SyncedBlock, *, agreed: bool) -> tuple[str, SyncedBlock]:
    """Write the block; the text before, and the outcome. It is what was planned unless the file changed."""
    latest = [planned]

    def edit(text: str) -> str:
        outcome = planned if text == seen else job.synced(text)
        if outcome.edited and not agreed:
            raise ConfigFileError(f"{job.path} was edited meanwhile", hint="run it again")
        latest[:] = [outcome]
        return outcome.text

    before, _ = edit_config(job.path, edit)
    return before, latest[0]


def _show(options: argparse.Namespace, job: _Job, before: str, outcome: SyncedBlock) -> None:
    shown = difference(before, outcome.text, str(job.path))
    if options.json:
        document = _document(job, outcome, changed=before != outcome.text)
        job.context.terminal.result(json.dumps({**document, "diff": shown}))
        return
    terminal = job.context.terminal
    if outcome.edited:
        terminal.say("The block was edited by hand; the difference takes that back.")
    shown = coloured_difference(shown, terminal.style) if terminal.colours_results else shown
    terminal.result(shown or "nothing would change")


def _say(options: argparse.Namespace, job: _Job, before: str, outcome: SyncedBlock) -> None:
    context, terminal = job.context, job.context.terminal
    if options.json:
        terminal.result(json.dumps(_document(job, outcome, changed=before != outcome.text)))
    else:
        terminal.result(
            sync_summary(
                job.organization.name,
                str(job.path),
                outcome,
                left_out=job.chosen.left_out,
                pruned=job.prune,
                changed=before != outcome.text,
            )
        )
    shadowed = sorted(set(outcome.names) & names_in_credentials(_credentials_file(context)))
    for words in (*shadow_warning(shadowed), *cost_note(outcome.text)):
        terminal.say(terminal.style("warn", "note: ") + words)


def _credentials_file(context: Context) -> Path:
    named = context.environ.get("AWS_SHARED_CREDENTIALS_FILE")
    return Path(named) if named else context.home / ".aws" / "credentials"


def _document(job: _Job, outcome: SyncedBlock, *, changed: bool) -> dict[str, object]:
    return {
        "config_file": str(job.path),
        "organization": job.organization.name,
        "profiles": list(outcome.names),
        "no_longer_granted": list(outcome.stale),
        "dropped": list(outcome.dropped),
        "left_out": job.chosen.left_out,
        "unlisted": [
            {"account_id": each.account.id, "account": each.account.name, "reason": each.reason}
            for each in job.crawl.unlisted
        ],
        "pruned": job.prune,
        "edited_by_hand": outcome.edited,
        "changed": changed,
    }
