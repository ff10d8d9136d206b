"""Passwords: hashed slowly, a few at once; one-time passwords that can be typed."""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from contextlib import ExitStack
from typing import Any

import pytest
from argon2 import PasswordHasher

from usher.core.errors import BusyError
from usher.core.secrets import Secret
from usher.server.idp.passwords import (
    _slot,
    fault_of_new_password,
    hash_password,
    needs_new_hash,
    set_one_time_password,
    verify_password,
)
from usher.server.idp.sign_in import Attempt, Refusal, sign_in
from usher.server.store.sign_in import read_password

GOOD = "a good long sentence"


def test_the_hash_is_argon2id_with_the_named_profile() -> None:
    hashed = hash_password(Secret(GOOD))
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert GOOD not in hashed
    assert verify_password(hashed, Secret(GOOD))
    assert not verify_password(hashed, Secret(GOOD + "!"))
    assert not needs_new_hash(hashed)


def test_the_same_letters_are_the_same_password_however_they_were_composed() -> None:
    composed = "süßer die Glocken nie klingen"
    taken_apart = unicodedata.normalize("NFD", composed)
    assert taken_apart != composed
    assert verify_password(hash_password(Secret(composed)), Secret(taken_apart))


def test_without_a_hash_no_password_is_right() -> None:
    assert not verify_password(None, Secret(GOOD))
    assert not verify_password("not a hash", Secret(GOOD))


def test_an_unknown_person_costs_as_much_time_as_a_known_one() -> None:
    hashed = hash_password(Secret(GOOD))

    def fastest(stored: str | None) -> float:
        times = []
        for _ in range(5):
            began = time.perf_counter()
            verify_password(stored, Secret("wrong"))
            times.append(time.perf_counter() - began)
        return min(times)

    assert 0.4 < fastest(None) / fastest(hashed) < 2.5


def test_many_at_once_all_get_their_turn() -> None:
    hashed = hash_password(Secret(GOOD))
    right: list[bool] = []
    threads = [
        threading.Thread(target=lambda: right.append(verify_password(hashed, Secret(GOOD))))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 12


def test_too_many_at_once_are_turned_away_and_let_in_again_afterwards() -> None:
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(_slot())
        with pytest.raises(BusyError):
            hash_password(Secret(GOOD))
    assert hash_password(Secret(GOOD))


@pytest.mark.parametrize(
    "password", [GOOD, "x" * 11 + "abcd", "correct horse battery", "üüüüü äääää ööööö !?"]
)
def test_length_is_what_counts(password: str) -> None:
    assert fault_of_new_password(Secret(password), "operator@mkdev.example") is None


@pytest.mark.parametrize(
    "password",
    ["", "fourteen chars", "x" * 257, "OPERATOR@mkdev.example", "Password12345678", "abababababababab"],
)
def test_what_is_short_or_known_is_refused(password: str) -> None:
    assert fault_of_new_password(Secret(password), "operator@mkdev.example")


def test_a_one_time_password_can_be_typed_and_not_guessed(site: Any) -> None:
    with site.services.database.change("test") as change:
        passwords = [set_one_time_password(change, site.user_id).reveal() for _ in range(5)]
    assert len(set(passwords)) == 5
    for password in passwords:
        assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", password)
        assert not set(password) & set("il1o0")
    with site.services.database.read() as connection:
        stored = read_password(connection, site.user_id)
    assert stored is not None
    assert stored.must_change
    assert stored.valid_until == pytest.approx(site.services.database.now() + 7 * 86400, abs=5)


def test_an_older_hash_is_renewed_when_its_person_signs_in(site: Any, browser_session: Any) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
    set_hash(site, old)
    attempt = Attempt(site.user_name, Secret(GOOD), "192.0.2.1")
    signed_in = sign_in(site.services.database, attempt, browser_session, session_seconds=60)
    assert not isinstance(signed_in, Refusal)
    with site.services.database.read() as connection:
        stored = read_password(connection, site.user_id)
    assert stored is not None
    assert stored.hash != old
    assert verify_password(stored.hash, Secret(GOOD))
    assert not needs_new_hash(stored.hash)


def set_hash(site: Any, hashed: str) -> None:
    from usher.server.store.tables import passwords

    with site.services.database.change("test") as change:
        change.connection.execute(passwords.update().values(hash=hashed))
        change.record("test", site.user_id)
