"""Switch this shell to a profile: AWS_PROFILE is set, whatever would win over it is taken away.

It works through the shell's hook; once, in the shell's start-up file:

    eval "$(usher shell-init zsh)"      # or bash, sh; fish: usher shell-init fish | source

    usher use mkdev-staging/AdministratorAccess
    usher use -                         # the profile before
    usher use .                         # the profile that this folder's trusted .usher file names
    usher use --clear                   # no profile, no keys
    usher use --shell PROFILE           # a new shell for it; 'exit' comes back

Without PROFILE it opens the picker.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from usher.cli.context import Context
from usher.cli.entering import folder_profile, profile_named, trusted_folder
from usher.cli.folders import BoundFolder, read_bound_folder, stamp_folder
from usher.cli.looks import look_for
from usher.cli.picker.actions import Action
from usher.cli.running import become
from usher.cli.switching import confirmed_entry, hook_needed, profile_before, say_entered, warn_of
from usher.core.errors import ExitCode, NotFoundError, UsageError, UsherError
from usher.core.printable import printable
from usher.shell.changes import Changes, changes, hook_text
from usher.shell.quoting import Shell
from usher.shell.switching import (
    Entry,
    enter,
    enter_folder,
    leave_folder,
    stays_as_it_is,
    winning_variables,
)
from usher.shell.variables import ANNOUNCED, PINNED, STAMP, all_gone

_MOST_ANNOUNCED = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("profile", nargs="?", metavar="PROFILE", help="a profile, '-' or '.'")
    parser.add_argument("--region", metavar="REGION", help="set AWS_REGION and AWS_DEFAULT_REGION too")
    parser.add_argument("--clear", action="store_true", help="leave every profile and take keys away")
    parser.add_argument("--shell", action="store_true", help="start a new shell instead of changing this one")
    parser.add_argument("--yes", action="store_true", help="enter a protected account without asking")
    parser.add_argument("--shell-output", choices=list(Shell), type=Shell, help=argparse.SUPPRESS)
    parser.add_argument("--folder", metavar="FILE", help=argparse.SUPPRESS)


def run(options: argparse.Namespace, context: Context) -> int:
    """Print what the hook takes over, or become the new shell."""
    if options.shell and options.shell_output is None:
        return _start_shell(context, _entry(options, context))
    if options.shell_output is None:
        raise hook_needed(context, "use")
    nothing_said = options.profile is None and options.folder is None and not options.clear
    if nothing_said:
        return _use_picked(options, context, "")
    try:
        wanted = _wanted(options, context)
    except NotFoundError:
        if options.profile in {None, "-", "."} or not context.terminal.interactive:
            raise
        return _use_picked(options, context, options.profile)
    context.terminal.result(hook_text(options.shell_output, wanted))
    return ExitCode.DONE


def _use_picked(options: argparse.Namespace, context: Context, query: str) -> int:
    """Let the person pick, where no profile is named or there is none of that name."""
    from usher.cli.picking import follow, pick

    picked = pick(context, Action.USE, query)
    if picked.action is Action.USE:
        options.profile = picked.profile
        code, wanted = int(ExitCode.DONE), _wanted(options, context)
    else:
        # The hook reads an answer from stdout; this one changes nothing.
        code, wanted = follow(context, picked), changes({}, ())
    context.terminal.result(hook_text(options.shell_output, wanted))
    return code


def _wanted(options: argparse.Namespace, context: Context) -> Changes:
    if options.folder is not None:
        return _follow_folder(context, options.folder)
    if options.clear:
        if options.profile is not None:
            raise UsageError("either a profile or --clear")
        context.terminal.say("usher: no profile")
        return all_gone(context.environ)
    entry = _entry(options, context)
    wanted = enter(context.environ, entry)
    say_entered(context, entry)
    warn_of(context, entry, wanted)
    return wanted


def _entry(options: argparse.Namespace, context: Context) -> Entry:
    """The profile that is meant, confirmed when it is protected."""
    name, region = _meant(options, context)
    return confirmed_entry(context, name, options.region or region, yes=options.yes)


def _meant(options: argparse.Namespace, context: Context) -> tuple[str, str]:
    match options.profile:
        case "-":
            return profile_before(context), ""
        case ".":
            found = trusted_folder(context)
            if found is None:
                raise NotFoundError("no .usher file here or above", hint='write one: profile = "NAME"')
            says = found.says()
            return folder_profile(context, says), says.region
        case None:
            from usher.cli.picking import pick_for

            return pick_for(context, Action.USE), ""
    return profile_named(context, options.profile), ""


def _follow_folder(context: Context, path: str) -> Changes:
    """What the prompt's hook asks for: the folder's file is `path` now, or there is none."""
    left = leave_folder(context.environ)
    if not path:
        if left.set or left.unset:
            now = left.set.get("AWS_PROFILE")
            context.terminal.say(f"usher: left the folder; {printable(now) if now else 'no profile'}")
        return changes(left.set, (*left.unset, STAMP))
    folder = read_bound_folder(context, Path(path))
    stamp = {STAMP: stamp_folder(context, folder)}
    try:
        entered = _enter_folder(context, folder)
    except UsherError as error:
        entered = _announce(context, folder, error.message, error.hint)
    if entered is None:
        return changes(stamp, ())
    return changes({**entered.set, **stamp}, entered.unset)


def _enter_folder(context: Context, folder: BoundFolder) -> Changes | None:
    """The changes that enter a folder; None when it is entered already."""
    environ = context.environ
    if not folder.trusted:
        raise UsageError("it is not trusted", hint="look at it, then run 'usher trust' to follow it here")
    if winning := winning_variables(environ):
        raise UsageError(f"{winning[0]} is set and would win", hint="'usher use .' takes it away")
    says = folder.says()
    name = folder_profile(context, says)
    look = look_for(context, name)
    if look.confirm:
        raise UsageError(f"'{printable(name)}' is protected", hint="'usher use .' asks and enters it")
    entry = Entry(name, says.region, look)
    if stays_as_it_is(environ, str(folder.path), entry):
        return None
    say_entered(context, entry, f" ({printable(str(folder.path))})")
    return enter_folder(environ, str(folder.path), entry)


def _announce(context: Context, folder: BoundFolder, why: str, what_to_do: str) -> Changes:
    """Say once per shell and content why a folder is not followed; leave the one before, if any."""
    mark = f"{folder.hash[:16]}"
    told = context.environ.get(ANNOUNCED, "").split(":")
    left = leave_folder(context.environ)
    if mark in told:
        return left
    warning = context.terminal.style("warn", "usher: ")
    context.terminal.say(f"{warning}{printable(str(folder.path))} is not followed: {why}")
    context.terminal.say(f"       {what_to_do}")
    told = [*filter(None, told), mark][-_MOST_ANNOUNCED:]
    return changes({**left.set, ANNOUNCED: ":".join(told)}, left.unset)


def _start_shell(context: Context, entry: Entry) -> int:
    """Become a shell in which the profile is set; its prompt says so where the hook is installed."""
    environ = context.environ
    shell = environ.get("SHELL") or environ.get("COMSPEC") or "/bin/sh"
    wanted = enter(environ, entry)
    pinned = changes({**wanted.set, PINNED: "1"}, (*wanted.unset, STAMP))
    say_entered(context, entry, ", in a new shell until 'exit'")
    warn_of(context, entry, wanted)
    return become([shell], pinned.applied_to(environ), context.terminal)
