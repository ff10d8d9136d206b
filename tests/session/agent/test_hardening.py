"""The agent's memory is closed, as far as the system allows, and the agent knows how far that is."""

import os
import resource
import subprocess
import sys

import pytest

from usher.session.agent import hardening

GUARD = "from usher.session.agent.hardening import guard_memory; print(guard_memory())"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_on_linux_memory_is_neither_dumped_nor_read_by_other_processes():
    done = subprocess.run([sys.executable, "-c", GUARD], capture_output=True, text=True)
    assert "no_core_dump=True, unreadable=True" in done.stdout
    assert done.returncode == 0, done.stderr


def test_elsewhere_only_core_dumps_are_off():
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.platform = 'darwin'; {GUARD}"],
        capture_output=True,
        text=True,
    )
    assert "no_core_dump=True, unreadable=False, never_swapped=False" in done.stdout


class Libc:
    def __init__(self, answer):
        self.answer, self.flags = answer, None

    def mlockall(self, flags):
        self.flags = flags
        return self.answer


@pytest.mark.parametrize(("answer", "locked"), [(0, True), (-1, False)])
def test_memory_is_locked_where_no_limit_could_hurt_later(monkeypatch, answer, locked):
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda _: unlimited)
    libc = Libc(answer)
    assert hardening._lock_in_memory(libc) is locked
    assert libc.flags is not None


def test_memory_is_not_locked_where_an_allocation_could_fail_for_it(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (65_536, 65_536))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    libc = Libc(0)
    assert hardening._lock_in_memory(libc) is False
    assert libc.flags is None
