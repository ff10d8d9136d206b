"""The organizations a person signs in to: their portal's address and region, kept in one small file.

`organizations.json` in the settings folder holds no secrets. AWS's own start URLs are recognised by
host; any other start URL is a self-hosted directory, whose origin serves both `sso` and `sso-oidc`.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from usher.core.errors import NotFoundError, UsageError
from usher.core.partitions import partition_of_region
from usher.session.errors import NotSignedInError
from usher.session.locks import exclusive
from usher.session.vault.files import read_private, write_private

DEFAULT_SCOPES = ("sso:account:access",)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
REGION = re.compile(r"[a-z]{2,5}(-[a-z]+){1,3}-\d{1,2}")

_AWS_HOST_ENDINGS = (
    ".awsapps.com",
    ".app.aws",
    ".portal.amazonaws.com",
    ".awsapps.cn",
    ".portal.amazonaws.com.cn",
    ".app.amazonwebservices.com.cn",
    ".portal.amazonaws.eu",
    ".api.amazonwebservices.eu",
    ".awsapps-us-gov.com",
)
_AWS_HOSTS = re.compile(r"identitycenter\.amazonaws(-us-gov)?\.(com|com\.cn|eu)")


@dataclass(frozen=True, slots=True)
class PortalOrganization:
    """One organization as a client sees it.

    `endpoint_url` is the origin of a self-hosted directory, None for AWS. `aws_endpoint_url` is where
    the AWS APIs live when AWS itself is emulated. `alias_start_url` is an AWS-looking start URL that a
    self-hosted directory answers to, for AWS CLIs that accept no other. `browser` and `browser_profile`
    are the person's choice for signing in. `console_url` is the directory's own page for links to consoles,
    where it has one. `portal_session_seconds` is how long a session lasts, where a
    directory says so. `share`: the session is shared with the AWS CLI, in plain text.
    """

    name: str
    start_url: str
    region: str
    endpoint_url: str | None = None
    aws_endpoint_url: str | None = None
    alias_start_url: str | None = None
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    browser: str | None = None
    browser_profile: str | None = None
    portal_session_seconds: int | None = None
    share: bool = False
    console_url: str | None = None

    @property
    def oidc_url(self) -> str:
        """The `sso-oidc` endpoint."""
        return self.endpoint_url or f"https://{partition_of_region(self.region).oidc_host(self.region)}"

    @property
    def portal_url(self) -> str:
        """The `sso` (portal) endpoint."""
        return self.endpoint_url or f"https://{partition_of_region(self.region).portal_host(self.region)}"

    @property
    def profile_start_url(self) -> str:
        """The start URL to write into profiles for other tools."""
        return self.alias_start_url or self.start_url


def is_aws_owned(url: str) -> bool:
    """Whether `url`'s host is one that AWS serves start URLs from."""
    host = urlsplit(url).hostname or ""
    return host.endswith(_AWS_HOST_ENDINGS) or _AWS_HOSTS.fullmatch(host) is not None


def same_start_url(one: str, other: str) -> bool:
    """Whether two start URLs mean the same portal (`/`, `#` and `#/` at the end do not matter)."""
    return one.rstrip("/#") == other.rstrip("/#")


def new_organization(
    *,
    name: str | None,
    start_url: str,
    region: str,
    endpoint_url: str | None = None,
    aws_endpoint_url: str | None = None,
    alias_start_url: str | None = None,
) -> PortalOrganization:
    """An organization from what a person typed. Raises UsageError that says which part is wrong."""
    check_address(start_url, "start URL")
    if endpoint_url is None and not is_aws_owned(start_url):
        endpoint_url = origin_of(start_url)
    for url, what in ((endpoint_url, "endpoint URL"), (aws_endpoint_url, "AWS endpoint URL")):
        if url is not None:
            check_address(url, what)
    name = name or _name_of_host(urlsplit(start_url).hostname or "")
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name an organization", hint="use letters, digits, '-', '_' and '.'"
        )
    if not REGION.fullmatch(region):
        raise UsageError(f"{region!r} is not an AWS region", hint="for example --region eu-central-1")
    return PortalOrganization(
        name,
        start_url,
        region,
        endpoint_url.rstrip("/") if endpoint_url else None,
        aws_endpoint_url.rstrip("/") if aws_endpoint_url else None,
        alias_start_url,
    )


def check_address(url: str, what: str) -> None:
    """Refuse addresses over which a token must not travel: https everywhere, http on loopback only."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.username is not None or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(f"{url!r} is not a {what}", hint="for example https://mkdev.awsapps.com/start")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return
    raise UsageError(
        f"the {what} {url} must use https", hint="plain http is accepted for 127.0.0.1 and localhost only"
    )


def origin_of(url: str) -> str:
    """Scheme, host and port of `url`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Whether `host` can only be this machine: 127.0.0.0/8, ::1 or localhost."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name_of_host(host: str) -> str:
    label = host.split(".")[0]
    usable = NAME.fullmatch(label) and not label.isdigit() and "." in host and label != "identitycenter"
    return label if usable else "default"


def load_organizations(config_dir: Path) -> dict[str, PortalOrganization]:
    """The saved organizations by name, in the order they were added. Raises UsageError when damaged."""
    path = config_dir / "organizations.json"
    content = read_private(path)
    if content is None:
        return {}
    try:
        return {name: _parsed(name, entry) for name, entry in json.loads(content).items()}
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise UsageError(
            f"{path} is damaged", hint="correct it, or remove it and run 'usher login --start-url URL'"
        ) from None


def save_organization(config_dir: Path, organization: PortalOrganization) -> None:
    """Add or replace one organization; two processes saving at once both succeed."""
    with exclusive(config_dir / "organizations.lock"):
        everything = {**load_organizations(config_dir), organization.name: organization}
        document = {name: _written(entry) for name, entry in everything.items()}
        write_private(config_dir / "organizations.json", json.dumps(document, indent=2).encode() + b"\n")


def choose_organization(
    organizations: Mapping[str, PortalOrganization], name: str | None
) -> PortalOrganization:
    """The named organization, or the only one. Raises NotFoundError, UsageError or NotSignedInError."""
    if not organizations:
        raise NotSignedInError(
            "no organization is known yet", hint="run 'usher login NAME --start-url URL --region REGION'"
        )
    if name is not None:
        if name not in organizations:
            raise NotFoundError(
                f"no organization is called '{name}'", hint=f"known: {', '.join(organizations)}"
            )
        return organizations[name]
    if len(organizations) > 1:
        raise UsageError("which organization?", hint=f"name one of: {', '.join(organizations)}")
    return next(iter(organizations.values()))


def with_addresses(
    organization: PortalOrganization,
    *,
    region: str | None,
    alias_start_url: str | None,
    portal_session_seconds: int | None = None,
    console_url: str | None = None,
) -> PortalOrganization:
    """`organization` with what its directory says about itself, where that is usable.

    A page for consoles is the directory's own or none: nobody is sent elsewhere by what a server says.
    """
    own = organization.endpoint_url is not None and console_url is not None
    own = own and origin_of(str(console_url)) == origin_of(str(organization.endpoint_url))
    organization = replace(organization, console_url=console_url if own else None)
    if portal_session_seconds is not None and portal_session_seconds > 0:
        organization = replace(organization, portal_session_seconds=portal_session_seconds)
    if (
        alias_start_url is not None
        and alias_start_url.startswith("https://")
        and is_aws_owned(alias_start_url)
    ):
        organization = replace(organization, alias_start_url=alias_start_url)
    if region is not None and REGION.fullmatch(region):
        organization = replace(organization, region=region)
    return organization


def _parsed(name: str, entry: Mapping[str, object]) -> PortalOrganization:
    text = {key: value for key, value in entry.items() if isinstance(value, str)}
    scopes = entry.get("scopes") or list(DEFAULT_SCOPES)
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise TypeError("scopes must be a list of texts")
    found = new_organization(
        name=name,
        start_url=text["start_url"],
        region=text["region"],
        endpoint_url=text.get("endpoint_url"),
        aws_endpoint_url=text.get("aws_endpoint_url"),
        alias_start_url=text.get("alias_start_url"),
    )
    seconds = entry.get("portal_session_seconds")
    return replace(
        found,
        scopes=tuple(scopes),
        browser=text.get("browser"),
        browser_profile=text.get("browser_profile"),
        portal_session_seconds=seconds if isinstance(seconds, int) and seconds > 0 else None,
        share=entry.get("share") is True,
        console_url=text.get("console_url"),
    )


def _written(entry: PortalOrganization) -> dict[str, object]:
    document: dict[str, object] = {"start_url": entry.start_url, "region": entry.region}
    for key in (
        "endpoint_url",
        "aws_endpoint_url",
        "alias_start_url",
        "browser",
        "browser_profile",
        "portal_session_seconds",
        "console_url",
    ):
        value = getattr(entry, key)
        if value is not None:
            document[key] = value
    if entry.share:
        document["share"] = True
    return {**document, "scopes": list(entry.scopes)}
