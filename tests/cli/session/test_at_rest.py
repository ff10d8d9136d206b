"""What a thief of the home folder has: a copy of every file, a portal to try it at, and all the time."""

import base64
import binascii
import json
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass

import pyrage
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STAGING = "mkdev-staging/ReadOnlyAccess"
SHOW = "import os; print(os.environ['AWS_SECRET_ACCESS_KEY'])"
LOCK = """
import secretstorage
collection = secretstorage.get_default_collection(secretstorage.dbus_init())
collection.lock()
assert collection.is_locked()
"""
MAGIC = b"usher-sealed-1\n\0"


def work(home, portal, *login):
    """A working day: signed in, profiles, keys for two roles, one used by a command."""
    address = ["--start-url", portal.url + "/start", "--region", "eu-central-1"]
    home.ok("login", "mkdev", *address, *(login or ["--device"]))
    home.ok("profiles", "sync")
    home.ok("credentials", STAGING)
    assert home.ok("exec", "mkdev-production/ReadOnlyAccess", "--", sys.executable, "-c", SHOW).strip()


@dataclass
class Thief:
    """Tries everything that is found in a copy of a home folder."""

    portal: object
    folder: object

    def loot(self):
        """Every way in that was found; empty when there is none."""
        candidates = self.candidates()
        return sorted({*self.at_the_portal(candidates), *self.opened_records(candidates)})

    def candidates(self):
        """Whatever looks like a token or key, as it stands and decoded, in every file and file name."""
        texts = set()
        for path in self.folder.rglob("*"):
            content = path.name.encode() + b"\n" + (path.read_bytes() if path.is_file() else b"")
            for shape in (rb"[A-Za-z0-9+/=_.~-]{12,}", rb"[A-Za-z0-9_-]{12,}"):
                texts |= set(re.findall(shape, content))
        for text in list(texts):
            for decode in (base64.b64decode, base64.urlsafe_b64decode, binascii.unhexlify):
                try:
                    texts.add(decode(text))
                except ValueError:
                    continue
        return texts

    def at_the_portal(self, candidates):
        """Each as an access token, as a refresh token (with the client's own secret), and as a role's key."""
        issued = {secret.encode() for secret in self.portal.issued}
        clients = list(self.portal.clients.items())
        for text in candidates:
            word = text.decode("ascii", "ignore")
            if not word.isprintable() or word.encode() != text:
                continue
            if self.asks("/assignment/accounts?max_result=10", {"x-amz-sso_bearer_token": word}):
                yield "access token"
            for client, secret in clients:
                form = {"clientId": client, "clientSecret": secret, "grantType": "refresh_token"}
                if self.asks("/token", {}, {**form, "refreshToken": word}):
                    yield "refresh token"
            if text in issued:
                yield text.decode().partition("-")[0]

    def asks(self, path, headers, document=None):
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(self.portal.url + path, body, headers)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status == 200
        except urllib.error.HTTPError:
            return False

    def opened_records(self, candidates):
        """Sealed records, with every 32 bytes there are, and with what opens the age files."""
        keys = {text for text in candidates if len(text) == 32} | set(self.opened_age_files(candidates))
        for path in self.folder.rglob("*.sealed"):
            sealed = path.read_bytes()
            assert sealed.startswith(MAGIC)
            for key in keys:
                for name in ("session/mkdev", path.stem):
                    try:
                        AESGCM(key).decrypt(sealed[16:28], sealed[28:], MAGIC + name.encode())
                    except InvalidTag:
                        continue
                    yield "sealed record"

    def opened_age_files(self, candidates):
        identities = [
            pyrage.x25519.Identity.from_str(text.decode())
            for text in candidates
            if re.fullmatch(rb"AGE-SECRET-KEY-1[0-9A-Z]{58}", text)
        ]
        for content in [path.read_bytes() for path in self.folder.rglob("*.age")]:
            yield from without_error(pyrage.decrypt, content, identities)
            yield from without_error(pyrage.passphrase.decrypt, content, "")


def without_error(decrypt, *arguments):
    try:
        yield decrypt(*arguments)
    except pyrage.DecryptError:
        return


@pytest.fixture
def thief(portal, tmp_path):
    def steal(home):
        image = tmp_path / "image"
        shutil.copytree(home.folder, image, symlinks=True)
        return Thief(portal, image)

    return steal


def elsewhere(home, thief):
    """The stolen home on another machine: no memory, no runtime folder, no bus of the old one."""
    run = thief.folder.parent / "other-run"
    run.mkdir(mode=0o700)
    kept = {name: home.environ[name] for name in home.environ if name not in {"DBUS_SESSION_BUS_ADDRESS"}}
    return type(home)(thief.folder, {**kept, "HOME": str(thief.folder), "XDG_RUNTIME_DIR": str(run)})


@pytest.mark.once
@pytest.mark.client("gnome-keyring")
def test_a_stolen_home_holds_nothing_usable_when_the_key_is_in_gnome_keyring(
    desktop, portal, thief, start_key_ring
):
    work(desktop, portal)
    secrets = json.loads(desktop.ok("status", "--json"))["secrets"]
    assert secrets["store"] == "os"
    desktop.end_key_ring()
    stolen = thief(desktop)
    assert list(stolen.folder.rglob("*.keyring"))
    assert len(list(stolen.folder.rglob("*.sealed"))) >= 3
    assert stolen.loot() == []
    other = elsewhere(desktop, stolen)
    start_key_ring(other, "a guess")
    done = other.run("credentials", STAGING)
    assert done.returncode == 3
    assert "key ring" in done.stderr


@pytest.mark.once
def test_a_stolen_home_holds_nothing_usable_when_the_agent_keeps_everything(bare, portal, thief):
    work(bare, portal)
    stolen = thief(bare)
    assert stolen.loot() == []
    assert elsewhere(bare, stolen).run("credentials", STAGING).returncode == 3


@pytest.mark.once
def test_the_thief_knows_the_trade(home, portal, thief):
    """Without this the tests above could pass because the thief finds nothing anywhere."""
    identity = home.folder / "identity.txt"
    identity.write_text(str(pyrage.x25519.Identity.generate()))
    home.environ["USHER_VAULT_IDENTITY"] = str(identity)
    work(home, portal)
    access = next(iter(portal.access_tokens))
    refresh = next(iter(portal.refresh_tokens))[0]
    (home.folder / "plain.json").write_text(json.dumps({"accessToken": access}))
    (home.folder / "encoded").write_bytes(base64.b64encode(refresh.encode()))
    (home.folder / ".env").write_text(f"AWS_SECRET_ACCESS_KEY={portal.issued[-2]}\n")
    loot = thief(home).loot()
    assert {"access token", "refresh token", "key", "sealed record"} <= set(loot)


@pytest.mark.once
@pytest.mark.client("gnome-keyring")
def test_a_locked_gnome_keyring_is_one_clear_error_and_nothing_is_lost(desktop, portal):
    work(desktop, portal)
    subprocess.run([sys.executable, "-c", LOCK], env=desktop.environ, check=True)
    done = desktop.run("credentials", "mkdev-production/ReadOnlyAccess")
    assert done.returncode == 3
    assert "the operating system's key ring does not open" in done.stderr
    assert "unlock it" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(desktop.records) >= 3


@pytest.mark.once
@pytest.mark.client("gnome-keyring")
def test_moving_out_of_gnome_keyring_leaves_no_key_there(desktop, portal, tmp_path):
    work(desktop, portal)
    desktop.ok("vault", "move", "--to", "file", "--identity", str(tmp_path / "identity.txt"))
    assert desktop.ok("credentials", "mkdev-staging/AdministratorAccess")
    listing = (
        "import secretstorage; c = secretstorage.get_default_collection(secretstorage.dbus_init());"
        "print([item.get_attributes().get('service') for item in c.get_all_items()])"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing], env=desktop.environ, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
