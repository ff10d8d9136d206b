"""The agent's socket server: only this user, whatever clients do to it."""

import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from usher.core.errors import NotFoundError, UnavailableError, UsageError, UsherError
from usher.session.agent import crowd, server
from usher.session.agent.client import AgentClient
from usher.session.agent.place import connect, listen
from usher.session.agent.server import SocketServer
from usher.session.agent.wire import MessageStream, WireError


def test_several_requests_go_over_one_connection(running):
    with connect(running.place, 5) as connection:
        stream = MessageStream(connection)
        for _ in range(3):
            stream.send({"op": "ping"}, 5)
            assert stream.receive(5) == {"ok": True, "protocol": 1}


def test_an_unknown_operation_names_the_version_as_the_likely_cause(running):
    with pytest.raises(UsageError) as raised:
        running.client.call("dance")
    assert "usher agent stop" in raised.value.hint


@pytest.mark.parametrize(
    "fields",
    [
        {"op": "key.get"},
        {"op": "key.get", "name": 1},
        {"op": "key.put", "name": "a", "key": "?"},
        {"op": "key.put", "name": "a"},
        {"op": "records.write", "name": "a", "content": 7},
    ],
)
def test_a_request_that_lacks_a_field_is_refused_by_its_name(running, fields):
    with pytest.raises(UsageError):
        running.client.call(**fields)


def test_what_is_no_request_ends_the_connection_with_a_word(running):
    with connect(running.place, 5) as connection:
        connection.sendall(b"GET / HTTP/1.1\n")
        stream = MessageStream(connection)
        assert stream.receive(5)["ok"] is False
        assert stream.receive(5) is None


def test_errors_arrive_as_what_they_are(place):
    class Error(UsherError):
        pass

    errors = {"missing": NotFoundError("m", hint="h"), "away": UnavailableError("a"), "odd": Error("o")}

    def answer(request, _peer):
        raise errors[request["op"]]

    found = SocketServer(listen(place), answer, os.geteuid())
    threading.Thread(target=found.run, args=(lambda: True,), daemon=True).start()
    for op, kind in (("missing", NotFoundError), ("away", UnavailableError), ("odd", UsherError)):
        with pytest.raises(kind) as raised:
            AgentClient(place).call(op)
        assert type(raised.value) is kind
    found.stop()
    found.stop()


def test_another_users_process_gets_no_answer(place):
    found = SocketServer(listen(place), lambda *_: pytest.fail("it was asked"), os.geteuid() + 1)
    threading.Thread(target=found.run, args=(lambda: True,), daemon=True).start()
    with pytest.raises(WireError, match="broke"):
        AgentClient(place).call("ping")
    found.stop()


def test_a_flood_of_half_open_connections_keeps_nobody_out(running):
    flood = [connect(running.place, 5) for _ in range(server.MOST_CONNECTIONS + 50)]
    for each in flood[::2]:
        try:
            each.sendall(b'{"op": "pi')
        except OSError:
            continue
    for _ in range(5):
        assert running.client.is_running()
    for each in flood:
        each.close()


def test_clients_that_are_killed_in_the_middle_of_a_request_leave_no_trace(running):
    code = (
        "import sys, time; from pathlib import Path; from usher.session.agent.place import connect;"
        'c = connect(Path(sys.argv[1]), 5); c.sendall(b\'{"op": "records.write"\'); print(flush=True);'
        "time.sleep(60)"
    )
    for _ in range(2):
        client = subprocess.Popen([sys.executable, "-c", code, running.place], stdout=subprocess.PIPE)
        client.stdout.readline()
        client.send_signal(signal.SIGKILL)
        client.wait()
        client.stdout.close()
    assert running.client.call("records.names")["names"] == []


def test_a_client_that_does_not_take_its_answer_is_left_alone(place, monkeypatch):
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.05)
    found = SocketServer(listen(place), lambda *_: {"much": "x" * 900_000}, os.geteuid())
    threading.Thread(target=found.run, args=(lambda: True,), daemon=True).start()
    with connect(place, 5) as connection:
        for _ in range(3):
            connection.sendall(b'{"op": "ping"}\n')
        assert AgentClient(place).call("ping")["ok"] is True
    found.stop()


def test_answers_that_are_under_way_still_go_out_at_the_end(place):
    asked, go_on = threading.Event(), threading.Event()

    def answer(_request, _peer):
        asked.set()
        go_on.wait(5)
        return {"late": True}

    found = SocketServer(listen(place), answer, os.geteuid())
    serving = threading.Thread(target=found.run, args=(lambda: True,), daemon=True)
    serving.start()
    answers = []
    client = threading.Thread(target=lambda: answers.append(AgentClient(place).call("ping")))
    client.start()
    assert asked.wait(5)
    found.stop()
    go_on.set()
    client.join(5)
    serving.join(5)
    assert answers == [{"ok": True, "late": True}]


def test_an_answer_that_never_comes_does_not_hold_the_end_up(place, monkeypatch):
    monkeypatch.setattr(crowd, "FAREWELL_SECONDS", 0.05)
    asked, go_on = threading.Event(), threading.Event()

    def answer(_request, _peer):
        asked.set()
        go_on.wait(5)
        return {}

    found = SocketServer(listen(place), answer, os.geteuid())
    serving = threading.Thread(target=found.run, args=(lambda: True,), daemon=True)
    serving.start()
    with connect(place, 5) as connection:
        connection.sendall(b'{"op": "ping"}\n')
        assert asked.wait(5)
        found.stop()
        serving.join(5)
        assert not serving.is_alive()
    go_on.set()


def test_a_connection_that_cannot_be_accepted_is_only_one(place):
    class Reluctant:
        """A listener whose first connection is gone when it is accepted."""

        def __init__(self, listener):
            self.listener, self.refused = listener, False

        def fileno(self):
            return self.listener.fileno()

        def accept(self):
            connection, address = self.listener.accept()
            if not self.refused:
                self.refused = True
                connection.close()
                raise ConnectionAbortedError
            return connection, address

        def close(self):
            self.listener.close()

    found = SocketServer(Reluctant(listen(place)), lambda *_: {}, os.geteuid())
    threading.Thread(target=found.run, args=(lambda: True,), daemon=True).start()
    assert not AgentClient(place).is_running()
    assert AgentClient(place).is_running()
    found.stop()


def test_a_connection_is_closed_when_its_client_went_before_it_was_looked_at():
    one, other = socket.socketpair()
    found = crowd.Crowd(1)
    one.close()
    with found.silent(one):
        found.disperse()
    other.close()


def test_a_client_is_sent_away_when_the_machine_gives_no_thread_and_the_next_is_served(monkeypatch):
    found, served = crowd.Crowd(1), threading.Semaphore(0)
    refused, (one, other) = socket.socketpair(), socket.socketpair()
    real, failures = threading.Thread.start, [RuntimeError("can't start new thread")]

    def start(thread):
        if failures:
            raise failures.pop()
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    found.admit(refused[0], lambda _connection: None)
    assert refused[1].recv(1) == b""
    found.admit(one, lambda _connection: served.release())
    assert served.acquire(timeout=5)
    for each in (refused[1], other):
        each.close()


def test_when_all_are_busy_one_more_is_served_all_the_same():
    pairs = [socket.socketpair() for _ in range(2)]
    served, go_on = threading.Semaphore(0), threading.Event()
    found = crowd.Crowd(1)

    def serve(_connection):
        served.release()
        go_on.wait(5)

    for one, _ in pairs:
        found.admit(one, serve)
    assert served.acquire(timeout=5)
    assert served.acquire(timeout=5)
    go_on.set()
    found.disperse()
    for _, other in pairs:
        other.close()
