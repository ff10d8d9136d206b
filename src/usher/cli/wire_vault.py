"""Composition of the vault: the settings' wishes, the stores of this machine, and the agent."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from usher.cli.context import Context
from usher.cli.passphrases import PassphraseDesk, check_may_name_commands
from usher.core.errors import UsageError
from usher.session.settings import load_settings
from usher.session.vault.contract import Vault
from usher.session.vault.key_file import KeyFile, Sealing, recipients_of
from usher.session.vault.keys import VaultLockedError
from usher.session.vault.ladder import AgentMemory, LadderVault
from usher.session.vault.os_store import OsStore, find_os_key_ring
from usher.session.vault.place import Store, VaultPlace


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


def open_vault(
    context: Context,
    *,
    sealing: Callable[[PassphraseDesk], Sealing] | None = None,
    passphrase_descriptor: int | None = None,
) -> LadderVault:
    """The person's vault; nothing is read, asked or started before its first use.

    `sealing` says how to seal a new key file, instead of the settings. Raises UsageError for wrong settings.
    """
    wanted = vault_settings(context)
    desk = PassphraseDesk(context.terminal, context.environ, wanted.passphrase_command, passphrase_descriptor)
    place = VaultPlace(context.data_dir / "vault", context.cache_dir / "locks")

    def new_sealing() -> Sealing:
        if sealing is not None:
            return sealing(desk)
        return recipients_of(Path(wanted.identity)) if wanted.identity else desk.new()

    os_store = OsStore(find_os_key_ring)
    key_file = KeyFile(place.folder, new_sealing, desk.candidates, wanted.identity)
    return LadderVault(
        place,
        wanted.store,
        {Store.OS: os_store, Store.FILE: key_file},
        os_store.is_here,
        agent_memory(context, lambda: desk.typed),
        os.urandom,
    )


def agent_memory(context: Context, starts_for_a_key: Callable[[], bool]) -> AgentMemory:
    return _NoAgent()


class _NoAgent:
    def runs(self) -> bool:
        return False

    def records(self) -> Vault:
        raise VaultLockedError("no agent")

    def key(self) -> bytes | None:
        return None

    def put_key(self, key: bytes) -> None:
        pass

    def forget_key(self) -> None:
        pass
