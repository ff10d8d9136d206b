"""The portal's wire (`sso`): which accounts and permission sets a person may enter, keys for one, logout.

Unsigned requests with the bearer in `x-amz-sso_bearer_token` (an underscore, which some proxies drop).
Query names are `max_result` and `next_token`; `roleName` is the permission set's name; expiry comes in
milliseconds; 403 means "not assigned" although it is not in AWS's service model.
"""

from __future__ import annotations

import email.utils
import random as random_numbers
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from usher.core.ids import AccountId, account_id
from usher.core.pace import Pace
from usher.core.secrets import Secret
from usher.session.errors import (
    AccessRefusedError,
    PortalAnswerError,
    PortalUnavailableError,
    SessionEndedError,
)
from usher.session.fields import (
    number_field,
    object_field,
    objects_field,
    optional_text_field,
    text_field,
    words_field,
)
from usher.session.http import Answer, HttpClient

PAGE_SIZE = 100
MOST_PAGES = 1_000
ATTEMPTS = 5
# A list is read while others may be reading theirs: it is worth waiting for.
LISTING_ATTEMPTS = 9
UNREACHABLE_ATTEMPTS = 3
_LONGEST_PAUSE = 10.0
_LONGEST_ASKED_WAIT = 60.0


@dataclass(frozen=True, slots=True, order=True)
class PortalAccount:
    """An account as the portal lists it."""

    id: AccountId
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class RoleCredentials:
    """Short-lived keys of one permission set in one account. `expires_at` in seconds since the epoch."""

    account_id: AccountId
    permission_set: str
    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    expires_at: float


class PortalClient:
    """Calls one portal endpoint. Throttled calls are tried again with growing, jittered pauses.

    Lists are read at `pace`, where one is given: every try takes its turn, and every answer teaches it.
    """

    def __init__(
        self,
        http: HttpClient,
        endpoint: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random_numbers.random,
        pace: Pace | None = None,
    ) -> None:
        self._http = http
        self._endpoint = endpoint.rstrip("/")
        self._sleep = sleep
        self._jitter = jitter
        self._pace = pace

    def paced(self, pace: Pace) -> PortalClient:
        """The same client, reading lists at `pace`."""
        return PortalClient(self._http, self._endpoint, sleep=self._sleep, jitter=self._jitter, pace=pace)

    def accounts(self, token: Secret) -> list[PortalAccount]:
        """Every account the person may enter, as the portal orders them."""
        pages = self._pages(token, "/assignment/accounts", {}, "accountList")
        return [
            PortalAccount(
                _account_id(item),
                optional_text_field(item, "accountName") or text_field(item, "accountId"),
                optional_text_field(item, "emailAddress") or "",
            )
            for item in pages
        ]

    def permission_sets(self, token: Secret, account: AccountId) -> list[str]:
        """The names of the permission sets the person has in `account`."""
        pages = self._pages(token, "/assignment/roles", {"account_id": account}, "roleList")
        return [text_field(item, "roleName") for item in pages]

    def role_credentials(self, token: Secret, account: AccountId, permission_set: str) -> RoleCredentials:
        """Keys for `permission_set` in `account`. Raises AccessRefusedError when it is not assigned."""
        query = {"role_name": permission_set, "account_id": account}
        answer = self._get(token, "/federation/credentials", query)
        if answer.status in {403, 404}:
            raise AccessRefusedError(
                f"you may not use the permission set '{permission_set}' in account {account}",
                hint="granted after your session began? 'usher login --fresh' starts one that knows it\n"
                "'usher profiles sync' shows what you may use; an administrator can assign more",
            )
        found = object_field(_done(answer), "roleCredentials")
        return RoleCredentials(
            account,
            permission_set,
            text_field(found, "accessKeyId"),
            Secret(text_field(found, "secretAccessKey")),
            Secret(text_field(found, "sessionToken")),
            number_field(found, "expiration") / 1000,
        )

    def logout(self, token: Secret) -> None:
        """End the session on the server. Raises SessionEndedError when it does not accept `token`.

        A refused token is no ended session: one that lapsed is refused while its session lives on.
        """
        answer = self._http.send("POST", self._endpoint + "/logout", _bearer(token), b"")
        if answer.status == 401:
            raise _refused_token()
        if answer.status != 200:
            _done(answer)

    def _pages(
        self, token: Secret, path: str, query: Mapping[str, str], field: str
    ) -> Iterator[Mapping[str, object]]:
        following: str | None = None
        for _ in range(MOST_PAGES):
            page = {**query, "max_result": str(PAGE_SIZE)} | ({"next_token": following} if following else {})
            document = _done(self._listing(token, path, page))
            yield from objects_field(document, field)
            following = optional_text_field(document, "nextToken")
            if following is None:
                return
        raise PortalAnswerError(f"the portal's list {path} does not end after {MOST_PAGES:,} pages")

    def _get(self, token: Secret, path: str, query: Mapping[str, str]) -> Answer:
        url = f"{self._endpoint}{path}?{urlencode(query)}"
        answer = self._http.send("GET", url, _bearer(token))
        for attempt in range(1, ATTEMPTS):
            if not _is_overloaded(answer):
                break
            self._rest(attempt, _asked_wait(answer))
            answer = self._http.send("GET", url, _bearer(token))
        return self._accepted(answer, ATTEMPTS)

    def _listing(self, token: Secret, path: str, query: Mapping[str, str]) -> Answer:
        url = f"{self._endpoint}{path}?{urlencode(query)}"
        attempt = 1
        answer = self._try_to_list(url, token, attempt)
        while answer is None or (_is_overloaded(answer) and attempt < _attempts(answer)):
            self._rest(attempt, _asked_wait(answer) if answer else 0.0)
            attempt += 1
            answer = self._try_to_list(url, token, attempt)
        return self._accepted(answer, attempt)

    def _try_to_list(self, url: str, token: Secret, attempt: int) -> Answer | None:
        """One try at the pace; None when nothing was reached and it is worth another."""
        if self._pace is not None:
            self._pace.take()
        try:
            answer = self._http.send("GET", url, _bearer(token))
        except PortalUnavailableError:
            if attempt >= UNREACHABLE_ATTEMPTS:
                raise
            return None
        if self._pace is not None:
            self._pace.note(throttled=answer.status == 429, asked=_asked_wait(answer))
        return answer

    def _rest(self, attempt: int, asked: float) -> None:
        self._sleep(max(asked, min(0.2 * 2**attempt, _LONGEST_PAUSE) * (0.5 + self._jitter())))

    def _accepted(self, answer: Answer, attempts: int) -> Answer:
        if _is_overloaded(answer):
            host = urlsplit(self._endpoint).netloc
            words = "is throttling" if answer.status == 429 else "is failing"
            raise PortalUnavailableError(
                f"{host} {words} (HTTP {answer.status}) after {attempts} tries",
                hint="run it again in a minute",
            )
        if answer.status == 401:
            raise _refused_token()
        return answer


def _attempts(answer: Answer) -> int:
    """How often a list is asked for: a throttle is waited out, a failure may last."""
    return LISTING_ATTEMPTS if answer.status == 429 else ATTEMPTS


def _asked_wait(answer: Answer) -> float:
    """How long an overloaded portal asked to wait (`Retry-After`), in seconds; 0 when it did not say."""
    value = answer.headers.get("retry-after", "").strip()
    if not _is_overloaded(answer) or not value:
        return 0.0
    if value.isdecimal():
        return min(float(value), _LONGEST_ASKED_WAIT)
    try:
        until, now = (email.utils.parsedate_to_datetime(t) for t in (value, answer.headers.get("date", "")))
        return min(max((until - now).total_seconds(), 0.0), _LONGEST_ASKED_WAIT)
    except (ValueError, TypeError):  # no date, or one without a zone
        return 0.0


def _refused_token() -> SessionEndedError:
    return SessionEndedError("the portal no longer accepts this session", hint="run 'usher login'")


def _is_overloaded(answer: Answer) -> bool:
    return answer.status == 429 or answer.status >= 500


def _bearer(token: Secret) -> dict[str, str]:
    return {"x-amz-sso_bearer_token": token.reveal(), "Accept": "application/json"}


def _account_id(item: Mapping[str, object]) -> AccountId:
    try:
        return account_id(text_field(item, "accountId"))
    except ValueError as error:
        raise PortalAnswerError(f"the portal lists an account whose id is wrong: {error}") from None


def _done(answer: Answer) -> dict[str, object]:
    if answer.status == 200:
        return answer.json()
    try:
        words = words_field(answer.json(), "message")
    except PortalAnswerError:
        words = ""
    raise PortalAnswerError(
        f"the portal refused the request (HTTP {answer.status}): {words or 'no reason given'}"
    )
