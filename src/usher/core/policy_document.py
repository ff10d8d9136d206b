"""IAM policy documents: parsed once, compared by meaning of their JSON, measured as AWS measures them."""

from __future__ import annotations

import json
from dataclasses import dataclass

INLINE_POLICY_MAX_CHARACTERS = 32_768
INLINE_POLICY_MAX_NON_WHITESPACE_BYTES = 10_240


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A policy in canonical JSON (sorted keys, no spaces), so that equal policies are equal values."""

    json: str

    @property
    def pretty(self) -> str:
        """The policy as indented JSON, for people."""
        return json.dumps(json.loads(self.json), indent=2)


def parse_policy_document(text: str) -> PolicyDocument:
    """The policy in `text`.

    Raises ValueError with a plain reason when it is not JSON, has no statements, or exceeds the
    limits of a permission set's inline policy (32,768 characters; 10,240 non-whitespace bytes).
    """
    try:
        document = json.loads(text, object_pairs_hook=_object_without_duplicates)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return policy_document(document)


def policy_document(document: object) -> PolicyDocument:
    """The policy in an already decoded JSON value. Raises ValueError like `parse_policy_document`."""
    policy = published_policy(document)
    text = policy.json
    if len(text) > INLINE_POLICY_MAX_CHARACTERS:
        raise ValueError(
            f"the policy has {len(text):,} characters; the limit is {INLINE_POLICY_MAX_CHARACTERS:,}"
        )
    size = len("".join(text.split()).encode())
    if size > INLINE_POLICY_MAX_NON_WHITESPACE_BYTES:
        raise ValueError(
            f"the policy has {size:,} bytes without white space; "
            f"the limit is {INLINE_POLICY_MAX_NON_WHITESPACE_BYTES:,}"
        )
    return policy


def published_policy(document: object) -> PolicyDocument:
    """A policy that AWS gave out (managed, or service control), which may be longer than an inline one.

    Raises ValueError when it is no policy.
    """
    if not isinstance(document, dict) or not document.get("Statement"):
        raise ValueError("not a policy: an object with a Statement is needed")
    statements = document["Statement"]
    if not isinstance(statements, list):
        statements = [statements]
    for number, statement in enumerate(statements, 1):
        _check_statement(statement, number)
    return PolicyDocument(_canonical_json(document))


def _object_without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Python keeps the last of two equal keys; a policy must not mean something else than it shows.
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key '{twice}' is written twice in one object")
    return found


def _canonical_json(document: object) -> str:
    try:
        return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        raise ValueError("a number in it is infinite or not a number, which JSON cannot say") from None


def _check_statement(statement: object, number: int) -> None:
    if not isinstance(statement, dict):
        raise ValueError(f"statement {number} is not an object")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise ValueError(f"statement {number} needs an Effect of Allow or Deny")
    if ("Action" in statement) == ("NotAction" in statement):
        raise ValueError(f"statement {number} needs exactly one of Action and NotAction")
    if ("Resource" in statement) == ("NotResource" in statement):
        raise ValueError(f"statement {number} needs exactly one of Resource and NotResource")
