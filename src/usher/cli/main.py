"""Command name to module, imported when it runs, so that no command pays for another's imports."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from usher.core.errors import ExitCode, UsageError, UsherError

VERSION = "0.1.0"

COMMANDS = {
    "demo": "both steps, end to end, on this machine",
    "access": "check, plan and apply who may enter which account",
    "login": "sign in to the access portal",
    "logout": "end the portal session, here and on the server",
    "status": "who is signed in, and for how long",
    "migrate": "move from other sign-in tools",
    "vault": "where your secrets rest, and what opens them",
    "profiles": "AWS config profiles from what you may enter",
    "registry": "profiles that a team shares through git",
    "use": "switch this shell to a profile",
    "switch": "switch this terminal and its browser window together",
    "exec": "run a command with a profile's credentials, or in many accounts side by side",
    "env": "print a profile's credentials as variables",
    "agent": "keys in memory only, for containers and long jobs",
    "pick": "choose a profile by typing a few letters of it",
    "credentials": "print a profile's credentials for credential_process",
    "explain": "how a profile leads to keys, hop by hop",
    "keys": "the keys of IAM users: import, list, rotate, remove",
    "console": "open a profile's console",
    "browser": "the browser extension, and the browsers that consoles open in",
    "trust": "let a folder's .usher file choose the profile",
    "prompt": "what a prompt shows of the profile in use",
    "shell-init": "the code that makes a shell switch",
    "completion": "the code that makes a shell complete usher",
    "doctor": "find what is wrong on this machine, and plain-text secrets",
    "serve": "run the directory: a self-hosted Identity Center",
    "directory": "set up and look after the directory",
}


# What has to be installed beside the client for a command to run.
_EXTRAS = {"demo": "sandbox"}


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. Prints an error once, here."""
    # A command makes values that live to its end: to look for garbage less often takes a third off the time
    # that a plan of 90,000 grants needs, and a tenth off the picker's first paint.
    gc.set_threshold(100_000, 20, 100)
    # Only what is needed is imported: `usher --help` costs little more than starting Python.
    try:
        if not arguments or arguments[0] in {"-h", "--help", "help"}:
            return _show(_overview(), ExitCode.DONE if arguments else ExitCode.USAGE)
        if arguments[0] in {"-V", "--version"}:
            return _show(f"usher {VERSION}", ExitCode.DONE)
        if arguments[0] == "--complete":
            return _complete(arguments[1:])
        return run_command(arguments[0], arguments[1:])
    except UsherError as error:
        from usher.cli.context import read_context
        from usher.cli.result import report_error

        return report_error(error, read_context().terminal, as_json="--json" in _own_arguments(arguments))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return ExitCode.FAILED
    except OSError as error:
        return _report_system_error(error)


def _report_system_error(error: OSError) -> ExitCode:
    """What the operating system refused where nobody could say more about it: a full disk, a lost file."""
    import os

    from usher.cli.context import read_context
    from usher.cli.result import report_error
    from usher.core.printable import printable

    try:
        sys.stdout.flush()
    except OSError:  # it was the result that could not be written: do not try again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    where = f"{printable(os.fsdecode(error.filename))}: " if isinstance(error.filename, str | bytes) else ""
    known = UsherError(
        f"{where}{error.strerror or error}", hint="check space, owner and mode" if where else ""
    )
    return report_error(known, read_context().terminal)


def _own_arguments(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _show(text: str, code: ExitCode) -> ExitCode:
    from usher.cli.terminal import Terminal

    Terminal().result(text)
    return code


def _complete(words: Sequence[str]) -> ExitCode:
    from usher.cli.completing import complete_slowly
    from usher.cli.context import read_context

    complete_slowly(read_context(), list(words))
    return ExitCode.DONE


def run_command(name: str, arguments: Sequence[str]) -> int:
    """Run the command `name` and return its exit code. Raises UsherError."""
    if name not in COMMANDS:
        import difflib

        near = difflib.get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean 'usher {near[0]}'?" if near else "see 'usher --help'"
        raise UsageError(f"there is no command '{name}'", hint=hint)
    import importlib

    from usher.cli.context import read_context
    from usher.cli.parsing import read_arguments

    module = importlib.import_module(f"usher.cli.commands.{name.replace('-', '_')}")
    options = read_arguments(name, module, arguments)
    try:
        code: ExitCode = module.run(options, read_context())
    except ModuleNotFoundError as missing:
        if (missing.name or "usher").partition(".")[0] == "usher":
            raise
        raise UsageError(
            f"'usher {name}' needs the library '{missing.name}', which is not installed",
            hint=f"pip install 'usher-aws[{_EXTRAS.get(name, 'directory')}]'",
        ) from None
    return code


def _overview() -> str:
    lines = ["usage: usher COMMAND [ARGUMENTS]", ""]
    lines += [f"  {name:<12} {summary}" for name, summary in COMMANDS.items()]
    lines += ["", "'usher COMMAND --help' shows a command's arguments and an example."]
    return "\n".join(lines)
