"""Picking a profile where a command was given none, and what the keys of the picker lead to."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from usher.cli.context import Context
from usher.cli.looks import look_rules, seen_entry
from usher.cli.picker.actions import Action, Picked
from usher.cli.picker.cells import safe, width
from usher.cli.picker.first import leaving_when_told, own_screen, paint, size
from usher.cli.picker.frame import draw
from usher.cli.picker.picking import Picking, Surroundings, in_order
from usher.core import machine
from usher.core.errors import ExitCode, NotFoundError, UsageError, UsherError
from usher.core.looks import look_of
from usher.profiles.known import known_profiles
from usher.profiles.recent import habits, keep_only, read_recent
from usher.session.settings import load_settings

__all__ = ["Action", "Picked", "follow", "pick", "pick_for", "pick_many"]


def pick(context: Context, own: Action, query: str = "") -> Picked:
    """The profile that the person picks; `own` is what Enter means, other keys mean other actions.

    Raises KeyboardInterrupt when they leave (exit code 130), UsageError where nobody can pick.
    """
    return _pick(context, _actions(context, own), query, many=False)


def pick_for(context: Context, own: Action, query: str = "") -> str:
    """The profile that the person picks for `own` alone."""
    return _pick(context, [own], query, many=False).profile


def pick_many(context: Context, own: Action, query: str = "") -> list[str]:
    """The profiles that the person picks for `own` alone, with Tab to mark several."""
    return list(_pick(context, [own], query, many=True).profiles)


def follow(context: Context, picked: Picked) -> int:
    """Do what the key of the picker said."""
    terminal = context.terminal
    if picked.action is Action.PRINT:
        terminal.result("\n".join(picked.profiles))
        return ExitCode.DONE
    if picked.action is Action.COPY:
        terminal.copy("\n".join(picked.profiles))
        terminal.say(f"Copied {', '.join(safe(name) for name in picked.profiles)}")
        return ExitCode.DONE
    from usher.cli.main import run_command

    arguments = [picked.profile]
    if picked.action is Action.EXEC:
        arguments += ["--", context.environ.get("SHELL") or "/bin/sh"]
    return run_command(str(picked.action), arguments)


def picking_for(context: Context, actions: Sequence[Action], query: str, *, many: bool = False) -> Picking:
    """The state of a new picking, with everything there is to pick from but the keys at hand."""
    entries = known_profiles(context.cache_dir, context.aws_config_file, context.aws_credentials_file)
    if not entries:
        raise NotFoundError(
            "there is no profile yet", hint="run 'usher login NAME', then 'usher profiles sync'"
        )
    now = time.time()
    recent = read_recent(context.cache_dir)
    ordered, share = in_order(entries, habits(recent, now))
    rules = look_rules(load_settings(context.config_dir))
    surroundings = Surroundings(
        now,
        recent,
        look_of=lambda entry: look_of(rules, seen_entry(entry)),
        widest_label=max((width(safe(rule.look.label)) for rule in rules), default=0),
        colours=context.terminal.colours,
    )
    picking = Picking(ordered, share, surroundings, actions, many)
    picking.search(query)
    return picking


def add_keys(context: Context, picking: Picking) -> None:
    """Note until when keys are at hand: those made ready for programs, or those of the last entry."""
    from usher.session.ready_record import ReadyShelf

    shelf = ReadyShelf(context.environ, "", machine.user_id())
    recent = picking.surroundings.recent

    def keys_until(profile: str) -> float | None:
        noted = recent[profile].expires_at if profile in recent else None
        return max((moment for moment in (shelf.expiry(profile), noted) if moment), default=None)

    picking.surroundings = replace(picking.surroundings, keys_until=keys_until)


def _pick(context: Context, actions: Sequence[Action], query: str, *, many: bool) -> Picked:
    terminal = context.terminal
    if not terminal.interactive or context.environ.get("TERM") == "dumb":
        raise UsageError("which profile?", hint="name one; 'usher profiles list' shows what there is")
    picking = picking_for(context, actions, query, many=many)
    screen = terminal.screen
    with own_screen(sys.stdin.fileno(), screen):
        columns, rows = size(screen)
        paint(draw(picking, columns, rows), query, screen, columns, colours=terminal.colours)
        with leaving_when_told():
            add_keys(context, picking)
            from usher.cli.picker.app import run_app

            picked = run_app(picking, screen)
    _prune(context, picking)
    return picked


def _actions(context: Context, own: Action) -> list[Action]:
    """What the keys do: nothing that writes to stdout where a script or `eval` reads that."""
    quiet = [Action.CONSOLE, Action.COPY]
    offered = [Action.CONSOLE, Action.EXEC, Action.ENV, Action.COPY]
    return [own, *(a for a in (offered if context.terminal.width else quiet) if a is not own)]


def _prune(context: Context, picking: Picking) -> None:
    with contextlib.suppress(UsherError):
        keep_only(context.cache_dir, {entry.profile for entry in picking.entries})
