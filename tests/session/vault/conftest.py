"""A vault's surroundings without a desktop: a key ring in a file, an agent's memory in this process."""

import json
import os

import pyrage
import pytest

from usher.core.secrets import Secret
from usher.session.vault.key_file import KeyFile, recipients_of
from usher.session.vault.ladder import LadderVault
from usher.session.vault.memory import MemoryVault
from usher.session.vault.os_store import OsStore
from usher.session.vault.place import Store, VaultPlace


class Ring:
    """A key ring in a file, so that it outlives the processes that tests kill."""

    def __init__(self, path):
        self.path = path

    @property
    def entries(self):
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def get_password(self, service, username):
        return self.entries.get(f"{service}/{username}")

    def set_password(self, service, username, password):
        self.path.write_text(json.dumps(self.entries | {f"{service}/{username}": password}))

    def delete_password(self, service, username):
        entries = self.entries
        del entries[f"{service}/{username}"]
        self.path.write_text(json.dumps(entries))


class Agent:
    """An agent's memory."""

    def __init__(self, running=True):
        self.running, self.memory, self.keys = running, MemoryVault(), {}

    def runs(self):
        return self.running

    def records(self):
        return self.memory

    def key(self, name):
        return self.keys.get(name)

    def put_key(self, name, key):
        if self.running:
            self.keys[name] = key

    def forget_key(self, name):
        self.keys.pop(name, None)


class Surroundings:
    """One home, opened by any number of processes."""

    def __init__(self, folder):
        self.folder = folder
        self.ring = Ring(folder / "ring.json")
        self.agent = Agent()
        self.identity = folder / "identity.txt"
        self.identity.write_text(f"# made for a test\n\n{pyrage.x25519.Identity.generate()}\n")
        self.sealing = lambda: recipients_of(self.identity)
        self.passphrases = []

    def open(self, wanted=None):
        place = VaultPlace(self.folder / "vault", self.folder / "locks")
        os_store = OsStore(lambda: self.ring)
        key_file = KeyFile(
            place.folder, lambda: self.sealing(), lambda: (Secret(text) for text in self.passphrases)
        )
        holders = {Store.OS: os_store, Store.FILE: key_file}
        return LadderVault(place, wanted, holders, os_store.is_here, self.agent, os.urandom)

    @property
    def generations(self):
        return sorted(path.name for path in (self.folder / "vault").iterdir() if path.is_dir())


@pytest.fixture
def surroundings(tmp_path):
    return Surroundings(tmp_path)
