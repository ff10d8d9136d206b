"""The door of the JSON services, POST / by `X-Amz-Target`, and of IAM's forms beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from usher.aws.models import target_prefix
from usher.server.awsapi import (
    assignments,
    cloudtrail,
    identity_groups,
    identity_users,
    organizations,
    permission_sets,
)
from usher.server.awsapi.account_access_routes import account_access_routes
from usher.server.awsapi.answering import Around, Service, answer, json_params, receive, who_signed
from usher.server.awsapi.errors import ApiError, json_error
from usher.server.awsapi.managed_policies import is_query, query_response
from usher.server.awsapi.sigv4 import ControlRequest
from usher.server.services import Services

_SERVICES = (
    Service("sso-admin", "sso", True, permission_sets.OPERATIONS | assignments.OPERATIONS),
    Service("identitystore", "identitystore", True, identity_users.OPERATIONS | identity_groups.OPERATIONS),
    Service("organizations", "organizations", False, organizations.OPERATIONS, passes_on=True),
    Service("cloudtrail", "cloudtrail", True, cloudtrail.OPERATIONS),
)


def control_routes(services: Services, around: Around | None = None) -> list[Route]:
    """The routes of sso-admin, identitystore, organizations, cloudtrail, account-access and a little of iam.

    `around` stands about every operation that is called.
    """
    door = json_door(services, around)

    async def control(request: Request) -> Response:
        try:
            received = await receive(request)
            if is_query(received):
                return await run_in_threadpool(query_response, services, received)
            found = await run_in_threadpool(door, received)
        except ApiError as error:
            return json_error(error)
        return Response(json.dumps(found), media_type="application/x-amz-json-1.1")

    return [Route("/", control, methods=["POST"]), *account_access_routes(services, around)]


def json_door(
    services: Services, around: Around | None = None
) -> Callable[[ControlRequest], Mapping[str, Any]]:
    """What answers a received request of a JSON service. It raises ApiError."""
    spoken = [service.within(around) for service in _SERVICES]
    by_prefix = {target_prefix(service.name): service for service in spoken}

    def door(request: ControlRequest) -> Mapping[str, Any]:
        prefix, _, name = request.headers.get("x-amz-target", "").rpartition(".")
        service = by_prefix.get(prefix)
        if service is None:
            raise ApiError("UnknownOperationException", "X-Amz-Target names no service of this directory")
        key = who_signed(services, service, request)
        return answer(services, service, name, json_params(request.body), key)

    return door
