"""The `sso-oidc` wire: RegisterClient, StartDeviceAuthorization and CreateToken, as real clients send them.

JSON in camelCase on unsigned requests. SDKs choose the exception by `x-amzn-ErrorType`, OAuth clients by
`error`, so both are sent. `/authorize` is a page: `portal/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from usher.core.secrets import Secret
from usher.server.awsapi.errors import ApiError, oidc_error
from usher.server.bodies import json_object, read_body
from usher.server.idp.clients import (
    CODE_GRANT,
    DEVICE_GRANT,
    REFRESH_GRANT,
    ClientRequest,
    authenticate_client,
    is_own_start_url,
    register_client,
)
from usher.server.idp.grants import (
    DEVICE_SECONDS,
    POLL_SECONDS,
    redeem_code,
    redeem_device,
    refresh,
    start_device,
)
from usher.server.idp.limits import DEVICE_AUTHORIZATION, REGISTRATION, Demand, from_address, take
from usher.server.idp.refusals import OAuthError, OAuthRefusal
from usher.server.idp.tokens import IssuedTokens
from usher.server.services import Services
from usher.server.store.oauth import StoredClient

_LARGEST_BODY_BYTES = 64 * 1024
_LONGEST_TEXT = 4096
_MOST_ITEMS = 50
_TYPES = {
    OAuthError.INVALID_REQUEST: "InvalidRequestException",
    OAuthError.INVALID_CLIENT: "InvalidClientException",
    OAuthError.INVALID_GRANT: "InvalidGrantException",
    OAuthError.UNAUTHORIZED_CLIENT: "UnauthorizedClientException",
    OAuthError.UNSUPPORTED_GRANT_TYPE: "UnsupportedGrantTypeException",
    OAuthError.INVALID_SCOPE: "InvalidScopeException",
    OAuthError.INVALID_CLIENT_METADATA: "InvalidClientMetadataException",
    OAuthError.INVALID_REDIRECT_URI: "InvalidRedirectUriException",
    OAuthError.AUTHORIZATION_PENDING: "AuthorizationPendingException",
    OAuthError.SLOW_DOWN: "SlowDownException",
    OAuthError.ACCESS_DENIED: "AccessDeniedException",
    OAuthError.EXPIRED_TOKEN: "ExpiredTokenException",
}

Body = Mapping[str, Any]
Operation = Callable[[Services, Body, str], Mapping[str, object]]


def oidc_routes(services: Services) -> list[Route]:
    """The three operations, at the paths that AWS's service model gives them."""
    return [
        Route("/client/register", _endpoint(services, _register), methods=["POST"]),
        Route("/device_authorization", _endpoint(services, _start_device), methods=["POST"]),
        Route("/token", _endpoint(services, _create_token), methods=["POST"]),
    ]


def _endpoint(services: Services, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            body = _document(await read_body(request, _LARGEST_BODY_BYTES))
            if "aws_iam" in request.query_params:
                raise _invalid("CreateTokenWithIAM is not available in this directory")
            address = request.client.host if request.client else "unknown"
            result = await run_in_threadpool(operation, services, body, address)
        except OAuthRefusal as refusal:
            status = 401 if refusal.error is OAuthError.INVALID_CLIENT else 400
            error = ApiError(_TYPES[refusal.error], refusal.description, status)
            return oidc_error(error, refusal.error)
        except ApiError as error:
            return oidc_error(error, OAuthError.INVALID_REQUEST)
        return JSONResponse(dict(result), headers={"Cache-Control": "no-store"})

    return answer


def _register(services: Services, body: Body, address: str) -> Mapping[str, object]:
    _check_pace(services, from_address(REGISTRATION, address))
    issuer = _text(body, "issuerUrl", "")
    if issuer and not is_own_start_url(services.config, services.instance, issuer):
        raise _invalid("issuerUrl is not a start URL of this instance")
    registered = register_client(
        services.database,
        ClientRequest(
            name=_text(body, "clientName"),
            type=_text(body, "clientType"),
            scopes=_texts(body, "scopes"),
            grant_types=_texts(body, "grantTypes"),
            redirect_uris=_texts(body, "redirectUris"),
        ),
    )
    return {
        "clientId": registered.client.client_id,
        "clientSecret": registered.secret.reveal(),
        "clientIdIssuedAt": int(registered.client.issued_at),
        "clientSecretExpiresAt": int(registered.client.expires_at),
        "authorizationEndpoint": f"{services.config.public_url}/authorize",
        "tokenEndpoint": f"{services.config.public_url}/token",
    }


def _start_device(services: Services, body: Body, address: str) -> Mapping[str, object]:
    _check_pace(services, from_address(DEVICE_AUTHORIZATION, address))
    client = _client(services, body)
    if not is_own_start_url(services.config, services.instance, _text(body, "startUrl")):
        raise _invalid("startUrl is not a start URL of this instance")
    started = start_device(services.database, client, address)
    page = f"{services.config.public_url}/device"
    return {
        "deviceCode": started.device_code.reveal(),
        "userCode": started.user_code,
        "verificationUri": page,
        "verificationUriComplete": f"{page}?user_code={started.user_code}",
        "expiresIn": DEVICE_SECONDS,
        "interval": POLL_SECONDS,
    }


def _create_token(services: Services, body: Body, _address: str) -> Mapping[str, object]:
    client = _client(services, body)
    database, seconds = services.database, float(services.instance.portal_session_seconds)
    match _text(body, "grantType"):
        case "authorization_code":
            code, uri = _text(body, "code"), _text(body, "redirectUri")
            issued = redeem_code(database, client, code, uri, _text(body, "codeVerifier"), seconds)
        case "urn:ietf:params:oauth:grant-type:device_code":
            issued = redeem_device(database, client, _text(body, "deviceCode"), seconds)
        case "refresh_token":
            issued = refresh(database, client, _text(body, "refreshToken"))
        case _:
            raise OAuthRefusal(
                OAuthError.UNSUPPORTED_GRANT_TYPE,
                f"The grants are {CODE_GRANT}, {DEVICE_GRANT}, {REFRESH_GRANT}",
            )
    return _tokens(issued)


def _tokens(issued: IssuedTokens) -> Mapping[str, object]:
    renewal = {"refreshToken": issued.refresh_token.reveal()} if issued.refresh_token else {}
    return {
        "accessToken": issued.access_token.reveal(),
        "tokenType": "Bearer",
        "expiresIn": issued.expires_in,
        **renewal,
    }


def _client(services: Services, body: Body) -> StoredClient:
    secret = Secret(_text(body, "clientSecret"))
    return authenticate_client(services.database, _text(body, "clientId"), secret)


def _check_pace(services: Services, demand: Demand) -> None:
    if not take(services.database, [demand]):
        raise OAuthRefusal(OAuthError.SLOW_DOWN, "Too many requests from this address")


def _document(content: bytes) -> Body:
    document = json_object(content)
    if document is None:
        raise _invalid("The body must be a JSON object")
    return document


def _text(body: Body, name: str, default: str | None = None) -> str:
    """A member of the body that must be text; required when there is no default."""
    value = body.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
        raise _invalid(f"{name} must be printable text")
    return value


def _texts(body: Body, name: str) -> list[str]:
    value = body.get(name) or []
    if not isinstance(value, list) or len(value) > _MOST_ITEMS:
        raise _invalid(f"{name} must be a list of texts")
    return [_text({name: item}, name) for item in value]


def _invalid(description: str) -> OAuthRefusal:
    return OAuthRefusal(OAuthError.INVALID_REQUEST, description)
