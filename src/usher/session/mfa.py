"""Codes of an MFA device: from the command that the person's settings name, else asked at the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from usher.core.errors import SignInNeededError, UsherError
from usher.session.process import capture, find_program
from usher.session.settings import Settings

CODE_SECONDS = 60.0
_CODE = re.compile(r"\d{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CodeDesk:
    """Where codes come from. `ask` puts a question to the person, None where nobody is there.

    `command` are a program and its arguments; `{serial}` in them is the device's serial number. `profile`
    is what is being opened.
    """

    command: tuple[str, ...]
    ask: Callable[[str], str] | None
    environ: Mapping[str, str]
    profile: str = "PROFILE"

    def code(self, serial: str, *, again: bool = False) -> str:
        """A code of the device `serial`; `again` when the last one was refused. Raises SignInNeededError."""
        if self.command:
            return self._from_command(serial)
        if self.ask is None:
            raise SignInNeededError(
                f"a code of the MFA device {serial} is needed, and nobody is here to type it",
                hint=f"run 'usher explain --check {self.profile}' in a terminal, or set [mfa] command",
            )
        words = f"Code of {serial}:" if not again else f"That code was refused. The next code of {serial}:"
        code = self.ask(words).strip().replace(" ", "")
        while not _CODE.fullmatch(code):
            if not code:
                raise SignInNeededError(f"no code of {serial} was given", hint="run it again with the device")
            code = self.ask("A code has six digits. Code:").strip().replace(" ", "")
        return code

    @property
    def asks_again(self) -> bool:
        """Whether a refused code is worth another: a person may have mistyped it."""
        return not self.command

    def _from_command(self, serial: str) -> str:
        words = [word.replace("{serial}", serial) for word in self.command]
        what = "the [mfa] command of settings.toml"
        program = find_program(words[0], self.environ, what)
        answer = capture([str(program), *words[1:]], self.environ, what, CODE_SECONDS)
        code = answer.decode("ascii", "replace").strip()
        if not _CODE.fullmatch(code):
            raise UsherError(
                f"{what} printed no code of six digits", hint="run it by hand to see what it prints"
            )
        return code


def read_code_command(settings: Settings) -> tuple[str, ...]:
    """The `command` of the table `[mfa]`; empty when there is none. Raises UsageError."""
    table = settings.table("mfa")
    table.only("command")
    return table.texts("command")
