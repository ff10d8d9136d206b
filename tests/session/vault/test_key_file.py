"""`vault.key.age`: the age format itself, and every way in which it does not open."""

import shutil
import subprocess

import pyrage
import pytest

from usher.core.errors import UsageError
from usher.core.secrets import Secret
from usher.session.vault.files import read_private
from usher.session.vault.key_file import KeyFile, Passphrase, Recipients, recipients_of
from usher.session.vault.keys import VaultKeyGoneError, VaultLockedError
from usher.session.vault.place import Store

KEY = bytes(range(32))
PASSPHRASE = Secret("correct horse battery staple")


def key_file(folder, sealing=None, passphrases=(), identity=""):
    return KeyFile(folder, lambda: sealing, lambda: iter(passphrases), identity)


@pytest.fixture(scope="module")
def ssh_keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ssh")
    for name, passphrase in (("plain", ""), ("guarded", "secret")):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", folder / name], check=True
        )
    return folder


@pytest.mark.once  # scrypt is meant to be slow
def test_a_passphrase_makes_a_file_that_any_age_tool_opens(tmp_path):
    generation = key_file(tmp_path, Passphrase(PASSPHRASE)).keep(KEY)
    content = read_private(tmp_path / generation.key_id / "vault.key.age")
    assert content.startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert KEY not in content
    assert pyrage.passphrase.decrypt(content, PASSPHRASE.reveal()) == KEY
    assert (generation.store, generation.identity) == (Store.FILE, "")
    with pytest.raises(VaultLockedError, match="does not open"):
        key_file(tmp_path, passphrases=[Secret("no")]).fetch(generation)
    wrong_then_right = iter([Secret("no"), PASSPHRASE])
    assert key_file(tmp_path, passphrases=wrong_then_right).fetch(generation) == KEY


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u3000"])
def test_an_empty_passphrase_is_refused(text):
    with pytest.raises(UsageError, match="empty passphrase"):
        Passphrase(Secret(text))


def test_short_passphrases_are_known_as_such():
    assert Passphrase(Secret("elevenchars")).is_short
    assert not Passphrase(Secret("twelve chars")).is_short


def test_an_identity_file_opens_and_its_place_is_remembered(tmp_path):
    identity = tmp_path / "keys.txt"
    pair = [pyrage.x25519.Identity.generate() for _ in range(2)]
    identity.write_text("# two keys\n" + "".join(f"{each}\n" for each in pair))
    sealing = recipients_of(identity)
    assert sealing.public == tuple(str(each.to_public()) for each in pair)
    generation = key_file(tmp_path, sealing).keep(KEY)
    assert generation.identity == str(identity)
    assert key_file(tmp_path).fetch(generation) == KEY


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here")
def test_an_ssh_key_opens(tmp_path, ssh_keys):
    generation = key_file(tmp_path, recipients_of(ssh_keys / "plain")).keep(KEY)
    assert key_file(tmp_path).fetch(generation) == KEY


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here")
def test_an_ssh_key_with_a_passphrase_and_one_without_public_half_are_refused(tmp_path, ssh_keys):
    with pytest.raises(VaultLockedError, match="not an identity file that usher can read"):
        recipients_of(ssh_keys / "guarded")
    alone = tmp_path / "alone"
    shutil.copy(ssh_keys / "plain", alone)
    with pytest.raises(UsageError, match="public key") as caught:
        recipients_of(alone)
    assert "--recipient" in caught.value.hint


def test_recipients_may_be_given_without_their_identity_which_is_then_named_by_the_settings(tmp_path):
    identity = pyrage.x25519.Identity.generate()
    generation = key_file(tmp_path, Recipients((str(identity.to_public()),))).keep(KEY)
    with pytest.raises(VaultLockedError, match="none is named"):
        key_file(tmp_path).fetch(generation)
    (tmp_path / "mine").write_text(str(identity))
    assert key_file(tmp_path, identity=str(tmp_path / "mine")).fetch(generation) == KEY


def test_another_identity_does_not_open(tmp_path):
    generation = key_file(tmp_path, Recipients((str(pyrage.x25519.Identity.generate().to_public()),))).keep(
        KEY
    )
    (tmp_path / "other").write_text(str(pyrage.x25519.Identity.generate()))
    with pytest.raises(VaultLockedError, match="does not open"):
        key_file(tmp_path, identity=str(tmp_path / "other")).fetch(generation)


@pytest.mark.parametrize("content", ["", "# nothing\n", "AGE-SECRET-KEY-1NO\n", "-----BEGIN NOTHING-----\n"])
def test_a_file_that_is_no_identity_is_named(tmp_path, content):
    (tmp_path / "identity").write_text(content)
    with pytest.raises(VaultLockedError, match="not an identity file"):
        recipients_of(tmp_path / "identity")


def test_an_identity_that_is_not_there_may_be_on_a_device(tmp_path):
    with pytest.raises(VaultLockedError, match="cannot read the identity file") as caught:
        recipients_of(tmp_path / "usb-stick" / "identity")
    assert "device" in caught.value.hint


@pytest.mark.parametrize("recipient", ["age1no", "ssh-ed25519 no", "me@example.com", ""])
def test_what_is_no_recipient_is_named(tmp_path, recipient):
    with pytest.raises(UsageError, match="is not a recipient"):
        key_file(tmp_path, Recipients((recipient,))).keep(KEY)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_and_one_of_another_vault_are_told_apart(tmp_path):
    identity = tmp_path / "identity"
    identity.write_text(str(pyrage.x25519.Identity.generate()))
    first = key_file(tmp_path, recipients_of(identity)).keep(KEY)
    second = key_file(tmp_path, recipients_of(identity)).keep(KEY[::-1])
    mine, other = (tmp_path / each.key_id / "vault.key.age" for each in (first, second))
    mine.write_bytes(other.read_bytes())
    with pytest.raises(VaultKeyGoneError, match="another vault"):
        key_file(tmp_path).fetch(first)
    key_file(tmp_path).forget(first)
    key_file(tmp_path).forget(first)
    with pytest.raises(VaultKeyGoneError, match="is gone"):
        key_file(tmp_path).fetch(first)
