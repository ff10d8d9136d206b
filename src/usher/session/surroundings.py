"""Where this process runs, as far as a sign-in cares: over SSH, in WSL, a container, an editor, CI.

What matters is whose 127.0.0.1 the person's browser would call. It is told from the environment and a
few files, which are passed in; nothing is started and nobody is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

ReadFile = Callable[[str], str | None]
"""The text of a file; None when there is none or it cannot be read."""

_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+(%[\w.-]+)?")
_CONTAINER_GROUPS = ("/docker", "/kubepods", "/containerd", "/lxc", "/libpod", "/garden")
_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")


@dataclass(frozen=True, slots=True)
class Ssh:
    """A login over SSH: the address and port that the person's `ssh` reached, where they are known."""

    host: str | None = None
    port: int = 22


class Way(Enum):
    """How the person's browser and our listener can meet."""

    HERE = auto()
    """A browser of this machine calls its 127.0.0.1."""
    EDITOR = auto()
    """The editor opens the person's browser and forwards the port (VS Code Remote, devcontainers)."""
    WINDOWS = auto()
    """The browser runs in Windows, which forwards its 127.0.0.1 to WSL."""
    TUNNEL = auto()
    """The browser is where `ssh` was started; a tunnel leads back."""
    CODESPACE = auto()
    """The browser is elsewhere; GitHub's own tunnel leads back."""
    CONTAINER = auto()
    """The browser is outside of this container; a published port leads in."""
    SHOWN = auto()
    """No browser can be started from here; the person opens the address themselves."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was found. `codespace` is its name; `helper` is `$BROWSER` as an editor sets it."""

    ssh: Ssh | None = None
    wsl: bool = False
    container: bool = False
    codespace: str | None = None
    editor: bool = False
    browser_named: bool = False
    display: bool = True
    ci: bool = False

    @property
    def way(self) -> Way:
        """The way that keeps PKCE working here."""
        if self.editor:
            return Way.EDITOR
        if self.codespace is not None:
            return Way.CODESPACE
        if self.ssh is not None:
            return Way.TUNNEL
        if self.browser_named:
            return Way.HERE
        if self.wsl:
            return Way.WINDOWS
        if self.container and not self.display:
            return Way.CONTAINER
        return Way.HERE if self.display else Way.SHOWN


def look_around(
    environ: Mapping[str, str], read_file: ReadFile, *, has_desktop: bool = False
) -> Surroundings:
    """The surroundings. `has_desktop`: this system shows browsers without a display variable."""
    browser, container = environ.get("BROWSER", ""), _is_container(environ, read_file)
    return Surroundings(
        ssh=_ssh(environ),
        wsl=_is_wsl(environ, read_file, container=container),
        container=container,
        codespace=environ.get("CODESPACE_NAME", "") if environ.get("CODESPACES") else None,
        editor=_is_editors(browser, environ),
        browser_named=bool(browser),
        display=has_desktop or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")),
        ci=_is_set(environ, "CI"),
    )


def read_local_file(path: str) -> str | None:
    """The beginning of a file of this machine, for `look_around`."""
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            return file.read(65_536)
    except OSError:
        return None


def tunnel_command(ssh: Ssh, user: str, host_name: str, port: int) -> str:
    """What to run where `ssh` was started, so that its 127.0.0.1:`port` leads here."""
    own_port = "" if ssh.port == 22 else f" -p {ssh.port}"
    return f"ssh -N -L {port}:127.0.0.1:{port}{own_port} {user}@{ssh.host or host_name}"


def _ssh(environ: Mapping[str, str]) -> Ssh | None:
    """`SSH_CONNECTION` is "client port server port", `SSH_CLIENT` "client port port"; a shell keeps them."""
    connection = environ.get("SSH_CONNECTION", "").split()
    if len(connection) == 4 and _ADDRESS.fullmatch(connection[2]):
        return Ssh(connection[2], _port(connection[3]))
    client = environ.get("SSH_CLIENT", "").split()
    if len(client) == 3:
        return Ssh(None, _port(client[2]))
    return Ssh() if environ.get("SSH_TTY") or connection else None


def _port(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 22


def _is_wsl(environ: Mapping[str, str], read_file: ReadFile, *, container: bool) -> bool:
    """A container that runs in WSL has its kernel, but no way to Windows' programs."""
    kernel = (read_file("/proc/version") or "").lower()
    return bool(environ.get("WSL_DISTRO_NAME")) or ("microsoft" in kernel and not container)


def _is_container(environ: Mapping[str, str], read_file: ReadFile) -> bool:
    if any(read_file(mark) is not None for mark in _CONTAINER_MARKS):
        return True
    if environ.get("REMOTE_CONTAINERS") or environ.get("DEVCONTAINER") or environ.get("container"):
        return True
    groups = read_file("/proc/1/cgroup") or ""
    return any(group in groups for group in _CONTAINER_GROUPS)


def _is_editors(browser: str, environ: Mapping[str, str]) -> bool:
    """VS Code's server sets `$BROWSER` to a helper of its own that asks the person's machine."""
    remote = "VSCODE_IPC_HOOK_CLI" in environ or "REMOTE_CONTAINERS" in environ or "CODESPACES" in environ
    return remote and ("/helpers/browser" in browser or "--openExternal" in browser)


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").lower() not in {"", "0", "false", "no"}
