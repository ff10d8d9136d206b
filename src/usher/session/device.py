"""Device code sign-in (RFC 8628): ask until the person has approved, at the portal's pace."""

from __future__ import annotations

from collections.abc import Callable

from usher.session.errors import LoginExpiredError, LoginRefusedError, OidcError, PortalUnavailableError
from usher.session.oidc import DeviceAuthorization, OidcClient, Registration, Tokens

SLOW_DOWN_SECONDS = 5.0


def wait_for_approval(
    oidc: OidcClient,
    client: Registration,
    started: DeviceAuthorization,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Tokens:
    """Tokens once the person approved. Raises LoginRefusedError or LoginExpiredError.

    `slow_down` lengthens the pause by five seconds for good (RFC 8628, section 3.5); an unreachable
    portal is asked again until the code expires.
    """
    interval, deadline = started.interval, clock() + started.expires_in
    while clock() < deadline:
        sleep(interval)
        try:
            return oidc.exchange_device_code(client, started.device_code)
        except PortalUnavailableError:
            interval += SLOW_DOWN_SECONDS
        except OidcError as error:
            interval += _pause_after(error)
    raise _expired()


def _pause_after(error: OidcError) -> float:
    match error.code:
        case "authorization_pending":
            return 0.0
        case "slow_down":
            return SLOW_DOWN_SECONDS
        case "access_denied":
            raise LoginRefusedError("the sign-in was refused", hint="run 'usher login' to try again")
        case "expired_token":
            raise _expired()
        case _:
            raise error


def _expired() -> LoginExpiredError:
    return LoginExpiredError(
        "the code was not approved in time", hint="run 'usher login --device' for a new code"
    )
