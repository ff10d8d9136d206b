"""The vault in words: where secrets are, what opens them, and what that protects against."""

from __future__ import annotations

from pathlib import Path

from usher.session.vault.place import Generation, Store

_WORDS = {
    Store.OS: "sealed files, their key in the operating system's key ring",
    Store.FILE: "sealed files, their key in vault.key.age",
    Store.AGENT: "the agent's memory only: they end with it",
}


def vault_words(vault: Generation | None) -> str:
    """Where secrets are kept, in one line."""
    if vault is None:
        return "none kept yet"
    opened_by = ""
    if vault.store is Store.FILE:
        opened_by = f", opened by {vault.identity}" if vault.identity else ", opened by a passphrase"
    return _WORDS[vault.store] + opened_by


def begun_words(vault: Generation) -> str:
    """What to say when the ladder has just chosen, once."""
    words = f"Your secrets are kept in {_WORDS[vault.store]}."
    if vault.store is Store.AGENT:
        words += "\nTo keep them over a restart, choose a passphrase: usher vault move --to file"
    return words


def locked_words(vault: Generation | None) -> str:
    """What `usher vault lock` has done."""
    if vault is not None and vault.store is Store.OS:
        return "The agent no longer holds the key. The key ring gives it again while it is unlocked."
    if vault is not None and vault.store is Store.AGENT:
        return "Nothing to lock: the records are in the agent's memory; 'usher agent stop' ends them."
    return "Locked."


def vault_document(vault: Generation | None, folder: Path) -> dict[str, object]:
    """The same for scripts."""
    return {
        "store": None if vault is None else str(vault.store),
        "folder": str(folder),
        "identity": (vault.identity or None) if vault else None,
    }


def status_text(vault: Generation | None, folder: Path, records: int, *, unlocked: bool) -> str:
    """The whole vault, for people."""
    if vault is None:
        return "There is no vault yet; the first sign-in begins one, and 'usher vault init' does now."
    opens = {
        Store.OS: "whenever the key ring is unlocked",
        Store.FILE: f"with {vault.identity}" if vault.identity else "after 'usher vault unlock'",
        Store.AGENT: "while the agent runs",
    }[vault.store]
    lines = [f"store    {vault.store}: {vault_words(vault)}"]
    if vault.store is not Store.AGENT:
        lines.append(f"folder   {folder / vault.key_id}")
    lines.append(f"records  {records}")
    lines.append(f"opens    {'now: the agent holds the key' if unlocked and vault.key_id else opens}")
    return "\n".join(lines)
