"""End the portal session here and on the server, and remove every secret that came from it.

Grants of the agent for the organization's profiles end. Role credentials that programs already hold stay
valid until they expire; AWS cannot take them back.

    usher logout
    usher logout mkdev
    usher logout --all
"""

from __future__ import annotations

import argparse
import contextlib

from usher.cli.context import Context
from usher.cli.sign_ins import end_session
from usher.cli.wire import open_session_rooms
from usher.cli.wire_agent import agent_client
from usher.core.errors import ExitCode, UsageError, UsherError
from usher.session.chain_records import forget_hops
from usher.session.organizations import choose_organization


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("name", nargs="?", metavar="ORG", help="the organization's name")
    parser.add_argument(
        "--all", action="store_true", help="of every organization, and of roles that no portal opened"
    )


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Sign out; works here even when the server cannot be told."""
    if options.all and options.name:
        raise UsageError("name an organization or use --all, not both")
    rooms, terminal = open_session_rooms(context), context.terminal
    if options.all:
        organizations = list(rooms.organizations.values())
    else:
        organizations = [choose_organization(rooms.organizations, options.name)]
    for organization in organizations:
        with contextlib.suppress(UsherError):  # without an agent that answers there are no grants
            agent_client(context).call("grants.close", organization=organization.name)
        end_session(rooms, organization, terminal)
        terminal.say(f"Signed out of {organization.name}.")
    if options.all:
        forget_hops(rooms.vault, None)  # roles and MFA sessions of IAM users, and other programs' keys
        rooms.shelf.clear()
    return ExitCode.DONE
