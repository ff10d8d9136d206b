"""The instance: one row that says which Identity Center this is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from usher.server.store.database import Change
from usher.server.store.tables import instances


@dataclass(frozen=True, slots=True)
class Instance:
    """This directory's identity. `portal_session_seconds` is how long a portal session may last."""

    arn: str
    identity_store_id: str
    name: str
    region: str
    portal_session_seconds: int
    created_at: float

    @property
    def id(self) -> str:
        """The instance's id, for example `ssoins-0123456789abcdef`."""
        return self.arn.rpartition("/")[2]

    @property
    def partition(self) -> str:
        """The partition in the instance's ARN."""
        return self.arn.split(":")[1]

    @property
    def alias_start_url(self) -> str:
        """A start URL that AWS CLI 2.35.13 and later accept, because its host is AWS's.

        Clients never open it: their configured endpoints lead to this directory.
        """
        return f"https://{self.identity_store_id}.awsapps.com/start"

    @property
    def regional_start_url(self) -> str:
        """Where HEAD on the start URL leads, for clients that ask who owns it."""
        return f"https://{self.id}.portal.{self.region}.app.aws/"


def read_instance(connection: Connection) -> Instance | None:
    """The instance, or None in a database that was not initialised."""
    row = connection.execute(select(instances)).mappings().one_or_none()
    return Instance(**row) if row else None


def insert_instance(change: Change, instance: Instance) -> None:
    """Make this database the state of `instance`."""
    values = {column.name: getattr(instance, column.name) for column in instances.columns}
    change.connection.execute(insert(instances).values(values))
    change.record("directory:Initialise", instance.arn, region=instance.region)
