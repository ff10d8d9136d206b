"""Choose a profile by typing a few letters of its name, account, id, permission set, e-mail or description.

Prints the name that was picked. Esc or Ctrl-C leaves with exit code 130. With --filter nobody is asked:
every match is printed, best first.

    aws s3 ls --profile "$(usher pick)"
    usher pick prod admin
    usher pick --many
    usher pick --filter "prod admin" --json
"""

from __future__ import annotations

import argparse
import json

from usher.cli.context import Context
from usher.cli.picker.picking import Picking
from usher.cli.picking import Action, add_keys, follow, pick, pick_many, picking_for
from usher.core.errors import ExitCode, NotFoundError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("query", nargs="*", metavar="WORD", help="what to look for first")
    parser.add_argument("--many", action="store_true", help="mark several with Tab")
    parser.add_argument("--filter", metavar="QUERY", help="print what matches instead of asking")
    parser.add_argument("--json", action="store_true", help="print as JSON (with --filter)")


def run(options: argparse.Namespace, context: Context) -> int:
    """Ask, or filter."""
    query = " ".join(options.query)
    if options.filter is not None or options.json:
        return _filter(context, " ".join([options.filter or "", query]).strip(), as_json=options.json)
    if options.many:
        context.terminal.result("\n".join(pick_many(context, Action.PRINT, query)))
        return ExitCode.DONE
    return follow(context, pick(context, Action.PRINT, query))


def _filter(context: Context, query: str, *, as_json: bool) -> ExitCode:
    picking = picking_for(context, [Action.PRINT], query)
    if not picking.found:
        from usher.profiles.near import near_names

        near = near_names(query, [entry.profile for entry in picking.entries])
        hint = f"did you mean: {', '.join(near)}?" if near else "'usher profiles list' shows what there is"
        raise NotFoundError(f"no profile matches '{query}'", hint=hint)
    found = [picking.entries[number] for number in picking.found]
    if as_json:
        add_keys(context, picking)
        context.terminal.result(json.dumps(_document(picking), indent=2))
    else:
        context.terminal.result("\n".join(entry.profile for entry in found))
    return ExitCode.DONE


def _document(picking: Picking) -> list[dict[str, object]]:
    around = picking.surroundings
    rows: list[dict[str, object]] = []
    for number in picking.found:
        entry = picking.entries[number]
        look, use = around.look_of(entry), around.recent.get(entry.profile)
        rows.append(
            {
                "profile": entry.profile,
                "organization": entry.organization,
                "account_id": entry.account_id,
                "account_name": entry.account_name,
                "permission_set": entry.permission_set,
                "email": entry.email,
                "region": entry.region,
                "description": entry.description,
                "unit": entry.unit,
                "tags": dict(entry.tags),
                "colour": look.colour,
                "label": look.label,
                "confirm": str(look.confirm),
                "last_used": _time(use.at if use else None),
                "keys_expire": _time(around.keys_until(entry.profile)),
            }
        )
    return rows


def _time(moment: float | None) -> str | None:
    from usher.cli.text.status import iso_time

    return None if moment is None else iso_time(moment)
