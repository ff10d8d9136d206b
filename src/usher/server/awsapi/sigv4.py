"""Who signed a control-plane call: AWS Signature Version 4, verified in full.

botocore's own signer recomputes the signature (`aws.request_signature`); this file reads the claim, checks
that it covers the right things, and compares in constant time. Five minutes of clock skew are allowed,
as AWS allows.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from usher.aws.request_signature import ReceivedRequest, expected_signature
from usher.server.awsapi.errors import ApiError
from usher.server.store.admin_keys import AdminKey

SKEW_SECONDS = 300

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[A-Z0-9]{16,32})/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/"
    r"(?P<service>[a-z0-9-]+)/aws4_request,\s*SignedHeaders=(?P<headers>[a-z0-9;_-]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_COVERED = {"host", "x-amz-date"}
_TARGET = "x-amz-target"


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """One received request. Header names are lower case; `path` and `query` are raw."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def authenticate(
    request: ControlRequest,
    *,
    service: str,
    region: str | None,
    find_key: Callable[[str], AdminKey | None],
    now: float,
) -> AdminKey:
    """The administration key that signed `request` for that service (its signing name) and region.

    `region` is None for global services. Raises ApiError: MissingAuthenticationTokenException,
    IncompleteSignatureException, UnrecognizedClientException, InvalidSignatureException.
    """
    header = request.headers.get("authorization", "")
    if not header:
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    claim = _AUTHORIZATION.fullmatch(header.strip())
    if claim is None:
        raise ApiError(
            "IncompleteSignatureException", "The Authorization header is not an AWS Signature Version 4", 403
        )
    _check_scope(claim, service, region)
    timestamp = request.headers.get("x-amz-date", "")
    _check_time(timestamp, claim["date"], now)
    names = claim["headers"].split(";")
    # Others name the operation in method and path, or in the body, which every signature covers.
    covered = _COVERED | ({_TARGET} if request.path == "/" and _TARGET in request.headers else set())
    if not covered.issubset(names) or any(name not in request.headers for name in names):
        raise _invalid("The signature must cover host, x-amz-date and x-amz-target.")
    key = find_key(claim["key"])
    if key is None or not key.active or "x-amz-security-token" in request.headers:
        raise ApiError(
            "UnrecognizedClientException", "The security token included in the request is invalid.", 403
        )
    received = ReceivedRequest(
        method=request.method,
        path=request.path,
        query=request.query,
        headers={name: request.headers[name] for name in names},
        body_hash=hashlib.sha256(request.body).hexdigest(),
        timestamp=timestamp,
        service=claim["service"],
        region=claim["region"],
    )
    expected = expected_signature(received, key.access_key_id, key.secret)
    if not hmac.compare_digest(expected, claim["signature"]):
        raise _invalid(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )
    return key


def _check_scope(claim: re.Match[str], service: str, region: str | None) -> None:
    if claim["service"] != service:
        raise _invalid(f"Credential should be scoped to correct service: '{service}'.")
    if region is not None and claim["region"] != region:
        raise _invalid(f"Credential should be scoped to a valid region, not '{claim['region']}'.")


def _check_time(timestamp: str, date: str, now: float) -> None:
    try:
        signed_at = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise ApiError(
            "IncompleteSignatureException", "X-Amz-Date must be in ISO 8601 basic form", 403
        ) from None
    if not timestamp.startswith(date):
        raise _invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date.")
    if signed_at < now - SKEW_SECONDS:
        raise _invalid(f"Signature expired: {timestamp} is more than 5 minutes ago by the directory's clock.")
    if signed_at > now + SKEW_SECONDS:
        raise _invalid(
            f"Signature not yet current: {timestamp} is more than 5 minutes ahead of the directory."
        )


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidSignatureException", message, 403)
