"""Errors as AWS puts them on the wire, for the JSON services and for the REST-JSON portal and OIDC.

SDKs choose the exception by `x-amzn-ErrorType` (or `__type`), not by status, so both are always sent.
Live captures show 400 for throttling and conflicts, whatever the models say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.responses import JSONResponse


class ApiError(Exception):
    """An error of an AWS API: its type (`ResourceNotFoundException`), message, status and extra members."""

    def __init__(
        self, type_: str, message: str, status: int = 400, *, members: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.type = type_
        self.message = message
        self.status = status
        self.members = dict(members or {})


def json_error(error: ApiError) -> JSONResponse:
    """`error` for the JSON 1.1 services (sso-admin, identitystore, organizations): capital `Message`."""
    body = {"__type": error.type, "Message": error.message, "RequestId": str(uuid4()), **error.members}
    response = JSONResponse(body, error.status, {"x-amzn-ErrorType": error.type})
    response.headers["content-type"] = "application/x-amz-json-1.1"
    return response


def portal_error(error: ApiError) -> JSONResponse:
    """`error` for the portal API: lower-case `message`."""
    return JSONResponse(
        {"message": error.message, "__type": error.type, **error.members},
        error.status,
        {"x-amzn-ErrorType": error.type},
    )


def oidc_error(error: ApiError, code: str) -> JSONResponse:
    """`error` for sso-oidc: RFC 6749's `error` code and description beside the AWS type."""
    return JSONResponse(
        {"error": code, "error_description": error.message, **error.members},
        error.status,
        {"x-amzn-ErrorType": error.type, "Cache-Control": "no-store"},
    )
