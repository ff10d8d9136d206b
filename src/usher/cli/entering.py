"""Which profile a person means, before anything of it is opened: by name, by folder, or by picking.

Only names are looked at here, so that a shell switches at once; keys are opened by `cli/opening.py`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from usher.cli.context import Context
from usher.cli.folders import BoundFolder, bound_folder_here
from usher.cli.picker.actions import Action
from usher.core.errors import NoAccessError, NotFoundError, UsageError, UsherError
from usher.core.looks import Confirm, Look
from usher.core.printable import printable
from usher.profiles.config_file import read_config
from usher.profiles.config_text import read_sections
from usher.shell.folder import FolderFile

if TYPE_CHECKING:
    from usher.cli.opening import OpenedProfile  # these bring the network; switching needs none
    from usher.cli.wire import SessionRooms


def profile_named(context: Context, name: str) -> str:
    """The profile's own name: `name` as it is, or the one that it is short for. Raises NotFoundError."""
    text = read_config(context.aws_config_file)
    if f"\n[profile {name}]\n" in f"\n{text}":  # thousands of profiles are not parsed for one name
        return name
    names = set(_profile_names(context, text))
    if name in names:
        return name
    from usher.profiles.lookup import find_profile

    return find_profile(text, context.aws_config_file, name).name


def folder_profile(context: Context, says: FolderFile) -> str:
    """The profile that a folder's file names. Raises NotFoundError."""
    for name in says.names[:-1]:
        try:
            return profile_named(context, name)
        except NotFoundError:
            continue
    return profile_named(context, says.names[-1])


def all_profiles(context: Context) -> list[str]:
    """Every profile of the AWS config file, in its order."""
    path = context.aws_config_file
    sections = read_sections(read_config(path), path)
    return list(dict.fromkeys(section.name for section in sections if section.kind == "profile"))


def trusted_folder(context: Context) -> BoundFolder | None:
    """The bound folder around the working folder. Raises UsageError while it is not trusted."""
    found = bound_folder_here(context)
    if found is not None and not found.trusted:
        place = printable(str(found.path))
        raise UsageError(
            f"{place} is not trusted, so it does not say which profile is meant",
            hint="look at it, then run 'usher trust'; or name a profile",
        )
    return found


def has_static_keys(context: Context, name: str) -> bool:
    """Whether the credentials file holds keys under the profile's name: SDKs take those first."""
    path = context.aws_credentials_file
    return any(
        section.name == name and "aws_access_key_id" in section.values
        for section in read_sections(read_config(path), path)
    )


def _profile_names(context: Context, text: str) -> Iterator[str]:
    path = context.aws_config_file
    yield from (section.name for section in read_sections(text, path) if section.kind == "profile")
    path = context.aws_credentials_file
    yield from (section.name for section in read_sections(read_config(path), path))


def near_matches(names: Iterable[str], name: str) -> str:
    """A hint with the names nearest to `name`."""
    from usher.profiles.near import near_names

    near = near_names(name, names)
    return f"did you mean: {', '.join(map(printable, near))}?" if near else "see 'usher profiles list'"


def chosen_profile(context: Context, name: str | None, own: Action) -> str:
    """The profile to open: the named one, else the one in use, else the trusted folder's, else picked.

    Only which profile is decided; that it exists is found out by opening it. `own` is what it is for.
    """
    found = name or _given_profile(context)
    if found is not None:
        return found
    from usher.cli.picking import pick_for

    return pick_for(context, own)


def chosen_profiles(context: Context, names: list[str], own: Action) -> list[str]:
    """The same where several may be meant: the picker marks several too."""
    if names:
        return names
    given = _given_profile(context)
    if given is not None:
        return [given]
    from usher.cli.picking import pick_many

    return pick_many(context, own)


def _given_profile(context: Context) -> str | None:
    if in_use := context.environ.get("AWS_PROFILE"):
        return in_use
    folder = trusted_folder(context)
    return folder_profile(context, folder.says()) if folder is not None else None


def open_confirmed(
    context: Context, rooms: SessionRooms, name: str, *, yes: bool
) -> tuple[OpenedProfile, Look]:
    """The opened profile and its look, entered with the person's consent where it is protected."""
    from usher.cli.looks import confirm_entry

    return open_agreed(context, rooms, name, lambda shown, look: confirm_entry(context, shown, look, yes=yes))


def open_agreed(
    context: Context, rooms: SessionRooms, name: str, agree: Callable[[str, Look], None]
) -> tuple[OpenedProfile, Look]:
    """The opened profile and its look. `agree` has to let it be entered, or raises.

    Asked before it is opened; again only if the keys lead to an account that asks for more than that.
    """
    from usher.cli.looks import look_for
    from usher.cli.opening import open_profile

    expected = look_for(context, name)
    agree(name, expected)
    opened = open_profile(rooms, name)
    return opened, look_agreed(context, opened, expected, agree)


def look_agreed(
    context: Context, opened: OpenedProfile, expected: Look, agree: Callable[[str, Look], None]
) -> Look:
    """The look of what was opened. `expected` was agreed to before, and is asked again only for more."""
    from usher.cli.looks import look_for

    look = look_for(context, opened)
    if look.confirm is not expected.confirm and expected.confirm is not Confirm.TYPE:
        agree(opened.name, look)
    note_entry(context, opened.name, opened.credentials.expires_at)
    return look


def note_entry(context: Context, profile: str, expires_at: float | None) -> None:
    """Remember that a person entered `profile`. Habits are never worth failing a command for."""
    from usher.profiles.recent import note_use

    with contextlib.suppress(UsherError):
        note_use(context.cache_dir, profile, time.time(), expires_at)


def looks_of(context: Context, names: Iterable[str]) -> dict[str, Look]:
    """The look of each profile, with the files read once."""
    from usher.cli.looks import look_for
    from usher.profiles.index import read_index

    entries = {entry.profile: entry for entry in read_index(context.cache_dir)}
    return {name: look_for(context, entries.get(name, name)) for name in names}


def confirm_all(context: Context, looks: Mapping[str, Look], *, yes: bool) -> None:
    """Ask once for all the protected ones among them; where a name must be typed, each by itself."""
    from usher.cli.looks import confirm_entry

    asking = {name: look for name, look in looks.items() if look.confirm}
    if yes or not asking:
        return
    simple = [name for name, look in asking.items() if look.confirm is Confirm.ASK]
    if len(simple) > 1 and context.terminal.interactive:
        shown = ", ".join(map(printable, simple))
        if not context.terminal.confirm(f"{len(simple)} of {len(looks)} are protected: {shown}. Enter them?"):
            raise UsherError("not confirmed: nothing was run")
        asking = {name: look for name, look in asking.items() if name not in simple}
    for name, look in asking.items():
        confirm_entry(context, name, look, yes=False)


def refuse_unconfirmed(name: str, look: Look, *, yes: bool) -> None:
    """Refuse a protected account where the question has been asked for others already."""
    if look.confirm and not yes:
        raise NoAccessError(
            f"'{printable(name)}' leads to a protected account, which its name did not tell",
            hint="run it by itself, which asks; or add --yes",
        )


def first_of_each_organization(context: Context, names: Iterable[str]) -> list[str]:
    """One profile for each portal that the profiles lead through, and every one of another kind."""
    path = context.aws_config_file
    values = {
        section.name: section.values
        for section in read_sections(read_config(path), path)
        if section.kind == "profile"
    }
    firsts: dict[str, str] = {}
    for name in names:
        found = values.get(name, {})
        portals = (found.get(key) for key in ("usher_organization", "sso_session", "sso_start_url"))
        firsts.setdefault(next(filter(None, portals), f"profile {name}"), name)
    return list(firsts.values())
