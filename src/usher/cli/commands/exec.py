"""Run a command with a profile's credentials in its environment, or in many accounts side by side.

Usher is replaced by the command: exit code and signals are the command's own.

    usher exec mkdev-staging/AdministratorAccess -- aws s3 ls
    usher exec -- aws s3 ls             # the profile in use, or this folder's, or picked: Tab marks several
    usher exec --renew PROFILE -- terraform apply     # a job longer than one role session
    usher exec --needs 3h PROFILE -- ./backup.sh      # warns when the keys end before that

With several profiles, or --each with a pattern, the command runs in all of them; each line of output
says whose it is, and the exit code is the highest of all.

    usher exec --each 'mkdev-*/ReadOnlyAccess' -- aws s3 ls
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from usher.cli.context import Context
from usher.cli.entering import (
    all_profiles,
    chosen_profiles,
    confirm_all,
    first_of_each_organization,
    looks_of,
    near_matches,
    open_confirmed,
    refuse_unconfirmed,
)
from usher.cli.looks import look_for
from usher.cli.needs import add_needs, warn_of_outliving
from usher.cli.opening import OpenedProfile, open_profile
from usher.cli.picker.actions import Action
from usher.cli.running import become
from usher.cli.side_by_side import NOT_STARTED, Outcome, Place, SideBySide, worst_code
from usher.cli.terminal import printable
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.core.errors import NotFoundError, SignInNeededError, UsageError, UsherError
from usher.core.looks import Look
from usher.shell.changes import changes
from usher.shell.variables import PINNED, STAMP, credential_changes

INTERRUPTED = 130
_AT_ONCE = 8
_MOST_AT_ONCE = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.usage = "usher exec [OPTIONS] [PROFILE ...] -- COMMAND [ARGUMENT ...]"
    parser.add_argument("profiles", nargs="*", metavar="PROFILE", help="a profile of the AWS config file")
    parser.add_argument("--region", metavar="REGION", help="use this region instead of the profile's")
    parser.add_argument(
        "--renew", action="store_true", help="for long jobs: the agent's endpoint instead of keys"
    )
    add_needs(parser, "warn now if the command, taking this long (e.g. 3h), outlives its keys or session")
    parser.add_argument("--yes", action="store_true", help="enter protected accounts without asking")
    many = parser.add_argument_group("many accounts side by side")
    many.add_argument(
        "--each", action="append", default=[], metavar="PATTERN", help="every profile of this shell pattern"
    )
    many.add_argument("--jobs", type=_jobs, default=_AT_ONCE, metavar="N", help="how many at a time (8)")
    many.add_argument("--json", action="store_true", help="print one document with every outcome instead")


def read_arguments(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Usher's own arguments up to `--`; what follows is the command's, untouched.

    Without `--` the first word that is no option is the profile and the command follows it: PowerShell
    takes a `--` away before any function sees it.
    """
    if "--" in arguments:
        end = list(arguments).index("--")
        own, command = arguments[:end], arguments[end + 1 :]
    else:
        own, command = _split_at_command(parser, arguments)
    options = parser.parse_args(own)
    options.command = list(command)
    return options


def run(options: argparse.Namespace, context: Context) -> int:
    """Replace this process by the command, or run it in many places; returns the exit code."""
    if not options.command:
        raise UsageError("which command?", hint="usher exec PROFILE -- COMMAND ...")
    if not options.each:
        options.profiles = chosen_profiles(context, options.profiles, Action.EXEC)
    if options.each or len(options.profiles) > 1:
        if options.renew:
            raise UsageError("--renew is for one profile", hint="run 'usher exec --renew' once for each")
        return _run_in_each(options, context)
    if options.json:
        raise UsageError("--json is for several profiles", hint="one command's output is its own")
    [name] = options.profiles
    rooms = open_session_rooms(context)
    opened, look = open_confirmed(context, rooms, name, yes=options.yes)
    if options.needs is not None:
        warn_of_outliving(rooms, opened, options.needs, renews=options.renew)
    environ = command_environment(context.environ, opened, look, options.region)
    if options.renew:
        from usher.cli.renewing import renewing_environment

        environ = renewing_environment(context, opened.name, environ)
    return become(options.command, environ, context.terminal)


def command_environment(
    environ: Mapping[str, str], opened: OpenedProfile, look: Look, region: str | None = None
) -> dict[str, str]:
    """`environ` with the profile's credentials and region in place of any others."""
    given = credential_changes(
        environ,
        opened.name,
        opened.credentials,
        region or opened.region,
        endpoint_url=opened.endpoint_url,
        look=look,
    )
    # A shell that runs below keeps to this profile, whatever folder it enters.
    return changes({**given.set, PINNED: "1"}, (*given.unset, STAMP)).applied_to(environ)


def _run_in_each(options: argparse.Namespace, context: Context) -> int:
    rooms = open_session_rooms(context)
    looks = looks_of(context, _profiles_meant(options, context))
    confirm_all(context, looks, yes=options.yes)
    _sign_in_first(context, rooms, looks)

    def environment(profile: str) -> Mapping[str, str]:
        opened = open_profile(rooms, profile)
        look = look_for(context, opened)
        if not looks[profile].confirm:  # its name did not tell that it leads to a protected account
            refuse_unconfirmed(opened.name, look, yes=options.yes)
        return command_environment(context.environ, opened, look, options.region)

    side_by_side = SideBySide(context.terminal, options.command, environment, keep=options.json)
    places = [Place(profile, look) for profile, look in looks.items()]
    outcomes = side_by_side.run(places, options.jobs)
    if options.json:
        context.terminal.result(json.dumps([_document(each) for each in outcomes], indent=1))
    _say_summary(context, outcomes)
    return INTERRUPTED if side_by_side.stopped else worst_code(outcomes)


def _profiles_meant(options: argparse.Namespace, context: Context) -> list[str]:
    meant = list(options.profiles)
    names = all_profiles(context) if options.each else []
    for pattern in options.each:
        found = [name for name in names if fnmatchcase(name, pattern)]
        if not found:
            raise NotFoundError(
                f"no profile matches '{printable(pattern)}'", hint=near_matches(names, pattern.strip("*"))
            )
        meant += found
    return list(dict.fromkeys(meant))


def _sign_in_first(context: Context, rooms: SessionRooms, profiles: Iterable[str]) -> None:
    """Open one profile of each organization before the others, so that a person signs in undisturbed.

    Raises SignInNeededError; a profile that cannot be opened for another reason fails when its turn comes.
    """
    for profile in first_of_each_organization(context, profiles):
        try:
            open_profile(rooms, profile)
        except SignInNeededError:
            raise
        except UsherError:
            continue


def _document(outcome: Outcome) -> dict[str, object]:
    return {
        "profile": outcome.profile,
        "exit_code": None if outcome.exit_code == NOT_STARTED else outcome.exit_code,
        "seconds": outcome.seconds,
        "error": outcome.error or None,
        "stdout": "\n".join(outcome.stdout),
        "stderr": "\n".join(outcome.stderr),
    }


def _say_summary(context: Context, outcomes: Sequence[Outcome]) -> None:
    terminal = context.terminal
    failed = [each for each in outcomes if each.exit_code != 0]
    terminal.say(terminal.style("dim", f"{len(outcomes) - len(failed)} of {len(outcomes)} succeeded"))
    for each in failed:
        how = "not started" if each.exit_code == NOT_STARTED else f"exit code {each.exit_code}"
        terminal.say(f"{terminal.style('error', 'failed: ')}{printable(each.profile)} ({how})")


def _split_at_command(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    rest = list(arguments)
    index = 0
    while index < len(rest) and rest[index].startswith("-"):
        index += 2 if _takes_value(parser, rest[index]) else 1
    profile = index + 1
    command = rest[profile:]
    if command and command[0].startswith("-"):
        raise UsageError(
            f"'{printable(command[0])}' stands between profile and command",
            hint="put -- before the command: usher exec PROFILE [OPTIONS] -- COMMAND ...",
        )
    return rest[:profile], command


def _takes_value(parser: argparse.ArgumentParser, option: str) -> bool:
    actions = parser._option_string_actions  # noqa: SLF001 -- argparse has no other way to ask
    return option in actions and actions[option].nargs != 0


def _jobs(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if not 1 <= number <= _MOST_AT_ONCE:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 to {_MOST_AT_ONCE}")
    return number
