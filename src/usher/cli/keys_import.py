"""`usher keys import`: plain keys into the vault, proved to be what they seem, then out of plain files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from usher.cli.context import Context
from usher.cli.opening import aws_files
from usher.cli.wire import SessionRooms, usher_command
from usher.core.access_keys import NewAccessKey
from usher.core.credentials import Credentials
from usher.core.errors import NotFoundError, UsageError
from usher.core.hops import KeyPlace, Place, StaticKeysHop, StsPlace, account_of_arn
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.profiles.aws_files import AwsFiles, Profile
from usher.profiles.config_file import BACKUP_SUFFIX, edit_config
from usher.profiles.own_keys import Source, sdk_own_source, static_keys
from usher.profiles.plain_keys import with_vault_keys, without_plain_keys
from usher.profiles.sts_place import sts_place
from usher.session.static_keys import StoredKeys, keys_record, read_keys, stored_key_names, write_keys
from usher.session.vault.place import Store

_LARGEST_CSV = 65_536
_ID, _SECRET = "Access key ID", "Secret access key"


@dataclass(frozen=True, slots=True)
class PlainKeys:
    """Keys as they were found. `profile` is their profile's name, `csv` the file of the AWS console."""

    key: NewAccessKey
    sts: StsPlace
    profile: str | None = None
    csv: Path | None = None


def find_plain_keys(context: Context, profile: str | None, csv_file: str | None) -> PlainKeys:
    """The plain keys that the person named. Raises UsageError and NotFoundError."""
    files = aws_files(context)
    if csv_file is not None:
        nobody = Profile("", Place(csv_file, 1))
        sts = sts_place(files, nobody, nobody, context.environ, "")
        return PlainKeys(_from_csv(Path(csv_file)), sts, csv=Path(csv_file))
    name = profile or "default"
    found = files.profiles.get(name)
    if found is None:
        raise NotFoundError(f"there is no profile '{name}' in the AWS files", hint=_with_keys(files))
    hop = _plain_hop(found)
    if hop is None:
        raise UsageError(f"the profile '{name}' has no plain keys", hint=_with_keys(files))
    keys = hop.open_keys
    if keys.session_token is not None:
        raise UsageError(
            f"the keys of '{name}' are of a session that ends by itself",
            hint="only lasting keys are imported",
        )
    key = NewAccessKey(keys.access_key_id, keys.secret_access_key)
    return PlainKeys(key, sts_place(files, found, found, context.environ, ""), name)


def store_keys(rooms: SessionRooms, plain: PlainKeys, name: str | None) -> StoredKeys:
    """Prove the keys at AWS and put them into the vault. Raises StsRefusedError and UsageError."""
    from usher.aws.role_sessions import RoleSessions

    keys = Credentials(plain.key.id, plain.key.secret)
    arn = RoleSessions().caller(plain.sts, keys)
    if ":user/" not in arn:
        raise UsageError(
            f"these keys are not an IAM user's but those of {arn}",
            hint="keys of an account's root user are better deleted than kept: sign in as root and do so",
        )
    name = name or plain.profile or arn.rpartition("/")[2]
    if not name.isprintable() or name != name.strip():
        raise UsageError(f"{name!r} cannot name keys")
    if name in stored_key_names(rooms.vault):
        known = read_keys(rooms.vault, name)
        if known.access_key_id != plain.key.id:
            raise UsageError(
                f"the vault holds other keys called '{name}': {known.access_key_id}",
                hint=f"give --name, or 'usher keys remove {name}' first",
            )
    owner = account_of_arn(arn) or AccountId("")
    stored = StoredKeys(name, plain.key.id, plain.key.secret, arn, owner, rooms.clock())
    write_keys(rooms.vault, stored)
    generation = rooms.vault.generation()
    if generation is not None and generation.store is Store.AGENT:
        rooms.vault.delete(keys_record(name))
        raise UsageError(
            "the vault is only in the agent's memory, so the plain keys were left where they are",
            hint="give the vault a place that lasts: 'usher vault move --to file'",
        )
    return stored


def take_out(context: Context, plain: PlainKeys, stored: StoredKeys) -> list[str]:
    """Remove the plain keys and let the profile say where they are. Returns the files that changed."""
    config, credentials = context.aws_config_file, context.aws_credentials_file
    name = plain.profile or stored.name
    command = usher_command(context)
    changed = _edit(
        config,
        lambda text: without_plain_keys(
            with_vault_keys(text, config, name, stored.name, command), config, name, is_config=True
        ),
    )
    if plain.profile is not None:
        changed += _edit(
            credentials, lambda text: without_plain_keys(text, credentials, name, is_config=False)
        )
    if plain.csv is not None:
        plain.csv.unlink()
        changed.append(str(plain.csv))
    return changed


def _edit(path: Path, edit: Callable[[str], str]) -> list[str]:
    """Change the file; no back-up may keep the secret."""
    if not path.exists() and not edit(""):
        return []
    before, after = edit_config(path, edit)
    real = path.resolve()
    real.with_name(real.name + BACKUP_SUFFIX).unlink(missing_ok=True)
    return [str(path)] if before != after else []


def _plain_hop(profile: Profile) -> StaticKeysHop | None:
    if "aws_access_key_id" in profile.in_credentials:
        return static_keys(profile, KeyPlace.CREDENTIALS_FILE)
    return static_keys(profile, KeyPlace.CONFIG_FILE) if "aws_access_key_id" in profile.in_config else None


def _with_keys(files: AwsFiles) -> str:
    plain = {Source.CREDENTIALS_FILE, Source.CONFIG_FILE}
    names = [name for name, profile in files.profiles.items() if sdk_own_source(profile) in plain]
    return f"profiles with plain keys: {', '.join(names)}" if names else "no profile has plain keys"


def _from_csv(path: Path) -> NewAccessKey:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_CSV).decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a text file") from None
    rows = list(csv.DictReader(io.StringIO(text)))
    if len(rows) != 1 or not rows[0].get(_ID) or not rows[0].get(_SECRET):
        raise UsageError(
            f"{path} is not one key as the AWS console writes it", hint=f"its columns are {_ID} and {_SECRET}"
        )
    return NewAccessKey(rows[0][_ID].strip(), Secret(rows[0][_SECRET].strip()))
