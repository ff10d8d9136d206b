"""The control plane's one door: POST / by `X-Amz-Target`, signed, checked against AWS's models both ways."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from usher.aws.models import UnknownOperationError, input_problems, output_problems, target_prefix
from usher.core.errors import UnavailableError, UsherError
from usher.server.awsapi import assignments, identity_groups, identity_users, organizations, permission_sets
from usher.server.awsapi.call import Call
from usher.server.awsapi.errors import ApiError, json_error
from usher.server.awsapi.sigv4 import ControlRequest, authenticate
from usher.server.bodies import json_object, read_body
from usher.server.services import Services
from usher.server.store.admin_keys import AdminKey, read_admin_key

Operation = Callable[[Call], Mapping[str, Any]]
MAX_BODY_BYTES = 1_048_576
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Service:
    name: str
    signing_name: str
    regional: bool
    operations: Mapping[str, Operation]


_SERVICES = (
    _Service("sso-admin", "sso", True, permission_sets.OPERATIONS | assignments.OPERATIONS),
    _Service("identitystore", "identitystore", True, identity_users.OPERATIONS | identity_groups.OPERATIONS),
    _Service("organizations", "organizations", False, organizations.OPERATIONS),
)


def control_routes(services: Services) -> list[Route]:
    """The route of sso-admin, identitystore and organizations."""
    by_prefix = {target_prefix(service.name): service for service in _SERVICES}

    async def control(request: Request) -> Response:
        try:
            body = await read_body(request, MAX_BODY_BYTES)
            received = ControlRequest(
                request.method,
                request.scope["raw_path"].decode("ascii", "replace").partition("?")[0],
                request.url.query,
                dict(request.headers),
                body,
            )
            answer = await run_in_threadpool(_answer, services, by_prefix, received)
        except ApiError as error:
            return json_error(error)
        return Response(json.dumps(answer), media_type="application/x-amz-json-1.1")

    return [Route("/", control, methods=["POST"])]


def _answer(
    services: Services, by_prefix: Mapping[str, _Service], request: ControlRequest
) -> Mapping[str, Any]:
    prefix, _, name = request.headers.get("x-amz-target", "").partition(".")
    service = by_prefix.get(prefix)
    if service is None:
        raise ApiError("UnknownOperationException", "X-Amz-Target names no service of this directory")
    key = authenticate(
        request,
        service=service.signing_name,
        region=services.config.region if service.regional else None,
        find_key=lambda access_key_id: _find_key(services, access_key_id),
        now=services.database.now(),
    )
    params = _params(request.body)
    try:
        problems = input_problems(service.name, name, params)
    except UnknownOperationError:
        raise ApiError("UnknownOperationException", f"{service.name} has no operation {name}") from None
    operation = service.operations.get(name)
    if operation is None:
        raise ApiError(
            "UnknownOperationException", f"this directory does not speak {service.name}:{name} yet"
        )
    if problems:
        count = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
        raise ApiError("ValidationException", f"{count} detected: {'; '.join(problems)}")
    answer = _run(operation, Call(services, params, key.owner), service.name, name)
    broken = output_problems(service.name, name, answer)
    if broken:
        _log.error("answer does not fit the model", service=service.name, operation=name, problems=broken)
        raise ApiError("InternalServerException", "The directory made an answer that is not valid.", 500)
    return answer


def _run(operation: Operation, call: Call, service: str, name: str) -> Mapping[str, Any]:
    try:
        return operation(call)
    except UnavailableError as error:
        _log.warning("AWS is not available", service=service, operation=name, reason=error.message)
        raise ApiError("ThrottlingException", error.message) from error
    except UsherError as error:
        _log.error("the call failed", service=service, operation=name, reason=error.message)
        raise ApiError("InternalServerException", error.message, 500) from error


def _find_key(services: Services, access_key_id: str) -> AdminKey | None:
    """Every active key of an active person is a full administrator's; there are no lesser ones."""
    with services.database.read() as connection:
        return read_admin_key(connection, services.sealer, access_key_id)


def _params(body: bytes) -> dict[str, Any]:
    params = json_object(body or b"{}")
    if params is None:
        raise ApiError("SerializationException", "The body is not a JSON object")
    return params
