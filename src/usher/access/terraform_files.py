"""Terraform configuration read without running Terraform: literals, locals, defaults, `for_each` over them.

References between resources become names of their own, `address.attribute`, which `access_of` matches as it
matches ids in a state. Whatever needs more than that (modules, functions, data that only AWS has) is told
with its file and line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import hcl2
from lark.exceptions import LarkError

from usher.access.terraform import Resource, Unresolved, is_of_access

_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TRAVERSAL = re.compile(r'[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\[(?:"[^"\\]*"|[0-9]+|[A-Za-z_.]+)\])*')
_STEP = re.compile(r'\.?([A-Za-z_][\w-]*)|\[(?:"([^"\\]*)"|([0-9]+)|([A-Za-z_.]+))\]')
_CALL = re.compile(r"(toset|tolist|tomap|jsonencode)\((.*)\)", re.DOTALL)
_HEREDOC = re.compile(r'"?<<(-?)(\w+)\n(.*?)\n?[ \t]*\2"?', re.DOTALL)
_MARKS = ("__is_block__", "__comments__", "__inline_comments__")
# What others refer to: each resource's own attribute that AWS makes, by type.
_OWN_ID = {
    "aws_ssoadmin_permission_set": "arn",
    "aws_identitystore_user": "user_id",
    "aws_identitystore_group": "group_id",
}
# Where a resource names another by an id of that kind; elsewhere, only what the files say themselves will do.
_NAMES_ANOTHER = frozenset({"permission_set_arn", "principal_id", "group_id", "member_id"})
_NOT_ABOUT_ACCESS = ("for_each", "lifecycle", "provider", "depends_on", "instance_arn", "identity_store_id")
_NAMED_BY = {"UserName": "user_name", "DisplayName": "display_name"}


class _UnknownError(Exception):
    """An expression needs something that these files do not say."""


@dataclass(frozen=True, slots=True)
class _Reference:
    """An attribute of another resource, which only Terraform knows."""

    address: str


@dataclass(slots=True)
class _Scope:
    """What expressions may refer to. `each` is what `for_each` stands at, if at all."""

    variables: Mapping[str, Any]
    locals: Mapping[str, Any]
    each: Mapping[str, Any] = field(default_factory=dict)


def read_configuration(files: Mapping[str, str]) -> tuple[list[Resource], list[Unresolved]]:
    """The resources about access in `.tf` files, by file name, and what could not be told."""
    unresolved: list[Unresolved] = []
    parsed = {name: found for name, text in files.items() if (found := _parse(name, text, unresolved))}
    scope = _Scope(
        {
            _name(name): body["default"]
            for document in parsed.values()
            for block in document.get("variable", ())
            for name, body in _labelled(block)
            if "default" in body
        },
        {
            _name(key): value
            for document in parsed.values()
            for block in document.get("locals", ())
            for key, value in _attributes(block).items()
        },
    )
    resources: list[Resource] = []
    for name, document in parsed.items():
        for is_data, kind, label, body in _blocks_of_access(document):
            place = _place(name, files[name], "data" if is_data else "resource", kind, label)
            resources += _expand(_Block(place, is_data, kind, label, body), scope, unresolved)
        for block in document.get("module", ()):
            for label in map(_name, _attributes(block)):
                place = _place(name, files[name], "module", label)
                why = "modules are not read: give a state"
                unresolved.append(Unresolved(place, f"module.{label}", why))
    return resources, sorted(set(unresolved))


@dataclass(frozen=True, slots=True)
class _Block:
    """One resource or data block as it is written."""

    place: str
    is_data: bool
    kind: str
    label: str
    body: Mapping[str, Any]

    @property
    def address(self) -> str:
        return f"{'data.' if self.is_data else ''}{self.kind}.{self.label}"


def _parse(name: str, text: str, unresolved: list[Unresolved]) -> Mapping[str, Any] | None:
    options = hcl2.SerializationOptions(with_comments=False)
    try:
        return hcl2.loads(text if text.endswith("\n") else f"{text}\n", serialization_options=options)
    except LarkError as error:
        line = getattr(error, "line", 1)
        unresolved.append(Unresolved(f"{name}:{line}", name, "this is not the language of Terraform files"))
        return None


def _place(file: str, text: str, *header: str) -> str:
    """Where the block with this type and these labels begins."""
    words = r"[ \t]+".join([re.escape(header[0]), *(f'"?{re.escape(label)}"?' for label in header[1:])])
    found = re.search(rf"^[ \t]*{words}[ \t]*\{{", text, re.MULTILINE)
    return f"{file}:{text.count(chr(10), 0, found.start()) + 1}" if found else file


def _blocks_of_access(document: Mapping[str, Any]) -> Iterator[tuple[bool, str, str, Mapping[str, Any]]]:
    for section, is_data in (("resource", False), ("data", True)):
        for block in document.get(section, ()):
            for kind, labels in _labelled(block):
                if is_of_access(_name(kind)):
                    for label, body in _labelled(labels):
                        yield is_data, _name(kind), _name(label), body


def _expand(block: _Block, scope: _Scope, unresolved: list[Unresolved]) -> Iterator[Resource]:
    """The block's resources: one, or one for each of what `for_each` names."""
    try:
        if "count" in block.body:
            raise _UnknownError("count is not worked out")
        if "for_each" not in block.body:
            yield _resource(block, block.address, scope)
            return
        chosen = _certain(_value(block.body["for_each"], scope))
        if not isinstance(chosen, Mapping | list):
            raise _UnknownError("for_each is not a map or a set here")
        pairs = chosen.items() if isinstance(chosen, Mapping) else ((key, key) for key in chosen)
        for key, value in pairs:
            inner = _Scope(scope.variables, scope.locals, {"key": key, "value": value})
            yield _resource(block, f"{block.address}[{json.dumps(key)}]", inner)
    except _UnknownError as error:
        unresolved.append(Unresolved(block.place, block.address, str(error)))


def _resource(block: _Block, address: str, scope: _Scope) -> Resource:
    values: dict[str, Any] = {}
    for key, written in _attributes(block.body).items():
        if key in _NOT_ABOUT_ACCESS:
            continue
        value = _value(written, scope)
        if key in _NAMES_ANOTHER and isinstance(value, _Reference):
            value = value.address
        values[_name(key)] = _certain(value)
    if block.is_data:
        values |= _looked_up_by(values)
    own = _OWN_ID.get(block.kind)
    if own:
        values[own] = f"{address}.{own}"
    return Resource(block.kind, address, block.place, values, block.is_data)


def _looked_up_by(values: Mapping[str, Any]) -> dict[str, Any]:
    """The name that a data source looks a user or group up by."""
    for outer, inner in (("alternate_identifier", "unique_attribute"), ("filter", "")):
        found = values.get(outer) or [{}]
        block = found[0]
        if inner:
            block = (block.get(inner) or [{}])[0]
        path = block.get("attribute_path")
        if path in _NAMED_BY:
            return {_NAMED_BY[path]: block.get("attribute_value")}
    return {}


# --- expressions --------------------------------------------------------------------------------


def _value(value: Any, scope: _Scope) -> Any:
    """What a parsed value stands for. Raises _UnknownError when these files do not say."""
    match value:
        case str():
            return _text_value(value, scope)
        case Mapping():
            return {_name(key): _value(each, scope) for key, each in _attributes(value).items()}
        case Sequence():
            return [_value(each, scope) for each in value]
        case _:
            return value


def _text_value(text: str, scope: _Scope) -> Any:
    heredoc = _HEREDOC.fullmatch(text)
    if heredoc:
        return _template(_undented(heredoc[3]) if heredoc[1] else heredoc[3], scope)
    if text.startswith('"'):
        return _template(_unquoted(text), scope)
    if text.startswith("${") and text.endswith("}"):
        return _expression(text[2:-1].strip(), scope)
    return _expression(text.strip(), scope)


def _expression(text: str, scope: _Scope) -> Any:
    if _LITERAL.fullmatch(text):
        return _template(_unquoted(text), scope)
    if text in ("true", "false", "null"):
        return json.loads(text)
    call = _CALL.fullmatch(text)
    if call:
        argument = _certain(_value(_parsed(call[2]), scope))
        return json.dumps(argument) if call[1] == "jsonencode" else argument
    if _TRAVERSAL.fullmatch(text):
        return _reference(text, scope)
    raise _UnknownError(f"it needs '{text if len(text) < 80 else text[:77] + '…'}'")


def _certain(value: Any) -> Any:
    """`value`, if these files alone say it. Raises _UnknownError."""
    match value:
        case _Reference(address):
            raise _UnknownError(f"it needs the value of {address}")
        case Mapping():
            for each in value.values():
                _certain(each)
        case list():
            for each in value:
                _certain(each)
    return value


def _parsed(text: str) -> Any:
    options = hcl2.SerializationOptions(with_comments=False)
    try:
        return hcl2.loads(f"x = {text}\n", serialization_options=options)["x"]
    except LarkError:
        raise _UnknownError(f"it needs '{text[:80]}'") from None


def _reference(text: str, scope: _Scope) -> Any:
    """The value of `local.x`, `var.x` or `each.x`; the name of another resource's attribute as it is."""
    steps = [next(part for part in step.groups() if part is not None) for step in _STEP.finditer(text)]
    roots: dict[str, Mapping[str, Any]] = {
        "local": scope.locals,
        "var": scope.variables,
        "each": {key: _Known(value) for key, value in scope.each.items()},
    }
    if steps[0] not in roots:
        return _Reference(_with_keys(text, scope))
    found: Any = roots[steps[0]].get(steps[1]) if len(steps) > 1 else None
    if found is None:
        raise _UnknownError(f"{'.'.join(steps[:2])} has no value in these files")
    known = found.value if isinstance(found, _Known) else _value(found, scope)
    for step in steps[2:]:
        if isinstance(known, Mapping) and step in known:
            known = known[step]
        elif isinstance(known, list) and step.isdigit() and int(step) < len(known):
            known = known[int(step)]
        else:
            raise _UnknownError(f"'{text}' has no value in these files")
    return known


@dataclass(frozen=True, slots=True)
class _Known:
    """A value that is worked out already."""

    value: Any


def _with_keys(text: str, scope: _Scope) -> str:
    """A resource's address whose key is an expression, with the key's value in its place."""

    def key(match: re.Match[str]) -> str:
        return f"[{json.dumps(_certain(_reference(match[1], scope)))}]"

    return re.sub(r"\[([A-Za-z_][\w.]*)\]", key, text)


def _template(text: str, scope: _Scope) -> str:
    """A string with `${…}` in it."""
    parts: list[str] = []
    rest = text
    while "${" in rest:
        before, _, after = rest.partition("${")
        if before.endswith("$"):
            parts.append(f"{before[:-1]}${{")
            rest = after
            continue
        inner, _, rest = after.partition("}")
        parts += [before, str(_certain(_expression(inner.strip(), scope)))]
    return "".join([*parts, rest]).replace("%%{", "%{")


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        raise _UnknownError(f"it needs the text {text[:80]}") from None


def _undented(text: str) -> str:
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    return "\n".join(line[min(indents, default=0) :] for line in lines)


def _attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in _MARKS}


def _labelled(block: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from _attributes(block).items()


def _name(key: str) -> str:
    return key.strip('"')
