"""One limiter for everything that can be guessed or flooded: token buckets in the database.

Every path that tries a password or a code asks here first, before any costly work, so that no path is
left out and a restart forgives nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from usher.server.store.database import Database
from usher.server.store.sign_in import drop_old_buckets, fill_bucket, take_token

_FORGOTTEN_AFTER_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket's size and how many tokens per second come back. Full again within a day."""

    name: str
    capacity: float
    per_second: float


# A person's password, from one address: ten tries, then one every half a minute.
PASSWORD = Limit("password", 10, 1 / 30)
# A person's password, from everywhere: guessing from many addresses does not help.
PASSWORD_OF_PERSON = Limit("password-of-person", 100, 1 / 30)
# Every password tried from one address; offices share one.
PASSWORD_FROM_ADDRESS = Limit("password-from-address", 100, 1 / 2)
# Device codes typed by one person.
USER_CODE = Limit("user-code", 10, 1 / 30)
# What programs without any credential may ask to be stored.
REGISTRATION = Limit("registration", 200, 2)
DEVICE_AUTHORIZATION = Limit("device-authorization", 200, 2)


@dataclass(frozen=True, slots=True)
class Demand:
    """One token wanted from the bucket of `subject` under `limit`."""

    limit: Limit
    subject: str

    @property
    def key(self) -> str:
        """The bucket's row. The subject is hashed: people type passwords into the wrong field."""
        return f"{self.limit.name}:{hashlib.sha256(self.subject.encode()).hexdigest()}"


def password_demands(user_name: str, address: str) -> tuple[Demand, ...]:
    """What one try of `user_name`'s password from `address` costs; the name as it is compared."""
    return (
        Demand(PASSWORD_FROM_ADDRESS, address),
        Demand(PASSWORD, f"{address} {user_name}"),
        Demand(PASSWORD_OF_PERSON, user_name),
    )


def take(database: Database, demands: Sequence[Demand]) -> bool:
    """Take one token for each demand, in order; False as soon as one bucket is empty."""
    now = database.now()
    with database.housekeeping() as connection:
        drop_old_buckets(connection, now - _FORGOTTEN_AFTER_SECONDS)
        return all(
            take_token(
                connection,
                demand.key,
                capacity=demand.limit.capacity,
                per_second=demand.limit.per_second,
                now=now,
            )
            for demand in demands
        )


def forgive(database: Database, demands: Sequence[Demand]) -> None:
    """Fill these buckets again: the right password was given."""
    with database.housekeeping() as connection:
        for demand in demands:
            fill_bucket(connection, demand.key)
