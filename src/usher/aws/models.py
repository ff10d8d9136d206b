"""What AWS says its requests and responses look like: botocore's service models, as a check.

Used by the directory, which answers where AWS would: every request and response is held against the
model, with the constraints that botocore's own client does not check (patterns, lengths, enums).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape

_NUMBERS = {"integer", "long", "float", "double", "timestamp"}


class UnknownOperationError(LookupError):
    """The service's model has no such operation."""


def input_problems(service: str, operation: str, params: object) -> list[str]:
    """Why `params` is no request of that operation, in AWS's words; empty when it is one.

    Raises UnknownOperationError.
    """
    shape = _operation(service, operation).input_shape
    return list(_problems(shape, params, "")) if shape is not None else []


def output_problems(service: str, operation: str, answer: object) -> list[str]:
    """Why `answer` is no response of that operation; empty when it is one."""
    shape = _operation(service, operation).output_shape
    return list(_problems(shape, answer, "")) if shape is not None else []


@cache
def target_prefix(service: str) -> str:
    """The prefix of `X-Amz-Target` for a JSON service, for example `SWBExternalService`."""
    return str(_service(service).metadata["targetPrefix"])


@dataclass(frozen=True, slots=True)
class RestRoute:
    """Where a REST service takes an operation: `in_path` and `in_query` are the members that stand there.

    `in_query` says of each whether it may be given several times; `status` is that of success.
    """

    operation: str
    method: str
    path: str
    status: int
    in_path: tuple[str, ...]
    in_query: Mapping[str, bool]


@cache
def rest_routes(service: str) -> tuple[RestRoute, ...]:
    """The routes of a REST service, one per operation."""
    return tuple(_rest_route(_operation(service, name)) for name in _service(service).operation_names)


def _rest_route(operation: Any) -> RestRoute:
    http, members = operation.http, operation.input_shape.members
    where = {name: shape.serialization.get("location", "") for name, shape in members.items()}
    return RestRoute(
        operation.name,
        http["method"],
        http["requestUri"],
        http.get("responseCode", 200),
        tuple(name for name, place in where.items() if place == "uri"),
        {name: members[name].type_name == "list" for name, place in where.items() if place == "querystring"},
    )


@cache
def error_status(service: str, error: str) -> int | None:
    """The HTTP status that the model gives an error; None when it gives none."""
    model = _service(service)
    if error not in model.shape_names:
        return None
    status = model.shape_for(error).metadata.get("error", {}).get("httpStatusCode")
    return None if status is None else int(status)


def _operation(service: str, operation: str) -> Any:
    model = _service(service)
    if operation not in model.operation_names:
        raise UnknownOperationError(operation)
    return model.operation_model(operation)


@cache
def _service(service: str) -> ServiceModel:
    return botocore.session.Session().get_service_model(service)


def _problems(shape: Shape, value: object, at: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            yield from _structure_problems(shape, value, at)
        case "list":
            yield from _list_problems(shape, value, at)
        case "map":
            yield from _map_problems(shape, value, at)
        case "string":
            yield from _string_problems(shape, value, at)
        case "boolean" if not isinstance(value, bool):
            yield _wrong_type(at, "a boolean")
        case "timestamp" if shape.serialization.get("timestampFormat") == "iso8601":
            yield from _date_problems(value, at)
        case kind if kind in _NUMBERS:
            yield from _number_problems(shape, value, at)


def _list_problems(shape: Shape, value: object, at: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield _wrong_type(at, "a list")
        return
    yield from _size_problems(shape, len(value), at)
    for number, item in enumerate(value, 1):
        yield from _problems(shape.member, item, f"{at}.{number}.member")


def _map_problems(shape: Shape, value: object, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _wrong_type(at, "a map")
        return
    for key, item in value.items():
        yield from _problems(shape.value, item, f"{at}.{key}")


def _number_problems(shape: Shape, value: object, at: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _wrong_type(at, "a number")
    elif shape.type_name != "timestamp":
        yield from _size_problems(shape, value, at)


def _date_problems(value: object, at: str) -> Iterator[str]:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        yield _wrong_type(at, "a date in ISO 8601")


def _structure_problems(shape: Shape, value: object, at: str) -> Iterator[str]:
    if getattr(shape, "is_document_type", False):
        return
    if not isinstance(value, dict):
        yield _wrong_type(at, "an object")
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{_join(at, name)}' failed to satisfy constraint: Member must not be null"
    for name, item in value.items():
        member = shape.members.get(name)
        if member is None:
            yield f"'{_join(at, name)}' is not a member of {shape.name}"
        elif item is not None:
            yield from _problems(member, item, _join(at, name))
    if getattr(shape, "is_tagged_union", False) and sum(item is not None for item in value.values()) != 1:
        yield f"'{at}' must have exactly one of {', '.join(shape.members)}"


def _string_problems(shape: Shape, value: object, at: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield _wrong_type(at, "a string")
        return
    yield from _size_problems(shape, len(value), at, "length ")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield (
            f"Value '{value}' at '{at}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        )
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield (
            f"Value '{value}' at '{at}' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {pattern}"
        )


def _size_problems(shape: Shape, size: float, at: str, what: str = "") -> Iterator[str]:
    limits: Mapping[str, float] = shape.metadata
    if "min" in limits and size < limits["min"]:
        yield (
            f"Value at '{at}' failed to satisfy constraint: "
            f"Member must have {what}value greater than or equal to {limits['min']}"
        )
    if "max" in limits and size > limits["max"]:
        yield (
            f"Value at '{at}' failed to satisfy constraint: "
            f"Member must have {what}value less than or equal to {limits['max']}"
        )


def _matches(pattern: str, value: str) -> bool:
    if "\\p{" in pattern:
        # Python's re has no Unicode classes; AWS means "whatever can be seen", with or without spaces.
        spaces = " " in pattern or "{Z}" in pattern or "\\s" in pattern
        return all(_can_be_seen(character, spaces) for character in value)
    return _compiled(pattern).fullmatch(value) is not None


def _can_be_seen(character: str, spaces: bool) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LMSNP" or (spaces and (category[0] == "Z" or character in "\t\n\r"))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _wrong_type(at: str, wanted: str) -> str:
    return f"Value at '{at or 'the request'}' is not {wanted}"


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
