"""Print what a prompt shows: the profile in use, its look, and how long its session lasts.

    usher prompt                        mkdev-staging/AdministratorAccess 47m
    PS1='$(usher prompt --format bash)'"$PS1"
    usher prompt --format zsh           for PROMPT with prompt_subst, and for Powerlevel10k

It prints nothing while no profile is in use. See docs/howto/switch-profiles-in-your-shell.md for
starship, Powerlevel10k and oh-my-posh.
"""

from __future__ import annotations

import argparse
import json

from usher.cli.context import Context
from usher.cli.looks import look_for
from usher.core.errors import ExitCode, UsherError
from usher.core.looks import PLAIN, Look
from usher.fastpath import segment
from usher.session.vault.files import write_private


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "--format", choices=[*segment.FORMATS, "json"], default="plain", help="whose prompt it is for (plain)"
    )


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Print the segment; `usher` itself answers most calls before this module is ever imported."""
    environ = context.environ
    profile = segment.profile_in_use(environ)
    if not profile:
        return ExitCode.DONE
    given = segment.given_look(environ, profile) or segment.noted_look(environ, profile)
    look = given or _find_look(context, profile)
    left = segment.time_left(environ, profile)
    if options.format == "json":
        document = {"profile": profile, "colour": look[0], "label": look[1], "left": left}
        context.terminal.result(json.dumps(document))
    else:
        context.terminal.result(segment.segment(options.format, profile, look, left))
    return ExitCode.DONE


def _find_look(context: Context, profile: str) -> tuple[str, str]:
    """Colour and label, noted for the next prompts. A prompt goes on where the rules cannot be read."""
    try:
        look = look_for(context, profile)
        found = (look.colour or "", look.label)
        _note(context, profile, look)
    except UsherError:
        return PLAIN.colour or "", "?"
    return found


def _note(context: Context, profile: str, look: Look) -> None:
    if "\n" in profile or "\n" in look.label:
        return
    lines = [segment.note_stamp(context.environ), profile, look.colour or "", look.label]
    place = context.cache_dir / "looks" / segment.note_place(context.environ, profile).rpartition("/")[2]
    write_private(place, "\n".join(lines).encode("utf-8", "surrogateescape"))
