"""`usher browser doctor`: why a browser does not open consoles side by side, link by link of the chain.

The chain, as a console is opened: the links' key in the vault, the native host that starts, the manifest that
leads a browser there, the extension in a profile of it, and its connection to this very `usher`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from usher.cli.browser.finding import Found, choose_browsers, find_browsers, is_of
from usher.cli.browser.installs import Install, read_installs
from usher.cli.browser.link_key import RECORD
from usher.cli.browser.manifests import (
    Register,
    State,
    is_open_to_others,
    launcher_path,
    manifest_problem,
    starts_the_same,
    wanted_launcher,
    wanted_manifests,
)
from usher.cli.browser.packages import handed_over, handed_over_version, package_state, read_package
from usher.cli.browser.probing import Probe, probe_launcher
from usher.cli.browser.sockets import call_host, has_sockets, listening
from usher.cli.context import Context
from usher.cli.doctor.verdict import State as Health
from usher.cli.doctor.verdict import Verdict, bad, good, note
from usher.cli.text.browser_doctor import as_document, as_text
from usher.cli.text.browser_setup import clicks, reload_words
from usher.cli.text.status import local_time
from usher.cli.wire_vault import open_vault
from usher.console.browsers import Family
from usher.console.sandboxed import Sandboxed
from usher.core.errors import ExitCode, UsherError
from usher.core.printable import printable
from usher.session.vault.place import Store

SETUP = "usher browser setup"
_PING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and the browser that it is about: empty for what all of them share."""

    browser: str
    verdict: Verdict


def run_doctor(options: argparse.Namespace, context: Context) -> ExitCode:
    """Look at everything, and say what is wrong with its fix. Exit code 1 when something is."""
    findings: list[Finding] = []
    found, boxes = find_browsers(context)
    chosen = choose_browsers(found, boxes, options.browsers)
    for finding in examine(context, chosen, [] if options.browsers else boxes):
        if not options.json:
            before = findings[-1] if findings else None
            context.terminal.result(as_text(context, finding, before, chosen))
        findings.append(finding)
    if options.json:
        context.terminal.result(json.dumps([as_document(each) for each in findings], indent=2))
    return ExitCode.FAILED if any(each.verdict.state is Health.BAD for each in findings) else ExitCode.DONE


def examine(
    context: Context,
    found: Sequence[Found],
    boxes: Sequence[Sandboxed],
    probe: Callable[[Path, Mapping[str, str]], Probe] = probe_launcher,
) -> Iterator[Finding]:
    """Everything there is to say, what all browsers share first. `probe` starts the launcher."""
    if not is_set_up(context):
        yield Finding("", bad("launcher", "nothing was set up on this machine yet", SETUP))
        yield from _boxes(boxes)
        return
    everywhere = read_installs(context.cache_dir)
    installs = {each.name: [one for one in everywhere if not one.jar and is_of(each, one)] for each in found}
    used = [each for each in found if installs[each.name] or _is_used(context, each)]
    for verdict in (*_key(context), *_launcher(context, probe), *_packages(context, used)):
        yield Finding("", verdict)
    connected = set(_connected(context))
    for each in found:
        for verdict in (
            _of_browser(context, each, installs[each.name], connected)
            if each in used
            else [(note if used else bad)("manifest", "is not set up", f"{SETUP} {each.name}")]
        ):
            yield Finding(each.name, verdict)
    yield from _boxes(boxes)
    seen = everywhere or any(copy.version is not None for each in found for copy in each.copies)
    if not seen:
        yield Finding("", bad("extension", "no browser has it yet", f"{SETUP}, and its last click"))


def is_set_up(context: Context) -> bool:
    """Whether a set-up was ever run here and not taken away again."""
    return launcher_path(context).exists()


def _is_used(context: Context, found: Found) -> bool:
    """Whether the browser was set up, or has the extension: one that was left out is nobody's mistake."""
    wanted = wanted_manifests(context, [found.name])
    # Its very own: on Windows the file, and a browser's further keys, are other browsers' too.
    own = next((each for each in wanted if isinstance(each, Register)), wanted[0])
    return own.state() is not State.NEW or any(copy.version is not None for copy in found.copies)


def _of_browser(
    context: Context, found: Found, installs: Sequence[Install], connected: set[str]
) -> Iterator[Verdict]:
    yield from _manifests(context, found)
    yield from _extension(context, found, installs, connected)
    yield from _connection(found, installs, connected)


def _boxes(boxes: Sequence[Sandboxed]) -> Iterator[Finding]:
    for box in boxes:
        can = "starts Usher only with help" if box.may_start_hosts else "cannot start Usher"
        yield Finding(box.browser, note("sandbox", f"the {box.box} {box.id} {can}", box.advice))


def _key(context: Context) -> Iterator[Verdict]:
    """Whether links can be sealed without asking anybody: a browser can ask nobody."""
    try:
        vault = open_vault(context)
        generation = vault.generation()
        if generation is None:
            yield good("link key", "is made when the first console is opened")
        elif generation.store is Store.FILE and not generation.identity and not vault.is_unlocked(generation):
            yield bad(
                "link key", "the vault is locked, and a browser cannot ask for it", "usher vault unlock"
            )
        else:
            kept = vault.read(RECORD) is not None
            yield good("link key", "readable" if kept else "is made when the first console is opened")
    except UsherError as error:
        yield bad("link key", error.message, error.hint)


def _launcher(context: Context, probe: Callable[[Path, Mapping[str, str]], Probe]) -> Iterator[Verdict]:
    """Whether what browsers start is there, is of this installation, and runs."""
    path = launcher_path(context)
    try:
        wanted = wanted_launcher(context)
    except UsherError as error:
        yield bad("launcher", error.message, error.hint)
        return
    started = probe(path, context.environ)
    if started.problem:
        yield bad("launcher", f"{path} does not start: {started.problem}", SETUP)
    elif is_open_to_others(path):
        yield bad("launcher", f"other users may change {path}, which browsers start as you", SETUP)
    elif not starts_the_same(wanted):
        yield bad("launcher", f"{path} starts another usher than this one", SETUP)
    elif wanted.state() is State.CHANGED:
        yield note("launcher", "starts this usher with other variables than are set here", SETUP)
    else:
        yield good("launcher", f"starts in {started.seconds * 1000:.0f} ms")


def _packages(context: Context, found: Sequence[Found]) -> Iterator[Verdict]:
    """Whether what was handed over is what this `usher` brings."""
    for family in dict.fromkeys(each.family for each in found):
        try:
            package = read_package(family)
        except UsherError as error:
            yield bad("package", error.message, error.hint)
            continue
        name, place = family.title(), handed_over(context, family)
        there = handed_over_version(context, family)
        if package_state(context, package) is State.SAME:
            yield good("package", f"{name}: {package.version}")
        elif there is None:
            yield bad("package", f"{name}: not handed over", SETUP)
        elif there == package.version:
            yield bad("package", f"{name}: what lies in {place} is not what this usher brings", SETUP)
        else:
            words = f"version {there} was handed over, this usher has {package.version}"
            yield bad("package", f"{name}: {words}", SETUP)


def _manifests(context: Context, found: Found) -> Iterator[Verdict]:
    """Whether the browser is led to our launcher, wherever it looks."""
    launcher, fix = launcher_path(context), f"{SETUP} {found.name}"
    problems: list[Verdict] = []
    for number, wanted in enumerate(wanted_manifests(context, [found.name])):
        if isinstance(wanted, Register):
            if wanted.state() is not State.SAME:
                words = "is not set" if wanted.state() is State.NEW else "leads elsewhere"
                problems.append(bad("manifest", rf"HKCU\{wanted.key} {words}", fix))
        elif number and not wanted.path.exists():
            # Another channel that came after the set-up; Firefox' newer folder, which no Firefox asks yet.
            if found.family is Family.CHROMIUM:
                problems.append(note("manifest", f"another channel came: {wanted.path} is not there", fix))
        elif problem := manifest_problem(wanted.path, found.family, launcher):
            problems.append(bad("manifest", f"{wanted.path} {problem}", fix))
    yield from problems or [good("manifest", "leads to the launcher")]


def _extension(
    context: Context, found: Found, installs: Sequence[Install], connected: set[str]
) -> Iterator[Verdict]:
    """Whether profiles of the browser have the extension, switched on, and in this version."""
    try:
        newest = read_package(found.family).version
    except UsherError:
        return  # `_packages` has said so
    having = [copy for copy in found.copies if copy.version is not None]
    if not having and not installs:
        yield note("extension", "not installed", f"'{SETUP} {found.name}' tells the steps")
        return
    for copy in having:
        where = f" in the profile '{printable(copy.profile)}'" if len(found.copies) > 1 else ""
        if not copy.enabled:
            what = "'Developer mode'" if copy.developer_mode_missing else "it"
            fix = f"switch {what} on at {_page(context, found)}"
            yield bad("extension", f"is switched off{where}", fix)
        elif copy.version != newest:
            yield bad(
                "extension",
                f"version {printable(str(copy.version))}{where}, this usher brings {newest}",
                reload_words(found, handed_over(context, found.family)),
            )
        else:
            yield good("extension", f"version {newest}{where}")
    without = [copy.profile for copy in found.copies if copy.version is None]
    if having and without:
        names = ", ".join(f"'{printable(name)}'" for name in without)
        yield note(
            "extension",
            f"not in {len(without)} of {len(found.copies)} profiles: {names}; consoles open where it is",
        )
    yield from _only_seen(installs, newest, connected) if not having else ()


def _only_seen(installs: Sequence[Install], newest: str, connected: set[str]) -> Iterator[Verdict]:
    """The extension greeted from a profile in another folder, for a trial, or was installed just now."""
    last = installs[0]
    if last.version != newest:
        words = f"version {printable(last.version)} was seen, this usher brings {newest}"
        yield bad("extension", words, "load or install it again")
    elif any(install.id in connected for install in installs):
        yield good("extension", f"version {newest}")
    else:
        yield note("extension", f"version {newest} was seen, in a profile elsewhere or loaded for a trial")


def _connection(found: Found, installs: Sequence[Install], connected: set[str]) -> Iterator[Verdict]:
    """Whether the extension is connected to this usher now."""
    if not installs:
        return
    if not has_sockets():
        yield good("connected", "links go by the browser's command line on this system")
    elif any(install.id in connected for install in installs):
        count = sum(install.id in connected for install in installs)
        yield good("connected", "now" if count == 1 else f"now, from {count} profiles")
    else:
        when = local_time(installs[0].seen, time.time())
        yield note("connected", f"not now; last at {when}. 'usher console' starts {found.name} by itself")


def _connected(context: Context) -> Iterator[str]:
    if not has_sockets():
        return
    for install in listening(context):
        try:
            if call_host(context, install, {"op": "ping"}, _PING_SECONDS).get("install") == install:
                yield install
        except UsherError:
            continue


def _page(context: Context, found: Found) -> str:
    return clicks(found, handed_over(context, found.family)).page
