"""The agent's wire: whole objects, one a line, within limits of size and time."""

import contextlib
import json
import socket
import threading

import pytest

from usher.session.agent.wire import LARGEST_MESSAGE_BYTES, MessageStream, WireError


@pytest.fixture
def ends():
    one, other = socket.socketpair()
    yield one, other
    one.close()
    other.close()


@pytest.fixture
def stream(ends):
    return MessageStream(ends[0])


def test_messages_arrive_one_by_one_however_they_are_cut(ends, stream):
    ends[1].sendall(b'{"op": "ping"}\n{"op"')
    assert stream.receive(5) == {"op": "ping"}
    ends[1].sendall(b': "stop"}\n')
    assert stream.receive(5) == {"op": "stop"}
    ends[1].close()
    assert stream.receive(5) is None


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"a":' + b"9" * 5_000]
)
def test_what_is_no_object_is_refused(ends, stream, line):
    ends[1].sendall(line + b"\n")
    with pytest.raises(WireError):
        stream.receive(5)


def test_a_message_without_end_is_refused(ends, stream):
    def send_for_ever():
        with contextlib.suppress(OSError):
            while True:
                ends[1].sendall(b"x" * 65_536)

    sender = threading.Thread(target=send_for_ever)
    sender.start()
    with pytest.raises(WireError, match="larger"):
        stream.receive(10)
    ends[0].close()
    sender.join(10)


def test_silence_and_a_broken_connection_are_told_apart_from_an_end(ends, stream):
    with pytest.raises(WireError, match="silent"):
        stream.receive(0.01)
    ends[0].close()
    with pytest.raises(WireError, match="broke"):
        stream.receive(1)
    with pytest.raises(WireError, match="broke"):
        stream.send({}, 1)


def test_what_is_too_large_is_not_sent(ends, stream):
    with pytest.raises(WireError):
        stream.send({"content": "x" * LARGEST_MESSAGE_BYTES}, 1)
    stream.send({"content": "x"}, 1)
    assert json.loads(ends[1].recv(100)) == {"content": "x"}
