"""The text of the one program that browsers start as our native host: a line of sh, or a batch file.

It only sets the variables that say whose `usher` it is and becomes that `usher`: nothing in it is for a shell
to read, whatever characters a path has.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from usher.console.native_hosts import System
from usher.core.errors import UsageError

_WHAT = "Browsers start this for the Usher extension; 'usher browser setup' writes it."


def launcher_name(system: System) -> str:
    """The launcher's file name."""
    return "usher-host.bat" if system is System.WINDOWS else "usher-host"


def launcher_text(system: System, command: Sequence[str], kept: Mapping[str, str]) -> str:
    """The launcher that starts `command` with the variables `kept`. Raises UsageError.

    What the browser adds says which extension asks; the host serves no other.
    """
    return (_batch if system is System.WINDOWS else _script)(command, kept)


def _script(command: Sequence[str], kept: Mapping[str, str]) -> str:
    lines = ["#!/bin/sh", f"# {_WHAT}"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in kept.items()]
    lines.append(f'exec {shlex.join(command)} browser host "$@"')
    return "\n".join(lines) + "\n"


def _batch(command: Sequence[str], kept: Mapping[str, str]) -> str:
    lines = ["@echo off", f"rem {_WHAT}"]
    lines += [f'set "{name}={_doubled(value)}"' for name, value in kept.items()]
    lines.append(" ".join(f'"{_doubled(word)}"' for word in command) + " browser host %*")
    return "\r\n".join(lines) + "\r\n"


def _doubled(text: str) -> str:
    """A batch file replaces `%NAME%` within quotes too; nothing else is read there but a quote."""
    if any(character in text for character in '"\r\n'):
        raise UsageError(f"a batch file cannot hold {text!r}", hint="use a folder with a plain name")
    return text.replace("%", "%%")
