"""What the process was given: environment, home directory, clock. Read once, into one frozen value."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from usher.cli.terminal import Terminal
from usher.core.errors import UsherError


@dataclass(frozen=True, slots=True)
class Context:
    """The edge of the program, as one value handed to every command.

    `config_dir` holds Usher's own settings and journals, `cache_dir` what can be made again, `data_dir`
    the vault, `aws_config_file` the file shared with the AWS CLI and SDKs. `attended` is whether a person
    watches this process at all: nobody does where a browser runs it, whatever terminal that was started from.
    """

    environ: Mapping[str, str]
    home: Path
    config_dir: Path
    cache_dir: Path
    aws_config_file: Path
    terminal: Terminal
    attended: bool = True

    def controlling_terminal(self) -> Terminal | None:
        """The terminal behind a process whose own words go elsewhere, None where there is none."""
        if not self.attended:
            return None
        try:
            return Terminal(err=Path("/dev/tty").open("w", encoding="utf-8"))
        except OSError:
            return None

    @property
    def data_dir(self) -> Path:
        """Where the vault and browsers' own profiles are: what may not be thrown away as a cache may."""
        usher_home = self.environ.get("USHER_HOME")
        if usher_home:
            return Path(usher_home) / "data"
        return Path(self.environ.get("XDG_DATA_HOME") or self.home / ".local" / "share") / "usher"

    @property
    def aws_credentials_file(self) -> Path:
        """The file that the AWS CLI and SDKs read plain keys from (`AWS_SHARED_CREDENTIALS_FILE`)."""
        named = self.environ.get("AWS_SHARED_CREDENTIALS_FILE")
        return Path(named).expanduser() if named else self.home / ".aws" / "credentials"


def read_context(terminal: Terminal | None = None) -> Context:
    """The context of this process (`USHER_HOME`, `AWS_CONFIG_FILE`, `XDG_*`, `NO_COLOR`)."""
    return context_of(dict(os.environ), terminal)


def context_of(environ: Mapping[str, str], terminal: Terminal | None = None) -> Context:
    """The context of a process whose environment is `environ`."""
    home = Path(environ.get("HOME") or Path.home())
    usher_home = environ.get("USHER_HOME")
    if usher_home:
        config_dir, cache_dir = Path(usher_home) / "config", Path(usher_home) / "cache"
    else:
        config_dir = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "usher"
        cache_dir = Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "usher"
    aws_config = Path(environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config").expanduser()
    colour = False if environ.get("NO_COLOR") else None
    return Context(environ, home, config_dir, cache_dir, aws_config, terminal or Terminal(colour=colour))


def usher_command(context: Context) -> list[str]:
    """The absolute path of the `usher` command, for other programs to call."""
    import shutil  # brings every kind of archive; a switch of profiles has no use for them

    beside = Path(sys.executable).with_name("usher")
    found = str(beside) if beside.is_file() else shutil.which("usher", path=context.environ.get("PATH"))
    if found is None:
        raise UsherError("cannot find the 'usher' command", hint="put it on the PATH")
    return [os.path.abspath(found)]  # noqa: PTH100 -- links must stay: an upgrade moves what they lead to
