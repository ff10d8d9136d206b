"""Open the AWS console of a profile in your browser.

The link that opens it is as good as a password for 15 minutes, so it is shown only with --print
and copied only with --copy.

    usher console mkdev-staging/AdministratorAccess
    usher console                       # the profile in use, or this folder's, or a picked one
    usher console mkdev-staging/ReadOnlyAccess --service lambda --region eu-west-1
    usher console mkdev-staging/ReadOnlyAccess arn:aws:sqs:eu-west-1:222222222222:orders
    usher console mkdev-staging/ReadOnlyAccess --portal --print   # a link for others: it holds no secret
    usher console mkdev-production/ReadOnlyAccess 'https://eu-west-1.console.aws.amazon.com/ec2/home'

A console's link, as the browser shows it, opens the same page in the account of the profile. Service names
are completed by Tab.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from usher.cli.context import Context
from usher.core.errors import ExitCode, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("profile", nargs="?", metavar="PROFILE", help="a profile of the AWS config file")
    parser.add_argument("target", nargs="?", metavar="ARN|URL", help="a resource, or a console's link")
    parser.add_argument("--service", metavar="SERVICE", help="the service whose console to open")
    parser.add_argument("--region", metavar="REGION", help="the region to open it in")
    parser.add_argument("--duration", metavar="8h", help="the console session's length, 15m to 12h")
    parser.add_argument("--yes", action="store_true", help="enter a protected account without asking")
    parser.add_argument("--print", action="store_true", dest="show", help="print the link instead")
    parser.add_argument("--copy", action="store_true", help="put the link in the clipboard instead")
    parser.add_argument(
        "--portal", action="store_true", help="through the organization's portal: a link that may be shared"
    )
    parser.add_argument(
        "--browser", metavar="BROWSER", help="in this browser: a known name, a path, or 'default'"
    )
    parser.add_argument("--no-browser", action="store_true", help="open nothing: needs --print or --copy")


def read_arguments(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Options may stand between PROFILE and the ARN: argparse alone takes both or neither at once."""
    return parser.parse_intermixed_args(arguments)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Sign in to the console and open it, or print or copy the link."""
    if options.no_browser and not (options.show or options.copy):
        raise UsageError(
            "with --no-browser nothing would happen",
            hint="add --print or --copy to have the link; treat it like a password",
        )
    # What follows takes a tenth of a second to import. A browser's host that runs has it at hand.
    profile = options.profile or context.environ.get("AWS_PROFILE")
    if profile is not None and _is_simple(options):
        from usher.cli.browser.quickly import opened_by_host

        if opened_by_host(context, profile, options.service, options.duration, yes=options.yes):
            return ExitCode.DONE
    from usher.cli.console_opening import open_as_asked

    open_as_asked(options, context)
    return ExitCode.DONE


def _is_simple(options: argparse.Namespace) -> bool:
    """Whether a profile's console is to be opened, as most are, at its home or at a service."""
    if ":" in (options.profile or ""):  # an ARN or a link may stand there
        return False
    others = (options.target, options.region, options.show, options.copy, options.portal, options.browser)
    return not any(others)
