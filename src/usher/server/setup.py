"""Setting a directory up and looking after it from its own machine: by who holds the data folder."""

from __future__ import annotations

import base64
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from usher.core.errors import NotFoundError, UsageError
from usher.core.partitions import partition_of_region
from usher.core.secrets import Secret
from usher.server.config import Network, ServerConfig
from usher.server.idp.passwords import set_one_time_password
from usher.server.limits.settings import AwsLimits
from usher.server.rehearsal import RehearsedOrganization
from usher.server.sealing import Sealer, create_sealing_key, open_sealing_key
from usher.server.store.admin_keys import (
    ListedKey,
    disable_admin_key,
    insert_admin_key,
    list_admin_keys,
)
from usher.server.store.database import Change, Clock, Database, open_sqlite
from usher.server.store.identity import StoredUser, find_user_by_name, insert_user, list_users
from usher.server.store.instance import Instance, insert_instance, read_instance
from usher.server.store.schema import migrate

PORTAL_SESSION_SECONDS = 12 * 3600
_FOLDER_OWNER = "the data folder's owner"


@dataclass(frozen=True, slots=True)
class DirectoryKeys:
    """What the first administrator is shown, once."""

    access_key_id: str
    secret_access_key: Secret
    region: str
    instance_arn: str
    identity_store_id: str
    start_url: str
    user_name: str
    one_time_password: Secret


def initialise_directory(config: ServerConfig, administrator: str, clock: Clock) -> DirectoryKeys:
    """Make the data folder, the instance, and its first administrator with a key and a one-time password.

    All of it or nothing: a folder that an earlier attempt left half made is made anew. Raises UsageError
    when the folder cannot be written or holds a directory already.
    """
    _make_private_folder(config.data_dir)
    if config.database_file.exists():
        raise UsageError(
            f"{config.data_dir} holds a directory already",
            hint="run 'usher serve' with it, or choose another --data",
        )
    half_made = config.database_file.with_name("directory.db.new")
    if config.sealing_key_file.exists():
        _remove_half_made(config, half_made)
    half_made.touch(mode=0o600)  # says that the sealing key beside it seals nothing yet
    sealer = create_sealing_key(config.sealing_key_file)
    database = open_sqlite(half_made, clock)
    migrate(database)
    instance = _new_instance(config, clock())
    key_id, secret = _new_admin_key()
    user = _administrator(administrator, clock())
    with database.change(administrator) as change:
        insert_instance(change, instance)
        insert_user(change, user)
        insert_admin_key(change, sealer, key_id, secret, user.id)
        password = set_one_time_password(change, user.id)
    database.close()
    half_made.rename(config.database_file)
    return DirectoryKeys(
        access_key_id=key_id,
        secret_access_key=secret,
        region=config.region,
        instance_arn=instance.arn,
        identity_store_id=instance.identity_store_id,
        start_url=config.start_url,
        user_name=administrator,
        one_time_password=password,
    )


def reset_password(data_dir: Path, user_name: str, clock: Clock) -> tuple[str, Secret]:
    """Give a user a one-time password; the old password ends. Returns the user name as stored, and it."""
    with open_directory(data_dir, clock) as database, database.change(_FOLDER_OWNER) as change:
        user = _known_user(change, user_name)
        return user.user_name, set_one_time_password(change, user.id)


def create_key(data_dir: Path, user_name: str, clock: Clock) -> tuple[str, Secret]:
    """A new administration key of that user: its id and, once, its secret."""
    database, _, sealer = load_directory(data_dir, clock)
    key_id, secret = _new_admin_key()
    with closing(database), database.change(_FOLDER_OWNER) as change:
        user = _known_user(change, user_name)
        insert_admin_key(change, sealer, key_id, secret, user.id)
    return key_id, secret


def disable_key(data_dir: Path, key_id: str, clock: Clock) -> None:
    """Switch an administration key off for good. Raises NotFoundError."""
    with open_directory(data_dir, clock) as database, database.change(_FOLDER_OWNER) as change:
        if not disable_admin_key(change, key_id):
            raise NotFoundError(
                f"there is no active key '{key_id}' in this directory", hint="see 'usher directory key list'"
            )


def all_keys(data_dir: Path, clock: Clock) -> list[ListedKey]:
    """Every administration key, oldest first, without secrets."""
    with open_directory(data_dir, clock) as database, database.read() as connection:
        return list_admin_keys(connection)


def all_users(data_dir: Path, clock: Clock) -> Iterator[StoredUser]:
    """Every user, by id, page by page."""
    with open_directory(data_dir, clock) as database:
        after = ""
        while True:
            with database.read() as connection:
                users = list_users(connection, after, 500)
            yield from users
            if not users:
                return
            after = users[-1].id


def configure(
    data_dir: Path,
    public_url: str,
    *,
    account_role_name: str,
    federation_url: str,
    trusted_proxies: tuple[Network, ...] = (),
    aws_limits: AwsLimits | None = None,
    rehearsal: RehearsedOrganization | None = None,
) -> ServerConfig:
    """The configuration to serve the directory in `data_dir`; its region is the instance's own."""
    database, instance, _ = load_directory(data_dir, time.time)
    database.close()
    return ServerConfig(
        data_dir,
        public_url,
        instance.region,
        account_role_name,
        federation_url,
        trusted_proxies=trusted_proxies,
        aws_limits=aws_limits,
        rehearsal=rehearsal,
    )


@contextmanager
def open_directory(data_dir: Path, clock: Clock) -> Iterator[Database]:
    """The database of a directory that was initialised, brought to this version's schema."""
    database, _, _ = load_directory(data_dir, clock)
    try:
        yield database
    finally:
        database.close()


def load_directory(data_dir: Path, clock: Clock) -> tuple[Database, Instance, Sealer]:
    """The database, instance and sealing key in `data_dir`. Raises UsageError when there is none."""
    file = data_dir / "directory.db"
    if not file.is_file():
        raise UsageError(
            f"{data_dir} holds no directory",
            hint=f"run 'usher directory init --data {data_dir} --admin EMAIL' first",
        )
    if not os.access(file, os.W_OK) or not os.access(data_dir, os.W_OK):
        raise UsageError(f"{data_dir} cannot be written by this user", hint="run as the folder's owner")
    sealer = open_sealing_key(data_dir / "sealing.key")
    database = open_sqlite(file, clock)
    migrate(database)
    with database.read() as connection:
        instance = read_instance(connection)
    if instance is None:
        raise UsageError(f"{file} is not a directory's database", hint="choose another --data")
    return database, instance, sealer


def _known_user(change: Change, user_name: str) -> StoredUser:
    user = find_user_by_name(change.connection, user_name)
    if user is None:
        raise NotFoundError(
            f"there is no user '{user_name}' in this directory", hint="see 'usher directory user list'"
        )
    return user


def _remove_half_made(config: ServerConfig, half_made: Path) -> None:
    """Clear away an interrupted attempt. A key without one may be all that is left of another directory."""
    if not half_made.exists():
        raise UsageError(
            f"{config.sealing_key_file} is there, but no directory",
            hint="restore directory.db from the back-up that the key belongs to, or choose another --data",
        )
    config.sealing_key_file.unlink()
    half_made.unlink()


def _make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        probe = folder / ".probe"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise UsageError(f"the data folder {folder} cannot be written: {error.strerror}") from None


def _new_instance(config: ServerConfig, now: float) -> Instance:
    partition = partition_of_region(config.region)
    return Instance(
        arn=f"arn:{partition.name}:sso:::instance/ssoins-{secrets.token_hex(8)}",
        identity_store_id=f"d-{secrets.token_hex(5)}",
        name="usher",
        region=config.region,
        portal_session_seconds=PORTAL_SESSION_SECONDS,
        created_at=now,
    )


def _new_admin_key() -> tuple[str, Secret]:
    # Twenty characters as AWS's ids have, with a prefix that AWS does not use: nobody mistakes them.
    tail = base64.b32encode(secrets.token_bytes(10)).decode()
    return f"UDIR{tail}", Secret(secrets.token_hex(20))


def _administrator(email: str, now: float) -> StoredUser:
    given = email.partition("@")[0] or email
    return StoredUser(
        id=str(uuid4()),
        user_name=email,
        display_name=given,
        given_name=given,
        family_name="Administrator",
        email=email if "@" in email else None,
        attributes={
            "Name": {"GivenName": given, "FamilyName": "Administrator"},
            **({"Emails": [{"Value": email, "Primary": True}]} if "@" in email else {}),
        },
        active=True,
        revision=1,
        created_at=now,
        updated_at=now,
    )
