"""A plan that is kept, reviewed, and carried out only if the world is still the one it was made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from usher.core.accounts import Account
from usher.core.errors import ExitCode, UsageError, UsherError
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess, DesiredAccess
from usher.plan.changes import Change, Plan
from usher.plan.codec import decoded, encoded
from usher.plan.diff import plan_changes
from usher.plan.words import sign_of, words_of
from usher.plan.world_facts import Fact, FactKind, Facts, differences, fingerprint_of, world_facts
from usher.plan.world_facts import world_fingerprint as world_fingerprint

FORMAT = 1
_MARK = "usher_plan"
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan with what it was made from: the file and its digest, the instance, the world's facts.

    `organization` is the id of the management account; empty when it is not known. `made_at` is in UTC.
    """

    plan: Plan
    facts: Facts = field(hash=False)
    file: str
    file_digest: str
    instance: str
    organization: str
    made_at: datetime
    usher_version: str

    @property
    def fingerprint(self) -> str:
        """One digest of what the plan was made from."""
        return fingerprint_of(self.facts)


class WorldChangedError(UsherError):
    """A saved plan no longer fits, and nothing was done. `changes` names what is different."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, changes: tuple[str, ...], *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.changes = changes


def plan_to_json(plan: Plan) -> str:
    """`plan` as JSON, without loss."""
    return _dump(encoded(plan))


def plan_from_json(text: str) -> Plan:
    """The plan that `plan_to_json` wrote. Raises UsageError for anything else."""
    try:
        return _plan(_load(text))
    except ValueError as error:
        raise _damaged(str(error)) from None


def change_to_value(change: Change) -> object:
    """`change` in JSON's own types, without loss."""
    return encoded(change)


def change_from_value(value: object) -> Change:
    """The change that `change_to_value` gave. Raises ValueError for anything else."""
    change: Change = decoded(value, Change, "change")
    return change


def save_plan(saved: SavedPlan) -> str:
    """`saved` as the text of a file."""
    body = {
        "made_at": saved.made_at.isoformat(),
        "usher_version": saved.usher_version,
        "file": saved.file,
        "file_digest": saved.file_digest,
        "instance": saved.instance,
        "organization": saved.organization,
        "fingerprint": saved.fingerprint,
        "facts": [[*fact, digest] for fact, digest in sorted(saved.facts.items())],
        "plan": encoded(saved.plan),
    }
    return _dump({_MARK: FORMAT, "checksum": _checksum(body), **body}) + "\n"


def is_saved_plan(text: str) -> bool:
    """Whether `text` is meant to be a saved plan, be it damaged or not."""
    return text.lstrip()[:200].startswith("{") and f'"{_MARK}"' in text[:200]


def load_plan(text: str) -> SavedPlan:
    """The saved plan in `text`.

    Raises UsageError when it is damaged, was edited, is something else, or was written by a newer Usher.
    """
    try:
        found = _load(text)
        if not isinstance(found, dict) or _MARK not in found:
            raise UsageError("this is not a saved plan", hint="'usher access plan --out FILE' saves one")
        version = found.pop(_MARK)
        if version != FORMAT:
            raise UsageError(
                f"this saved plan has format {version!r}, and this Usher reads format {FORMAT}",
                hint="carry it out with the Usher that saved it, or make the plan anew",
            )
        if found.pop("checksum", None) != _checksum(found):
            raise ValueError("its contents do not match their checksum")
        return _saved(found)
    except ValueError as error:
        raise _damaged(str(error)) from None


def changes_since(saved: SavedPlan, actual: ActualAccess, desired: DesiredAccess) -> tuple[str, ...]:
    """What is different from when `saved` was made, one phrase each; nothing when it fits as it is.

    Beside the facts, the plan is made anew and compared: what is carried out is what one would plan today.
    """
    accounts: Mapping[AccountId, Account] = saved.plan.accounts
    found = tuple(differences(saved.facts, world_facts(actual, desired), {**accounts, **actual.accounts}))
    if found:
        return found
    today = plan_changes(desired, actual)
    return tuple(_differences(saved.plan, today))


def check_unchanged(saved: SavedPlan, actual: ActualAccess, desired: DesiredAccess) -> None:
    """Refuse a plan that one would not make today. Raises WorldChangedError, which names what changed."""
    changes = changes_since(saved, actual, desired)
    if changes:
        shown = [f"  {each}" for each in changes[:_MOST_NAMED]]
        if len(changes) > _MOST_NAMED:
            shown.append(f"  and {len(changes) - _MOST_NAMED} more")
        raise WorldChangedError(
            "\n".join(
                [
                    f"the world has changed since the plan was saved ({saved.made_at:%Y-%m-%d %H:%M} UTC):",
                    *shown,
                ]
            ),
            changes,
            hint="nothing was done; make the plan anew and have it reviewed again",
        )


def _differences(saved: Plan, today: Plan) -> list[str]:
    before, now = (_lines(plan) for plan in (saved, today))
    found = [f"no longer to be done: {line}" for line in sorted(before - now)]
    found += [f"to be done as well: {line}" for line in sorted(now - before)]
    if not found and saved.changes != today.changes:
        found = ["a change of the plan differs in its details"]
    return found


def _lines(plan: Plan) -> set[str]:
    return {f"{sign_of(change)} {words_of(change, plan.accounts)}" for change in plan.changes}


def _saved(found: dict[str, Any]) -> SavedPlan:
    text = {
        name: decoded(found.get(name), str, name)
        for name in (
            "file",
            "file_digest",
            "instance",
            "organization",
            "usher_version",
            "made_at",
            "fingerprint",
        )
    }
    saved = SavedPlan(
        _plan(found.get("plan")),
        dict(_fact(row) for row in _rows(found.get("facts"))),
        text["file"],
        text["file_digest"],
        text["instance"],
        text["organization"],
        datetime.fromisoformat(text["made_at"]),
        text["usher_version"],
    )
    if saved.fingerprint != text["fingerprint"]:
        raise ValueError("its facts do not match their fingerprint")
    return saved


def _rows(found: object) -> tuple[tuple[str, ...], ...]:
    """Rows of texts. Raises ValueError for anything else."""
    rows: tuple[tuple[str, ...], ...] = decoded(found, tuple[tuple[str, ...], ...], "facts")
    return rows


def _fact(row: tuple[str, ...]) -> tuple[Fact, str]:
    if len(row) != 4:
        raise ValueError("a fact has other than four parts")
    kind, name, account_id, digest = row
    return Fact(FactKind(kind), name, account_id), digest


def _plan(value: object) -> Plan:
    plan: Plan = decoded(value, Plan, "plan")
    return plan


def _load(text: str) -> object:
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _checksum(body: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _damaged(reason: str) -> UsageError:
    return UsageError(
        f"this saved plan is damaged: {reason}",
        hint="nothing was done; make the plan anew with 'usher access plan --out FILE'",
    )
