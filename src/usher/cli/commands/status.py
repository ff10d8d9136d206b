"""Show who is signed in where, how long each clock still runs, which one binds, and where secrets are.

Exit code 3 when nobody is signed in, or when a job as long as --needs would outlive a session.

    usher status
    usher status mkdev --needs 3h || usher login mkdev --fresh
    usher status --json
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

from usher.cli.context import Context
from usher.cli.looks import account_entry, badge, look_of_role
from usher.cli.needs import add_needs, binding_of
from usher.cli.terminal import printable
from usher.cli.text.status import ChainState, OrganizationState, RoleState, status_document, status_text
from usher.cli.text.vault import vault_document, vault_words
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.core.errors import ExitCode
from usher.session.chain_records import stored_hops
from usher.session.clocks import outlives
from usher.session.organizations import PortalOrganization, choose_organization
from usher.session.portal import RoleCredentials
from usher.session.records import read_role, read_session, stored_roles
from usher.session.settings import Settings, load_settings
from usher.session.vault.contract import UnreadableRecordError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("name", nargs="?", metavar="ORG", help="one organization only")
    add_needs(parser, "say whether a job this long would hold, e.g. 3h")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Show every organization's sessions."""
    rooms, needs = open_session_rooms(context), options.needs
    settings = load_settings(context.config_dir)
    wanted = list(rooms.organizations.values())
    if options.name is not None:
        wanted = [choose_organization(rooms.organizations, options.name)]
    chains = _chains(rooms)
    states = [
        replace(_state(rooms, organization, settings, needs), chains=chains.get(organization.name, ()))
        for organization in wanted
    ]
    rootless = chains.get(None, ()) if options.name is None else ()
    vault = rooms.vault.generation()
    if options.json:
        document = status_document(states, vault_document(vault, rooms.vault.folder()), rootless)
        context.terminal.result(json.dumps(document, indent=2))
    else:
        context.terminal.result(status_text(states, vault_words(vault), rooms.clock(), needs, rootless))
    holds = any(state.signed_in for state in states) and not any(state.outlived for state in states)
    return ExitCode.DONE if holds else ExitCode.SIGN_IN_NEEDED


def _state(
    rooms: SessionRooms, organization: PortalOrganization, settings: Settings, needs: int | None
) -> OrganizationState:
    now, problem = rooms.clock(), None
    try:
        session = read_session(rooms.vault, organization)
    except UnreadableRecordError as error:
        session, problem = None, error.message
    roles = _roles(rooms, organization)
    where = (organization.name, organization.start_url, organization.region)
    if session is None:
        return OrganizationState(*where, False, None, False, roles, problem)
    binding = binding_of(session, organization, settings, now)
    return OrganizationState(
        *where,
        session.is_usable(now),
        session.tokens.expires_at,
        session.is_refreshable(now),
        roles,
        None,
        session.signed_in_at,
        binding,
        None if needs is None else outlives(needs, now, binding),
    )


def _chains(rooms: SessionRooms) -> dict[str | None, list[ChainState]]:
    """Keys that still hold of chained roles and sessions with a code, by the portal at their root."""
    found: dict[str | None, list[ChainState]] = {}
    for hop in stored_hops(rooms.vault):
        if hop.expires_at > rooms.clock():
            found.setdefault(hop.organization, []).append(ChainState(hop.what, hop.expires_at))
    return found


def _roles(rooms: SessionRooms, organization: PortalOrganization) -> list[RoleState]:
    stored = stored_roles(rooms.vault, organization.name)
    found = (read_role(rooms.vault, organization, *role) for role in stored)
    return [
        _role(rooms.context, organization, role)
        for role in found
        if role is not None and role.expires_at > rooms.clock()
    ]


def _role(context: Context, organization: PortalOrganization, role: RoleCredentials) -> RoleState:
    look = look_of_role(context, organization.name, role.account_id, role.permission_set)
    plain = f"[{printable(look.label)}]" if look.label else ""
    mark = badge(context.terminal, look) if context.terminal.colours_results else plain
    there = account_entry(context, role.account_id, role.permission_set)
    name = there.account_name if there else ""
    return RoleState(role.account_id, role.permission_set, role.expires_at, name, mark)
