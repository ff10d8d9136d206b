"""Both steps, end to end, on this machine: a local AWS, a directory, and the organization mkdev.

    usher demo                    stays up until Ctrl-C and shows what to try
    usher demo --once --json      signs in as everybody, tries every door, and says what happened

It listens on 127.0.0.1 only, keeps everything in one data folder, and never touches your ~/.aws.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from usher.cli.context import Context
from usher.cli.text.demo import (
    say_entries,
    say_next_steps,
    say_plan,
    say_walk_through,
    walk_through_json,
)
from usher.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from usher.sandbox.demo import Demo, Stage

_LOOPBACK = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--data", metavar="DIR", type=Path, help="an empty folder to keep (default: none)")
    parser.add_argument("--listen", metavar="127.0.0.1:PORT", help="where the directory listens")
    parser.add_argument("--once", action="store_true", help="try every door, say what happened, and end")
    parser.add_argument("--json", action="store_true", help="with --once: print one JSON document")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Run the demonstration."""
    port = _port(options.listen)
    if options.json and not options.once:
        raise UsageError("--json needs --once", hint="usher demo --once --json")
    _start_clean(options, context.environ)
    began = time.monotonic()
    with _signals_as_interrupts(), _data_folder(options.data) as data:
        try:
            return _run_in(data, port, options, context, began)
        except KeyboardInterrupt:
            if options.once:
                raise
            context.terminal.say()
            context.terminal.say("Stopped.")
            return ExitCode.DONE


def _run_in(data: Path, port: int, options: argparse.Namespace, context: Context, began: float) -> ExitCode:
    from usher.sandbox import demo as sandbox

    terminal = context.terminal

    def progress(_stage: Stage, words: str) -> None:
        terminal.say(terminal.style("dim", f"  {words} …"))

    settings = sandbox.DemoSettings(data, port or sandbox.free_port(), context.environ)
    terminal.say(terminal.style("strong", "Setting up"))
    with sandbox.open_demo(settings, progress) as demo:
        if not options.once:
            _stay(demo, context, keeps_data=options.data is not None)
        return _walk(demo, options, context, began)


def _walk(demo: Demo, options: argparse.Namespace, context: Context, began: float) -> ExitCode:
    from usher.sandbox.walk_through import walk_through

    context.terminal.say(context.terminal.style("dim", "  signing in as everybody and trying every door …"))
    walk = walk_through(demo)
    timings = {**demo.timings, **walk.timings, "total": round(time.monotonic() - began, 3)}
    if options.json:
        context.terminal.result(walk_through_json(walk, timings))
    else:
        say_plan(context.terminal, demo)
        say_entries(context.terminal, demo)
        say_walk_through(context.terminal, walk)
    return ExitCode.DONE


def _stay(demo: Demo, context: Context, *, keeps_data: bool) -> NoReturn:
    """Show everything, then wait for Ctrl-C. Raises UnavailableError when the directory ends by itself."""
    say_plan(context.terminal, demo)
    say_entries(context.terminal, demo)
    own_folder = str(Path(sys.executable).parent)
    found = shutil.which("usher", path=context.environ.get("PATH", ""))
    needed = "" if found and Path(found).parent == Path(own_folder) else own_folder
    say_next_steps(context.terminal, demo, search_path=needed, keeps_data=keeps_data)
    while True:
        demo.directory.check_alive()
        time.sleep(0.5)


def _port(listen: str | None) -> int:
    if listen is None:
        return 0
    host, _, port = listen.rpartition(":")
    if host != _LOOPBACK or not port.isascii() or not port.isdigit() or not 0 <= int(port) < 65_536:
        raise UsageError(
            f"the demonstration cannot listen on '{listen}'", hint=f"for example --listen {_LOOPBACK}:8080"
        )
    return int(port)


def _start_clean(options: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Begin again without the person's own AWS settings and proxies, which every library here would read."""
    clean = clean_environment(environ)
    if clean == dict(environ):
        return
    arguments = ["--once"] * options.once + ["--json"] * options.json
    arguments += ["--data", str(options.data)] if options.data else []
    arguments += ["--listen", options.listen] if options.listen else []
    os.execve(sys.executable, [sys.executable, "-m", "usher", "demo", *arguments], clean)  # noqa: S606 (ourselves)


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without settings for AWS, Usher, moto and proxies, and with no AWS files to find."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("AWS_", "USHER_", "MOTO_")) and not name.lower().endswith("_proxy")
    }
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return kept | nowhere | {"AWS_EC2_METADATA_DISABLED": "true"}


@contextmanager
def _data_folder(given: Path | None) -> Iterator[Path]:
    """The folder to use: the one given, which stays, or one of our own, which does not."""
    if given is not None:
        yield given.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="usher-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """A polite end from outside is a Ctrl-C; a second one does not disturb the tidying up."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in watched:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    watched = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        watched.append(signal.SIGHUP)
    before = [(number, signal.signal(number, interrupt)) for number in watched]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
