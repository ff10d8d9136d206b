"""How condition operators compare one value of a request with one value of a policy.

After "IAM JSON policy elements: Condition operators" in the IAM user guide. A value that is not of the
operator's type matches nothing.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator as compare
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from usher.policy.match import arn_matches, glob_regex
from usher.policy.variables import Glob, Wild

_REST_OF_DATE = {len("2026"): "-01-01", len("2026-01"): "-01"}

Comparison = Callable[[Glob, str], bool]


@dataclass(frozen=True, slots=True)
class Operator:
    """One comparison. With `patterns`, `*` and `?` are wildcards; with `variables`, `${...}` is one."""

    matches: Comparison
    patterns: bool = False
    variables: bool = False


def _text(glob: Glob) -> str:
    return "".join(piece.value if isinstance(piece, Wild) else piece for piece in glob)


def _ordered(read: Callable[[str], Decimal | None], test: Callable[[Decimal, Decimal], bool]) -> Operator:
    def matches(glob: Glob, value: str) -> bool:
        asked, wanted = read(value), read(_text(glob))
        return asked is not None and wanted is not None and test(asked, wanted)

    return Operator(matches)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str) -> Decimal | None:
    """Seconds since 1970: of a W3C date, or of a number of seconds."""
    number = _number(text)
    if number is not None and len(text) > len("2026"):
        return number
    try:
        moment = datetime.fromisoformat(text + _REST_OF_DATE.get(len(text), ""))
    except ValueError:
        return None
    return Decimal(str((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))


def _string(glob: Glob, value: str) -> bool:
    # A `*` here stands for a variable that is not known: anything may be there.
    return bool(glob_regex(glob).fullmatch(value))


def _string_without_case(glob: Glob, value: str) -> bool:
    return bool(glob_regex(glob, fold=True).fullmatch(value))


def _boolean(glob: Glob, value: str) -> bool:
    return value.lower() == _text(glob).lower()


def _binary(glob: Glob, value: str) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(_text(glob), validate=True)
    except (binascii.Error, ValueError):
        return False


def _address(glob: Glob, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(_text(glob), strict=False)
    except ValueError:
        return False


_LIKE = Operator(_string, patterns=True, variables=True)
_ARN = Operator(arn_matches, patterns=True, variables=True)

OPERATORS: Mapping[str, Operator] = {
    "stringequals": Operator(_string, variables=True),
    "stringequalsignorecase": Operator(_string_without_case, variables=True),
    "stringlike": _LIKE,
    "numericequals": _ordered(_number, compare.eq),
    "numericlessthan": _ordered(_number, compare.lt),
    "numericlessthanequals": _ordered(_number, compare.le),
    "numericgreaterthan": _ordered(_number, compare.gt),
    "numericgreaterthanequals": _ordered(_number, compare.ge),
    "dateequals": _ordered(_moment, compare.eq),
    "datelessthan": _ordered(_moment, compare.lt),
    "datelessthanequals": _ordered(_moment, compare.le),
    "dategreaterthan": _ordered(_moment, compare.gt),
    "dategreaterthanequals": _ordered(_moment, compare.ge),
    "bool": Operator(_boolean),
    "binaryequals": Operator(_binary),
    "ipaddress": Operator(_address),
    "arnequals": _ARN,
    "arnlike": _ARN,
}

NEGATIONS: Mapping[str, str] = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
