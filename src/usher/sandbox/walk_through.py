"""The unattended walk through every door: each example person signs in, takes keys, and uses them.

What the portal offers is compared with what the access file says, and what the keys do with what they
ought to do; a difference is an error, never a line in a report.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from usher.aws.clients import AwsKeys, AwsSettings, aws_errors_as_words, make_client
from usher.core.errors import UsherError
from usher.core.secrets import Secret
from usher.sandbox.demo import Demo, Entry
from usher.sandbox.organization import SandboxOrganization
from usher.sandbox.person import Person
from usher.session.callback import CallbackListener
from usher.session.http import HttpClient
from usher.session.oidc import ClientKind, OidcClient
from usher.session.organizations import DEFAULT_SCOPES
from usher.session.pkce import challenge_of, new_state, new_verifier
from usher.session.portal import PortalClient, RoleCredentials

_CALLBACK_SECONDS = 10.0


@dataclass(frozen=True, slots=True, order=True)
class Entered:
    """One door that was opened: as whom STS saw the person, and which buckets S3 showed."""

    account: str
    account_id: str
    permission_set: str
    arn: str
    buckets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WalkThrough:
    """Everything that was entered, by user name, and how long each part took in seconds."""

    users: Mapping[str, tuple[Entered, ...]]
    timings: Mapping[str, float]


def walk_through(demo: Demo, *, monotonic: Callable[[], float] = time.monotonic) -> WalkThrough:
    """Sign in as every example person and enter everything they may enter.

    Raises UsherError with the reason when anything differs from the access file or from AWS's behaviour.
    """
    users = {}
    signing_in = entering = 0.0
    for position, user_name in enumerate(sorted(demo.passwords)):
        person = Person(user_name, demo.passwords[user_name], _fresh_password())
        began = monotonic()
        # Both ways in are tried: the first person in this browser, the second with a code.
        token = _sign_in_with_code(demo, person) if position % 2 else _sign_in_with_browser(demo, person)
        signed_in = monotonic()
        users[user_name] = _enter_everything(demo, user_name, token)
        signing_in += signed_in - began
        entering += monotonic() - signed_in
    timings = {"sign_in": round(signing_in, 3), "credentials": round(entering, 3)}
    return WalkThrough(users, timings)


def _sign_in_with_browser(demo: Demo, person: Person) -> Secret:
    """Authorization code with PKCE, the default of AWS CLI v2 and of `usher login`."""
    oidc = _oidc(demo)
    client = oidc.register(ClientKind.BROWSER, demo.portal.start_url, DEFAULT_SCOPES)
    verifier, state = new_verifier(secrets.token_bytes), new_state(secrets.token_bytes)
    with CallbackListener(state, secrets.token_bytes) as listener:
        redirect = listener.redirect_uri
        address = oidc.authorize_url(client, redirect, state.reveal(), challenge_of(verifier), DEFAULT_SCOPES)
        page = person.approve(address)
        if not page.url.startswith(redirect):
            raise UsherError(
                f"{person.user_name} was not sent back to the program: the last page was '{page.text.title}'"
            )
        code = listener.wait(_CALLBACK_SECONDS)
    return oidc.exchange_code(client, code.reveal(), redirect, verifier).access_token


def _sign_in_with_code(demo: Demo, person: Person) -> Secret:
    """Device authorization (RFC 8628), as with `--device` or `--use-device-code`."""
    oidc = _oidc(demo)
    client = oidc.register(ClientKind.DEVICE, demo.portal.start_url, DEFAULT_SCOPES)
    started = oidc.start_device(client, demo.portal.start_url)
    person.approve(started.verification_uri_complete)
    return oidc.exchange_device_code(client, started.device_code).access_token


def _enter_everything(demo: Demo, user_name: str, token: Secret) -> tuple[Entered, ...]:
    portal = PortalClient(HttpClient({}, time.time), demo.portal.portal_url)
    entered = []
    for account in portal.accounts(token):
        for permission_set in portal.permission_sets(token, account.id):
            credentials = portal.role_credentials(token, account.id, permission_set)
            entered.append(_use(demo, account.name, credentials))
    wanted = {entry for entry in demo.entries if entry.user_name == user_name}
    offered = {Entry(user_name, door.account, door.permission_set) for door in entered}
    check_offer(user_name, offered, wanted)
    for door in entered:
        check_door(user_name, door, demo.organization)
    return tuple(sorted(entered))


def _use(demo: Demo, account: str, credentials: RoleCredentials) -> Entered:
    keys = AwsKeys(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
    settings = AwsSettings(demo.portal.region, endpoint_url=demo.cloud.url, keys=keys)
    with aws_errors_as_words("the local cloud", f"using {credentials.permission_set} in {account}"):
        identity = make_client("sts", settings).get_caller_identity()
        buckets = make_client("s3", settings).list_buckets()["Buckets"]
    return Entered(
        account=account,
        account_id=credentials.account_id,
        permission_set=credentials.permission_set,
        arn=identity["Arn"],
        buckets=tuple(sorted(bucket["Name"] for bucket in buckets)),
    )


def check_offer(user_name: str, offered: Set[Entry], wanted: Set[Entry]) -> None:
    """The portal must offer exactly what the access file says. Raises UsherError with the difference."""
    if offered != wanted:
        raise UsherError(
            f"{user_name} may enter {_listed(offered)}, but the access file says {_listed(wanted)}"
        )


def check_door(user_name: str, door: Entered, organization: SandboxOrganization) -> None:
    """The session must be the person's, in the right account, and see that account's bucket alone.

    Raises UsherError with what was seen instead.
    """
    account_id = organization.accounts[door.account]
    start = f"arn:aws:sts::{account_id}:assumed-role/UsherSSO_{door.permission_set}_"
    is_theirs = door.arn.startswith(start) and door.arn.endswith(f"/{user_name}")
    if door.account_id != account_id or not is_theirs:
        raise UsherError(
            f"{user_name} asked for {door.permission_set} in {door.account} ({account_id}) "
            f"and became {door.arn}"
        )
    bucket = organization.buckets[door.account]
    if door.buckets != (bucket,):
        raise UsherError(f"{door.arn} sees the buckets {', '.join(door.buckets)} instead of {bucket}")


def _listed(entries: Set[Entry]) -> str:
    words = sorted(f"{entry.account}/{entry.permission_set}" for entry in entries)
    return ", ".join(words) or "nothing"


def _oidc(demo: Demo) -> OidcClient:
    return OidcClient(HttpClient({}, time.time), demo.portal.oidc_url, time.time)


def _fresh_password() -> Secret:
    # Long and of every character class, so that any reasonable rule for passwords accepts it.
    return Secret(f"Aa1-{secrets.token_urlsafe(24)}")
