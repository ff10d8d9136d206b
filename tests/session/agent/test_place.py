"""The agent's socket: private, reached without trusting anybody's folder, replaced without a gap."""

import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from usher.core.errors import UnavailableError
from usher.session.agent import place as places
from usher.session.agent.peers import Peer
from usher.session.agent.place import NoAgentError, agent_socket, connect, identity_of, listen
from usher.session.vault.contract import UnsafePlaceError


def test_the_place_is_in_the_runtime_folder_and_one_per_cache(tmp_path):
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    one, other = (agent_socket(environ, Path(cache), 7) for cache in ("/a", "/b"))
    assert one.parent == other.parent == tmp_path / "usher-agent"
    assert one != other
    assert len(one.stem) == 16
    assert agent_socket(environ, Path("/x/../a"), 7) == one


@pytest.mark.parametrize("runtime", [None, "relative", "/there/is/none"])
def test_without_a_usable_runtime_folder_it_is_a_folder_of_the_users_own(runtime):
    environ = {} if runtime is None else {"XDG_RUNTIME_DIR": runtime}
    assert agent_socket(environ, Path("/a"), 7).parent == Path("/tmp/usher-agent-7")


def test_the_socket_is_private_whatever_the_umask(place):
    before = os.umask(0)
    try:
        listener = listen(place)
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.lstat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.lstat().st_mode) == 0o700
    listener.close()


def test_who_listens_anew_takes_the_place_over_in_one_step(place):
    first, before = listen(place), identity_of(place)
    second = listen(place)
    assert identity_of(place) != before
    connect(place, 5).close()
    assert second.accept()
    assert list(place.parent.iterdir()) == [place]
    first.close()
    second.close()


def test_a_place_that_cannot_be_taken_is_refused(place):
    place.mkdir(parents=True)
    place.parent.chmod(0o700)
    with pytest.raises(UnsafePlaceError):
        listen(place)


def test_nobody_there_is_no_agent(place):
    with pytest.raises(NoAgentError):
        connect(place, 5)
    listen(place).close()
    with pytest.raises(NoAgentError):
        connect(place, 5)
    place.unlink()
    assert identity_of(place) is None
    with pytest.raises(NoAgentError):
        connect(place, 5)


def test_a_folder_that_others_may_enter_is_refused(place):
    listener = listen(place)
    place.parent.chmod(0o755)
    with pytest.raises(UnsafePlaceError):
        connect(place, 5)
    listener.close()


def test_a_link_in_place_of_the_folder_is_refused(place, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.parent.symlink_to(tmp_path / "elsewhere")
    for attempt in (lambda: connect(place, 5), lambda: listen(place)):
        with pytest.raises(UnsafePlaceError):
            attempt()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_socket_of_ours_is_refused(place, kind, tmp_path):
    place.parent.mkdir(mode=0o700)
    listener = listen(tmp_path / "run" / "other" / "agent.sock")
    if kind == "file":
        place.write_text("")
    else:
        place.symlink_to(tmp_path / "run" / "other" / "agent.sock")
    with pytest.raises(UnsafePlaceError):
        connect(place, 5)
    listener.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_users_folder_or_socket_is_refused(place):
    listener = listen(place)
    os.chown(place, 65534, 65534)
    with pytest.raises(UnsafePlaceError):
        connect(place, 5)
    os.chown(place, 0, 0)
    os.chown(place.parent, 65534, 65534)
    with pytest.raises(UnsafePlaceError):
        connect(place, 5)
    listener.close()


def test_nothing_is_sent_to_a_process_of_another_user(place, monkeypatch):
    listener = listen(place)
    monkeypatch.setattr(places, "peer_of", lambda _: Peer(os.geteuid() + 1))
    with pytest.raises(UnsafePlaceError, match="another user"):
        connect(place, 5)
    connection, _ = listener.accept()
    assert connection.recv(1) == b""
    listener.close()


def test_many_who_come_at_once_wait_for_their_turn_and_not_for_ever(place, monkeypatch):
    monkeypatch.setattr(places, "BACKLOG", 0)
    listener = listen(place)
    waiting = connect(place, 5)
    with pytest.raises(UnavailableError, match="cannot reach"):
        connect(place, 0.05)
    waiting.close()
    listener.close()


def test_without_proc_the_path_itself_is_used_while_it_is_short(place, monkeypatch):
    monkeypatch.setattr(places, "_DESCRIPTORS", Path("/there/is/none"))
    with pytest.raises(UnsafePlaceError, match="too long"):
        listen(place.parent / ("x" * 100) / "agent.sock")
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        listener = listen(folder / "agent.sock")
        connect(folder / "agent.sock", 5).close()
        assert isinstance(listener, socket.socket)
        listener.close()
    finally:
        shutil.rmtree(folder)
