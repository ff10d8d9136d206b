"""The vault's key in `vault.key.age`: the age format, opened by a passphrase or by identities.

The file's first stanza says which (age-encryption.org/v1). Identities are age's own or ssh keys
(ssh-ed25519, ssh-rsa) without a passphrase of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from usher.core.errors import UsageError
from usher.core.secrets import Secret
from usher.session.vault.files import read_private, write_private
from usher.session.vault.keys import VaultKeyGoneError, VaultLockedError, is_key_of, key_id
from usher.session.vault.place import Generation, Store

FILE_NAME = "vault.key.age"
SHORT_PASSPHRASE = 12
_PASSPHRASE_STANZA = b"age-encryption.org/v1\n-> scrypt "
_LARGEST_FILE = 65_536


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Seal the key with a passphrase. Raises UsageError for one that is none."""

    secret: Secret

    def __post_init__(self) -> None:
        if not self.secret.reveal().strip():
            raise UsageError("an empty passphrase protects nothing", hint="type one of several words")

    @property
    def is_short(self) -> bool:
        """Whether it can be guessed by trying, should somebody have the file."""
        return len(self.secret.reveal()) < SHORT_PASSPHRASE


@dataclass(frozen=True, slots=True)
class Recipients:
    """Seal the key for age or ssh public keys; `identity` is the private one's file, if it is known."""

    public: tuple[str, ...]
    identity: str = ""


Sealing = Passphrase | Recipients


class KeyFile:
    """Keys in age files, one in each generation's folder below the vault's `folder`.

    `new_sealing` says how to seal a new one. `passphrases` gives what to try, one after the other, as a
    person types them. `identity` is the identity file to use in place of the generation's own.
    """

    def __init__(
        self,
        folder: Path,
        new_sealing: Callable[[], Sealing],
        passphrases: Callable[[], Iterator[Secret]],
        identity: str = "",
    ) -> None:
        self._folder = folder
        self._new_sealing = new_sealing
        self._passphrases = passphrases
        self._identity = identity

    def keep(self, key: bytes) -> Generation:
        """Seal the key into a file."""
        return self.seal(key, self._new_sealing())

    def seal(self, key: bytes, sealing: Sealing) -> Generation:
        """Create or replace the key's file, as a whole."""
        identity = sealing.identity if isinstance(sealing, Recipients) else ""
        generation = Generation(Store.FILE, key_id(key), identity)
        write_private(self._path(generation), _sealed(key, sealing))
        return generation

    def fetch(self, generation: Generation) -> bytes:
        """The key. Raises VaultLockedError when nothing at hand opens it, VaultKeyGoneError without file."""
        path = self._path(generation)
        content = read_private(path)
        if content is None:
            raise VaultKeyGoneError(
                f"the vault's key file {path} is gone",
                hint="run 'usher vault init --empty' to begin anew, then sign in again",
            )
        opened = self._by_passphrase if content.startswith(_PASSPHRASE_STANZA) else self._by_identity
        key = opened(content, path, generation)
        if not is_key_of(generation, key):
            raise VaultKeyGoneError(
                f"{path} holds the key of another vault",
                hint="put the right file back, or run 'usher vault init --empty' to begin anew",
            )
        return key

    def forget(self, generation: Generation) -> None:
        """Remove the file."""
        (self._path(generation)).unlink(missing_ok=True)

    def _path(self, generation: Generation) -> Path:
        return self._folder / generation.key_id / FILE_NAME

    def _by_passphrase(self, content: bytes, path: Path, _generation: Generation) -> bytes:
        import pyrage

        for passphrase in self._passphrases():
            try:
                return bytes(pyrage.passphrase.decrypt(content, passphrase.reveal()))
            except pyrage.DecryptError:
                continue
        raise VaultLockedError(
            f"the passphrase does not open {path}",
            hint="run 'usher vault unlock'; who has forgotten it begins anew with 'usher vault init --empty'",
        )

    def _by_identity(self, content: bytes, path: Path, generation: Generation) -> bytes:
        import pyrage

        file = self._identity or generation.identity
        if not file:
            raise VaultLockedError(
                f"{path} opens with an identity file, and none is named",
                hint="set [vault] identity in settings.toml, or USHER_VAULT_IDENTITY",
            )
        try:
            return bytes(pyrage.decrypt(content, read_identities(Path(file))))
        except pyrage.DecryptError:
            raise VaultLockedError(
                f"the identity file {file} does not open {path}", hint="name the one it was sealed for"
            ) from None


def recipients_of(identity: Path) -> Recipients:
    """What seals for the identities of an identity file; an ssh key's public half stands beside it."""
    public = []
    for found in read_identities(identity):
        to_public = getattr(found, "to_public", None)
        public.append(str(to_public()) if to_public else _ssh_public_key(identity))
    return Recipients(tuple(public), str(identity.absolute()))


def _ssh_public_key(identity: Path) -> str:
    beside = identity.with_name(identity.name + ".pub")
    try:
        return beside.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(
            f"the public key of {identity} is not beside it", hint="give it with --recipient 'ssh-ed25519 …'"
        ) from None


def read_identities(path: Path) -> Sequence[object]:
    """The identities of a file: age's (one a line, `#` comments) or one ssh key. Raises VaultLockedError."""
    import pyrage

    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE)
    except OSError as error:
        raise VaultLockedError(
            f"cannot read the identity file {path}: {error.strerror}", hint="is it on a device that is out?"
        ) from None
    try:
        if content.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(content)]
        lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
        keys = [line for line in lines if line and not line.startswith("#")]
        if not keys:
            raise pyrage.IdentityError("empty")
        return [pyrage.x25519.Identity.from_str(key) for key in keys]
    except pyrage.IdentityError:
        raise VaultLockedError(
            f"{path} is not an identity file that usher can read",
            hint="use one of age-keygen, or an ssh-ed25519 or ssh-rsa key without a passphrase of its own",
        ) from None


def _sealed(key: bytes, sealing: Sealing) -> bytes:
    import pyrage

    if isinstance(sealing, Passphrase):
        return bytes(pyrage.passphrase.encrypt(key, sealing.secret.reveal()))
    return bytes(pyrage.encrypt(key, [_recipient(text) for text in sealing.public]))


def _recipient(text: str) -> object:
    import pyrage

    kind = pyrage.ssh.Recipient if text.startswith("ssh-") else pyrage.x25519.Recipient
    try:
        return kind.from_str(text)
    except pyrage.RecipientError:
        raise UsageError(
            f"{text[:40]!r} is not a recipient", hint="it begins with age1, ssh-ed25519 or ssh-rsa"
        ) from None
