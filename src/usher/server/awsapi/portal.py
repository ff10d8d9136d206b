"""The portal API (botocore's `sso`): what a signed-in person may enter, and the keys to it.

Requests are not signed; they carry the access token in a header of their own. Names on the wire are those
of real clients (`max_result`, `account_id`), and errors those that clients show to people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from usher.core.accounts import Account
from usher.core.errors import UnavailableError, UsherError
from usher.core.ids import ACCOUNT_ID, AccountId
from usher.server.awsapi.errors import ApiError, portal_error
from usher.server.awsapi.paging import decode_token, encode_token
from usher.server.decide import accounts_of, entries_of
from usher.server.idp.tokens import PortalSession, end_portal_session, identify
from usher.server.role_credentials import NoAccess
from usher.server.services import RoleCredentials, Services

# Clients send the name with an underscore; browsers' code sends it with a hyphen, which proxies like better.
BEARER_HEADERS = ("x-amz-sso_bearer_token", "x-amz-sso-bearer-token")
PAGE_SIZE = 100
_MAX_ROLE_NAME = 32

Endpoint = Callable[[Services, PortalSession, Request], Response]

_log = structlog.get_logger()


def portal_api_routes(services: Services) -> list[Route]:
    """ListAccounts, ListAccountRoles, GetRoleCredentials and Logout."""
    return [
        _route(services, "/assignment/accounts", "GET", list_accounts),
        _route(services, "/assignment/roles", "GET", list_account_roles),
        _route(services, "/federation/credentials", "GET", get_role_credentials),
        _route(services, "/logout", "POST", logout),
    ]


def list_accounts(services: Services, session: PortalSession, request: Request) -> Response:
    """The accounts that the person may enter, by account id."""
    scope = f"accounts of {session.user_id}"
    limit, after = _page_asked(request, scope)
    with services.database.read() as connection:
        found = accounts_of(connection, session.user_id, after=after, limit=limit + 1)
    known = _accounts(services)
    items = [_account(account_id, known.get(account_id)) for account_id in found[:limit]]
    return JSONResponse({"accountList": items, **_next_page(scope, found, limit, str)})


def list_account_roles(services: Services, session: PortalSession, request: Request) -> Response:
    """The permission sets that the person may use in one account, by name."""
    account_id = _account_id(request)
    scope = f"roles of {session.user_id} in {account_id}"
    limit, after = _page_asked(request, scope)
    with services.database.read() as connection:
        found = entries_of(connection, session.user_id, account_id, after=after, limit=limit + 1)
    if not found and not after:
        raise _no_access()
    items = [{"roleName": entry.permission_set_name, "accountId": account_id} for entry in found[:limit]]
    more = _next_page(scope, found, limit, lambda entry: entry.permission_set_name)
    return JSONResponse({"roleList": items, **more})


def get_role_credentials(services: Services, session: PortalSession, request: Request) -> Response:
    """Temporary keys; `role_name` is the permission set's name."""
    account_id, name = _account_id(request), _required(request, "role_name")
    if len(name) > _MAX_ROLE_NAME:
        raise _no_access()
    keys = services.role_credentials.issue(session.user_id, account_id, name)
    return JSONResponse({"roleCredentials": _keys(keys)})


def logout(services: Services, session: PortalSession, _: Request) -> Response:
    """End the portal session with all its tokens. Role credentials already given out live on."""
    with services.database.change(session.user_name) as change:
        end_portal_session(change, session.portal_session_id)
    return Response(status_code=200)


def _route(services: Services, path: str, method: str, endpoint: Endpoint) -> Route:
    def answer(request: Request) -> Response:
        try:
            return endpoint(services, _session(services, request), request)
        except ApiError as error:
            return portal_error(error)
        except NoAccess:
            return portal_error(_no_access())
        except UnavailableError as error:
            _log.warning("portal_unavailable", path=path, reason=error.message)
            return portal_error(ApiError("ServiceUnavailableException", error.message, 503))
        except UsherError as error:
            _log.error("portal_refused", path=path, reason=error.message)
            return portal_error(ApiError("InvalidRequestException", error.message, 400))

    return Route(path, answer, methods=[method])


def _session(services: Services, request: Request) -> PortalSession:
    bearer = next((value for name in BEARER_HEADERS if (value := request.headers.get(name))), "")
    session = identify(services.database, bearer) if bearer else None
    if session is None:
        raise ApiError("UnauthorizedException", "Session token not found or invalid", 401)
    return session


def _accounts(services: Services) -> Mapping[str, Account]:
    try:
        return {account.id: account for account in services.accounts.all()}
    except UsherError as error:
        # People get in by id: names are a courtesy that must not keep them out.
        _log.warning("accounts_unknown", reason=error.message)
        return {}


def _account(account_id: str, account: Account | None) -> dict[str, str]:
    if account is None:
        return {"accountId": account_id, "accountName": account_id}
    return {"accountId": account_id, "accountName": account.name, "emailAddress": account.email}


def _keys(keys: RoleCredentials) -> dict[str, str | int]:
    return {
        "accessKeyId": keys.access_key_id,
        "secretAccessKey": keys.secret_access_key.reveal(),
        "sessionToken": keys.session_token.reveal(),
        "expiration": int(keys.expiration * 1000),
    }


def _page_asked(request: Request, scope: str) -> tuple[int, str]:
    text = request.query_params.get("max_result") or str(PAGE_SIZE)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= PAGE_SIZE):
        raise ApiError("InvalidRequestException", f"max_result must be a number from 1 to {PAGE_SIZE}")
    try:
        (after,) = decode_token(scope, request.query_params.get("next_token") or None, ("",))
    except ApiError:
        raise ApiError("InvalidRequestException", "The provided next_token is invalid") from None
    return int(text), after


def _next_page(scope: str, found: Sequence[Any], limit: int, key: Callable[[Any], str]) -> dict[str, str]:
    return {"nextToken": encode_token(scope, (key(found[limit - 1]),))} if len(found) > limit else {}


def _account_id(request: Request) -> AccountId:
    text = _required(request, "account_id")
    if not ACCOUNT_ID.fullmatch(text):
        raise _no_access()
    return AccountId(text)


def _required(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise ApiError("InvalidRequestException", f"{name} is required")
    return value


def _no_access() -> ApiError:
    # Not in the service's model, but what real clients and their users know.
    return ApiError("ForbiddenException", "No access", 403)
