"""How a signed call becomes an answer, whatever its protocol: checked against AWS's models both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from starlette.requests import Request

from usher.aws.models import UnknownOperationError, input_problems, output_problems
from usher.core.errors import UnavailableError, UsherError
from usher.server.awsapi.call import Call
from usher.server.awsapi.errors import ApiError
from usher.server.awsapi.sigv4 import ControlRequest, authenticate
from usher.server.bodies import json_object, read_body
from usher.server.services import Services
from usher.server.store.admin_keys import AdminKey, read_admin_key

Operation = Callable[[Call], Mapping[str, Any]]
Around = Callable[[str, str, Operation], Operation]
"""What stands around an operation, given its service and name: `server.limits` puts AWS's quotas there."""

MAX_BODY_BYTES = 1_048_576
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Service:
    """A service that the directory speaks: botocore's name, SigV4's name, and its operations.

    Answers of one that `passes_on` are those of what stands behind the directory: where they do not fit the
    model, that is noted and the client judges, as it would without the directory between.
    """

    name: str
    signing_name: str
    regional: bool
    operations: Mapping[str, Operation]
    passes_on: bool = False

    def within(self, around: Around | None) -> Service:
        """The same service with `around` about each operation."""
        if around is None:
            return self
        wrapped = {name: around(self.name, name, each) for name, each in self.operations.items()}
        return replace(self, operations=wrapped)


async def receive(request: Request) -> ControlRequest:
    """The request as it was signed. Raises ApiError for a body that is too long."""
    return ControlRequest(
        request.method,
        request.scope["raw_path"].decode("ascii", "replace").partition("?")[0],
        request.url.query,
        dict(request.headers),
        await read_body(request, MAX_BODY_BYTES),
    )


def who_signed(services: Services, service: Service, request: ControlRequest) -> AdminKey:
    """The administration key behind the request. Raises ApiError."""
    return authenticate(
        request,
        service=service.signing_name,
        region=services.config.region if service.regional else None,
        find_key=lambda access_key_id: _find_key(services, access_key_id),
        now=services.database.now(),
    )


def json_params(body: bytes) -> dict[str, Any]:
    """The members in a body. Raises ApiError when it is not a JSON object."""
    params = json_object(body or b"{}")
    if params is None:
        raise ApiError("SerializationException", "The body is not a JSON object")
    return params


def answer(
    services: Services, service: Service, name: str, params: Mapping[str, Any], key: AdminKey
) -> Mapping[str, Any]:
    """What operation `name` answers to `params`. Raises ApiError."""
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
    found = _run(operation, Call(services, params, key.owner), service.name, name)
    broken = output_problems(service.name, name, found)
    if broken:
        _log.error("answer does not fit the model", service=service.name, operation=name, problems=broken)
    if broken and not service.passes_on:
        raise ApiError("InternalServerException", "The directory made an answer that is not valid.", 500)
    return found


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
