"""The way from a profile to keys, hop by hop: a start that has keys, then what is made of them.

A chain is read from the AWS config files once (`profiles.chain`), shown (`usher explain`) and walked
(`session.chains`): what is shown is what is walked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from usher.core.credentials import Credentials
from usher.core.ids import AccountId

ROLE_SECONDS = (900, 43_200)
SESSION_TOKEN_SECONDS = (900, 129_600)
CHAINED_ROLE_SECONDS = 3_600
"""AWS ends the session of a role that another role entered after an hour, whatever the role allows."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file. `str()` of it is `file:line`."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that made a hop what it is. Values that are secret never get here."""

    key: str
    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class StsPlace:
    """Which STS answers: a region's, the old global one, or another address altogether."""

    region: str
    endpoint_url: str | None = None
    legacy: bool = False
    fips: bool = False
    dualstack: bool = False


@dataclass(frozen=True, slots=True)
class PortalHop:
    """A permission set in an account, through the portal of an organization.

    At least one of `organization` and `start_url` is there.
    """

    account_id: AccountId
    permission_set: str
    organization: str | None = None
    start_url: str | None = None
    sso_region: str | None = None


class KeyPlace(StrEnum):
    """Where the keys of an IAM user are kept."""

    VAULT = "vault"
    CREDENTIALS_FILE = "credentials file"
    CONFIG_FILE = "config file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class StaticKeysHop:
    """Keys that do not end. `name` is the vault's name for them; `keys` are those that lie open elsewhere."""

    place: KeyPlace
    name: str = ""
    keys: Credentials | None = None

    @property
    def open_keys(self) -> Credentials:
        """The keys of a place that is not the vault."""
        if self.keys is None:
            raise LookupError(f"the keys '{self.name}' are in the vault")
        return self.keys


@dataclass(frozen=True, slots=True)
class SessionTokenHop:
    """A session of an IAM user with MFA (`GetSessionToken`): one code for every role after it."""

    mfa_serial: str
    duration_seconds: int
    sts: StsPlace


@dataclass(frozen=True, slots=True)
class ProcessHop:
    """Another program that prints keys (`credential_process`). `account_id` is what the profile says."""

    command: str
    account_id: AccountId | None = None


@dataclass(frozen=True, slots=True)
class LoginSessionHop:
    """The session that `aws login` left for a principal."""

    principal_arn: str


@dataclass(frozen=True, slots=True)
class WebIdentityHop:
    """A role entered with an OpenID Connect token that another program keeps in a file."""

    role_arn: str
    token_file: str
    sts: StsPlace
    session_name: str | None = None
    duration_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class RoleHop:
    """A role entered with the keys before it.

    `policy` and `policy_arns` narrow the session down; `tags` and `source_identity` say who and why.
    `mfa_serial` is asked for with the call itself: where an IAM user's session can hold the code instead,
    a `SessionTokenHop` stands before.
    """

    role_arn: str
    sts: StsPlace
    session_name: str | None = None
    duration_seconds: int | None = None
    external_id: str | None = None
    mfa_serial: str | None = None
    source_identity: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()


Start = PortalHop | StaticKeysHop | ProcessHop | LoginSessionHop | WebIdentityHop
"""Hops that need no keys."""

Step = SessionTokenHop | RoleHop
"""Hops that need the keys before them."""

Hop = Start | Step


@dataclass(frozen=True, slots=True)
class Link:
    """One hop, the profile that says so, and the settings that do."""

    hop: Hop
    profile: str
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """The whole way of `profile`: a `Start`, then any number of `Step`s.

    `region` and `endpoint_url` are the profile's own, for the calls that the keys are for. `notes` are
    what a person should know and no program acts on (keys that lie open, a shortened session).
    """

    profile: str
    links: tuple[Link, ...]
    region: str | None = None
    endpoint_url: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def portal(self) -> PortalHop | None:
        """The portal that the way starts at, if it does."""
        first = self.links[0].hop
        return first if isinstance(first, PortalHop) else None

    @property
    def account_id(self) -> AccountId | None:
        """The account that the keys are for, as far as the settings tell."""
        match self.links[-1].hop:
            case RoleHop(role_arn=arn) | WebIdentityHop(role_arn=arn) | LoginSessionHop(principal_arn=arn):
                return account_of_arn(arn)
            case SessionTokenHop(mfa_serial=serial):
                return account_of_arn(serial)
            case PortalHop(account_id=account) | ProcessHop(account_id=account):
                return account
            case StaticKeysHop(keys=keys):
                return keys.account_id if keys else None
            case never:
                assert_never(never)

    @property
    def role(self) -> str:
        """The permission set's or role's name that the keys are of; empty for an IAM user."""
        match self.links[-1].hop:
            case RoleHop(role_arn=arn) | WebIdentityHop(role_arn=arn):
                return arn.rpartition("/")[2]
            case PortalHop(permission_set=name):
                return name
            case _:
                return ""

    def rests_on(self, file: str) -> bool:
        """Whether `file` alone says what the keys are: no environment, program or other file has a word."""
        return all(
            setting.place.file == file for link in self.links for setting in link.settings
        ) and not any(
            isinstance(link.hop, ProcessHop)
            or (isinstance(link.hop, StaticKeysHop) and link.hop.place is KeyPlace.ENVIRONMENT)
            for link in self.links
        )

    @property
    def asks_for_code(self) -> bool:
        """Whether walking the whole way may ask for an MFA code."""
        return any(getattr(link.hop, "mfa_serial", None) for link in self.links)


def account_of_arn(arn: str) -> AccountId | None:
    """The account in an ARN; None when it names none."""
    parts = arn.split(":", 5)
    is_one = len(parts) > 5 and len(parts[4]) == 12 and parts[4].isascii() and parts[4].isdigit()
    return AccountId(parts[4]) if is_one else None


def way_key(hops: tuple[Hop, ...], root: str) -> str:
    """The name under which the keys after `hops` may be kept: all that determines them, as one digest.

    `root` tells apart what the first hop's settings do not (the organization of a portal, the id of a
    key). The region of an STS is left out: its answer is the same in all of them.
    """
    text = json.dumps([root, *(_identity(hop) for hop in hops)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _identity(hop: Hop) -> list[object]:
    match hop:
        case PortalHop():
            return ["portal", hop.account_id, hop.permission_set]
        case StaticKeysHop():
            return ["keys"]
        case ProcessHop():
            return ["process", hop.command]
        case LoginSessionHop():
            return ["login", hop.principal_arn]
        case SessionTokenHop():
            return ["session", hop.mfa_serial, hop.duration_seconds, *_answering(hop.sts)]
        case WebIdentityHop():
            words = [hop.role_arn, hop.token_file, hop.session_name, hop.duration_seconds]
            return ["web", *words, *_answering(hop.sts)]
        case RoleHop():
            asked = [hop.role_arn, hop.session_name, hop.duration_seconds, hop.external_id, hop.mfa_serial]
            narrowed = [hop.source_identity, dict(hop.tags), hop.policy, hop.policy_arns]
            return ["role", *asked, *narrowed, *_answering(hop.sts)]
        case never:
            assert_never(never)


def _answering(sts: StsPlace) -> list[object]:
    # Tokens of the old global endpoint are not accepted in regions that an account has to opt in to.
    return [sts.endpoint_url, sts.legacy]


def words_of(hop: Hop) -> str:
    """The hop in a few words, for messages and for `usher explain`."""
    match hop:
        case PortalHop():
            where = hop.organization or hop.start_url
            return f"{hop.permission_set} in {hop.account_id} through the portal of {where}"
        case StaticKeysHop(place=KeyPlace.VAULT):
            return f"the keys '{hop.name}' in the vault"
        case StaticKeysHop():
            return f"the keys {hop.open_keys.access_key_id} in the {hop.place}"
        case ProcessHop():
            return f"the program {hop.command}"
        case LoginSessionHop():
            return f"the session of 'aws login' for {hop.principal_arn}"
        case SessionTokenHop():
            return f"a session with a code of {hop.mfa_serial}"
        case WebIdentityHop():
            return f"the role {hop.role_arn} with the token in {hop.token_file}"
        case RoleHop():
            return f"the role {hop.role_arn}"
        case never:
            assert_never(never)
