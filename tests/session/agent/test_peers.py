"""Who is at the other end: what the kernel tells, in words, and nothing made up."""

import os
import socket
import struct
import subprocess
import sys

import pytest

from usher.session.agent.peers import Peer, ProcessWatch, peer_of, process_words, tcp_peer_of, tcp_user_of


def test_the_peer_of_a_unix_socket_is_this_process():
    one, other = socket.socketpair()
    assert peer_of(one) == Peer(os.getuid(), os.getpid())
    one.close()
    other.close()


def test_on_bsd_and_macos_the_user_is_known(monkeypatch):
    class Connection:
        def getsockopt(self, level, option, length):
            assert (level, option) == (0, 1)
            return struct.pack("=IIh2x16I", 0, 501, 1, *([20] * 16))[:length]

    monkeypatch.delattr(socket, "SO_PEERCRED")
    assert peer_of(Connection()) == Peer(501)


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_the_peer_of_a_tcp_connection_of_this_machine_is_found_in_the_kernels_table(family, host):
    listener = socket.create_server((host, 0), family=family)
    client = socket.create_connection(listener.getsockname()[:2])
    served, _ = listener.accept()
    assert tcp_peer_of(served) == Peer(os.getuid(), os.getpid())
    assert tcp_user_of(served) == os.getuid()
    for each in (client, served, listener):
        each.close()


def test_who_comes_to_an_ipv4_address_with_an_ipv6_socket_is_found_too():
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.socket(socket.AF_INET6)
    client.connect(("::ffff:127.0.0.1", listener.getsockname()[1]))
    served, _ = listener.accept()
    assert tcp_user_of(served) == os.getuid()
    for each in (client, served, listener):
        each.close()


@pytest.fixture
def connection():
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    served, _ = listener.accept()
    yield served
    for each in (client, served, listener):
        each.close()


def test_what_the_kernel_does_not_tell_is_not_made_up(connection, tmp_path):
    assert tcp_peer_of(connection, tmp_path) is None
    assert tcp_user_of(connection, tmp_path) is None
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        "  sl  local_address rem_address\n   0: 00000000:0016 00000000:0000\n"
    )
    assert tcp_peer_of(connection, tmp_path) is None


def test_a_process_whose_descriptors_are_closed_to_us_is_unknown(connection, tmp_path):
    theirs, ours = connection.getpeername(), connection.getsockname()
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        f"  sl\n   0: 0100007F:{theirs[1]:04X} 0100007F:{ours[1]:04X} 01 0:0 00:0 0 1000 0 4711 1 0\n"
    )
    (tmp_path / "12" / "fd").mkdir(parents=True)
    (tmp_path / "12" / "fd" / "0").write_text("no link")
    (tmp_path / "13").mkdir()
    expected = Peer(1000) if sys.byteorder == "little" else None
    assert tcp_peer_of(connection, tmp_path) == expected


def test_processes_are_named_with_their_parents(tmp_path):
    for number, text in (("7", "7 (a) b\x1b[31m) S 3 7"), ("3", "3 (bash) S 0 3")):
        (tmp_path / number).mkdir()
        (tmp_path / number / "stat").write_text(text)
    assert process_words(7, tmp_path) == "a) b?[31m (7) of bash (3)"
    assert process_words(3, tmp_path) == "bash (3)"
    assert process_words(9, tmp_path) == "a process (9)"
    assert process_words(None) == "unknown process"


@pytest.mark.parametrize("has_descriptors", [True, False])
def test_the_end_of_a_process_is_noticed(has_descriptors, monkeypatch):
    if not has_descriptors:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    watch = ProcessWatch(process.pid)
    assert not watch.has_ended()
    process.communicate(b"\n")
    assert watch.has_ended()
    watch.close()
    watch.close()


def test_a_process_that_is_gone_already_has_ended():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert ProcessWatch(process.pid).has_ended()
