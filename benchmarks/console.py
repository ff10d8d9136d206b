"""How long `usher console PROFILE` takes until the browser asks for the console, with its parts.

    python benchmarks/console.py [--runs 20] [--no-browser] [--json]

Alternating runs of `python -c pass` and of `usher console`, warm: keys at hand, an agent that holds the
vault's key, a browser that runs with the extension. A portal on loopback stands in for AWS's federation
endpoint, so that the network's share is the least there is. Measured are

- from the command's start to the sealed link at the extension (a real `usher browser host`, whose other
  end is this script in the extension's place), which that host makes because it has everything at hand,
- the same where host and command see different worlds, so that the command does it in its own process,
- where a Firefox is installed: from the command's start to the browser's first request for the console,
  with the extension of this tree in a real, headless Firefox,
- the parts, each many times in one process: keys, federation, sealing, hand-over. What is left of the
  command's own time is Python's start and imports.

Exits 1 over a budget.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pyrage

# Ratios to `python -c pass`: the first request comes in 250 ms where Python starts in 13.
BUDGETS = {"handed over": 8.0, "by itself": 14.0, "first request": 19.0}
PROFILE = "mkdev-staging/ReadOnlyAccess"
PROJECT = Path(__file__).parents[1]
# A variable that the browser's host does not have: the two see different worlds then.
OTHER_WORLD = {"AWS_MAX_ATTEMPTS": "3"}
USHER = [sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())"]
WAIT_SECONDS = 60
SETTLE_SECONDS = 0.5  # a page that still loads is not part of the next opening
# What Firefox needs to take a package that Mozilla has not signed, and to be quiet at a first start.
PREFERENCES = {
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.autoDisableScopes": 0,
    "extensions.startupScanScopes": 15,
    "termsofuse.bypassNotification": True,
    "xpinstall.signatures.required": False,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20, help="runs of each, at least 5")
    parser.add_argument("--no-browser", action="store_true", help="leave a real Firefox out")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = _measure(Path(folder), max(options.runs, 5), firefox=not options.no_browser)
    if options.json:
        print(json.dumps(outcome, indent=2))
    else:
        for name, figures in outcome["figures"].items():
            print(f"{name:<36} {figures['ms']:7.1f} ms {figures['ratio']:6.2f}")
        print(f"medians of {outcome['runs']} alternating runs, {outcome['python']}; budgets: {BUDGETS}")
    return 0 if outcome["within_budget"] else 1


def _measure(folder: Path, runs: int, *, firefox: bool) -> dict[str, object]:
    environ = _prepare(folder)
    for portal in _loaded("portal_server", PROJECT / "tests" / "session").running_portal():
        portal.interval = 0.01
        where = ["--start-url", f"{portal.url}/start", "--region", "eu-central-1", "--device"]
        _usher(environ, "login", "mkdev", *where, "--aws-endpoint-url", portal.url)
        _usher(environ, "profiles", "sync")
        _usher(environ, "agent", "start")
        try:
            times = _handed_over(environ, runs)
            parts = _parts(environ, runs)
            if firefox and shutil.which("firefox"):
                times["first request"] = _first_requests(environ, portal, runs)
        finally:
            _usher(environ, "agent", "stop")
    floor = statistics.median(times["python -c pass"])
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    medians["of that: start and imports"] = medians["by itself"] - sum(parts.values())
    medians |= {f"of that: {name}": taken for name, taken in parts.items()}
    figures = {name: {"ms": round(ms, 2), "ratio": round(ms / floor, 2)} for name, ms in medians.items()}
    within = all(figures[name]["ratio"] <= budget for name, budget in BUDGETS.items() if name in figures)
    python = sys.version.split()[0]
    return {"python": python, "runs": runs, "figures": figures, "within_budget": within}


def _handed_over(environ: dict[str, str], runs: int) -> dict[str, list[float]]:
    """Milliseconds of starting Python, and from the command's start to the link at the extension."""
    times: dict[str, list[float]] = {"python -c pass": [], "handed over": [], "by itself": []}
    home = type("Home", (), {"usher": USHER, "environ": environ})
    browser = _loaded("native_browser", PROJECT / "tests" / "cli" / "session").NativeBrowser(home)
    browser.hello()
    worlds = {"handed over": environ, "by itself": {**environ, **OTHER_WORLD}}
    for run in range(runs + 1):
        times["python -c pass"].append(_timed([sys.executable, "-c", "pass"], environ))
        for name, world in worlds.items():
            began = time.perf_counter()
            process = subprocess.Popen([*USHER, "console", PROFILE], env=world, stderr=subprocess.DEVNULL)
            browser.opened.get(timeout=WAIT_SECONDS)
            if run:  # the first time makes what is made once
                times[name].append((time.perf_counter() - began) * 1000)
            process.wait()
    browser.close()
    return times


def _parts(environ: dict[str, str], runs: int) -> dict[str, float]:
    """Milliseconds of the command's steps, measured by a process of its own that does each many times."""
    script = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import console; "
    script += f"console.print_parts({runs})"
    done = subprocess.run([sys.executable, "-c", script], env=environ, check=True, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout))


def print_parts(runs: int) -> None:
    """Print, as JSON, the milliseconds of each step of opening a console through a browser's host."""
    from usher.cli.browser.installs import read_installs
    from usher.cli.browser.sockets import call_host, serving, socket_of
    from usher.cli.browser.visits import place_of, sealed_link, settings_for
    from usher.cli.console_links import console_link
    from usher.cli.console_pages import Wanted
    from usher.cli.context import read_context
    from usher.cli.entering import open_confirmed
    from usher.cli.wire import open_session_rooms

    context = read_context()
    [install] = read_installs(context.cache_dir)
    taken: dict[str, list[float]] = {"keys": [], "federation": [], "sealing": [], "hand-over": []}
    with serving(socket_of(context, install.id), lambda _request, _peer: {}):
        for _ in range(runs + 1):
            moments = [time.perf_counter()]
            rooms = open_session_rooms(context)
            opened, look = open_confirmed(context, rooms, PROFILE, yes=False)
            moments.append(time.perf_counter())
            link = console_link(rooms, opened, look, Wanted(), None)
            moments.append(time.perf_counter())
            place = place_of(install, link.session, settings_for(context, link.session))
            sealed = sealed_link(rooms, link, place)
            moments.append(time.perf_counter())
            call_host(context, install.id, {"op": "open", "link": sealed.reveal()})
            moments.append(time.perf_counter())
            for name, begin, end in zip(taken, moments, moments[1:], strict=False):
                taken[name].append((end - begin) * 1000)
    # The first time brings what is imported late; that is counted with the imports.
    print(json.dumps({name: statistics.median(each[1:]) for name, each in taken.items()}))


def _first_requests(environ: dict[str, str], portal: object, runs: int) -> list[float]:
    """Milliseconds from the command's start to Firefox's request for the console's address."""
    times = []
    asked = threading.Event()
    portal.on_console = asked.set
    with _firefox(environ):
        for _ in range(runs + 1):
            asked.clear()
            began = time.perf_counter()
            process = subprocess.Popen([*USHER, "console", PROFILE], env=environ, stderr=subprocess.PIPE)
            if not asked.wait(WAIT_SECONDS):
                process.kill()
                raise SystemExit(f"Firefox never came: {process.communicate()[1].decode()}")
            times.append((time.perf_counter() - began) * 1000)
            process.communicate()
            time.sleep(SETTLE_SECONDS)
    return times[1:]  # the first makes the container


@contextmanager
def _firefox(environ: dict[str, str]) -> Iterator[None]:
    """A headless Firefox with the extension of this tree, once its native host has been greeted."""
    home = Path(environ["HOME"])
    for record in (home / ".cache" / "usher" / "browsers").glob("*.json"):
        record.unlink()
    profile = home / "firefox-profile"
    (profile / "extensions").mkdir(parents=True)
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines))
    package = PROJECT / "src" / "usher" / "console" / "packages" / "usher-firefox.xpi"
    shutil.copyfile(package, profile / "extensions" / "usher@usher.example.xpi")
    _usher(environ, "browser", "setup", "firefox")
    quiet = subprocess.DEVNULL
    command = ["firefox", "--headless", "--profile", str(profile), "about:blank"]
    process = subprocess.Popen(command, env=environ, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        give_up = time.monotonic() + WAIT_SECONDS
        while not list((home / ".cache" / "usher" / "browsers").glob("*.json")):
            if time.monotonic() > give_up:
                raise SystemExit("the extension in Firefox never greeted its host")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def _prepare(folder: Path) -> dict[str, str]:
    """A home, and the environment of its person."""
    (folder / "home").mkdir(mode=0o700)
    (folder / "run").mkdir(mode=0o700)
    identity = folder / "identity.txt"
    identity.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    return {
        "HOME": str(folder / "home"),
        "PATH": os.environ["PATH"],
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "USHER_VAULT": "file",
        "USHER_VAULT_IDENTITY": str(identity),
        **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
    }


def _loaded(name: str, folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _usher(environ: dict[str, str], *arguments: str) -> None:
    done = subprocess.run([*USHER, *arguments], env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"usher {' '.join(arguments)}: {done.stderr}")


def _timed(command: list[str], environ: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environ, check=True)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    sys.exit(main())
