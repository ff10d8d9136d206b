"""Where the vault's passphrase comes from: a descriptor, a command of the settings, or a person.

Never from an argument or a variable, which every process list and every child would show.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from usher.cli.terminal import Terminal
from usher.core import machine
from usher.core.errors import UsageError
from usher.core.secrets import Secret
from usher.session.vault.key_file import SHORT_PASSPHRASE, Passphrase
from usher.session.vault.keys import VaultLockedError

COMMAND_SECONDS = 120
_LONGEST = 4_096
_TRIES = 3


@dataclass
class PassphraseDesk:
    """Asks for the passphrase in the one way that is open. `command` is an argument list; no shell runs it.

    `descriptor` gives what opens the vault, `new_descriptor` what a new key file is sealed with. `typed`
    becomes True when a person had to type it: then it is worth keeping the key in memory.
    """

    terminal: Terminal
    environ: Mapping[str, str]
    command: tuple[str, ...] = ()
    descriptor: int | None = None
    new_descriptor: int | None = None
    typed: bool = False

    def candidates(self) -> Iterator[Secret]:
        """What may open the vault, one after the other. Raises VaultLockedError when nobody can be asked."""
        given = self._given(self.descriptor)
        if given is not None:
            yield given
            return
        if not self.terminal.interactive:
            raise VaultLockedError(
                "the vault is locked, and nobody is here to type its passphrase",
                hint="run 'usher vault unlock' in a terminal, or name a passphrase_command in settings.toml",
            )
        for attempt in range(_TRIES):
            if attempt:
                self.terminal.say("That does not open it.")
            answer = self.terminal.ask_secret("Passphrase of your usher vault: ")
            self.typed = True
            if answer:
                yield answer

    def new(self) -> Passphrase:
        """A passphrase for a new key file, typed twice. Raises VaultLockedError when nobody can be asked."""
        given = self._given(self.new_descriptor)
        if given is not None:
            return self._warned(Passphrase(given))
        if not self.terminal.interactive:
            raise VaultLockedError(
                "a new vault needs a passphrase, and nobody is here to choose one",
                hint="run 'usher vault init --passphrase' in a terminal, or with --passphrase-fd N",
            )
        self.typed = True
        chosen = Passphrase(self.terminal.ask_secret("New passphrase for your usher vault: "))
        if self.terminal.ask_secret("Again: ") != chosen.secret:
            raise UsageError("the two passphrases differ", hint="nothing was changed; try again")
        return self._warned(chosen)

    def _warned(self, chosen: Passphrase) -> Passphrase:
        if chosen.is_short:
            self.terminal.say(
                self.terminal.style("warn", "warning: ")
                + f"a passphrase of less than {SHORT_PASSPHRASE} characters can be found by trying; "
                "several random words are better"
            )
        return chosen

    def _given(self, descriptor: int | None) -> Secret | None:
        """What need not be typed: a descriptor's word goes before the command's."""
        if descriptor is not None:
            return _from_descriptor(descriptor)
        return _from_command(self.command, self.environ) if self.command else None


def check_may_name_commands(settings: Path) -> None:
    """Raises UsageError when somebody else could have written the settings that name a command to run."""
    state = settings.stat()
    if state.st_uid not in {machine.user_id(), 0} or machine.others_may(state, 0o022):
        raise UsageError(
            f"{settings} can be written by others, so the command in it is not run",
            hint=f"run: chmod 600 '{settings}'",
        )


def _from_descriptor(descriptor: int) -> Secret:
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise UsageError(
            f"cannot read the passphrase from descriptor {descriptor}: {error.strerror}"
        ) from None
    return _first_line(content, f"descriptor {descriptor}")


def _from_command(command: tuple[str, ...], environ: Mapping[str, str]) -> Secret:
    import subprocess  # only who names a command pays for it

    try:
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=COMMAND_SECONDS
        )
    except OSError as error:
        raise VaultLockedError(
            f"the passphrase_command '{command[0]}' does not run: {error.strerror}", hint=_COMMAND_HINT
        ) from None
    except subprocess.TimeoutExpired:
        raise VaultLockedError(
            f"the passphrase_command '{command[0]}' gave nothing in {COMMAND_SECONDS} s", hint=_COMMAND_HINT
        ) from None
    if done.returncode != 0:
        raise VaultLockedError(
            f"the passphrase_command '{command[0]}' ended with exit code {done.returncode}",
            hint=_COMMAND_HINT,
        )
    return _first_line(done.stdout, f"the passphrase_command '{command[0]}'")


_COMMAND_HINT = "correct [vault] passphrase_command in settings.toml, or run 'usher vault unlock'"


def _first_line(content: bytes, source: str) -> Secret:
    line = content.partition(b"\n")[0].removesuffix(b"\r")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = ""
    if not text.strip() or len(line) > _LONGEST:
        raise UsageError(f"{source} gives no passphrase", hint="it is the first line, in UTF-8")
    return Secret(text)
