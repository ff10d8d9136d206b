"""The signature that a received request ought to carry: botocore's Signature Version 4, recomputed.

For the two places that stand where AWS stands: the directory's admin API and the sandbox's cloud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from usher.core.secrets import Secret


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """What a signature covers. `path` and `query` are raw, as received; `timestamp` is `X-Amz-Date`.

    `headers` are the signed ones only, with lower-case names. `body_hash` is the SHA-256 of the body in hex,
    or the word that stands for it (`UNSIGNED-PAYLOAD`).
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body_hash: str
    timestamp: str
    service: str
    region: str


def expected_signature(request: ReceivedRequest, access_key_id: str, secret: Secret) -> str:
    """The hexadecimal signature of `request` under that key. Compare it in constant time."""
    signed = AWSRequest(
        method=request.method,
        url=f"http://{request.headers.get('host', '')}{request.path}",
        params=parse_qsl(request.query, keep_blank_values=True),
    )
    signed.context["timestamp"] = request.timestamp
    signer_type = _ReceivedByS3 if request.service == "s3" else _Received
    signer = signer_type(Credentials(access_key_id, secret.reveal()), request.service, request.region)
    signer.received = _headers(list(request.headers.items()))
    signer.body_hash = request.body_hash
    canonical = signer.canonical_request(signed)
    return str(signer.signature(signer.string_to_sign(signed, canonical), signed))


def _headers(pairs: Sequence[tuple[str, str]]) -> HTTPHeaders:
    headers = HTTPHeaders()
    for name, value in pairs:
        headers[name] = value
    return headers


class _Received(SigV4Auth):  # type: ignore[misc]
    """botocore's signer over the headers that were signed, not those it would choose itself."""

    received: HTTPHeaders
    body_hash: str

    def headers_to_sign(self, _request: AWSRequest) -> HTTPHeaders:
        return self.received

    def payload(self, _request: AWSRequest) -> str:
        return self.body_hash


class _ReceivedByS3(_Received, S3SigV4Auth):  # type: ignore[misc]
    """The same with S3's paths, which are not normalised."""
