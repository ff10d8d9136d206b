"""Whether a request was signed with a key this cloud gave out (AWS Signature Version 4)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from usher.aws.request_signature import ReceivedRequest, expected_signature
from usher.core.secrets import Secret
from usher.sandbox.moto_state import IssuedKey, find_key, find_role
from usher.sandbox.wire import AwsError

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request,\s*"
    r"SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})"
)
_SKEW = timedelta(minutes=5)
_EMPTY_HASH = hashlib.sha256().hexdigest()


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """One HTTP request as received. `target` is the raw path with its query; header names are lower case.

    `body` is None when it was not read (uploads to S3): the hash that the client signed then stands for it.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class _Claim:
    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    token: str
    presigned_seconds: int | None
    target: str


def signed_service(request: SignedRequest) -> str:
    """The service named in the request's credential scope, or an empty string. Nothing is verified."""
    header = _AUTHORIZATION.search(request.headers.get("authorization", ""))
    if header:
        return header.group(4).lower()
    scope = parse_qs(urlsplit(request.target).query).get("X-Amz-Credential", [""])[0].split("/")
    return scope[3].lower() if len(scope) == 5 else ""


def authenticate(request: SignedRequest, now: datetime) -> IssuedKey:
    """The key that signed `request`.

    Raises AwsError in the query protocol's words: MissingAuthenticationToken, InvalidClientTokenId (a key
    this cloud never gave out, an inactive one, or the session of a role that is gone), ExpiredToken and
    SignatureDoesNotMatch.
    """
    claim = _read_claim(request)
    key = find_key(claim.access_key_id)
    if key is None or not key.active or not _same_token(key.session_token, claim.token):
        raise _unknown_key()
    if key.role_arn and find_role(key.role_arn) is None:
        raise _unknown_key()
    if key.expires is not None and now >= key.expires:
        raise AwsError("ExpiredToken", "The security token included in the request is expired", 403)
    _check_timestamp(claim, now)
    if not hmac.compare_digest(_signature(request, claim, key), claim.signature):
        raise _mismatch()
    return key


def _read_claim(request: SignedRequest) -> _Claim:
    header = request.headers.get("authorization", "")
    if header:
        match = _AUTHORIZATION.fullmatch(header.strip())
        if match is None:
            raise AwsError(
                "IncompleteSignature", "The Authorization header is not a Signature Version 4", 403
            )
        key_id, date, region, service, names, signature = match.groups()
        timestamp = request.headers.get("x-amz-date", "")
        token = request.headers.get("x-amz-security-token", "")
        return _Claim(
            key_id, date, region, service, tuple(names.split(";")), signature, timestamp, token, None,
            request.target,
        )  # fmt: skip
    return _read_presigned(request)


def _read_presigned(request: SignedRequest) -> _Claim:
    address = urlsplit(request.target)
    query = parse_qs(address.query, keep_blank_values=True)

    def one(name: str) -> str:
        return query.get(name, [""])[0]

    scope = one("X-Amz-Credential").split("/")
    if one("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" or len(scope) != 5 or not one("X-Amz-Expires").isdigit():
        raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    rest = [(name, value) for name, values in query.items() for value in values if name != "X-Amz-Signature"]
    return _Claim(
        access_key_id=scope[0],
        date=scope[1],
        region=scope[2],
        service=scope[3],
        signed_headers=tuple(one("X-Amz-SignedHeaders").split(";")),
        signature=one("X-Amz-Signature"),
        timestamp=one("X-Amz-Date"),
        token=one("X-Amz-Security-Token"),
        presigned_seconds=int(one("X-Amz-Expires")),
        target=f"{address.path}?{urlencode(rest)}",
    )


def _check_timestamp(claim: _Claim, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(claim.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise AwsError("IncompleteSignature", "Date must be in ISO-8601 'basic format'", 403) from None
    latest = signed_at + (
        timedelta(seconds=claim.presigned_seconds or 0) if claim.presigned_seconds else _SKEW
    )
    if not signed_at - _SKEW <= now <= latest or not claim.timestamp.startswith(claim.date):
        raise AwsError(
            "SignatureDoesNotMatch", f"Signature expired or not yet current: {claim.timestamp}", 403
        )


def _signature(request: SignedRequest, claim: _Claim, key: IssuedKey) -> str:
    if "host" not in claim.signed_headers or any(n not in request.headers for n in claim.signed_headers):
        raise _mismatch()
    path, _, query = claim.target.partition("?")
    received = ReceivedRequest(
        method=request.method,
        path=path,
        query=query,
        headers={name: request.headers[name] for name in claim.signed_headers},
        body_hash=_body_hash(request, claim),
        timestamp=claim.timestamp,
        service=claim.service,
        region=claim.region,
    )
    return expected_signature(received, key.access_key_id, key.secret)


def _body_hash(request: SignedRequest, claim: _Claim) -> str:
    if claim.presigned_seconds is not None:
        return "UNSIGNED-PAYLOAD"
    stated = request.headers.get("x-amz-content-sha256", "")
    if request.body is None:
        return stated or _EMPTY_HASH
    if stated and not re.fullmatch("[0-9a-f]{64}", stated):
        return stated
    return hashlib.sha256(request.body).hexdigest()


def _same_token(issued: Secret | None, sent: str) -> bool:
    if issued is None:
        return sent == ""
    return hmac.compare_digest(issued.reveal().encode(), sent.encode())


def _unknown_key() -> AwsError:
    return AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)


def _mismatch() -> AwsError:
    return AwsError(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method.",
        403,
    )
