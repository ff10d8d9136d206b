"""Show who is signed in where, how long each session still runs, and where secrets are kept.

Exit code 3 when nobody is signed in.

    usher status
    usher status --json
"""

from __future__ import annotations

import argparse
import json

from usher.cli.context import Context
from usher.cli.text.status import OrganizationState, RoleState, status_document, status_text
from usher.cli.text.vault import vault_document, vault_words
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.core.errors import ExitCode
from usher.session.organizations import PortalOrganization
from usher.session.records import read_role, read_session, stored_roles
from usher.session.vault.contract import UnreadableRecordError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Show every organization's sessions."""
    rooms = open_session_rooms(context)
    states = [_state(rooms, organization) for organization in rooms.organizations.values()]
    vault = rooms.vault.generation()
    if options.json:
        context.terminal.result(
            json.dumps(status_document(states, vault_document(vault, rooms.vault.folder())), indent=2)
        )
    else:
        context.terminal.result(status_text(states, vault_words(vault), rooms.clock()))
    return ExitCode.DONE if any(state.signed_in for state in states) else ExitCode.SIGN_IN_NEEDED


def _state(rooms: SessionRooms, organization: PortalOrganization) -> OrganizationState:
    problem = None
    try:
        session = read_session(rooms.vault, organization)
    except UnreadableRecordError as error:
        session, problem = None, error.message
    refreshable = session is not None and session.is_refreshable(rooms.clock())
    expires_at = session.tokens.expires_at if session else None
    return OrganizationState(
        organization.name,
        organization.start_url,
        organization.region,
        refreshable or (expires_at is not None and expires_at > rooms.clock()),
        expires_at,
        refreshable,
        _roles(rooms, organization),
        problem,
    )


def _roles(rooms: SessionRooms, organization: PortalOrganization) -> list[RoleState]:
    stored = stored_roles(rooms.vault, organization.name)
    found = (read_role(rooms.vault, organization.name, *role) for role in stored)
    return [
        RoleState(role.account_id, role.permission_set, role.expires_at)
        for role in found
        if role is not None and role.expires_at > rooms.clock()
    ]
