"""How secrets are kept: the vault, the agent, the rights on our files, and what other tools left open."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator

from usher.cli.context import Context
from usher.cli.doctor.verdict import Verdict, bad, good, note
from usher.cli.text.vault import vault_words
from usher.cli.wire_vault import open_vault
from usher.core import machine
from usher.session.vault.os_store import OsStore, find_os_key_ring
from usher.session.vault.place import Store

_PATIENCE_SECONDS = 5.0


def check_vault(context: Context) -> Iterator[Verdict]:
    """Which store, and whether it opens without asking anybody."""
    vault = open_vault(context)
    generation = vault.generation()
    has_ring = OsStore(find_os_key_ring, _PATIENCE_SECONDS).is_here()
    if generation is None:
        yield note("vault", f"none yet; this machine has {'an' if has_ring else 'no'} OS key ring")
        return
    words = vault_words(generation)
    if generation.store is Store.AGENT and has_ring:
        yield note("vault", f"{words}; an OS key ring is here", "usher vault move --to os")
    elif generation.store is Store.FILE and not generation.identity and not vault.is_unlocked(generation):
        yield note("vault", f"{words}; locked now", "usher vault unlock")
    elif generation.store is Store.OS:
        OsStore(find_os_key_ring, _PATIENCE_SECONDS).fetch(generation)
        yield good("vault", words)
    else:
        yield good("vault", words)


def check_agent(context: Context) -> Iterator[Verdict]:
    """Whether one runs, and whether it must."""
    from usher.cli.wire_agent import agent_client

    runs = agent_client(context).is_running()
    generation = open_vault(context).generation()
    if runs:
        yield good("agent", "runs")
    elif generation is not None and generation.store is Store.AGENT:
        yield note(
            "agent",
            "does not run, so the sign-in that it held is gone",
            "usher login; to keep it over a restart: usher vault move --to file",
        )
    else:
        yield good("agent", "does not run; nothing needs it now")


def check_files(context: Context) -> Iterator[Verdict]:
    """Usher's own files: 0600 in 0700, and ours."""
    wrong = []
    for root in (context.config_dir, context.cache_dir, context.data_dir):
        for path in [root, *root.rglob("*")] if root.is_dir() else ():
            state = path.lstat()
            is_open = machine.others_may(state, 0o077) and not stat.S_ISLNK(state.st_mode)
            if is_open or state.st_uid != machine.user_id():
                wrong.append(path)
    if wrong:
        yield bad(
            "files",
            f"{len(wrong)} of usher's own files are open to others, the first is {wrong[0]}",
            f"chmod -R go= '{context.config_dir}' '{context.cache_dir}' '{context.data_dir}'",
        )
    else:
        yield good("files", "all of usher's own are private")


def check_leftovers(context: Context) -> Iterator[Verdict]:
    """Plain-text keys and tokens of other tools, counted; `usher doctor secrets` shows them."""
    from usher.cli.doctor.leftovers import surroundings
    from usher.session.leftovers.finding import Kind, Life
    from usher.session.leftovers.search import find_leftovers

    found = find_leftovers(surroundings(context), time.time())
    if not found:
        yield good("leftovers", "no plain-text keys or tokens found")
        return
    live = sum(leftover.life is Life.LIVE for leftover in found)
    lasting = any(leftover.kind is Kind.STATIC_KEY and leftover.life is Life.LIVE for leftover in found)
    yield (bad if lasting else note)(
        "leftovers",
        f"{len(found)} plain-text keys, tokens or open files, {live} of them live"
        f"{', with keys that never expire' if lasting else ''}",
        "usher doctor secrets",
    )
