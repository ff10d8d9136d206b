"""A statement's Condition: compiled once, then true, false or unknown under what is known of a request.

Absent keys behave as in "Condition operators" and "Set operators for multivalued context keys" of the IAM
user guide: a positive operator is false, a negated one true, `...IfExists` true, `ForAllValues` true,
`ForAnyValue` false.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from usher.policy.operators import NEGATIONS, OPERATORS, Operator
from usher.policy.truth import FALSE, TRUE, Truth, all_of, any_of, truth, unknown
from usher.policy.variables import Pattern, parse_pattern, resolve

Context = Mapping[str, tuple[str, ...]]
_IF_EXISTS = "ifexists"


class Quantifier(Enum):
    """How an operator treats a key with several values."""

    NONE = ""
    ALL = "forallvalues"
    ANY = "foranyvalue"


@dataclass(frozen=True, slots=True)
class Condition:
    """One key under one operator. `operator` is None for an operator that is not known here."""

    written: str
    key: str
    values: tuple[Pattern, ...]
    operator: Operator | None
    negated: bool = False
    if_exists: bool = False
    quantifier: Quantifier = Quantifier.NONE

    def truth(self, context: Context) -> Truth:
        """Whether it holds under `context`, whose keys are in lower case."""
        if self.operator is None:
            return unknown(f"the operator {self.written}")
        asked = context.get(self.key.lower())
        if asked is None:
            return unknown(self.key)
        if self.quantifier is not Quantifier.NONE:
            return self._set_truth(tuple(value for value in asked if value), context)
        if not asked:
            return truth(self.if_exists or self.negated)
        results = {self._one(value, context) for value in asked}
        if len(results) == 1:
            return results.pop()
        # AWS leaves open what an operator without ForAllValues or ForAnyValue does with several values.
        return unknown(self.key, *(name for result in results for name in result.open))

    def _set_truth(self, asked: tuple[str, ...], context: Context) -> Truth:
        each = (self._one(value, context) for value in asked)
        if self.quantifier is Quantifier.ALL:
            return all_of(each)
        return any_of(each) if asked else truth(self.if_exists)

    def _one(self, value: str, context: Context) -> Truth:
        found = any_of(self._compare(pattern, value, context) for pattern in self.values)
        return ~found if self.negated else found

    def _compare(self, pattern: Pattern, value: str, context: Context) -> Truth:
        resolved = resolve(pattern, context)
        if self.operator is None or resolved.glob is None or not self.operator.matches(resolved.glob, value):
            return FALSE
        return Truth(None, resolved.open) if resolved.open else TRUE


@dataclass(frozen=True, slots=True)
class Presence:
    """The operator Null: "true" asks for the key to be absent, "false" for it to be there."""

    key: str
    absent: frozenset[bool]

    def truth(self, context: Context) -> Truth:
        """Whether it holds under `context`, whose keys are in lower case."""
        asked = context.get(self.key.lower())
        return unknown(self.key) if asked is None else truth((not asked) in self.absent)


def compile_conditions(condition: object, *, variables: bool) -> tuple[Condition | Presence, ...]:
    """The Condition element of a statement; all of the result must hold."""
    return tuple(_compile(condition, variables=variables))


def conditions_hold(conditions: Iterable[Condition | Presence], context: Context) -> Truth:
    """Whether all `conditions` hold under `context`, whose keys are in lower case."""
    return all_of(condition.truth(context) for condition in conditions)


def _compile(condition: object, *, variables: bool) -> Iterator[Condition | Presence]:
    if not isinstance(condition, dict):
        return
    for written, keys in condition.items():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            listed = tuple(_text(value) for value in (values if isinstance(values, list) else [values]))
            yield _one_condition(str(written), str(key), listed, variables=variables)


def _one_condition(
    written: str, key: str, values: tuple[str, ...], *, variables: bool
) -> Condition | Presence:
    quantifier, name = _split_quantifier(written.lower())
    if name == "null":
        return Presence(key, frozenset(value.lower() == "true" for value in values))
    if_exists = name.endswith(_IF_EXISTS)
    name = name.removesuffix(_IF_EXISTS)
    operator = OPERATORS.get(NEGATIONS.get(name, name))
    patterns = () if operator is None else _patterns(values, operator, variables=variables)
    return Condition(written, key, patterns, operator, name in NEGATIONS, if_exists, quantifier)


def _patterns(values: tuple[str, ...], operator: Operator, *, variables: bool) -> tuple[Pattern, ...]:
    return tuple(
        parse_pattern(value, variables=variables and operator.variables, wildcards=operator.patterns)
        for value in values
    )


def _split_quantifier(name: str) -> tuple[Quantifier, str]:
    prefix, colon, rest = name.partition(":")
    for quantifier in (Quantifier.ALL, Quantifier.ANY):
        if colon and prefix == quantifier.value:
            return quantifier, rest
    return Quantifier.NONE, name


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
