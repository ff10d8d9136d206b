"""Bringing a person to the sign-in page from everywhere that a terminal can be."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from usher.core.errors import UnavailableError
from usher.session.callback import outward_address

SHORT = re.compile(r"http://127\.0\.0\.1:(\d+)/[0-9a-f]{32}\b")
SSH = {"SSH_CONNECTION": "198.51.100.7 51234 10.0.0.5 2222", "USER": "anna", "BROWSER": ""}


class SignIn:
    """A running `usher login` whose words are read as they come."""

    def __init__(self, process):
        self.process, self.said, self._more = process, "", threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stderr:
            with self._more:
                self.said += line
                self._more.notify_all()

    def until(self, pattern):
        with self._more:
            assert self._more.wait_for(lambda: re.search(pattern, self.said), 30), self.said
            return re.search(pattern, self.said)

    def finish(self, address):
        urllib.request.urlopen(address).read()
        assert self.process.wait(30) == 0, self.said


@pytest.fixture
def sign_in(home, portal):
    started = []

    def start(*options, **environ):
        started.append(SignIn(home.start("login", "mkdev", *at(portal), *options, **environ)))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


def at(portal):
    return ("--start-url", portal.url + "/start", "--region", "eu-central-1")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def test_over_ssh_the_tunnels_command_and_a_short_address_are_shown_and_pkce_stays(sign_in, portal):
    running = sign_in(**SSH)
    address, port = running.until(SHORT)[0], running.until(SHORT)[1]
    running.until("usher login mkdev --device")
    assert f"\n  ssh -N -L {port}:127.0.0.1:{port} -p 2222 anna@10.0.0.5\n" in running.said
    assert f"Signing in to mkdev ({portal.url}/start)\n" in running.said
    assert f"--callback-port {port}" in running.said
    running.finish(address)
    assert portal.count("authorize") == 1


def test_over_ssh_a_fixed_port_is_kept_from_the_options_or_the_settings(home, sign_in):
    first, second = free_port(), free_port()
    settings = home.folder / ".config" / "usher" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[login]\ncallback_port = {second}\n")
    running = sign_in("--callback-port", str(first), **SSH)
    running.until(f"-L {first}:127.0.0.1:{first} ")
    running.finish(running.until(SHORT)[0])
    running = sign_in(**SSH)
    running.until(f"-L {second}:127.0.0.1:{second} ")
    running.until("--device")
    assert "The same port every time" not in running.said


def test_settings_for_containers_are_for_containers(home, sign_in):
    if is_in_a_container():
        pytest.skip("this machine is a container itself")
    settings = home.folder / ".config" / "usher" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("[login]\ncallback_published = true\n")
    assert sign_in().process.wait(30) == 0


def test_in_a_browsers_codespace_githubs_tunnel_is_named(sign_in):
    running = sign_in(CODESPACES="true", CODESPACE_NAME="anna-x7", BROWSER="")
    address, port = running.until(SHORT)[0], running.until(SHORT)[1]
    assert f"gh codespace ports forward {port}:{port} -c anna-x7\n" in running.said
    running.finish(address)


def test_in_a_container_the_published_port_is_explained(sign_in):
    running = sign_in(container="docker", BROWSER="")
    address = running.until(SHORT)[0]
    running.until("--callback-port 8400 --callback-published")
    running.finish(address)


def test_in_a_container_with_a_published_port_the_browser_outside_comes_in_by_it(sign_in):
    port = free_port()
    running = sign_in("--callback-port", str(port), "--callback-published", container="docker", BROWSER="")
    try:
        own = outward_address()
    except UnavailableError:
        assert running.process.wait(30) == 7
        return
    path = running.until(SHORT)[0].rpartition("/")[2]
    assert f"-p 127.0.0.1:{port}:{port}" in running.said
    published = urllib.request.Request(f"http://{own}:{port}/{path}", headers={"Host": f"127.0.0.1:{port}"})
    running.finish(published)


def test_listening_beyond_loopback_needs_the_published_port(home, portal):
    done = home.run("login", *at(portal), "--callback-published", container="docker")
    assert done.returncode == 2
    assert "needs the published port" in done.stderr


def test_listening_beyond_loopback_is_for_containers_only(home, portal):
    if is_in_a_container():
        pytest.skip("this machine is a container itself")
    done = home.run("login", *at(portal), "--callback-published", "--callback-port", str(free_port()))
    assert done.returncode == 2
    assert "this is none" in done.stderr


def is_in_a_container():
    from usher.session.surroundings import look_around, read_local_file

    return look_around({}, read_local_file).container


def test_through_a_remote_editor_its_helper_opens_the_persons_browser(home, sign_in, tmp_path, portal):
    helper = tmp_path / "bin" / "helpers" / "browser.sh"
    helper.parent.mkdir(parents=True)
    # The editor opens what it forwarded under the name it gives to the person's machine.
    helper.write_text('#!/bin/sh\nexec curl -sL "$(echo "$1" | sed s/127.0.0.1/localhost/)"\n')
    helper.chmod(0o755)
    running = sign_in(**SSH | {"BROWSER": str(helper), "VSCODE_IPC_HOOK_CLI": "/run/user/1/vscode.sock"})
    running.until("through your editor, which forwards port")
    assert running.process.wait(30) == 0
    assert portal.count("authorize") == 1


def test_from_wsl_the_browser_of_windows_is_opened(sign_in, tmp_path, portal):
    programs = tmp_path / "windows"
    programs.mkdir()
    (programs / "powershell.exe").write_text(
        '#!/bin/sh\nfor last; do :; done\nexec curl -sL "$(echo "$last" | cut -d"\'" -f2)"\n'
    )
    (programs / "powershell.exe").chmod(0o755)
    running = sign_in(WSL_DISTRO_NAME="Debian", BROWSER="", PATH=f"{programs}:/usr/bin:/bin")
    running.until("in your browser in Windows")
    assert running.process.wait(30) == 0
    assert portal.count("authorize") == 1


def test_strangers_at_the_listener_are_counted_and_reported(sign_in):
    running = sign_in("--no-browser")
    callback = re.search(r"redirect_uri=http%3A%2F%2F127.0.0.1%3A(\d+)", running.until(r"/authorize\S+")[0])
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{callback[1]}/oauth/callback?code=x&state=guess")
    running.finish(running.until(r"http\S+/authorize\S+")[0])
    running.until("2 requests that did not belong to this sign-in")
    assert "(3 connections in all)" in running.said


def test_a_port_that_is_taken_is_said(home, portal):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = home.run("login", *at(portal), "--callback-port", str(port))
    assert done.returncode == 7
    assert f"port {port} of this machine is taken" in done.stderr


def test_a_code_comes_with_a_warning_and_an_address(home, portal):
    said = home.run("login", *at(portal), "--device").stderr
    assert "and enter the code  ABCD-EFGH" in said
    assert f"or open  {portal.url}/device?user_code=ABCD-EFGH  and compare" in said
    assert "never one that somebody sent you" in said


def test_fresh_ends_the_old_session_on_the_server_before_the_new_one_begins(mkdev, portal):
    [old] = portal.access_tokens
    mkdev.ok("login", "mkdev", "--fresh", "--device")
    assert portal.calls.index("logout") < portal.calls.index("start_device", portal.calls.index("logout"))
    assert old not in portal.access_tokens
    assert len(portal.access_tokens) == 1


def test_a_permission_set_that_is_missing_may_have_been_granted_after_the_session_began(synced, portal):
    portal.accounts["222222222222"] = ("staging", ["AdministratorAccess"])
    done = synced.run("credentials", "mkdev-staging/ReadOnlyAccess")
    assert done.returncode == 4
    assert "granted after your session began? 'usher login --fresh'" in done.stderr


def test_a_second_login_waits_for_the_first_and_shares_it(sign_in):
    first = sign_in("--no-browser")
    address = first.until(r"http\S+/authorize\S+")[0]
    second = sign_in("--no-browser")
    second.until("Another usher is signing in to mkdev; waiting for it")
    first.finish(address)
    assert second.process.wait(30) == 0
    second.until("Signed in to mkdev")


def test_a_login_that_is_killed_leaves_the_way_free(sign_in):
    first = sign_in("--no-browser")
    first.until(r"/authorize\S+")
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(30)
    second = sign_in("--no-browser")
    second.finish(second.until(r"http\S+/authorize\S+")[0])
    assert "waiting" not in second.said


def test_several_organizations_are_signed_in_side_by_side(home, portal):
    for name in ("mkdev", "customer-b"):
        address = ("--start-url", f"{portal.url}/{name}", "--region", "eu-central-1")
        home.ok("login", name, *address, "--device")
    words = home.ok("status")
    assert words.count("then refreshed") == 2
    home.ok("logout", "customer-b")
    assert home.ok("status", "mkdev").count("then refreshed") == 1
    assert home.run("status", "customer-b").returncode == 3


def test_no_helper_program_is_left_running(home, portal, sign_in):
    running = sign_in()
    assert running.process.wait(30) == 0
    children = subprocess.run(
        ["ps", "-o", "ppid=", "-A"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert str(running.process.pid) not in children
