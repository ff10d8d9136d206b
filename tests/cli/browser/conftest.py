"""A home of the test's own, on a machine whose browsers are only files."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    """The home, with a Firefox and a Chromium on the PATH; what they are told to open is in `opened`."""
    programs, home, runtime = (tmp_path / name for name in ("programs", "home", "run"))
    for folder in (programs, home, runtime):
        folder.mkdir(mode=0o700)
    for name in ("firefox", "chromium"):
        (programs / name).write_text(f'#!/bin/sh\necho "$@" > {programs}/opened\n')
        (programs / name).chmod(0o755)
    for name in list(os.environ):
        if name.startswith(("XDG_", "USHER_", "AWS_")) or name in {
            "SSL_CERT_FILE",
            "DBUS_SESSION_BUS_ADDRESS",
        }:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    # Sealed to nobody who could be asked: no agent is started for it, and no key ring is looked for.
    monkeypatch.setenv("USHER_VAULT", "file")
    identity = tmp_path / "identity"
    import pyrage

    identity.write_text(str(pyrage.x25519.Identity.generate()))
    identity.chmod(0o600)
    monkeypatch.setenv("USHER_VAULT_IDENTITY", str(identity))
    return home
