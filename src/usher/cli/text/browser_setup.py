"""`usher browser setup` in words: what is written, and the click that only the person can make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from usher.cli.browser.finding import Found
from usher.cli.browser.manifests import Put, Register, State
from usher.cli.browser.packages import Package, handed_over
from usher.cli.context import Context
from usher.console.browsers import Family
from usher.console.sandboxed import Sandboxed
from usher.core.printable import printable

if TYPE_CHECKING:
    from usher.cli.browser.setup import SetupPlan

_EXTENSIONS_PAGES = {
    "chrome": "chrome://extensions",
    "brave": "brave://extensions",
    "edge": "edge://extensions",
    "vivaldi": "vivaldi://extensions",
}
_TRIAL_PAGE = "about:debugging#/runtime/this-firefox"


@dataclass(frozen=True, slots=True)
class Clicks:
    """What is left to do in one browser. `opens` is the page that a program may open there, if any.

    `aside` is worth knowing about the steps; `lasting` whether the browser keeps the extension.
    """

    steps: tuple[str, ...]
    page: str
    path: Path
    opens: str | None = None
    aside: str = ""
    lasting: bool = True


def clicks(found: Found, path: Path) -> Clicks:
    """The click for a browser, whose package lies at `path`."""
    if found.family is Family.CHROMIUM:
        page = _EXTENSIONS_PAGES.get(found.name, "chrome://extensions")
        # No Chromium opens this page for a program: its address has to be typed.
        return Clicks(
            (f"open {page} and switch 'Developer mode' on", "press 'Load unpacked' and choose the folder"),
            page,
            path,
        )
    if found.unsigned is False:
        return Clicks(
            (f"open {_TRIAL_PAGE}", "press 'Load Temporary Add-on' and choose the file"),
            _TRIAL_PAGE,
            path,
            _TRIAL_PAGE,
            "It stays until Firefox is closed: this Firefox keeps only what Mozilla signed, and this is not\n"
            "  signed yet. Firefox ESR, Developer Edition, Nightly and LibreWolf keep it.",
            lasting=False,
        )
    return Clicks(
        (
            "open about:config and set xpinstall.signatures.required to false",
            "open about:addons, press the gear and 'Install Add-on From File', and choose the file",
        ),
        "about:addons",
        path,
        "about:addons",
        f"Only to try it: {_TRIAL_PAGE}, 'Load Temporary Add-on'.",
    )


def reload_words(found: Found, path: Path) -> str:
    """How a browser gets the version that was handed over."""
    page = clicks(found, path).page
    if found.family is Family.CHROMIUM:
        return f"restart {found.name}, or press the extension's reload arrow at {page}"
    return f"install {path} again, at {page}"


def plan_lines(
    context: Context,
    files: Sequence[tuple[Put | Register, State]],
    packages: Sequence[tuple[Package, State]],
) -> Iterator[str]:
    """Every file that is wanted, and how it stands."""
    for package, state in packages:
        place = str(handed_over(context, package.family))
        yield _line(context, state, place, f"the extension {package.version} for {package.family.title()}")
    for wanted, state in files:
        if isinstance(wanted, Register):
            yield _line(context, state, rf"HKCU\{wanted.key}", f"leads {wanted.browser} there")
        else:
            what = f"leads {wanted.browser} there" if wanted.browser else "starts the native host"
            yield _line(context, state, str(wanted.path), what)


def steps_text(context: Context, plan: SetupPlan) -> str:
    """What is left to do, browser by browser."""
    style = context.terminal.style if context.terminal.colours_results else lambda _name, text: text
    lines: list[str] = []
    for found in plan.found:
        newest = next(each.version for each in plan.packages if each.family is found.family)
        lines += ["", style("strong", found.name) + _where(found)]
        if _has(found, newest):
            lines.append(f"  has the extension {newest}; nothing is left to do")
            continue
        todo = clicks(found, handed_over(context, found.family))
        if any(copy.version for copy in found.copies):
            lines.append(f"  has another version of the extension than {newest}:")
        lines += [f"  {number}. {step}" for number, step in enumerate(todo.steps, 1)]
        lines += [f"  {todo.aside}"] if todo.aside else []
        lines += ["", f"      {todo.path}"]
    for box in plan.boxes:
        lines += ["", f"{style('strong', box.browser)}  the {box.box} {box.id}", f"  {box.advice}"]
    lines += ["", "Then see whether all is well: usher browser doctor"]
    return "\n".join(lines)


def setup_document(
    context: Context,
    plan: SetupPlan,
    files: Sequence[tuple[Put | Register, State]],
    packages: Sequence[tuple[Package, State]],
) -> dict[str, object]:
    """The same for scripts. `state` is what was found before anything was written."""
    return {
        "files": [
            {
                "path": str(each.path) if isinstance(each, Put) else rf"HKCU\{each.key}",
                "browser": each.browser or None,
                "state": str(state),
            }
            for each, state in files
        ],
        "packages": [
            {
                "family": str(package.family),
                "version": package.version,
                "path": str(handed_over(context, package.family)),
                "state": str(state),
            }
            for package, state in packages
        ],
        "browsers": [_browser_document(context, plan, found) for found in plan.found],
        "sandboxed": [box_document(box) for box in plan.boxes],
    }


def box_document(box: Sandboxed) -> dict[str, object]:
    """A browser in a Flatpak or Snap, for scripts."""
    return {
        "browser": box.browser,
        "kind": box.box.lower(),
        "id": box.id,
        "may_start_hosts": box.may_start_hosts,
        "advice": box.advice,
    }


def _browser_document(context: Context, plan: SetupPlan, found: Found) -> dict[str, object]:
    newest = next(each.version for each in plan.packages if each.family is found.family)
    todo = clicks(found, handed_over(context, found.family))
    return {
        "browser": found.name,
        "program": str(found.program.path) if found.program else None,
        "family": str(found.family),
        "extension": sorted({copy.version for copy in found.copies if copy.version}),
        "done": _has(found, newest),
        "page": todo.page,
        "choose": str(todo.path),
        "steps": list(todo.steps),
        "lasting": todo.lasting,
    }


def _has(found: Found, version: str) -> bool:
    """Whether a profile has the extension, and every one that has it has this version."""
    versions = {copy.version for copy in found.copies if copy.version is not None}
    return versions == {version}


def _where(found: Found) -> str:
    return f"  {printable(str(found.program.path))}" if found.program else ""


def _line(context: Context, state: State, where: str, what: str) -> str:
    style = context.terminal.style if context.terminal.colours_results else lambda _name, text: text
    styles = {State.NEW: "add", State.CHANGED: "change", State.SAME: "dim"}
    home = f"{context.home}/"
    shown = f"~/{where.removeprefix(home)}" if where.startswith(home) else where
    return f"{style(styles[state], state.ljust(8))}{printable(shown)}  {style('dim', what)}"
