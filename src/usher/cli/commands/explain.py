"""Show how a profile leads to keys: each hop, the settings that say so, what is kept, what would be called.

No call is made, unless you ask for it with --check.

    usher explain production-admin
    usher explain production-admin --check
    usher explain production-admin --json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from usher.cli.context import Context
from usher.cli.opening import LAST_RESORT_REGION, aws_files, chain_of, open_profile, region_of
from usher.cli.text.explain import Explained, ExplainedLink, explain_document, explain_text
from usher.cli.text.styles import no_style
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.cli.wire_chains import chain_walker
from usher.core.errors import ExitCode, NotFoundError
from usher.core.hops import Chain, Step, StsPlace, WebIdentityHop
from usher.profiles.shadows import aws_tools_use, shadows
from usher.session.chains import KeptHop
from usher.session.errors import NotSignedInError
from usher.session.organizations import PortalOrganization
from usher.session.records import read_session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("profile", metavar="PROFILE", help="a profile of the AWS config file")
    parser.add_argument(
        "--check", action="store_true", help="make the calls, and ask AWS whose keys they are"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Explain one profile."""
    rooms = open_session_rooms(context)
    chain = chain_of(context, options.profile)
    caller = _check(rooms, chain) if options.check else ""
    explained = _explained(rooms, chain, caller)
    if options.json:
        context.terminal.result(json.dumps(explain_document(explained, rooms.clock()), indent=2))
    else:
        terminal = context.terminal
        style = terminal.style if terminal.colours_results else no_style
        terminal.result(explain_text(explained, rooms.clock(), str(context.home), style))
    return ExitCode.DONE


def _explained(rooms: SessionRooms, chain: Chain, caller: str) -> Explained:
    context, trouble = rooms.context, ""
    region = chain.region or LAST_RESORT_REGION
    try:
        walker = chain_walker(rooms, chain)
        kept, region = walker.kept(), region_of(chain, walker, context)
        if walker.organization is not None and not _is_signed_in(rooms, walker.organization):
            trouble = f"signs in first: 'usher login {walker.organization.name}'"
    except (NotSignedInError, NotFoundError) as error:
        kept, trouble = [KeptHop(link, keepable=True, expires_at=None) for link in chain.links], error.message
        trouble += f" ({error.hint})" if error.hint else ""
    links = _with_need(kept)
    if not any(each.needed for each in links):
        trouble = ""
    files = aws_files(context)
    warnings = (*chain.notes, *shadows(files, chain.profile, context.environ))
    return Explained(chain, links, region, aws_tools_use(files, chain.profile), warnings, trouble, caller)


def _is_signed_in(rooms: SessionRooms, organization: PortalOrganization) -> bool:
    session = read_session(rooms.vault, organization)
    return session is not None and session.is_usable(rooms.clock())


def _with_need(kept: Sequence[KeptHop]) -> list[ExplainedLink]:
    """A hop is needed when neither it nor anything after it is kept."""
    served = max((number for number, each in enumerate(kept) if each.expires_at is not None), default=-1)
    return [
        ExplainedLink(each.link, each.keepable, each.expires_at, number > served)
        for number, each in enumerate(kept)
    ]


def _check(rooms: SessionRooms, chain: Chain) -> str:
    from usher.aws.role_sessions import RoleSessions

    opened = open_profile(rooms, chain.profile)
    endpoints = [
        link.hop.sts.endpoint_url for link in chain.links if isinstance(link.hop, Step | WebIdentityHop)
    ]
    endpoint = next((each for each in reversed(endpoints) if each), opened.endpoint_url)
    return RoleSessions().caller(StsPlace(opened.region, endpoint), opened.credentials)
