"""Git, asked for one thing: the bytes of a few files at a commit, from a server that may be hostile.

Nothing is ever checked out, so that no link, attribute, filter or submodule of the repository comes to life.
Git runs without a shell, without hooks, without its system configuration, with https and ssh alone, and is
stopped when it takes too long or too much room.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from usher.core.errors import UnavailableError
from usher.core.printable import printable
from usher.profiles.shared import RegistryError
from usher.session.vault.files import make_private_folder

LONGEST_SECONDS = 60.0
MOST_BYTES = 64_000_000
LARGEST_FILE_BYTES = 2_000_000
DEPTH = 50

_FETCHED = "refs/usher/fetched"
_REF = re.compile(r"[A-Za-z0-9][\w./+-]{0,200}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,250}|\[[0-9A-Fa-f:.]+\]", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9_][\w.-]{0,60}", re.ASCII)
_SCP = re.compile(r"(?P<user>[\w.-]+)@(?P<host>[A-Za-z0-9.-]+):(?P<path>[^:/].*)", re.ASCII)
_SSH_KEY = re.compile(r"(sk-)?(ssh|ecdsa)-[\w@.-]+ [A-Za-z0-9+/=]+")
_PGP = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
# What of the environment git and ssh need; nothing of AWS, and none of git's own switches.
_ENVIRONMENT = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|TMPDIR|TERM|DISPLAY|WAYLAND_DISPLAY|XDG_.*|SSH_AUTH_SOCK|SSH_AGENT_PID"
    r"|SSH_ASKPASS|GIT_ASKPASS|GIT_SSH|GIT_SSH_COMMAND|(https?|no)_proxy|(HTTPS?|NO)_PROXY"
    r"|SYSTEMROOT|USERPROFILE|APPDATA|LOCALAPPDATA"
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a reference led to: a commit, and the tag object on the way when there is one."""

    commit: str
    tag: str | None = None


class Git:
    """One registry's bare repository in `folder`, filled from `url` (see `check_url`)."""

    def __init__(
        self,
        folder: Path,
        url: str,
        environ: Mapping[str, str],
        *,
        interactive: bool,
        allow_file: bool = False,
    ) -> None:
        self._folder = folder
        self._url = check_url(url, allow_file=allow_file)
        self._allow_file = allow_file
        kept = {name: value for name, value in environ.items() if _ENVIRONMENT.fullmatch(name)}
        quiet = (
            {} if interactive else {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true"}
        )
        if not interactive and "GIT_SSH" not in kept:
            quiet["GIT_SSH_COMMAND"] = kept.get("GIT_SSH_COMMAND", "ssh") + " -oBatchMode=yes"
        self._environ = {
            **kept,
            **quiet,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
        }

    def fetch(self, ref: str) -> Fetched:
        """Get what `ref` (a branch, tag or commit; empty for the main branch) leads to now.

        Raises UnavailableError when the server gives nothing, and RegistryError for a ref that is none.
        """
        if ref and (not _REF.fullmatch(ref) or ".." in ref):
            raise RegistryError(f"{ref!r} is not a branch, tag or commit")
        if _COMMIT.fullmatch(ref) and self.has(ref):
            return Fetched(ref)  # a commit never changes
        make_private_folder(self._folder.parent)
        if not (self._folder / "HEAD").is_file():
            shutil.rmtree(self._folder, ignore_errors=True)
            # A template would bring hooks and configuration of its own.
            self._run(["init", "--quiet", "--bare", "--template=", "--", str(self._folder)], here=False)
        options = ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance", "--force"]
        refspec = f"+{ref or 'HEAD'}:{_FETCHED}"
        self._run(["fetch", *options, f"--depth={DEPTH}", "--", self._url, refspec])
        kind = self._ask("cat-file", "-t", _FETCHED)
        commit = self._ask("rev-parse", "--verify", f"{_FETCHED}^{{commit}}")
        tag = self._ask("rev-parse", "--verify", _FETCHED) if kind == "tag" else None
        if tag is not None and ref:
            # An old tag's object served under a new name would bring an old state back.
            named = re.search(r"^tag (.+)$", self._ask("cat-file", "tag", tag), re.MULTILINE)
            if named is None or named[1] != ref.removeprefix("refs/tags/"):
                raise RegistryError(f"the server answers for the tag '{ref}' with another tag")
        return Fetched(commit, tag)

    def read(self, commit: str, path: str) -> bytes:
        """The content of the plain file `path` at `commit`. Raises RegistryError when there is none."""
        path = check_path(path)
        listed = self._ask("ls-tree", "-z", check_commit(commit), "--", path).rstrip("\0")
        match = re.fullmatch(
            r"(?P<mode>\d{6}) (?P<kind>\w+) (?P<object>[0-9a-f]+)\t(?P<name>.*)", listed, re.DOTALL
        )
        if match is None or match["name"] != path:
            raise RegistryError(f"there is no file {path} at {commit[:12]}", hint="name it with --path")
        if match["mode"] not in {"100644", "100755"}:
            raise RegistryError(f"{path} at {commit[:12]} is no plain file; links are not followed")
        if int(self._ask("cat-file", "-s", match["object"])) > LARGEST_FILE_BYTES:
            raise RegistryError(f"{path} at {commit[:12]} is larger than {LARGEST_FILE_BYTES:,} bytes")
        return self._run(["cat-file", "blob", match["object"]])

    def has(self, commit: str) -> bool:
        """Whether `commit` is here."""
        return (self._folder / "HEAD").is_file() and self._try(
            "cat-file", "-e", f"{check_commit(commit)}^{{commit}}"
        )

    def descends(self, commit: str, older: str) -> bool:
        """Whether `older` is in the fetched history of `commit`; no when the history was rewritten."""
        return self.has(older) and self._try(
            "merge-base", "--is-ancestor", check_commit(older), check_commit(commit)
        )

    def verify(self, fetched: Fetched, signers: str) -> None:
        """Check that one of `signers` signed the tag or the commit. Raises RegistryError when none did.

        `signers` are ssh public keys, an `allowed_signers` file, or a PGP public key block. No other key
        counts, whatever the person's own keyrings trust.
        """
        with self._only_these(signers) as (options, environ):
            if fetched.tag and self._try("verify-tag", fetched.tag, options=options, environ=environ):
                return
            if self._try("verify-commit", fetched.commit, options=options, environ=environ):
                return
        raise RegistryError(
            f"commit {fetched.commit[:12]} is not signed by the registry's signers",
            hint="ask whoever keeps the registry; nothing was changed",
        )

    @contextmanager
    def _only_these(self, signers: str) -> Iterator[tuple[Sequence[str], Mapping[str, str]]]:
        """Options and environment with which git trusts `signers` and nobody else."""
        never = shutil.which("false", path=self._environ.get("PATH")) or "/bin/false"
        with tempfile.TemporaryDirectory(prefix="usher-") as place:
            if _PGP in signers:
                home = Path(place)
                home.chmod(0o700)
                environ = {"GNUPGHOME": place}
                if not _imports(signers.encode(), {**self._environ, **environ}):
                    raise RegistryError("the signers' PGP key cannot be read")
                yield ["-c", f"gpg.ssh.program={never}", "-c", f"gpg.x509.program={never}"], environ
                return
            allowed = Path(place) / "allowed_signers"
            allowed.write_text(allowed_signers(signers))
            yield [
                "-c", f"gpg.ssh.allowedSignersFile={allowed}",
                "-c", "gpg.ssh.program=ssh-keygen",
                "-c", f"gpg.program={never}",
                "-c", f"gpg.x509.program={never}",
            ], {}  # fmt: skip

    def _ask(self, *arguments: str) -> str:
        return self._run(arguments).decode("utf-8", "replace").strip("\n")

    def _try(
        self, *arguments: str, options: Sequence[str] = (), environ: Mapping[str, str] | None = None
    ) -> bool:
        try:
            self._run(arguments, options=options, environ=environ or {})
        except UnavailableError:
            return False
        return True

    def _run(
        self,
        arguments: Sequence[str],
        *,
        options: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        here: bool = True,
    ) -> bytes:
        """Git's output. Raises UnavailableError when it fails, lasts too long or takes too much room."""
        command = [
            "git",
            *self._options(),
            *options,
            *(["-C", str(self._folder)] if here else []),
            *arguments,
        ]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                process = subprocess.Popen(
                    command,
                    env={**self._environ, **(environ or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                )
            except OSError as error:
                raise RegistryError(f"cannot run git: {error.strerror}", hint="install git") from None
            self._watch(process, arguments[0])
            if process.returncode:
                err.seek(0)
                words = _lines(err.read(4_000))
                raise UnavailableError(
                    f"git {arguments[0]} failed: {words[-1] if words else f'exit {process.returncode}'}",
                    hint="check the address, the ref and your access; nothing was changed",
                )
            out.seek(0)
            return out.read(LARGEST_FILE_BYTES + 1)

    def _watch(self, process: subprocess.Popen[bytes], what: str) -> None:
        """Wait for git, and stop it when it lasts too long or its folder grows too large."""
        give_up = time.monotonic() + LONGEST_SECONDS
        while True:
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                too_large = _size(self._folder) > MOST_BYTES
                if not too_large and time.monotonic() < give_up:
                    continue
                _stop(process)
                shutil.rmtree(self._folder, ignore_errors=True)
                why = (
                    f"brings more than {MOST_BYTES:,} bytes"
                    if too_large
                    else f"takes over {LONGEST_SECONDS:.0f} s"
                )
                raise UnavailableError(f"git {what} {why} and was stopped; nothing was changed") from None
            return

    def _options(self) -> list[str]:
        allowed = ["https", "ssh", *(["file"] if self._allow_file else [])]
        settings = [
            f"core.hooksPath={os.devnull}",
            "core.fsmonitor=false",
            "core.symlinks=false",
            "submodule.recurse=false",
            "fetch.recurseSubmodules=false",
            "fetch.fsckObjects=true",
            "gc.auto=0",
            "maintenance.auto=false",
            "log.showSignature=false",
            "protocol.allow=never",
            *(f"protocol.{name}.allow=always" for name in allowed),
        ]
        return [part for setting in settings for part in ("-c", setting)]


def _lines(said: bytes) -> list[str]:
    """What git said, of which the server may have chosen a part, safe to show."""
    return [printable(line) for line in said.decode("utf-8", "replace").strip().splitlines()]


def check_url(url: str, *, allow_file: bool = False) -> str:
    """`url` as git gets it: https or ssh, without anything that git or ssh could take for an option.

    Raises RegistryError for every other transport, and for a password in the address.
    """
    scp = _SCP.fullmatch(url)
    if scp and "::" not in url:
        url = f"ssh://{scp['user']}@{scp['host']}/{scp['path']}"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise RegistryError(f"{url!r} is not an address") from None
    safe = url.isascii() and url.isprintable() and " " not in url and "::" not in parts.path
    if allow_file and parts.scheme == "file" and not parts.netloc and safe:
        return url
    if parts.scheme not in {"https", "ssh"} or not safe or not parts.path.strip("/"):
        raise RegistryError(
            f"{url!r} is not an address that a registry may have",
            hint="https://HOST/REPOSITORY or ssh://git@HOST/REPOSITORY",
        )
    if parts.password is not None or (parts.scheme == "https" and parts.username is not None):
        raise RegistryError(
            "the address holds a user name or password", hint="leave it out: git's credential helper knows it"
        )
    netloc_host = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(netloc_host) or (
        parts.username is not None and not _USER.fullmatch(parts.username)
    ):
        raise RegistryError(f"{url!r} names a host or user that cannot be meant")
    return url


def check_path(path: str) -> str:
    """`path` as git names files: relative, without `.` and `..`. Raises RegistryError."""
    parts = [part for part in path.split("/") if part != "."]
    if not path.isprintable() or not parts or any(part in {"", "..", ".git"} for part in parts):
        raise RegistryError(f"{path!r} is not the path of a file in the repository")
    return "/".join(parts)


def check_commit(text: str) -> str:
    """`text` as a full commit id. Raises RegistryError."""
    if not _COMMIT.fullmatch(text):
        raise RegistryError(f"{text!r} is not a full commit id")
    return text


def allowed_signers(signers: str) -> str:
    """Ssh's `allowed_signers` for bare public keys; lines that name their principals stay as they are."""
    lines = [line.strip() for line in signers.splitlines() if line.strip() and not line.startswith("#")]
    found = [f'usher namespaces="git" {line}' if _SSH_KEY.match(line) else line for line in lines]
    if not any(_SSH_KEY.search(line) for line in found):
        raise RegistryError(
            "the signers' file holds no key",
            hint="ssh public keys, allowed_signers or a PGP public key block",
        )
    return "\n".join(found) + "\n"


def _imports(keys: bytes, environ: Mapping[str, str]) -> bool:
    """Whether gpg takes `keys` into the key ring of `environ`. Raises RegistryError without gpg."""
    command = ["gpg", "--batch", "--quiet", "--no-autostart", "--import"]
    try:
        done = subprocess.run(
            command, input=keys, env=environ, capture_output=True, timeout=LONGEST_SECONDS, check=False
        )
    except OSError as error:
        raise RegistryError(
            f"the signers' key is a PGP key, and gpg cannot be run: {error.strerror}", hint="install gpg"
        ) from None
    except subprocess.TimeoutExpired:
        raise RegistryError(f"gpg did not read the signers' key within {LONGEST_SECONDS:.0f} s") from None
    return done.returncode == 0


def _size(folder: Path) -> int:
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(place) / name).lstat().st_size
            except OSError:
                continue  # it went away meanwhile, as git's temporary files do
    return total


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
