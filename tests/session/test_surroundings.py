"""Where a sign-in runs: told from environment and files, for every surroundings that people report."""

import pytest

from usher.session.surroundings import Ssh, Way, look_around, read_local_file, tunnel_command

HELPER = "/home/anna/.vscode-server/bin/0123/bin/helpers/browser.sh"
WSL_KERNEL = {"/proc/version": "Linux version 5.15.153.1-microsoft-standard-WSL2"}
DOCKER = {"/.dockerenv": ""}
DESKTOP = {"DISPLAY": ":0"}
SSH = {"SSH_CONNECTION": "198.51.100.7 51234 10.0.0.5 22"}


def around(environ, files=None, **more):
    return look_around(environ, (files or {}).get, **more)


@pytest.mark.parametrize(
    ("environ", "files", "way"),
    [
        (DESKTOP, {}, Way.HERE),
        ({"WAYLAND_DISPLAY": "wayland-0"}, {}, Way.HERE),
        ({}, {}, Way.SHOWN),
        ({"BROWSER": "w3m"}, {}, Way.HERE),
        (SSH, {}, Way.TUNNEL),
        (SSH | {"DISPLAY": "localhost:10.0"}, {}, Way.TUNNEL),
        (SSH | {"BROWSER": "firefox"}, {}, Way.TUNNEL),
        (SSH | {"VSCODE_IPC_HOOK_CLI": "/run/x.sock", "BROWSER": HELPER}, {}, Way.EDITOR),
        (SSH | {"VSCODE_IPC_HOOK_CLI": "/run/x.sock"}, {}, Way.TUNNEL),
        (DESKTOP, WSL_KERNEL, Way.WINDOWS),
        ({"WSL_DISTRO_NAME": "Debian"}, {}, Way.WINDOWS),
        (DESKTOP | {"BROWSER": "firefox"}, WSL_KERNEL, Way.HERE),
        ({}, WSL_KERNEL | DOCKER, Way.CONTAINER),
        ({"WSL_DISTRO_NAME": "Debian"}, WSL_KERNEL | DOCKER, Way.WINDOWS),
        ({}, DOCKER, Way.CONTAINER),
        (DESKTOP, DOCKER, Way.HERE),
        ({}, {"/run/.containerenv": 'engine="podman"'}, Way.CONTAINER),
        ({}, {"/proc/1/cgroup": "0::/docker/0123"}, Way.CONTAINER),
        ({}, {"/proc/1/cgroup": "0::/init.scope"}, Way.SHOWN),
        ({"container": "lxc"}, {}, Way.CONTAINER),
        ({"REMOTE_CONTAINERS": "true", "BROWSER": HELPER}, DOCKER, Way.EDITOR),
        ({"REMOTE_CONTAINERS": "true"}, {}, Way.CONTAINER),
        ({"CODESPACES": "true", "CODESPACE_NAME": "anna-x7"}, DOCKER, Way.CODESPACE),
        ({"CODESPACES": "true", "BROWSER": "/x/code --openExternal"}, DOCKER, Way.EDITOR),
    ],
)
def test_the_way_between_browser_and_terminal(environ, files, way):
    assert around(environ, files).way is way


def test_systems_without_display_variables_have_desktops():
    assert around({}, has_desktop=True).way is Way.HERE


@pytest.mark.parametrize(
    ("environ", "ssh"),
    [
        ({}, None),
        (SSH, Ssh("10.0.0.5", 22)),
        ({"SSH_CONNECTION": "fe80::1%eth0 5 fe80::2%eth0 2222"}, Ssh("fe80::2%eth0", 2222)),
        ({"SSH_CONNECTION": "::1 5 $(reboot) 22"}, Ssh()),
        ({"SSH_CONNECTION": "::1 5 ::1 x"}, Ssh("::1", 22)),
        ({"SSH_CLIENT": "198.51.100.7 51234 2222"}, Ssh(None, 2222)),
        ({"SSH_TTY": "/dev/pts/1"}, Ssh()),
    ],
)
def test_what_ssh_says_about_where_it_led(environ, ssh):
    assert around(environ).ssh == ssh


def test_the_tunnels_command_can_be_pasted():
    assert tunnel_command(Ssh("10.0.0.5"), "anna", "build01", 8400) == (
        "ssh -N -L 8400:127.0.0.1:8400 anna@10.0.0.5"
    )
    assert tunnel_command(Ssh(None, 2222), "anna", "build01", 8400) == (
        "ssh -N -L 8400:127.0.0.1:8400 -p 2222 anna@build01"
    )


@pytest.mark.parametrize(("value", "ci"), [("true", True), ("1", True), ("false", False), ("", False)])
def test_continuous_integration_says_so(value, ci):
    assert around({"CI": value}).ci is ci


def test_files_of_this_machine_are_read_and_missing_ones_are_none(tmp_path):
    (tmp_path / "there").write_text("yes")
    assert read_local_file(str(tmp_path / "there")) == "yes"
    assert read_local_file(str(tmp_path / "missing")) is None
