"""Entering a protected account: what is asked before it is opened, and once its keys are there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from usher.cli import looks, opening
from usher.cli.entering import open_confirmed
from usher.core.looks import PLAIN, Confirm, Look

ASK, TYPE = Look(label="WORK", confirm=Confirm.ASK), Look(label="PRODUCTION", confirm=Confirm.TYPE)


@pytest.mark.parametrize(
    ("by_name", "by_keys", "asked"),
    [
        (PLAIN, PLAIN, []),
        (PLAIN, ASK, [ASK]),
        (PLAIN, TYPE, [TYPE]),
        (ASK, ASK, [ASK]),
        (ASK, PLAIN, [ASK]),
        (ASK, TYPE, [ASK, TYPE]),
        (TYPE, ASK, [TYPE]),
        (TYPE, TYPE, [TYPE]),
    ],
)
def test_keys_that_lead_to_an_account_that_asks_for_more_are_asked_about_again(
    monkeypatch, tmp_path, by_name, by_keys, asked
):
    opened = SimpleNamespace(name="hub", credentials=SimpleNamespace(expires_at=None))
    heard = []
    monkeypatch.setattr(opening, "open_profile", lambda _rooms, _name: opened)
    monkeypatch.setattr(looks, "look_for", lambda _context, what: by_keys if what is opened else by_name)
    monkeypatch.setattr(
        looks,
        "confirm_entry",
        lambda _context, _name, look, yes: heard.append(look) if look.confirm else None,
    )
    context = SimpleNamespace(cache_dir=tmp_path)
    assert open_confirmed(context, None, "hub", yes=False) == (opened, by_keys)
    assert heard == asked
