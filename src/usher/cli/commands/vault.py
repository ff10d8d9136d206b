"""Where your secrets rest, and what opens them: an OS key ring, a key file, or the agent's memory.

usher vault status
usher vault init --passphrase          a key file that a passphrase opens; again to change it
usher vault init --recipient age1...   one that the matching identity opens (age or ssh key)
usher vault unlock                     once a day: the agent keeps the key in memory
usher vault lock                       forget the unlocked key
usher vault move --to os               seal everything anew, in another store
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from usher.cli.context import Context
from usher.cli.passphrases import PassphraseDesk
from usher.cli.text.vault import begun_words, locked_words, status_text, vault_document
from usher.cli.wire_vault import open_vault, vault_settings
from usher.core.errors import ExitCode, UsageError
from usher.session.vault.key_file import Recipients, Sealing, recipients_of
from usher.session.vault.keys import VaultLockedError
from usher.session.vault.ladder import LadderVault
from usher.session.vault.moving import begin_anew, change_sealing, move_vault
from usher.session.vault.place import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    status = verbs.add_parser("status", help="which store, and whether it opens")
    status.add_argument("--json", action="store_true", help="print the result as JSON")
    init = verbs.add_parser("init", help="begin a vault, or change what opens its key file")
    init.add_argument("--empty", action="store_true", help="leave a vault that no longer opens behind")
    init.add_argument("--yes", action="store_true", help="do not ask")
    _add_sealing(init)
    unlock = verbs.add_parser("unlock", help="ask for the passphrase now; the agent keeps the key")
    unlock.add_argument(
        "--passphrase-fd", type=int, metavar="N", help="read the passphrase from descriptor N"
    )
    verbs.add_parser("lock", help="forget the unlocked key")
    move = verbs.add_parser("move", help="seal everything anew, in another store")
    move.add_argument("--to", choices=[str(store) for store in Store], required=True, help="the store")
    _add_sealing(move)


def _add_sealing(parser: argparse.ArgumentParser) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--passphrase", action="store_true", help="a key file that a passphrase opens")
    how.add_argument(
        "--recipient",
        action="append",
        metavar="KEY",
        help="a key file for an age or ssh public key; repeatable",
    )
    parser.add_argument(
        "--identity", metavar="FILE", type=Path, help="the private key's file, to open it with"
    )
    parser.add_argument(
        "--passphrase-fd", type=int, metavar="N", help="read the passphrase from descriptor N"
    )


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Do what the verb says."""
    verbs = {"status": _status, "init": _init, "unlock": _unlock, "lock": _lock, "move": _move}
    return verbs[options.verb](options, context)


def _status(options: argparse.Namespace, context: Context) -> ExitCode:
    vault = open_vault(context)
    generation = vault.generation()
    unlocked = generation is not None and vault.is_unlocked(generation)
    records = len(vault.names())
    if options.json:
        document = vault_document(generation, vault.folder())
        context.terminal.result(json.dumps({**document, "unlocked": unlocked, "records": records}, indent=2))
    else:
        context.terminal.result(status_text(generation, vault.folder(), records, unlocked=unlocked))
    return ExitCode.DONE


def _init(options: argparse.Namespace, context: Context) -> ExitCode:
    vault, terminal = _open_with_sealing(options, context), context.terminal
    current = vault.place.current()
    store = Store.FILE if _sealing(options) else vault_settings(context).store
    if current is None:
        terminal.say(begun_words(vault.begin(store)))
        return ExitCode.DONE
    if options.empty:
        _confirm(options, context, f"Leave the vault in store '{current.store}' and what is in it behind?")
        terminal.say(begun_words(begin_anew(vault, store or current.store)))
        return ExitCode.DONE
    if current.store is not Store.FILE:
        raise UsageError(
            f"there is a vault already, in store '{current.store}'",
            hint="'usher vault move --to file' seals it anew; 'usher vault init --empty' leaves it behind",
        )
    vault.key(current)  # what opens it now is asked for before what will
    _confirm(options, context, f"Change what opens {vault.folder()}?")
    changed = change_sealing(vault, (_sealing(options) or _by_passphrase)(_desk(options, context)))
    terminal.say(f"The key file is opened by {changed.identity or 'the new passphrase'} from now on.")
    return ExitCode.DONE


def _unlock(options: argparse.Namespace, context: Context) -> ExitCode:
    vault = open_vault(context, descriptor=options.passphrase_fd, starts_agent=True)
    generation = vault.generation()
    if generation is None:
        raise UsageError("there is no vault yet", hint="run 'usher vault init', or sign in: 'usher login'")
    if generation.store is Store.AGENT:
        context.terminal.say("Nothing to unlock: the records are in the agent's memory.")
        return ExitCode.DONE
    vault.key(generation)
    context.terminal.say("Unlocked. The agent keeps the key until 'usher vault lock' or its end.")
    return ExitCode.DONE


def _lock(_options: argparse.Namespace, context: Context) -> ExitCode:
    vault = open_vault(context)
    vault.lock()
    context.terminal.say(locked_words(vault.generation()))
    return ExitCode.DONE


def _move(options: argparse.Namespace, context: Context) -> ExitCode:
    store, wanted = Store(options.to), vault_settings(context).store
    if wanted not in {None, store}:
        raise UsageError(f"the settings ask for the store '{wanted}'", hint="change them first, then move")
    if _sealing(options) and store is not Store.FILE:
        raise UsageError(f"the store '{store}' has no key file to seal", hint="leave those options out")
    moved, count = move_vault(_open_with_sealing(options, context), store)
    words = f"{count} records moved. " if count else ""
    context.terminal.say(words + begun_words(moved))
    return ExitCode.DONE


def _open_with_sealing(options: argparse.Namespace, context: Context) -> LadderVault:
    return open_vault(context, sealing=_sealing(options), new_descriptor=options.passphrase_fd)


def _desk(options: argparse.Namespace, context: Context) -> PassphraseDesk:
    command = vault_settings(context).passphrase_command
    return PassphraseDesk(context.terminal, context.environ, command, new_descriptor=options.passphrase_fd)


def _sealing(options: argparse.Namespace) -> Callable[[PassphraseDesk], Sealing] | None:
    """How the options say that a new key file is to be sealed; None leaves it to the settings."""
    identity: Path | None = options.identity
    if identity is not None and (options.passphrase or options.passphrase_fd is not None):
        raise UsageError("a passphrase or an identity opens the key file, not both")
    if options.recipient:
        path = str(identity.absolute()) if identity else ""
        return lambda _desk: Recipients(tuple(options.recipient), path)
    if identity is not None:
        return lambda _desk: recipients_of(identity)
    return _by_passphrase if options.passphrase or options.passphrase_fd is not None else None


def _by_passphrase(desk: PassphraseDesk) -> Sealing:
    return desk.new()


def _confirm(options: argparse.Namespace, context: Context, question: str) -> None:
    if options.yes:
        return
    if not context.terminal.interactive:
        raise UsageError("nobody is here to answer", hint="add --yes if you mean it")
    if not context.terminal.confirm(question):
        raise VaultLockedError("not changed: there was no clear yes")
