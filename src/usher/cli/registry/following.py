"""From a registry's server to the config file, in this order: fetch, verify, read, show, ask, write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.cli.text.profiles import coloured_difference, difference
from usher.cli.wire import usher_command
from usher.core.errors import UsageError, UsherError
from usher.profiles.config_file import edit_config, read_config
from usher.profiles.config_text import ConfigFileError
from usher.profiles.git import Fetched, Git
from usher.profiles.index import write_index
from usher.profiles.registries import Registry, load_registries, save_registry
from usher.profiles.shared import RegistryError, Shared
from usher.profiles.shared_blocks import Known, Rendered, index_name, render_registries
from usher.profiles.shared_files import DEFAULT_PATHS, read_shared
from usher.session.organizations import is_aws_owned, load_organizations


@dataclass(frozen=True, slots=True)
class Consent:
    """What the person said beforehand: yes to a difference, and, by name, to what needs more than a yes."""

    yes: bool = False
    confirmed: str = ""
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Arrived:
    """A registry as it is now on its server: the state to agree to, and what in it asks for a second look."""

    registry: Registry
    shared: Shared
    doubts: tuple[str, ...]


def git_of(context: Context, registry: Registry) -> Git:
    """The git that holds `registry`. Raises RegistryError for an address that it may not have."""
    return Git(
        clone_folder(context, registry.name),
        registry.url,
        context.environ,
        interactive=context.terminal.interactive,
        allow_file=registry.allow_file,
    )


def clone_folder(context: Context, name: str) -> Path:
    """Where a registry's repository is kept."""
    return context.cache_dir / "registries" / f"{name}.git"


def arrive(context: Context, registry: Registry) -> Arrived:
    """Fetch, verify and read `registry`; nothing of the person's is changed. Raises UsherError."""
    git = git_of(context, registry)
    context.terminal.status(f"asking {registry.url}")
    try:
        fetched = git.fetch(registry.ref)
    finally:
        context.terminal.status("")
    if registry.signers:
        git.verify(fetched, registry.signers)
    path = registry.path or _found_path(git, fetched)
    shared = _read(git, fetched.commit, path)
    doubts = tuple(_doubts(registry, git, fetched, shared))
    arrived = replace(registry, path=path, commit=fetched.commit, start_urls=shared.start_urls)
    return Arrived(arrived, shared, doubts)


def agree_and_write(context: Context, arrived: Arrived, consent: Consent) -> bool:
    """Show what would change, ask, and write it; whether anything changed. Without consent UsherError."""
    terminal, path = context.terminal, context.aws_config_file
    before = read_config(path)
    rendered = _render(context, before, arrived)
    name = arrived.registry.name
    _refuse_edited(context, rendered, consent)
    _say_what_is_left_out(context, arrived, rendered)
    shown = difference(before, rendered.text, str(path))
    if shown:
        terminal.say(coloured_difference(shown, terminal.style))
    _confirm_doubts(context, arrived, consent)
    if shown and not consent.yes:
        if not terminal.interactive:
            raise UsageError(
                "there is nobody to ask here, and nothing was changed",
                hint="look at the difference, then run it again with --yes",
            )
        if not terminal.confirm(f"Apply {name} at {arrived.registry.commit[:12]}?"):
            raise UsherError("not applied; nothing was changed")
    latest: list[Rendered] = []

    def edit(text: str) -> str:
        latest[:] = [_render(context, text, arrived)]
        return latest[0].text

    edit_config(path, edit)
    save_registry(context.config_dir, arrived.registry)
    for each, entries in latest[0].entries.items():
        write_index(context.cache_dir, index_name(each), entries)
    return bool(shown)


def read_kept(context: Context, registry: Registry) -> Shared | None:
    """What was agreed to last, from the kept repository; None when it is not here any more."""
    git = git_of(context, registry)
    if not registry.commit or not git.has(registry.commit):
        return None
    return _read(git, registry.commit, registry.path)


def _render(context: Context, text: str, arrived: Arrived) -> Rendered:
    """The blocks of all registries that are at hand, `arrived` among them, by their priority."""
    registries = {**load_registries(context.config_dir), arrived.registry.name: arrived.registry}
    contents: list[tuple[Registry, Shared]] = []
    for registry in sorted(registries.values(), key=lambda each: (-each.priority, each.name)):
        is_new = registry.name == arrived.registry.name
        shared = arrived.shared if is_new else read_kept(context, registry)
        if shared is not None:
            contents.append((registry, shared))
    return render_registries(text, context.aws_config_file, contents, known_of(context))


def known_of(context: Context) -> Known:
    """The person's organizations, by where they sign in."""
    start_urls: dict[str, str] = {}
    for organization in load_organizations(context.config_dir).values():
        start_urls[organization.start_url] = organization.name
        if organization.alias_start_url:
            start_urls[organization.alias_start_url] = organization.name
    return Known(usher_command(context), start_urls)


def _found_path(git: Git, fetched: Fetched) -> str:
    for path in DEFAULT_PATHS:
        try:
            git.read(fetched.commit, path)
        except RegistryError:
            continue
        return path
    raise RegistryError(
        f"the repository has none of {', '.join(DEFAULT_PATHS)}", hint="name its file with --path FILE"
    )


def _read(git: Git, commit: str, path: str) -> Shared:
    return read_shared(lambda each: git.read(commit, each), path)


def _doubts(registry: Registry, git: Git, fetched: Fetched, shared: Shared) -> list[str]:
    """What a plain yes is not enough for."""
    if not registry.commit:
        return []
    found = [
        f"it sends people to another address to sign in: {printable(url)}{_whose(url)}"
        for url in shared.start_urls
        if url not in registry.start_urls
    ]
    if not git.descends(fetched.commit, registry.commit):
        found.append(
            f"its history does not lead from {registry.commit[:12]}, which you agreed to, to "
            f"{fetched.commit[:12]}: it was rewritten, or has moved on far"
        )
    return found


def _whose(url: str) -> str:
    return "" if is_aws_owned(url) else "  (not AWS's: a directory of its own)"


def _confirm_doubts(context: Context, arrived: Arrived, consent: Consent) -> None:
    terminal, name = context.terminal, arrived.registry.name
    if not arrived.doubts or consent.confirmed == name:
        return
    for doubt in arrived.doubts:
        terminal.say(terminal.style("warn", f"{name}: ") + doubt)
    if not terminal.interactive:
        raise UsageError(
            f"'{name}' needs a confirmation by name; nothing was changed",
            hint=f"when it is right: usher registry sync {name} --confirm {name}",
        )
    if terminal.ask(f"Type {name} if that is right:") != name:
        raise UsherError("not confirmed; nothing was changed")


def _refuse_edited(context: Context, rendered: Rendered, consent: Consent) -> None:
    if rendered.edited and not consent.overwrite:
        listed = ", ".join(f"registry:{name}" for name in rendered.edited)
        raise ConfigFileError(
            f"the block {listed} in {context.aws_config_file} was edited by hand; nothing was changed",
            hint="'--overwrite' replaces it",
        )


def _say_what_is_left_out(context: Context, arrived: Arrived, rendered: Rendered) -> None:
    words: Sequence[str] = [*arrived.shared.dropped, *rendered.skipped.get(arrived.registry.name, ())]
    for word in words[:20]:
        context.terminal.say(context.terminal.style("warn", "not taken over: ") + printable(word))
    if len(words) > 20:
        context.terminal.say(f"and {len(words) - 20:,} more")


def say_where_people_sign_in(context: Context, start_urls: Sequence[str], known: Mapping[str, str]) -> None:
    """The addresses of a new registry, to be looked at before anything is written."""
    for url in start_urls:
        whose = f"  (yours: {known[url]})" if url in known else _whose(url)
        context.terminal.say(f"  people sign in at {printable(url)}{whose}")
