"""Real `usher` processes with a home of their own, against the honest portal of the session's tests."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
import pytest

_PORTAL = Path(__file__).parents[2] / "session" / "portal_server.py"
_SPEC = importlib.util.spec_from_file_location("portal_server", _PORTAL)
portal_server = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(portal_server)

_BROWSER = Path(__file__).with_name("native_browser.py")
_SPEC = importlib.util.spec_from_file_location("native_browser", _BROWSER)
native_browser = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(native_browser)

USHER = [sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())"]
# A browser that follows redirects, as `$BROWSER` names one; it leaves no word behind.
BROWSER = f'{sys.executable} -c "import sys, urllib.request as u; u.urlopen(sys.argv[1]).read()" %s'


@pytest.fixture
def portal():
    for server in portal_server.running_portal():
        server.interval = 0.01
        yield server


@dataclass
class Home:
    """A person's machine: run usher on it, look at its files."""

    folder: Path
    environ: dict
    outputs: list = field(default_factory=list)
    end_key_ring: object = None
    portal: object = None

    @property
    def usher(self):
        return USHER

    @property
    def records(self):
        """The sealed files of its vault."""
        return list((self.folder / ".local/share/usher/vault").glob("*/*.sealed"))

    @property
    def command(self):
        return USHER

    @property
    def cache(self):
        return self.folder / ".cache" / "usher"

    @property
    def config(self):
        return self.folder / ".aws" / "config"

    def start(self, *arguments, **environ):
        return subprocess.Popen(
            [*USHER, *arguments],
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, **environ):
        process = self.start(*arguments, **environ)
        out, err = process.communicate(timeout=60)
        self.outputs.append(out + err)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def ok(self, *arguments, **environ):
        done = self.run(*arguments, **environ)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def settings(self, *lines):
        """The person's settings.toml, for as long as the block runs."""
        file = self.folder / ".config" / "usher" / "settings.toml"
        file.write_text("\n".join(lines))
        file.chmod(0o600)
        try:
            yield
        finally:
            file.unlink()

    def sockets(self):
        """The sockets of browsers' native hosts."""
        return list((Path(self.environ["XDG_RUNTIME_DIR"]) / "usher-agent").glob("browser-*.sock"))

    def files(self):
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def home(tmp_path):
    yield from homes(tmp_path)


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """One home for a module's tests, signed in to mkdev and synced; its agent, if any, is ended at last."""
    for portal in portal_server.running_portal():
        portal.interval = 0.01
        for home in homes(tmp_path_factory.mktemp("settled")):
            home.portal = portal
            where = ["--start-url", portal.url + "/start", "--region", "eu-central-1"]
            home.ok("login", "mkdev", *where, "--device")
            home.ok("profiles", "sync")
            yield home
            home.run("agent", "stop")


def homes(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    environ = {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "BROWSER": BROWSER,
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "USHER_VAULT": "file",
        "USHER_VAULT_IDENTITY": str(tmp_path / "identity.txt"),
    }
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "identity.txt").write_text(f"{pyrage.x25519.Identity.generate()}\n")
    environ |= {
        name: os.environ[name]
        for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "PYTHONPATH")
        if name in os.environ
    }
    yield Home(folder, environ)
    _clear_memory(folder)


@pytest.fixture
def bare(home):
    """A home that has no key ring and names no identity; an agent that was started is ended."""
    home.environ.pop("USHER_VAULT")
    home.environ.pop("USHER_VAULT_IDENTITY")
    home.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    yield home
    home.run("agent", "stop")


@pytest.fixture
def start_key_ring(tmp_path):
    """Start a session bus and gnome-keyring for a home, unlocked as signing in to its desktop does."""
    processes = []

    def start(home, password):
        bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address"],
            env={**home.environ, "XDG_DATA_DIRS": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        home.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        ring = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            env=home.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        ring.stdin.write(password)
        ring.stdin.close()
        processes.extend([ring, bus])
        _wait_for_secret_service(home.environ)
        return lambda: _end(ring, bus)

    yield start
    _end(*processes)


def _end(*processes):
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def _wait_for_secret_service(environ):
    code = (
        "import secretstorage, time\n"
        "bus = secretstorage.dbus_init()\n"
        "deadline = time.monotonic() + 20\n"
        "while not secretstorage.check_service_availability(bus):\n"
        "    assert time.monotonic() < deadline\n"
        "    time.sleep(0.02)\n"
    )
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)


@pytest.fixture
def desktop(home, start_key_ring):
    """A home on a desktop with a real gnome-keyring, unlocked with the person's password."""
    home.environ.pop("USHER_VAULT")
    home.environ.pop("USHER_VAULT_IDENTITY")
    home.end_key_ring = start_key_ring(home, "the login password")
    yield home
    home.run("agent", "stop")


def _clear_memory(folder):
    """Ready records go to shared memory; take away those of this test's home."""
    shelf = Path(f"/dev/shm/usher-{os.getuid()}")
    mark = os.fsencode(str(folder)).hex().encode()
    for record in shelf.iterdir() if shelf.is_dir() else ():
        if mark in record.read_bytes():
            record.unlink(missing_ok=True)


@pytest.fixture
def mkdev(home, portal):
    """A home that is signed in to mkdev."""
    home.ok("login", "mkdev", "--start-url", portal.url + "/start", "--region", "eu-central-1", "--device")
    return home


@pytest.fixture
def synced(mkdev):
    """A home with mkdev's profiles."""
    mkdev.ok("profiles", "sync")
    return mkdev


@pytest.fixture(scope="module")
def browser_class():
    return native_browser.NativeBrowser


@pytest.fixture
def start_browser():
    """Start a browser that has the extension, on a home; every one is closed at last."""
    started = []

    def start(home, *arguments, greets=True, **settings):
        browser = native_browser.NativeBrowser(home, *arguments, **settings)
        started.append(browser)
        if greets:
            assert browser.hello()["ok"], browser
        return browser

    yield start
    for browser in started:
        if browser.process.poll() is None:
            browser.close()
