"""Composition of what AWS Organizations is asked for: apart, because it imports botocore."""

from __future__ import annotations

import random
import time

from usher.aws.accounts import list_accounts_in_units, with_their_tags
from usher.aws.calls import ServiceCalls
from usher.aws.clients import AwsKeys, AwsSettings
from usher.aws.patience import Patience
from usher.cli.opening import open_profile
from usher.cli.wire import SessionRooms
from usher.core.accounts import Account
from usher.core.pace import Pace

CALLS_PER_SECOND = 18.0


def read_account_details(rooms: SessionRooms, profile: str) -> tuple[Account, ...]:
    """Every account of the organization with unit and tags, asked with the keys of `profile`.

    Raises UsherError when the profile does not open or may not read the organization.
    """
    opened = open_profile(rooms, profile)
    keys = opened.credentials
    settings = AwsSettings(
        opened.region,
        endpoint_url=opened.endpoint_url or "",
        keys=AwsKeys(keys.access_key_id, keys.secret_access_key, keys.session_token),
    )
    pace = Pace(CALLS_PER_SECOND, clock=time.monotonic, sleep=time.sleep)
    patience = Patience(time.monotonic, time.sleep, random.random)
    calls = ServiceCalls("organizations", settings, pace=pace, patience=patience)
    accounts = list_accounts_in_units(calls).accounts
    return with_their_tags(calls, accounts, accounts)
