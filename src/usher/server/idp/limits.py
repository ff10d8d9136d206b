"""One limiter for everything that can be guessed or flooded: token buckets in the database.

Every path that tries a password or a code asks here first, before any costly work, so that no path is
left out and a restart forgives nobody.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from usher.server.idp.lapsed import drop_lapsed_rows
from usher.server.store.database import Change, Connection, Database
from usher.server.store.sign_in import fill_bucket, fill_buckets_below, take_token


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
# Sessions for browsers that nobody has signed in with.
ANONYMOUS_SESSION = Limit("anonymous-session", 200, 2)
# A bucket's refusals that are worth a line in the audit log: one in ten minutes.
_REFUSAL_NOTED = Limit("refusal-noted", 1, 1 / 600)


@dataclass(frozen=True, slots=True)
class Demand:
    """One token wanted from the bucket of `subject`, or of one `part` of it, under `limit`."""

    limit: Limit
    subject: str
    part: str = ""

    @property
    def key(self) -> str:
        """The bucket's row. What it is about is hashed: people type passwords into the wrong field."""
        key = f"{self.limit.name}:{_hashed(self.subject)}"
        return f"{key}:{_hashed(self.part)}" if self.part else key


def from_address(limit: Limit, address: str) -> Demand:
    """A demand on the bucket of whoever has that address."""
    return Demand(limit, _network_of(address))


def password_demands(person: str, address: str) -> tuple[Demand, ...]:
    """What one try of a password from `address` costs. `person` is their id; if unknown, what was typed."""
    return (
        from_address(PASSWORD_FROM_ADDRESS, address),
        Demand(PASSWORD, person, _network_of(address)),
        Demand(PASSWORD_OF_PERSON, person),
    )


def take(database: Database, demands: Sequence[Demand]) -> bool:
    """Take one token for each demand, or none at all; False when a bucket is empty."""
    return take_or_find_empty(database, demands) is None


def take_or_find_empty(database: Database, demands: Sequence[Demand]) -> Demand | None:
    """Take one token for each demand, or none at all and give the demand whose bucket is empty."""
    now = database.now()
    with database.housekeeping() as connection:
        drop_lapsed_rows(database, connection)
        taken = connection.begin_nested()
        for demand in demands:
            if not _take_one(connection, demand, now):
                taken.rollback()
                return demand
        taken.commit()
    return None


def is_refusal_news(database: Database, refused: Demand) -> bool:
    """Whether a refusal should be recorded: a bucket's first within ten minutes. Asking counts."""
    return take(database, [Demand(_REFUSAL_NOTED, refused.key)])


def forgive(database: Database, demands: Sequence[Demand]) -> None:
    """Fill these buckets again: the right password was given."""
    with database.housekeeping() as connection:
        for demand in demands:
            fill_bucket(connection, demand.key)


def forgive_person(change: Change, user_id: str) -> None:
    """Fill every bucket of tries of that person's password: it is another one now."""
    fill_bucket(change.connection, Demand(PASSWORD_OF_PERSON, user_id).key)
    fill_buckets_below(change.connection, Demand(PASSWORD, user_id).key)


def _take_one(connection: Connection, demand: Demand, now: float) -> bool:
    limit = demand.limit
    return take_token(connection, demand.key, capacity=limit.capacity, per_second=limit.per_second, now=now)


def _network_of(address: str) -> str:
    """What one party holds: an IPv4 address, or the /64 that every IPv6 customer gets at least."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(ip) >> 64 << 64, 64)))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
