"""Whether a form came from our own page: where it was sent from, and the token of its session.

Both must hold. The cookie's SameSite=Lax is a third wall, not a reason to leave one out.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

CSRF_FIELD = "csrf_token"


def sent_from_own_page(headers: Mapping[str, str], public_url: str) -> bool:
    """Whether the browser says that a page of ours sent this. Header names are lower case.

    `public_url` is an origin as browsers write it: lower case, no default port. Every browser of today
    sends Origin with a POST. Without it, Sec-Fetch-Site decides; a client that sends neither is no
    browser, so no foreign page can have made it send a person's cookie.
    """
    site = headers.get("sec-fetch-site", "same-origin")
    origin = headers.get("origin")
    return site in {"same-origin", "none"} and (origin is None or origin == public_url)


def token_matches(given: str, expected: str) -> bool:
    """Whether a form's token is its session's."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())
