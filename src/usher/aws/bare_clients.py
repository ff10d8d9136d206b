"""Clients with explicit keys or none: the environment and profiles give only proxies and the CA bundle.

A key that happens to be there must not sign a call that another key was meant for, and an `AWS_PROFILE`
that is not there, or one with an endpoint of its own, is none of these calls' business.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore import UNSIGNED
from botocore import exceptions as aws_errors
from botocore.config import Config

from usher.core.credentials import Credentials
from usher.core.errors import UsageError


def bare_client(
    service: str,
    region: str,
    keys: Credentials | None,
    *,
    endpoint_url: str | None = None,
    fips: bool = False,
    dualstack: bool = False,
) -> Any:
    """A client of `service` that signs with `keys`, or not at all. Raises UsageError."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=5,
        read_timeout=30,
        signature_version=None if keys else UNSIGNED,
        use_fips_endpoint=fips,
        use_dualstack_endpoint=dualstack,
        ignore_configured_endpoint_urls=True,
    )
    named: dict[str, object] = {}
    if keys is not None:
        named = {
            "aws_access_key_id": keys.access_key_id,
            "aws_secret_access_key": keys.secret_access_key.reveal(),
            "aws_session_token": keys.session_token.reveal() if keys.session_token else None,
        }
    try:
        return _session().create_client(
            service, region_name=region, endpoint_url=endpoint_url, config=config, **named
        )
    except (ValueError, aws_errors.BotoCoreError) as error:
        raise UsageError(f"cannot make a client for {service} in {region}: {error}") from None


@cache
def _session() -> botocore.session.Session:
    nowhere = (None, None, "", None)
    return botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": nowhere,
            "credentials_file": nowhere,
        }
    )
