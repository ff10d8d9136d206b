"""A browser's session, before anybody has signed in."""

from __future__ import annotations

from typing import Any

import pytest

from usher.server.idp.browser_sessions import BrowserSession, open_anonymous_session


@pytest.fixture
def browser_session(site: Any) -> BrowserSession:
    """The session of a browser that has just come."""
    return open_anonymous_session(site.services.database)
