"""The keys of IAM users in the vault, as a table and as documents. Secrets never come here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from usher.cli.text.status import iso_time
from usher.cli.text.table import table_lines
from usher.session.static_keys import StoredKeys

OLD_DAYS = 90


@dataclass(frozen=True, slots=True)
class KeyState:
    """Keys, the profiles that name them, and what AWS says of them where it was asked."""

    stored: StoredKeys
    profiles: Sequence[str]
    rotating: bool
    checked: bool
    refused: str | None = None


def key_table(states: Sequence[KeyState], now: float) -> str:
    """One line per key; keys of ninety days say that it is time for new ones."""
    if not states:
        return "The vault holds no keys of IAM users. 'usher keys import' puts them there."
    headings = ("NAME", "KEY", "USER", "AGE", "PROFILES", "STATE")
    rows = [
        (
            state.stored.name,
            state.stored.access_key_id,
            state.stored.user_arn,
            f"{int((now - state.stored.stored_at) // 86_400)} d",
            ", ".join(state.profiles) or "-",
            _words(state, now),
        )
        for state in states
    ]
    return "\n".join(table_lines(headings, rows, None))


def key_documents(states: Sequence[KeyState]) -> list[dict[str, object]]:
    """The same for a script."""
    return [
        {
            "name": state.stored.name,
            "access_key_id": state.stored.access_key_id,
            "user_arn": state.stored.user_arn,
            "account_id": state.stored.account_id,
            "stored_at": iso_time(state.stored.stored_at),
            "profiles": list(state.profiles),
            "rotating": state.rotating,
            "accepted": state.refused is None if state.checked else None,
        }
        for state in states
    ]


def _words(state: KeyState, now: float) -> str:
    if state.refused:
        return f"refused by AWS: {state.refused}"
    if state.rotating:
        return f"rotation under way: 'usher keys rotate {state.stored.name}' finishes it"
    if now - state.stored.stored_at > OLD_DAYS * 86_400:
        return f"old: 'usher keys rotate {state.stored.name}'"
    return "accepted by AWS" if state.checked else ""
