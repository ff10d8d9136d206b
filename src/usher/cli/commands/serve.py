"""Run the directory: a self-hosted Identity Center.

  usher serve --data /var/lib/usher --listen 127.0.0.1:8700 --public-url https://sso.example.com

It needs AWS credentials of its own (environment, profile or instance role) that may assume
OrganizationAccountAccessRole, or the role named with --account-role, in each account. Behind a proxy, keep
the Host header, do not drop headers with underscores, and name the proxy with --trusted-proxy: otherwise
everybody shares the limits of one address.

To rehearse access changes without a cloud, or at AWS's pace (docs/howto/rehearse-at-full-size.md):

  usher serve --data ./rehearsal --rehearsal organization.json --aws-limits
"""

from __future__ import annotations

import argparse
import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

from usher.cli.context import Context
from usher.core.errors import ExitCode, UsageError

DEFAULT_LISTEN = "127.0.0.1:8700"

_DEFAULT_PORTS = {"http": 80, "https": 443}
# What browsers put into `Origin`: names of other scripts in their ASCII form.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the directory's data folder")
    parser.add_argument(
        "--listen", default=DEFAULT_LISTEN, metavar="HOST:PORT", help=f"default {DEFAULT_LISTEN}"
    )
    parser.add_argument("--public-url", default="", metavar="URL", help="the origin that people use")
    parser.add_argument(
        "--account-role",
        default="OrganizationAccountAccessRole",
        metavar="NAME",
        help="the role to assume in each account (default OrganizationAccountAccessRole)",
    )
    parser.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="CIDR",
        help="a proxy whose X-Forwarded-For says who asks; may be given several times",
    )
    parser.add_argument(
        "--federation-url", default="", metavar="URL", help="where console sessions are made, if not at AWS"
    )
    parser.add_argument(
        "--rehearsal",
        type=Path,
        metavar="FILE",
        help="play the organization in this JSON file; roles are kept in the books, nobody enters an account",
    )
    parser.add_argument(
        "--aws-limits",
        nargs="?",
        const="",
        metavar="FILE",
        help="be as slow and strict as AWS: quotas, latency, throttles and errors; a TOML FILE changes them",
    )


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Serve until stopped."""
    host, port = parse_listen(options.listen)
    public_url = parse_public_url(options.public_url or f"http://{options.listen}")
    trusted_proxies = tuple(parse_trusted_proxy(text) for text in options.trusted_proxy)
    from usher.server.limits.settings import AwsLimits, read_limits
    from usher.server.rehearsal import read_organization_file
    from usher.server.serve import listen, serve
    from usher.server.setup import configure

    limits = None
    if options.aws_limits is not None:
        limits = read_limits(Path(options.aws_limits)) if options.aws_limits else AwsLimits()
    rehearsal = read_organization_file(options.rehearsal) if options.rehearsal else None

    config = configure(
        options.data,
        public_url,
        account_role_name=options.account_role,
        federation_url=options.federation_url,
        trusted_proxies=trusted_proxies,
        aws_limits=limits,
        rehearsal=rehearsal,
    )
    listener = listen(host, port)
    if rehearsal is not None:
        context.terminal.say(
            f"rehearsing {len(rehearsal.accounts)} accounts: roles are kept in the books, nobody enters them"
        )
    if limits is not None:
        context.terminal.say(
            f"as at AWS: {limits.calls_per_second:g} calls/s, {limits.outstanding_assignments} assignments "
            f"and {limits.outstanding_provisionings} provisionings at a time, "
            f"{limits.throttled:.0%} throttles, {limits.failing:.0%} errors"
        )
    context.terminal.say(f"the directory listens on {options.listen}; sign in at {config.start_url}")
    serve(config, listener)
    return ExitCode.DONE


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port in `text`. Raises UsageError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"--listen {text} is not HOST:PORT", hint=f"for example {DEFAULT_LISTEN}")
    return host.strip("[]"), int(port)


def parse_public_url(text: str) -> str:
    """The origin in `text` as browsers write it in `Origin`: lower case, without a default port.

    Plain http is for loopback addresses only. Raises UsageError.
    """
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
        name = f"[{ipaddress.ip_address(host)}]" if ":" in host else host
    except ValueError:
        raise _not_an_origin(text) from None
    more = url.path.strip("/") or url.query or url.fragment or url.username is not None
    if url.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host) or more:
        raise _not_an_origin(text)
    if url.scheme == "http" and not _is_loopback(host):
        raise UsageError(
            f"--public-url {text} would send passwords and tokens unencrypted",
            hint="use https; plain http is for loopback addresses only",
        )
    usual = port is None or port == _DEFAULT_PORTS[url.scheme]
    return f"{url.scheme}://{name}" if usual else f"{url.scheme}://{name}:{port}"


def parse_trusted_proxy(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """The addresses in `text`. Raises UsageError."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise UsageError(
            f"--trusted-proxy {text} is not a range of addresses",
            hint="for example 127.0.0.1 or 10.0.0.0/24",
        ) from None


def _not_an_origin(text: str) -> UsageError:
    return UsageError(f"--public-url {text} is not an origin", hint="for example https://sso.example.com")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
