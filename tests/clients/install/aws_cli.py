"""Install AWS CLI v2 privately, from Debian 13's `awscli` package, without root.

AWS publishes version 2 only as a bundle of its own, and Debian 12 packages version 1, which has no
`aws sso login`. Debian 13's package is plain Python, so it is fetched from the Debian mirror this
machine is already configured with (through a private apt state: the machine's own lists are left
alone), unpacked, and given a virtual environment with the libraries it imports.

Result: `.cache/clients/aws-cli/` and the wrapper `.cache/clients/bin/aws`. Running it again does
nothing; a run that dies half-way leaves nothing behind that a later run would take for complete.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SUITE = "trixie"
PROJECT = Path(__file__).resolve().parents[3]
CLIENTS = PROJECT / ".cache" / "clients"
HOME = CLIENTS / "aws-cli"
WRAPPER = CLIENTS / "bin" / "aws"
REQUIREMENTS = Path(__file__).with_name("aws-cli-requirements.txt")
DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

_WRAPPER_TEXT = """\
#!/bin/sh
# AWS CLI v2 from Debian's package, in its own environment.
unset PYTHONPATH PYTHONHOME
exec "$(dirname "$(readlink -f "$0")")/../aws-cli/venv/bin/python" -m awscli "$@"
"""


class InstallError(Exception):
    """The AWS CLI cannot be installed here; the message says why."""


def main() -> int:
    """Install unless this very recipe is installed already. Returns the exit code."""
    CLIENTS.mkdir(parents=True, exist_ok=True)
    with (CLIENTS / ".aws-cli.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_installed():
            return 0
        try:
            _install()
        except InstallError as error:
            print(f"AWS CLI v2 was not installed: {error}", file=sys.stderr)
            return 1
    print(f"installed {_version(WRAPPER)}")
    return 0


def _recipe() -> str:
    return hashlib.sha256(Path(__file__).read_bytes() + REQUIREMENTS.read_bytes()).hexdigest()


def _is_installed() -> bool:
    stamp = HOME / "recipe"
    return WRAPPER.exists() and stamp.exists() and stamp.read_text() == _recipe()


def _install() -> None:
    with tempfile.TemporaryDirectory(dir=CLIENTS, prefix=".aws-cli-") as scratch_name:
        scratch = Path(scratch_name)
        package = _download_package(scratch / "apt")
        _run(["dpkg-deb", "-x", str(package), str(scratch / "package")])
        new = scratch / "new"
        _build_environment(new, scratch / "package")
        (new / "recipe").write_text(_recipe())
        if HOME.exists():
            HOME.rename(scratch / "old")
        new.rename(HOME)
        WRAPPER.parent.mkdir(exist_ok=True)
        draft = scratch / "aws"
        draft.write_text(_WRAPPER_TEXT)
        draft.chmod(0o755)
        draft.rename(WRAPPER)


def _build_environment(new: Path, package: Path) -> None:
    new.mkdir()
    _run([sys.executable, "-m", "venv", str(new / "venv")])
    python = str(new / "venv" / "bin" / "python")
    _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)])
    site = next((new / "venv" / "lib").glob("python3.*/site-packages"))
    shutil.copytree(package / "usr" / "lib" / "python3" / "dist-packages" / "awscli", site / "awscli")
    version = _version(python, "-m", "awscli")
    found = re.match(r"aws-cli/(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < (2, 22):
        raise InstallError(f"the package holds '{version}'; sign-in with PKCE needs 2.22 or newer")


def _download_package(folder: Path) -> Path:
    for part in ("lists/partial", "cache/archives/partial", "download"):
        (folder / part).mkdir(parents=True)
    uri, signed_by = _debian_mirror()
    sources = folder / "private.sources"
    sources.write_text(
        f"Types: deb\nURIs: {uri}\nSuites: {SUITE}\nComponents: main\nSigned-By: {signed_by}\n"
    )
    apt = ["apt-get", "-q"]
    for option in (
        f"Dir::Etc::sourcelist={sources}",
        "Dir::Etc::sourceparts=/dev/null",
        f"Dir::State::Lists={folder / 'lists'}",
        f"Dir::Cache={folder / 'cache'}",
        "APT::Sandbox::User=",  # the private folders belong to the caller, not to apt's own user
        "Acquire::Languages=none",
        "Acquire::Retries=3",
    ):
        apt += ["-o", option]
    _run([*apt, "update"])
    _run([*apt, "download", "awscli"], cwd=folder / "download")
    return next((folder / "download").glob("awscli_*.deb"))


def _debian_mirror() -> tuple[str, str]:
    """The archive and keyring of the first Debian source this machine is configured with."""
    etc = Path("/etc/apt")
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            fields = dict(re.findall(r"(?m)^([A-Za-z-]+):[ \t]*(.+)$", stanza))
            uri = str(fields.get("URIs", "")).split(" ")[0]
            if uri.rstrip("/").endswith("/debian") and fields.get("Enabled", "yes") != "no":
                return uri, str(fields.get("Signed-By", DEBIAN_KEYRING))
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]:
        lines = path.read_text() if path.exists() else ""
        found = re.search(r"(?m)^deb\s+(?:\[[^]]*\]\s+)?(\S+/debian)/?\s", lines)
        if found:
            return found[1], DEBIAN_KEYRING
    raise InstallError("no Debian mirror is configured in /etc/apt")


def _version(*command: str | Path) -> str:
    output = _run([*map(str, command), "--version"])
    return output.strip()


def _run(command: list[str], cwd: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise InstallError(f"'{command[0]}' is not on this machine") from error
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise InstallError(f"'{' '.join(command[:4])} …' failed:\n{last}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
