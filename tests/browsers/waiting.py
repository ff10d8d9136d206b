"""Waiting for what a browser tells nobody."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

LONGEST_WAIT_SECONDS = 15


def until(seen: Callable[[], Any]) -> Any:
    """What `seen` gives as soon as it gives something."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not (found := seen()):
        if time.monotonic() > deadline:
            pytest.fail("it did not happen")
        time.sleep(0.03)
    return found
