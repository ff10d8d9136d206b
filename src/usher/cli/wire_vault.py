"""Composition of the vault: the settings' wishes, the stores of this machine, and the agent."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from usher.cli.context import Context
from usher.cli.passphrases import PassphraseDesk, check_may_name_commands
from usher.core.errors import UsageError, UsherError
from usher.session.settings import load_settings
from usher.session.vault.contract import Vault
from usher.session.vault.key_file import KeyFile, Sealing, recipients_of
from usher.session.vault.ladder import LadderVault
from usher.session.vault.os_store import PATIENCE_SECONDS, OsStore, find_os_key_ring
from usher.session.vault.place import Store, VaultPlace

if TYPE_CHECKING:
    from usher.session.agent.client import AgentClient

_UNSEEN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """The table `[vault]`, with the environment's word above it. `store` is None for the ladder's choice."""

    store: Store | None = None
    identity: str = ""
    passphrase_command: tuple[str, ...] = ()


def vault_settings(context: Context) -> VaultSettings:
    """What the person asked for. Raises UsageError for a store there is none of."""
    settings = load_settings(context.config_dir)
    table = settings.table("vault")
    table.only("store", "identity", "passphrase_command")
    store, source = context.environ.get("USHER_VAULT", ""), "USHER_VAULT"
    if not store:
        store, source = table.text("store", "auto"), f"{settings.path}: 'vault.store'"
    if store not in {"auto", *Store}:
        raise UsageError(f"{source} is '{store}'", hint=f"it is one of: auto, {', '.join(Store)}")
    command = table.texts("passphrase_command")
    if command:
        check_may_name_commands(settings.path)
    identity = context.environ.get("USHER_VAULT_IDENTITY") or table.text("identity")
    return VaultSettings(
        None if store == "auto" else Store(store),
        str(Path(identity.replace("~", str(context.home), 1) if identity.startswith("~/") else identity))
        if identity
        else "",
        command,
    )


def key_ring_patience(environ: Mapping[str, str]) -> float:
    """Seconds that a key ring may take: a person needs a moment, but only where they see its window."""
    remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    has_screen = bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")) or sys.platform != "linux"
    return PATIENCE_SECONDS if has_screen and not remote else _UNSEEN_SECONDS


def open_vault(
    context: Context,
    *,
    sealing: Callable[[PassphraseDesk], Sealing] | None = None,
    descriptor: int | None = None,
    new_descriptor: int | None = None,
    starts_agent: bool = False,
) -> LadderVault:
    """The person's vault; nothing is read, asked or started before its first use.

    `sealing` says how to seal a new key file, instead of the settings. The descriptors give passphrases, to
    open the vault and for a new key file. `starts_agent` keeps an unlocked key in an agent in any case.
    Raises UsageError for wrong settings.
    """
    wanted = vault_settings(context)
    desk = PassphraseDesk(
        context.terminal, context.environ, wanted.passphrase_command, descriptor, new_descriptor
    )
    place = VaultPlace(context.data_dir / "vault", context.cache_dir / "locks")

    def new_sealing() -> Sealing:
        if sealing is not None:
            return sealing(desk)
        return recipients_of(Path(wanted.identity)) if wanted.identity else desk.new()

    os_store = OsStore(find_os_key_ring, key_ring_patience(context.environ))
    key_file = KeyFile(place.folder, new_sealing, desk.candidates, wanted.identity)
    return LadderVault(
        place,
        wanted.store,
        {Store.OS: os_store, Store.FILE: key_file},
        os_store.is_here,
        _AgentMemory(context, lambda: starts_agent or desk.typed),
        os.urandom,
    )


class _AgentMemory:
    """The agent, looked for only when it is asked: its client costs a start-up that many commands spare."""

    def __init__(self, context: Context, starts_for_a_key: Callable[[], bool]) -> None:
        self._context = context
        self._starts_for_a_key = starts_for_a_key

    def runs(self) -> bool:
        """Whether an agent runs now."""
        return self._client().is_running()

    def records(self) -> Vault:
        """The records in its memory."""
        from usher.cli.wire_agent import agent_vault

        return agent_vault(self._context)

    def key(self, name: str) -> bytes | None:
        """The unlocked key; an agent that does not answer as it should is as good as none."""
        try:
            return self._client().key(name)
        except (UsherError, OSError):
            return None

    def put_key(self, name: str, key: bytes) -> None:
        """Keep the key; an agent is started for it when a person had to type a passphrase."""
        from usher.cli.wire_agent import ensure_agent
        from usher.session.agent.place import NoAgentError

        try:
            self._client().put_key(name, key)
        except NoAgentError:
            if self._starts_for_a_key():
                ensure_agent(self._context).put_key(name, key)
        except (UsherError, OSError):
            if self._starts_for_a_key():
                raise

    def forget_key(self, name: str) -> None:
        """Lose the key."""
        self._client().forget_key(name)

    def _client(self) -> AgentClient:
        from usher.cli.wire_agent import agent_client

        return agent_client(self._context)
