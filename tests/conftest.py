"""What every test may ask for: real clients that are there, or a loud skip.

A test that drives a real client says so: `@pytest.mark.client("chromium")`. Where that client is
missing the test is skipped and the summary says so in plain sight; under `CI=true` it fails, so that
no missing install step hides behind a green run. `find_client` hands the program to the test.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from starlette.types import ASGIApp

PROJECT = Path(__file__).resolve().parents[1]
CLIENTS = PROJECT / ".cache" / "clients"
JAVASCRIPT = PROJECT / "tests" / "clients" / "js"
TERRAFORM_ROOTS = ("/opt", "/usr/local", "/usr/share")
TERRAFORM_PROVIDER = "*/hashicorp/aws/5.*/*/terraform-provider-aws_v5*"


@dataclass(frozen=True, slots=True)
class Client:
    """A program that is not ours: how to find it, how to get it, whether CI must have it."""

    find: Callable[[], Path | None]
    install: str
    required_by_ci: bool = True


def _on_path(*names: str) -> Callable[[], Path | None]:
    def find() -> Path | None:
        found = next((path for name in names if (path := shutil.which(name))), None)
        return Path(found) if found else None

    return find


def _all_on_path(*names: str) -> Callable[[], Path | None]:
    def find() -> Path | None:
        found = [shutil.which(name) for name in names]
        return Path(found[0]) if found[0] and all(found) else None

    return find


def _file(path: Path) -> Callable[[], Path | None]:
    return lambda: path if path.exists() else None


def _javascript_sdk() -> Path | None:
    node = shutil.which("node")
    installed = (JAVASCRIPT / "node_modules" / "@aws-sdk" / "client-sts" / "package.json").exists()
    return Path(node) if node and installed else None


def _extension() -> Path | None:
    node = shutil.which("node")
    return Path(node) if node and (PROJECT / "extension" / "node_modules" / "esbuild").exists() else None


def _nu() -> Path | None:
    program = PROJECT / "tests" / "clients" / "nu" / "node_modules" / "@nushell" / "linux-x64" / "bin" / "nu"
    return program if program.exists() else None


def _firefox() -> Path | None:
    """With a screen and a session bus: without them it hands no address to a window that is open."""
    return _on_path("firefox", "firefox-esr")() if _all_on_path("Xvfb", "dbus-daemon")() else None


def _sshd() -> Path | None:
    """With what gives it a network of its own, which only root may do. People's PATH lacks /usr/sbin."""
    found, tool = (shutil.which(each, path="/usr/sbin:/usr/bin:/sbin:/bin") for each in ("sshd", "ip"))
    return Path(found) if found and tool and os.geteuid() == 0 else None


def find_terraform_mirror() -> Path | None:
    """The filesystem mirror that holds the hashicorp/aws provider: TF_PLUGIN_MIRROR or a usual place."""
    named = os.environ.get("TF_PLUGIN_MIRROR")
    roots = [Path(named)] if named else [Path(root) for root in TERRAFORM_ROOTS]
    for root in roots:
        for depth in ("", "*/", "*/*/"):
            provider = next(root.glob(depth + TERRAFORM_PROVIDER), None)
            if provider is not None:
                return provider.parents[5]
    return None


def _terraform() -> Path | None:
    found = shutil.which("terraform")
    return Path(found) if found and find_terraform_mirror() else None


_APT = "sudo apt-get install -y --no-install-recommends {}"
_KEY_RING = "gnome-keyring dbus-daemon"
CLIENT_PROGRAMS = {
    "aws-cli": Client(_file(CLIENTS / "bin" / "aws"), "make clients"),
    "chromium": Client(_on_path("chromium", "chromium-browser"), _APT.format("chromium")),
    "gnome-keyring": Client(_all_on_path("gnome-keyring-daemon", "dbus-daemon"), _APT.format(_KEY_RING)),
    "signing": Client(_all_on_path("ssh-keygen", "gpg"), _APT.format("openssh-client gnupg")),
    "dash": Client(_on_path("dash"), _APT.format("dash")),
    "elvish": Client(_on_path("elvish"), _APT.format("elvish")),
    "extension": Client(_extension, _APT.format("nodejs npm") + " && make clients"),
    "firefox": Client(_firefox, _APT.format("firefox-esr xvfb dbus-daemon")),
    "fish": Client(_on_path("fish"), _APT.format("fish")),
    "nu": Client(_nu, _APT.format("nodejs npm") + " && make clients"),
    # Debian and the package registries of CI do not have PowerShell.
    "powershell": Client(_on_path("pwsh"), "install PowerShell 7 (pwsh)", required_by_ci=False),
    "javascript-sdk": Client(_javascript_sdk, _APT.format("nodejs npm") + " && make clients"),
    # Neither apt, PyPI nor npm packages Terraform and its provider, so CI cannot install them:
    # where they are missing these tests are skipped, loudly, there too.
    "terraform": Client(
        _terraform,
        "put terraform on the PATH and name a filesystem mirror with hashicorp/aws 5.x in TF_PLUGIN_MIRROR",
        required_by_ci=False,
    ),
    "sshd": Client(_sshd, _APT.format("openssh-server iproute2") + ", and run as root"),
    "tmux": Client(_on_path("tmux"), _APT.format("tmux")),
    "xdotool": Client(_on_path("xdotool"), _APT.format("xdotool")),
    "xmlsec1": Client(_on_path("xmlsec1"), _APT.format("xmlsec1")),
    "zsh": Client(_on_path("zsh"), _APT.format("zsh")),
}
_MISSING = "real client missing: "


def pytest_configure() -> None:
    """A shell's background jobs ignore Ctrl-C, and so would every process that tests start and interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A real client is not Python of ours: whoever drives one need not do so again under `python -O`."""
    for item in items:
        if item.get_closest_marker("client"):
            item.add_marker("once")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("client"):
        for name in mark.args:
            client = CLIENT_PROGRAMS[name]
            if client.find() is not None:
                continue
            reason = f"{_MISSING}{name} ({client.install})"
            if client.required_by_ci and os.environ.get("CI") == "true":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every real client that was missing, and how many tests did not run for it."""
    missing: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if reason.startswith(_MISSING):
            missing[reason] = missing.get(reason, 0) + 1
    if missing:
        terminalreporter.section("NOT PROVED WITH REAL CLIENTS", sep="!", red=True, bold=True)
        for reason, count in sorted(missing.items()):
            terminalreporter.write_line(f"{count} tests did not run, {reason}", red=True)


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def find_client() -> Callable[[str], Path]:
    """`find_client("chromium")` is the program; the test carries the `client` mark of that name."""

    def find(name: str) -> Path:
        found = CLIENT_PROGRAMS[name].find()
        if found is None:
            pytest.skip(f"{_MISSING}{name} ({CLIENT_PROGRAMS[name].install})")
        return found

    return find


@pytest.fixture(scope="session")
def terraform_mirror() -> Path:
    """The root of the filesystem mirror with the hashicorp/aws provider."""
    found = find_terraform_mirror()
    if found is None:
        pytest.skip(f"{_MISSING}terraform ({CLIENT_PROGRAMS['terraform'].install})")
    return found


@pytest.fixture(scope="session")
def screenshots(project: Path) -> Path:
    """Where pictures of our pages are kept as artefacts of the run."""
    folder = project / "artifacts" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class _LoopbackServer(uvicorn.Server):
    """uvicorn without its ticks of a tenth of a second, of which an orderly end takes several."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(app, port=0, log_level="warning", lifespan="off", proxy_headers=False)
        )
        self.ready = threading.Event()

    async def main_loop(self) -> None:
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        await self.on_tick(0)  # sets the Date header
        self.ready.set()
        await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for each in (*self.servers, *(sockets or ())):
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._told.set)


@contextmanager
def _on_loopback(app: ASGIApp, listener: socket.socket | None = None) -> Iterator[str]:
    with listener or socket.create_server(("127.0.0.1", 0)) as held:
        server = _LoopbackServer(app)
        thread = threading.Thread(target=server.run, args=([held],), daemon=True)
        thread.start()
        if not server.ready.wait(30):
            raise TimeoutError("the server did not start")
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
        server.stop()
        thread.join(10)


@pytest.fixture(scope="session")
def on_loopback() -> Callable[..., AbstractContextManager[str]]:
    """`with on_loopback(app) as origin:` serves it on a loopback port, or on a listener handed over."""
    return _on_loopback


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of this version, to be copied: making one costs more than most tests that need it."""
    from usher.server.store.database import open_sqlite
    from usher.server.store.schema import migrate

    path = tmp_path_factory.mktemp("migrated", numbered=True) / "directory.db"
    database = open_sqlite(path, time.time)
    migrate(database)
    database.close()
    return path


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, so that no test reads or writes the person's."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for name in [name for name in os.environ if name.startswith(("AWS_", "USHER_", "XDG_"))]:
        if name not in {"AWS_CA_BUNDLE"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    return home
