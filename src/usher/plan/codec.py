"""Plans as JSON and back without loss: every value as its type says, and nothing else is read.

The shape is taken from the types themselves, so that a new kind of change or a new field is written and read
without a line here. Where a type leaves a choice between classes, `type` names the one.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Iterable, Mapping, Set
from enum import Enum
from functools import cache
from typing import Any

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


def encoded(value: object) -> object:
    """`value` in JSON's own types; classes carry their `type`."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {each.name: encoded(getattr(value, each.name)) for each in dataclasses.fields(value)}
        return {"type": type_name(type(value)), **fields}
    if isinstance(value, Mapping):
        return {str(key): encoded(value[key]) for key in sorted(value)}
    if isinstance(value, Set):
        return sorted((encoded(each) for each in value), key=repr)
    if isinstance(value, tuple):
        return [encoded(each) for each in value]
    return value


def decoded(found: object, expected: Any, where: str) -> Any:
    """The value of type `expected` that `found` stands for. Raises ValueError that names the place."""
    origin = typing.get_origin(expected)
    if isinstance(expected, typing.NewType):
        return decoded(found, expected.__supertype__, where)
    if origin in (typing.Union, types.UnionType):
        return _one_of(found, typing.get_args(expected), where)
    if origin is tuple:
        return tuple(_items(found, typing.get_args(expected)[0], where))
    if origin is frozenset:
        return frozenset(_items(found, typing.get_args(expected)[0], where))
    if origin is Mapping:
        return _mapping(found, typing.get_args(expected)[1], where)
    if dataclasses.is_dataclass(expected):
        return _instance(found, expected, where)
    if issubclass(expected, Enum):
        return _member(found, expected, where)
    if type(found) is not expected:
        raise ValueError(f"{where} is not {_name(expected)}")
    return found


@cache
def type_name(cls: type) -> str:
    """The name of a class in JSON: `create_assignment` for CreateAssignment."""
    return _WORD_START.sub("_", cls.__name__).lower()


def _one_of(found: object, choices: tuple[Any, ...], where: str) -> Any:
    if found is None:
        if type(None) in choices:
            return None
        raise ValueError(f"{where} is missing")
    name = found.get("type") if isinstance(found, dict) else None
    chosen = _by_type(choices).get(name) if isinstance(name, str) else None
    if chosen is None:
        raise ValueError(f"{where} is of no type that is known here: {name!r}")
    return _instance(found, chosen, where)


def _items(found: object, expected: Any, where: str) -> Iterable[Any]:
    if not isinstance(found, list):
        raise ValueError(f"{where} is not a list")
    return (decoded(each, expected, f"{where}[{number}]") for number, each in enumerate(found))


def _mapping(found: object, expected: Any, where: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError(f"{where} is not an object")
    return {key: decoded(each, expected, f"{where}.{key}") for key, each in found.items()}


def _instance(found: object, cls: Any, where: str) -> Any:
    if not isinstance(found, dict) or found.get("type") != type_name(cls):
        raise ValueError(f"{where} is not of type {type_name(cls)}")
    expected = _fields(cls)
    if found.keys() - {"type"} != expected.keys():
        odd = sorted((found.keys() - {"type"}) ^ expected.keys())
        raise ValueError(f"{where} has other fields than type {type_name(cls)}: {', '.join(odd)}")
    return cls(**{name: decoded(found[name], each, f"{where}.{name}") for name, each in expected.items()})


def _member(found: object, expected: type[Enum], where: str) -> Enum:
    try:
        return expected(found)
    except ValueError:
        raise ValueError(f"{where} is none of {', '.join(str(each.value) for each in expected)}") from None


@cache
def _fields(cls: type) -> Mapping[str, Any]:
    hints = typing.get_type_hints(cls)
    return {each.name: hints[each.name] for each in dataclasses.fields(cls)}


@cache
def _by_type(choices: tuple[Any, ...]) -> Mapping[str, type]:
    return {type_name(each): each for each in choices if isinstance(each, type) and each is not type(None)}


def _name(expected: type) -> str:
    return {str: "a text", int: "a whole number", bool: "true or false"}.get(expected, expected.__name__)
