"""Switch this terminal and the browser window that belongs to it to an account: both, and nothing else.

It works through the shell's hook, as 'usher use' does ('usher shell-init --help'):

    usher switch mkdev-staging/AdministratorAccess
    usher switch                        # pick one
    usher switch -                      # the profile before
    usher switch .                      # the account that the browser window was switched to
    usher switch --no-browser PROFILE   # the browser window stays where it is
    usher switch --clear                # no profile, no keys, and no browser window of its own any more

The first time, the terminal gets a browser window of its own; later the page that you look at there is opened
again in the new account. When you switch in that window, this shell follows at its next prompt. Other
terminals and other browser windows keep their accounts.
"""

from __future__ import annotations

import argparse

from usher.cli.browser.windows import (
    Who,
    WindowState,
    forget_old_windows,
    new_window,
    read_window,
    window_file,
    window_here,
    write_window,
)
from usher.cli.context import Context
from usher.cli.entering import profile_named
from usher.cli.looks import look_for
from usher.cli.picker.actions import Action
from usher.cli.switching import confirmed_entry, hook_needed, profile_before, say_entered, warn_of
from usher.core.errors import ExitCode, NotFoundError, UsageError, UsherError
from usher.core.printable import printable
from usher.shell.changes import Changes, changes, hook_text
from usher.shell.quoting import Shell
from usher.shell.switching import Entry, enter, winning_variables
from usher.shell.variables import WINDOW, WINDOW_FILE, WINDOW_SEEN, all_gone

_HERE = "."
_WINDOW = (WINDOW, WINDOW_FILE, WINDOW_SEEN)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("profile", nargs="?", metavar="PROFILE", help="a profile, '-' or '.'")
    parser.add_argument("--region", metavar="REGION", help="set AWS_REGION and AWS_DEFAULT_REGION too")
    parser.add_argument("--no-browser", action="store_true", help="switch the terminal alone")
    parser.add_argument("--clear", action="store_true", help="leave every profile, and the browser window")
    parser.add_argument("--yes", action="store_true", help="enter a protected account without asking")
    parser.add_argument("--shell-output", choices=list(Shell), type=Shell, help=argparse.SUPPRESS)
    parser.add_argument("--follow", action="store_true", help=argparse.SUPPRESS)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Print what the hook takes over, when the browser window has moved."""
    if options.shell_output is None:
        raise hook_needed(context, "switch")
    if options.follow:
        wanted = _follow(context)
    elif options.clear:
        wanted = _leave(options, context)
    else:
        wanted = _switch(options, context)
    context.terminal.result(hook_text(options.shell_output, wanted))
    return ExitCode.DONE


def _switch(options: argparse.Namespace, context: Context) -> Changes:
    """Enter the profile here, and in the browser window unless that is where it came from."""
    if options.profile == _HERE:
        return _catch_up(options, context)
    entry = confirmed_entry(context, _meant(options.profile, context), options.region or "", yes=options.yes)
    here = window_here(context)
    window = here or new_window()
    trouble = None if options.no_browser else _move_browser(context, entry, window, yes=options.yes)
    wanted = _entered(context, entry)
    if trouble is not None:
        _say_not_followed(context, trouble)
    if here is None and (trouble is not None or options.no_browser):
        return wanted  # a terminal without a browser window has nothing to share
    forget_old_windows(context)
    state = write_window(context, window, entry.profile, Who.TERMINAL, context.terminal.device)
    return _in_window(context, wanted, window, state)


def _move_browser(context: Context, entry: Entry, window: str, *, yes: bool) -> UsherError | None:
    """Show the account in the browser window `window`; None, or why it is not. Raises UsherError."""
    from usher.cli.browser.quickly import opened_by_host

    try:
        quickly = not entry.region and opened_by_host(
            context, entry.profile, None, None, yes=yes, window=window
        )
    except UsherError as error:
        return error
    if quickly:
        return None
    from usher.cli.browser.moving import follow_in_browser  # brings the network

    return follow_in_browser(context, entry, window, yes=yes)


def _catch_up(options: argparse.Namespace, context: Context) -> Changes:
    """Enter what the browser window was switched to: a protected account waits for this word."""
    window, state = _window_with_state(context)
    entry = confirmed_entry(
        context, profile_named(context, state.profile), options.region or "", yes=options.yes
    )
    return _in_window(context, _entered(context, entry), window, state)


def _follow(context: Context) -> Changes:
    """What the prompt's hook asks for: somebody else switched in this shell's window."""
    window = window_here(context)
    if window is None:  # the variables are another terminal's
        return changes({}, _WINDOW)
    state = read_window(context, window)
    if state is None:
        return changes({}, ())
    seen = Changes({WINDOW_SEEN: state.mark})
    if state.profile == context.environ.get("AWS_PROFILE"):
        return seen
    try:
        followed = _enter_followed(context, state)
    except UsherError as error:
        warning = context.terminal.style("warn", "usher: ")
        context.terminal.say(
            f"{warning}the window was switched to {printable(state.profile)}: {error.message}"
        )
        if error.hint:
            context.terminal.say(f"       {error.hint}")
        return seen
    return changes({**followed.set, **seen.set}, followed.unset)


def _enter_followed(context: Context, state: WindowState) -> Changes:
    """The changes that follow the window. Raises UsherError where only a person's own word enters."""
    name = profile_named(context, state.profile)
    if winning := winning_variables(context.environ):
        raise UsageError(f"{winning[0]} is set here and would win", hint="'usher switch .' takes it away")
    look = look_for(context, name)
    if look.confirm:
        raise UsageError("it is protected", hint="'usher switch .' asks and enters it")
    entry = Entry(name, "", look)
    where = "the browser" if state.who is Who.BROWSER else "another shell of this window"
    say_entered(context, entry, f" (switched in {where})")
    wanted = enter(context.environ, entry)
    warn_of(context, entry, wanted)
    return wanted


def _leave(options: argparse.Namespace, context: Context) -> Changes:
    """No profile and no keys; the next switch gives the terminal a new browser window."""
    if options.profile is not None:
        raise UsageError("either a profile or --clear")
    context.terminal.say("usher: no profile")
    gone = all_gone(context.environ)
    return changes(gone.set, (*gone.unset, *_WINDOW))


def _meant(profile: str | None, context: Context) -> str:
    """The profile's whole name: named, the one before, or picked; a name that is none leads to the picker."""
    if profile == "-":
        return profile_before(context)
    if profile is not None:
        try:
            return profile_named(context, profile)
        except NotFoundError:
            if not context.terminal.interactive:
                raise
    from usher.cli.picking import pick_for

    return pick_for(context, Action.USE, profile or "")


def _entered(context: Context, entry: Entry) -> Changes:
    wanted = enter(context.environ, entry)
    say_entered(context, entry)
    warn_of(context, entry, wanted)
    return wanted


def _say_not_followed(context: Context, trouble: UsherError) -> None:
    """In one line: the terminal is switched, and that is what most of the work is done in."""
    warning = context.terminal.style("warn", "usher: ")
    hint = f" ({trouble.hint})" if trouble.hint else ""
    context.terminal.say(f"{warning}the browser did not follow: {trouble.message}{hint}")


def _in_window(context: Context, wanted: Changes, window: str, state: WindowState) -> Changes:
    """`wanted`, and what the hook needs to see the next switch of `window`."""
    ours = {WINDOW: window, WINDOW_FILE: str(window_file(context, window)), WINDOW_SEEN: state.mark}
    return changes({**wanted.set, **ours}, wanted.unset)


def _window_with_state(context: Context) -> tuple[str, WindowState]:
    window = window_here(context)
    state = read_window(context, window) if window is not None else None
    if window is None or state is None:
        raise NotFoundError(
            "no browser window belongs to this terminal yet", hint="'usher switch PROFILE' gives it one"
        )
    return window, state
