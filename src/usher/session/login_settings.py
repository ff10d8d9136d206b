"""What a person's settings say about signing in: `[login]`, and `[organizations.NAME]`."""

from __future__ import annotations

from dataclasses import dataclass

from usher.core.durations import parse_duration
from usher.session.settings import Settings, Table


@dataclass(frozen=True, slots=True)
class LoginSettings:
    """`[login]`. `callback_port` 0 is any free one; `from_tools`: sign in when an SDK finds it is needed."""

    callback_port: int = 0
    callback_published: bool = False
    from_tools: bool = False


def read_login_settings(settings: Settings) -> LoginSettings:
    """The table `[login]`. Raises UsageError."""
    table = settings.table("login")
    table.only("callback_port", "callback_published", "from_tools")
    port = table.whole_number("callback_port")
    if not 0 <= port <= 65_535:
        raise table.wrong("callback_port", "a port: 0 to 65535")
    return LoginSettings(port, table.flag("callback_published"), table.flag("from_tools"))


def portal_session_seconds(settings: Settings, organization: str) -> int | None:
    """How long a session of `organization`'s portal lasts, as `[organizations.NAME]` says."""
    table = _organization(settings, organization)
    text = table.text("portal_session")
    try:
        return parse_duration(text) if text else None
    except ValueError:
        raise table.wrong("portal_session", "a duration such as 8h") from None


def sharing(settings: Settings, organization: str) -> bool | None:
    """Whether a login to `organization` is shared with the AWS CLI; None when nothing is said."""
    table = _organization(settings, organization)
    return table.flag("share") if "share" in table.values else None


def _organization(settings: Settings, organization: str) -> Table:
    table = settings.table("organizations").within(organization)
    table.only("portal_session", "share")
    return table
