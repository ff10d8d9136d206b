"""Keep the access keys of IAM users in the vault instead of plain files, and renew them.

No verb ever shows a secret; SDKs and the AWS CLI get it through the profile's credential_process.

usher keys import --profile legacy     from ~/.aws/credentials, verified, then removed there
usher keys import --from-csv accessKeys.csv
usher keys list --check
usher keys rotate legacy               a new key, the old one switched off and deleted
usher keys remove legacy
"""

from __future__ import annotations

import argparse
import json
import shlex
import time
from collections.abc import Sequence
from functools import cache

from usher.cli.context import Context
from usher.cli.keys_import import PlainKeys, find_plain_keys, store_keys, take_out
from usher.cli.opening import aws_files
from usher.cli.text.keys import KeyState, key_documents, key_table
from usher.cli.text.status import iso_time
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.cli.wire_chains import chain_walker
from usher.core.credentials import Credentials
from usher.core.errors import ExitCode, UnavailableError, UsageError
from usher.core.hops import Chain, KeyPlace, Link, Place, SessionTokenHop, StaticKeysHop, StsPlace
from usher.core.sts_refusals import StsRefusedError
from usher.profiles.aws_files import AwsFiles, Profile
from usher.profiles.chain import MFA_SESSION_SECONDS
from usher.profiles.own_keys import USHER_KEYS
from usher.profiles.sts_place import endpoint_of, sts_place
from usher.session.chain_records import forget_hops
from usher.session.key_rotation import RotationDesk, read_rotation, rotate_keys
from usher.session.static_keys import StoredKeys, keys_record, read_keys, stored_key_names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="import|list|rotate|remove")
    importing = verbs.add_parser("import", help="put plain keys into the vault", allow_abbrev=False)
    source = importing.add_mutually_exclusive_group()
    source.add_argument(
        "--profile", metavar="P", help="a profile with plain keys ('default' if none is given)"
    )
    source.add_argument("--from-csv", metavar="FILE", help="the file that the AWS console gave")
    importing.add_argument("--name", metavar="N", help="how the vault calls them (the profile's name)")
    importing.add_argument("--yes", action="store_true", help="remove the plain keys without asking")
    importing.add_argument("--keep-plain", action="store_true", help="leave the plain keys where they are")
    listing = verbs.add_parser("list", help="list the keys in the vault", allow_abbrev=False)
    listing.add_argument("--check", action="store_true", help="ask AWS whether it accepts them")
    listing.add_argument("--json", action="store_true", help="print the result as JSON")
    rotating = verbs.add_parser("rotate", help="replace keys by new ones", allow_abbrev=False)
    rotating.add_argument("name", metavar="NAME", help="keys of 'usher keys list'")
    removing = verbs.add_parser("remove", help="take keys out of the vault", allow_abbrev=False)
    removing.add_argument("name", metavar="NAME", help="keys of 'usher keys list'")
    removing.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Run one verb."""
    rooms = open_session_rooms(context)
    verbs = {"import": _import, "list": _list, "rotate": _rotate, "remove": _remove}
    return verbs[options.verb](options, rooms)


def _import(options: argparse.Namespace, rooms: SessionRooms) -> ExitCode:
    context, terminal = rooms.context, rooms.context.terminal
    plain = find_plain_keys(context, options.profile, options.from_csv)
    stored = store_keys(rooms, plain, options.name)
    terminal.say(f"The keys {stored.access_key_id} of {stored.user_arn} are in the vault as '{stored.name}'.")
    where = _where(plain)
    if options.keep_plain or not _agreed(options, rooms, f"Remove the plain keys from {where} now?"):
        again = f"'usher keys import {_again(options)} --yes'"
        terminal.say(f"They still lie in {where}, where every program can read them; {again} removes them.")
        return ExitCode.DONE
    for file in take_out(context, plain, stored):
        terminal.say(f"Changed {file}; no back-up keeps the secret.")
    rooms.shelf.clear()
    return ExitCode.DONE


def _where(plain: PlainKeys) -> str:
    return str(plain.csv) if plain.csv else f"the profile '{plain.profile}' of the AWS files"


def _again(options: argparse.Namespace) -> str:
    source = ["--from-csv", options.from_csv] if options.from_csv else []
    profile = [] if source else ["--profile", options.profile or "default"]
    return shlex.join([*source, *profile, *(["--name", options.name] if options.name else [])])


def _agreed(options: argparse.Namespace, rooms: SessionRooms, question: str) -> bool:
    terminal = rooms.context.terminal
    return options.yes or (terminal.interactive and terminal.confirm(question))


def _list(options: argparse.Namespace, rooms: SessionRooms) -> ExitCode:
    files = aws_files(rooms.context)
    states = [_state(rooms, files, name, check=options.check) for name in stored_key_names(rooms.vault)]
    if options.json:
        rooms.context.terminal.result(json.dumps(key_documents(states), indent=2))
    else:
        rooms.context.terminal.result(key_table(states, rooms.clock()))
    refused = [state for state in states if state.refused]
    return ExitCode.NO_ACCESS if refused else ExitCode.DONE


def _state(rooms: SessionRooms, files: AwsFiles, name: str, *, check: bool) -> KeyState:
    stored = read_keys(rooms.vault, name)
    refused: str | None = None
    if check:
        from usher.aws.role_sessions import RoleSessions

        place = _place(rooms, files, stored)
        try:
            RoleSessions().caller(place, stored.credentials)
        except StsRefusedError as refusal:
            refused = refusal.words
        except UnavailableError as error:
            rooms.context.terminal.say(f"'{name}': {error.message}")
            check = False
    profiles = tuple(profile.name for profile in _profiles_of(files, name))
    rotating = read_rotation(rooms.vault, name) is not None
    return KeyState(stored, profiles, rotating, check, refused)


def _rotate(options: argparse.Namespace, rooms: SessionRooms) -> ExitCode:
    from usher.aws.access_keys import UserKeys

    context = rooms.context
    files, stored = aws_files(context), read_keys(rooms.vault, options.name)
    place = _place(rooms, files, stored)
    profile = next(iter(_profiles_of(files, stored.name)), None)
    endpoint = endpoint_of(files, profile or _nobody(files), context.environ, "iam")
    serial = profile.text("mfa_serial") if profile else None

    @cache  # one code for the whole rotation, though the keys change in its middle
    def session() -> Credentials:
        return _mfa_session(rooms, stored.name, serial or "", place)

    def signer(keys: StoredKeys) -> Credentials:
        return session() if serial else keys.credentials

    desk = RotationDesk(
        rooms.vault,
        context.cache_dir / "locks",
        UserKeys(stored.user_arn, place, endpoint),
        signer,
        rooms.clock,
        time.sleep,
    )
    fresh = rotate_keys(desk, options.name)
    rooms.shelf.clear()
    context.terminal.say(
        f"'{fresh.name}' is {fresh.access_key_id} now; {stored.access_key_id} is deleted at AWS."
        if fresh.access_key_id != stored.access_key_id
        else f"The rotation of '{fresh.name}' is finished: {fresh.access_key_id} is its only key."
    )
    return ExitCode.DONE


def _mfa_session(rooms: SessionRooms, name: str, serial: str, place: StsPlace) -> Credentials:
    """A session with a code, for users whose policy asks for MFA before it lets them make keys."""
    links = (
        Link(StaticKeysHop(KeyPlace.VAULT, name), name),
        Link(SessionTokenHop(serial, MFA_SESSION_SECONDS, place), name),
    )
    return chain_walker(rooms, Chain(name, links)).keys()


def _remove(options: argparse.Namespace, rooms: SessionRooms) -> ExitCode:
    name = options.name
    stored, terminal = read_keys(rooms.vault, name), rooms.context.terminal
    if read_rotation(rooms.vault, name) is not None:
        raise UsageError(
            f"a rotation of '{name}' is under way", hint=f"finish it first: 'usher keys rotate {name}'"
        )
    since = iso_time(stored.stored_at)[:10]
    question = f"Take {stored.access_key_id} of {stored.user_arn} (here since {since}) out of the vault?"
    if not _agreed(options, rooms, f"{question} Its secret is then nowhere."):
        raise UsageError("nothing was removed", hint="answer y, or give --yes")
    rooms.vault.delete(keys_record(name))
    forget_hops(rooms.vault, None)  # sessions that came of them
    rooms.shelf.clear()
    terminal.say(f"'{name}' is gone from the vault. AWS still accepts the key until it is deleted there:")
    terminal.say(f"  aws iam delete-access-key --access-key-id {stored.access_key_id}")
    for profile in _profiles_of(aws_files(rooms.context), name):
        terminal.say(f"{profile.place}: the profile '{profile.name}' still names these keys.")
    return ExitCode.DONE


def _profiles_of(files: AwsFiles, name: str) -> Sequence[Profile]:
    return [profile for profile in files.profiles.values() if profile.text(USHER_KEYS) == name]


def _place(rooms: SessionRooms, files: AwsFiles, stored: StoredKeys) -> StsPlace:
    profile = next(iter(_profiles_of(files, stored.name)), _nobody(files))
    return sts_place(files, profile, profile, rooms.context.environ, stored.user_arn)


def _nobody(files: AwsFiles) -> Profile:
    return Profile("", Place(str(files.config_path), 1))
