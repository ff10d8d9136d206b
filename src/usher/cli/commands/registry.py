"""Share profiles with a team through a git repository: data only, pinned, shown before they are applied.

A registry can name organizations, accounts, permission sets, regions, descriptions and colours, and nothing
that runs or leads elsewhere. Nothing is fetched unless you ask.

    usher registry add platform https://git.example/platform/aws-profiles
    usher registry add platform git@git.example:platform/aws-profiles --ref v3 --signed-by keys.pub
    usher registry sync
    usher registry list | show platform | remove platform
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from usher.cli.context import Context
from usher.cli.registry.following import (
    Consent,
    agree_and_write,
    arrive,
    clone_folder,
    known_of,
    read_kept,
    say_where_people_sign_in,
)
from usher.cli.terminal import printable
from usher.cli.text.table import table_lines
from usher.core.errors import ExitCode, UsageError, UsherError
from usher.profiles.config_file import edit_config
from usher.profiles.config_text import replace_block
from usher.profiles.git import check_path, check_url
from usher.profiles.index import forget_index
from usher.profiles.registries import (
    NAME,
    Prefix,
    Registry,
    find_registry,
    forget_registry,
    load_registries,
)
from usher.profiles.shared import RegistryError
from usher.profiles.shared_blocks import block_name, index_name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|sync|list|show|remove")
    add = verbs.add_parser("add", help="follow a registry", allow_abbrev=False)
    add.add_argument("name", metavar="NAME", help="what you call it")
    add.add_argument("url", metavar="URL", help="its repository: https or ssh")
    add.add_argument("--ref", default="", help="a branch, tag or commit; a commit is never left")
    add.add_argument("--path", default="", metavar="FILE", help="the file in the repository")
    add.add_argument(
        "--signed-by", type=Path, metavar="KEYFILE", help="ssh public keys, allowed_signers or a PGP key"
    )
    add.add_argument(
        "--prefix", choices=list(Prefix), default=Prefix.DUPLICATES, help="NAME/ before profiles"
    )
    add.add_argument("--priority", type=int, default=0, metavar="N", help="higher ones give a name first")
    add.add_argument("--native", action="store_true", help="sso_session profiles even where you are known")
    add.add_argument("--allow-file", action="store_true", help="let URL be file:///... on this machine")
    sync = verbs.add_parser("sync", help="fetch, show and apply what is new", allow_abbrev=False)
    sync.add_argument("name", nargs="?", metavar="NAME", help="this registry alone")
    sync.add_argument("--confirm", default="", metavar="NAME", help="agree to new sign-in addresses of NAME")
    for verb in (add, sync):
        verb.add_argument("--yes", action="store_true", help="apply without asking")
        verb.add_argument("--overwrite", action="store_true", help="replace a block that was edited by hand")
    listing = verbs.add_parser("list", help="list the registries", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", help="print the result as JSON")
    show = verbs.add_parser("show", help="what a registry gives", allow_abbrev=False)
    show.add_argument("name", metavar="NAME")
    show.add_argument("--json", action="store_true", help="print the result as JSON")
    remove = verbs.add_parser("remove", help="follow it no more, and remove its profiles", allow_abbrev=False)
    remove.add_argument("name", metavar="NAME")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Run the verb."""
    match options.verb:
        case "add":
            return _add(options, context)
        case "sync":
            return _sync(options, context)
        case "list":
            return _list(options, context)
        case "show":
            return _show(options, context)
        case _:
            return _remove(options, context)


def _add(options: argparse.Namespace, context: Context) -> ExitCode:
    if not NAME.fullmatch(options.name):
        raise UsageError(f"{options.name!r} cannot name a registry", hint="letters, digits, _ . and -")
    if options.name in load_registries(context.config_dir):
        raise UsageError(
            f"there is already a registry '{options.name}'", hint=f"usher registry remove {options.name}"
        )
    registry = Registry(
        options.name,
        check_url(options.url, allow_file=options.allow_file),
        options.ref,
        check_path(options.path) if options.path else "",
        signers=_signers(options.signed_by),
        priority=options.priority,
        prefix=Prefix(options.prefix),
        native=options.native,
        allow_file=options.allow_file,
    )
    try:
        _look_and_agree(options, context, registry)
    except UsherError:
        shutil.rmtree(clone_folder(context, registry.name), ignore_errors=True)
        raise
    words = f"'usher registry sync {registry.name}' brings what is new; nothing comes by itself."
    context.terminal.say(f"Added. {words}")
    return ExitCode.DONE


def _look_and_agree(options: argparse.Namespace, context: Context, registry: Registry) -> None:
    arrived = arrive(context, registry)
    terminal = context.terminal
    signed = "signed" if registry.signers else "not signed: whoever can write there decides what you get"
    terminal.say(f"{registry.name} at {arrived.registry.commit[:12]} ({signed}), {arrived.registry.path}:")
    count = len(arrived.shared.profiles)
    terminal.say(f"  {count:,} profile{'' if count == 1 else 's'}")
    say_where_people_sign_in(context, arrived.registry.start_urls, known_of(context).start_urls)
    agree_and_write(context, arrived, Consent(options.yes, options.name, options.overwrite))


def _signers(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryError(f"cannot read the signers' keys in {path}: {error}") from None


def _sync(options: argparse.Namespace, context: Context) -> ExitCode:
    registries = load_registries(context.config_dir)
    wanted = [find_registry(registries, options.name)] if options.name else list(registries.values())
    if not wanted:
        raise UsageError("no registry is followed yet", hint="usher registry add NAME URL")
    terminal = context.terminal
    worst: UsherError | None = None
    for registry in wanted:
        try:
            arrived = arrive(context, registry)
            consent = Consent(options.yes, options.confirm, options.overwrite)
            changed = agree_and_write(context, arrived, consent)
        except UsherError as error:
            if len(wanted) == 1:
                raise
            terminal.say(terminal.style("error", f"{registry.name}: ") + printable(error.message))
            worst = worst or error
            continue
        what = "applied" if changed else "as before"
        terminal.result(f"{registry.name}: {what}, at {arrived.registry.commit[:12]}")
    return ExitCode.DONE if worst is None else worst.exit_code


def _list(options: argparse.Namespace, context: Context) -> ExitCode:
    registries = load_registries(context.config_dir)
    if options.json:
        context.terminal.result(json.dumps([_document(each) for each in registries.values()], indent=2))
        return ExitCode.DONE
    if not registries:
        context.terminal.result("No registries; 'usher registry add NAME URL' adds one.")
        return ExitCode.DONE
    rows = (
        (each.name, each.url, each.ref or "main branch", each.commit[:12], "yes" if each.signers else "no")
        for each in registries.values()
    )
    headings = ("NAME", "ADDRESS", "REF", "AGREED TO", "SIGNED")
    for line in table_lines(headings, rows, context.terminal.width):
        context.terminal.result(line)
    return ExitCode.DONE


def _show(options: argparse.Namespace, context: Context) -> ExitCode:
    registry = find_registry(load_registries(context.config_dir), options.name)
    shared = read_kept(context, registry)
    profiles = shared.profiles.values() if shared else ()
    if options.json:
        listed = [
            {"profile": p.name, "account_id": p.account_id, "permission_set": p.permission_set}
            for p in profiles
        ]
        context.terminal.result(json.dumps({**_document(registry), "profiles": listed}, indent=2))
        return ExitCode.DONE
    for key, value in _document(registry).items():
        context.terminal.result(f"{key:<12} {printable(_shown(value))}")
    rows = ((p.name, p.account_id, p.permission_set, p.description) for p in profiles)
    for line in table_lines(("PROFILE", "ID", "PERMISSION SET", "DESCRIPTION"), rows, context.terminal.width):
        context.terminal.result(line)
    if shared is None:
        context.terminal.say(f"What it gives is not kept here any more: usher registry sync {registry.name}")
    return ExitCode.DONE


def _shown(value: object) -> str:
    match value:
        case list():
            return ", ".join(map(str, value)) or "-"
        case bool():
            return "yes" if value else "no"
        case _:
            return "-" if value is None else str(value)


def _remove(options: argparse.Namespace, context: Context) -> ExitCode:
    registry = find_registry(load_registries(context.config_dir), options.name)
    path = context.aws_config_file
    edit_config(path, lambda text: replace_block(text, block_name(registry.name), "", path))
    forget_registry(context.config_dir, registry.name)
    forget_index(context.cache_dir, index_name(registry.name))
    shutil.rmtree(clone_folder(context, registry.name), ignore_errors=True)
    context.terminal.result(f"{registry.name} removed, and its profiles")
    return ExitCode.DONE


def _document(registry: Registry) -> dict[str, object]:
    return {
        "name": registry.name,
        "url": registry.url,
        "ref": registry.ref or None,
        "path": registry.path,
        "commit": registry.commit,
        "signed": bool(registry.signers),
        "start_urls": list(registry.start_urls),
        "prefix": str(registry.prefix),
        "priority": registry.priority,
    }
