"""The door of account-access, a REST service: method and path say what is asked, as AWS's model has it."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from usher.aws.models import RestRoute, error_status, rest_routes
from usher.server.awsapi import account_access
from usher.server.awsapi.answering import Around, Service, answer, json_params, receive, who_signed
from usher.server.awsapi.errors import ApiError, portal_error
from usher.server.awsapi.sigv4 import ControlRequest
from usher.server.services import Services

_SERVICE = Service("account-access", "account-access", True, account_access.OPERATIONS)


def account_access_routes(services: Services, around: Around | None) -> list[Route]:
    """One route per operation."""
    service = _SERVICE.within(around)
    return [_route(services, service, each) for each in rest_routes(service.name)]


def _route(services: Services, service: Service, route: RestRoute) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            received = await receive(request)
            found = await run_in_threadpool(_answer, services, service, route, request, received)
        except ApiError as error:
            return portal_error(_with_status(service, error))
        return Response(status_code=204) if route.status == 204 else JSONResponse(found, route.status)

    # An ARN in a path holds slashes, sent as %2F; the server has decoded them by now.
    path = route.path.replace("}", ":path}")
    return Route(path, endpoint, methods=[route.method], name=route.operation)


def _answer(
    services: Services, service: Service, route: RestRoute, request: Request, received: ControlRequest
) -> dict[str, Any]:
    key = who_signed(services, service, received)
    params = json_params(received.body)
    params |= {name: request.path_params[name] for name in route.in_path}
    for name, is_list in route.in_query.items():
        values = request.query_params.getlist(name)
        if values:
            params[name] = values if is_list else values[-1]
    return dict(answer(services, service, route.operation, params, key))


def _with_status(service: Service, error: ApiError) -> ApiError:
    status = error_status(service.name, error.type) or error.status
    return ApiError(error.type, error.message, status, members=error.members)
