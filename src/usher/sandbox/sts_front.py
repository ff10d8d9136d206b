"""The honest front before moto: who calls is proved, and STS lets in only whom the role's trust lets in.

moto believes any key and any SAML document, and files SAML sessions under the wrong account. Here every
request must be signed by a key this cloud gave out; `AssumeRoleWithSAML` and `AssumeRole` are decided as
AWS decides them. Everything else goes to moto untouched.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from usher.sandbox.federation import ConsoleSignIn
from usher.sandbox.moto_state import (
    IssuedKey,
    RoleRecord,
    account_of_arn,
    find_provider_metadata,
    find_role,
    mint_session,
)
from usher.sandbox.saml import RECIPIENT, Assertion, believe, read_metadata
from usher.sandbox.signatures import SignedRequest, authenticate, signed_service
from usher.sandbox.trust import TrustRequest, trust_allows
from usher.sandbox.wire import Answer, AwsError, Fields, Protocol, error_answer, sts_answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RECEIVED_HEADERS = "usher.received_headers"

_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_MAX_BODY_BYTES = 10_000_000
_HONEST_IN_MOTO = frozenset({"GetCallerIdentity", "GetAccessKeyInfo"})
_CHAINED_SECONDS = 3_600
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StsFront:
    """A WSGI application that checks requests and hands the good ones to `cloud` (moto)."""

    cloud: WSGIApplication
    console: ConsoleSignIn
    now: Callable[[], datetime]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = _read_request(environ)
        try:
            answer = self._decide(environ, request)
        except AwsError as error:
            answer = error_answer(error, _protocol(request))
        if answer is None:
            return self.cloud(environ, start_response)
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(f"{answer.status} {'OK' if answer.status < 400 else 'Refused'}", headers)
        return [answer.body]

    def _decide(self, environ: WSGIEnvironment, request: SignedRequest) -> Answer | None:
        """The answer, or None when moto is to answer."""
        path = request.target.partition("?")[0]
        if path == "/federation":
            return self.console.answer(request, self.now())
        if path.startswith("/moto-api"):
            # moto's own control interface could reset the cloud or switch checks off, from any web page.
            raise AwsError("AccessDenied", "The sandbox has no control interface", 403)
        service = signed_service(request)
        form = _read_form(request) if service in {"", "sts"} else {}
        if form.get("Action") == "AssumeRoleWithSAML":
            return assume_role_with_saml(form, self.now())
        caller = authenticate(request, self.now())
        if service == "sts":
            check_sts_action(form, caller)
        # moto would otherwise look for the key's account itself, or believe a header the client sent.
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = caller.account_id
        return None


def assume_role_with_saml(form: Form, now: datetime) -> Answer:
    """STS AssumeRoleWithSAML. Raises AwsError with the codes real STS uses.

    Sources: STS API reference; IAM user guide, "Configure SAML assertions for the authentication response".
    """
    role_arn, provider_arn = _required(form, "RoleArn"), _required(form, "PrincipalArn")
    encoded = _required(form, "SAMLAssertion")
    if account_of_arn(role_arn) != account_of_arn(provider_arn):
        raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", 403)
    metadata = find_provider_metadata(provider_arn)
    if metadata is None:
        raise AwsError("InvalidIdentityToken", "Specified provider doesn't exist.")
    assertion = believe(encoded, read_metadata(metadata), now)
    if (role_arn, provider_arn) not in assertion.role_pairs:
        raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", 403)
    if not _SESSION_NAME.fullmatch(assertion.session_name):
        raise AwsError(
            "ValidationError", r"RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"
        )
    role = find_role(role_arn)
    if role is None or not _trusts_provider(role, provider_arn, assertion):
        raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", 403)
    seconds = _saml_session_seconds(form, role, assertion, now)
    session = mint_session(role_arn, assertion.session_name, seconds)
    return sts_answer("AssumeRoleWithSAML", _saml_result(session, assertion, provider_arn))


def check_sts_action(form: Form, caller: IssuedKey) -> None:
    """Let through to moto only what moto answers truthfully, after the checks it leaves out."""
    action = form.get("Action", "")
    if action == "AssumeRole":
        check_assume_role(form, caller)
    elif action not in _HONEST_IN_MOTO:
        raise AwsError("AccessDenied", f"The sandbox's STS does not offer '{action}'", 403)


def check_assume_role(form: Form, caller: IssuedKey) -> None:
    """What STS AssumeRole checks and moto does not: the role, its trust policy, the session's length."""
    role_arn = _required(form, "RoleArn")
    role = find_role(role_arn)
    denied = AwsError(
        "AccessDenied",
        f"User: {caller.principal_arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
        403,
    )
    if role is None:
        raise denied
    account = f"arn:aws:iam::{caller.account_id}:root"
    names = {caller.principal_arn, account, str(caller.account_id), caller.role_arn} - {""}
    asked = TrustRequest("sts:AssumeRole", "AWS", frozenset(names), _assume_role_conditions(form, caller))
    if not trust_allows(role.trust_policy, asked):
        raise denied
    if not _SESSION_NAME.fullmatch(_required(form, "RoleSessionName")):
        raise AwsError("ValidationError", r"roleSessionName must satisfy [\w+=,.@-]{2,64}")
    longest = _CHAINED_SECONDS if caller.role_arn else role.max_session_seconds
    _duration(form, longest)


def _assume_role_conditions(form: Form, caller: IssuedKey) -> dict[str, str]:
    conditions = {"aws:PrincipalArn": caller.role_arn or caller.principal_arn}
    conditions["aws:PrincipalAccount"] = caller.account_id
    if "ExternalId" in form:
        conditions["sts:ExternalId"] = form["ExternalId"]
    return conditions


def _trusts_provider(role: RoleRecord, provider_arn: str, assertion: Assertion) -> bool:
    # SAML:aud is the recipient of the subject confirmation, not the assertion's audience.
    conditions = {"SAML:aud": RECIPIENT, "SAML:iss": assertion.issuer, "SAML:sub": assertion.subject}
    actions = ["sts:AssumeRoleWithSAML"] + ["sts:TagSession"] * assertion.has_session_tags
    return all(
        trust_allows(
            role.trust_policy, TrustRequest(action, "Federated", frozenset({provider_arn}), conditions)
        )
        for action in actions
    )


def _saml_session_seconds(form: Form, role: RoleRecord, assertion: Assertion, now: datetime) -> int:
    """The session's length: what was asked for, cut short by what the assertion grants."""
    asked = _duration(form, role.max_session_seconds, default=assertion.session_seconds)
    lengths = [asked]
    if assertion.session_seconds is not None:
        lengths.append(assertion.session_seconds)
    if assertion.latest_end is not None:
        lengths.append(int((assertion.latest_end - now) / timedelta(seconds=1)))
    seconds = min(lengths)
    if seconds <= 0:
        raise AwsError("ExpiredTokenException", "The assertion's session has ended")
    return seconds


def _duration(form: Form, longest: int, *, default: int | None = None) -> int:
    text = form.get("DurationSeconds", "")
    if text and not (text.isascii() and text.isdigit()):
        raise AwsError("ValidationError", "DurationSeconds must be a number")
    seconds = int(text) if text else min(default or 3_600, longest)
    if seconds < 900 or seconds > 43_200:
        raise AwsError("ValidationError", "DurationSeconds must be between 900 and 43200")
    if seconds > longest:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
    return seconds


def _saml_result(session: IssuedKey, assertion: Assertion, provider_arn: str) -> Fields:
    token, expires = session.session_token, session.expires
    if token is None or expires is None:
        raise RuntimeError("a SAML session has a token and an end")
    return {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret.reveal(),
            "SessionToken": token.reveal(),
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": session.principal_id,
            "Arn": session.principal_arn,
        },
        "PackedPolicySize": "0",
        "Subject": assertion.subject,
        "SubjectType": assertion.subject_format.rpartition(":")[2] or "unspecified",
        "Issuer": assertion.issuer,
        "Audience": RECIPIENT,
        "NameQualifier": name_qualifier(assertion.issuer, provider_arn),
    }


def name_qualifier(issuer: str, provider_arn: str) -> str:
    """STS's NameQualifier: base64(SHA-1(issuer + account id + "/" + provider name))."""
    text = f"{issuer}{account_of_arn(provider_arn)}/{provider_arn.rpartition('/')[2]}"
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


def _required(form: Form, name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise AwsError("ValidationError", f"Value null at '{name}' failed to satisfy constraint: not null")
    return value


def _protocol(request: SignedRequest) -> Protocol:
    if "x-amz-target" in request.headers:
        return Protocol.JSON
    service = signed_service(request)
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return Protocol.S3 if service == "s3" or not (service or is_form) else Protocol.QUERY


def _read_request(environ: WSGIEnvironment) -> SignedRequest:
    """The request with its original header names. The bodies of S3 uploads are left for moto to read."""
    received: Mapping[str, str] = environ.get(RECEIVED_HEADERS, {})
    headers = {name.lower(): value for name, value in received.items()}
    target = environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ["PATH_INFO"]
    request = SignedRequest(environ["REQUEST_METHOD"], str(target), headers, None)
    size = environ.get("CONTENT_LENGTH") or "0"
    if signed_service(request) == "s3" or not size.isdigit() or int(size) > _MAX_BODY_BYTES:
        return request
    body = environ["wsgi.input"].read(int(size))
    environ["wsgi.input"] = io.BytesIO(body)
    return replace(request, body=body)


def _read_form(request: SignedRequest) -> Form:
    """The query protocol's fields, from the body or (AWS takes both, moto too) from the query string."""
    in_query = parse_qs(request.target.partition("?")[2], keep_blank_values=True)
    in_body = parse_qs((request.body or b"").decode("utf-8", "replace"), keep_blank_values=True)
    if "Action" in in_query and "Action" in in_body:
        raise AwsError("ValidationError", "Action is given twice")
    fields = in_query if "Action" in in_query else in_body
    if len(fields.get("Action", ())) > 1:
        raise AwsError("ValidationError", "Action is given twice")
    return {name: values[0] for name, values in fields.items()}
