"""The one way into every page: it finds the session, checks each form, and dresses each answer.

A view is reached only through a `Door`, so no page can forget to check a form's origin and token, to ask
for a sign-in, or to send its content security policy.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import jinja2
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from usher.core.errors import (
    BusyError,
    NoAccessError,
    NotFoundError,
    UnavailableError,
    UsageError,
    UsherError,
)
from usher.server.awsapi.errors import ApiError
from usher.server.bodies import read_body
from usher.server.idp.browser_sessions import (
    NO_SESSION,
    BrowserSession,
    cookie_header,
    cookie_name,
    find_session,
    head_for,
    open_anonymous_session,
)
from usher.server.idp.csrf import CSRF_FIELD, sent_from_own_page, token_matches
from usher.server.idp.limits import ANONYMOUS_SESSION, from_address, take
from usher.server.idp.refusals import OAuthRefusal
from usher.server.services import Services
from usher.server.store.sign_in import SessionOwner

_LARGEST_FORM_BYTES = 64 * 1024
_MOST_FIELDS = 50
_FORM = "application/x-www-form-urlencoded"
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
_HEADERS = {
    "Cache-Control": "no-store",
    # Browsers send `Origin: null` with forms of pages whose policy is no-referrer; this one keeps it.
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request as a view sees it: decoded, checked, with a live session or `NO_SESSION`."""

    services: Services
    session: BrowserSession
    query: Mapping[str, str]
    form: Mapping[str, str]
    address: str

    @property
    def owner(self) -> SessionOwner:
        """The signed-in person. Raises SignInFirst when there is none."""
        if self.session.owner is None:
            raise SignInFirst
        return self.session.owner


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML answer. `form_targets` are origins, other than ours, that its forms may lead to."""

    template: str
    facts: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    form_targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go elsewhere; with a new session, or `signed_out` without one."""

    address: str
    session: BrowserSession | None = None
    signed_out: bool = False


class SignInFirst(Exception):  # noqa: N818 (a turn of the road, not a fault)
    """The page is for people who have signed in."""


View = Callable[[Visit], Page | Redirect]


@dataclass(frozen=True, slots=True)
class Door:
    """A path and its views. Only `before_new_password` pages open while a one-time password is in use;
    only `opens_session` pages have a form for people who have not signed in, and give them a session.
    """

    path: str
    get: View | None = None
    post: View | None = None
    before_new_password: bool = False
    opens_session: bool = False


def message(
    heading: str, text: str, *, tone: str = "", status: int = 200, link: tuple[str, str] | None = None
) -> Page:
    """A page that only says something."""
    return Page("message.html", {"heading": heading, "text": text, "tone": tone, "link": link}, status)


def routes_of(services: Services, doors: tuple[Door, ...]) -> list[Route]:
    """Routes that lead through the doors."""
    keeper = _Keeper(services)
    return [
        Route(
            door.path,
            keeper.endpoint(door),
            methods=[name for name, view in (("GET", door.get), ("POST", door.post)) if view],
        )
        for door in doors
    ]


class _Keeper:
    """Answers requests at every door."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._public_url = services.config.public_url
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )

    def endpoint(self, door: Door) -> Callable[[Request], Awaitable[Response]]:
        """The ASGI endpoint of a door."""

        async def answer(request: Request) -> Response:
            try:
                form = await _read_form(request) if request.method == "POST" else {}
                query = _fields(request.url.query)
            except ApiError as error:
                return self._render(
                    message("That did not work", error.message, tone="bad", status=error.status)
                )
            return await run_in_threadpool(self._answer, door, request, query, form)

        return answer

    def _answer(
        self, door: Door, request: Request, query: Mapping[str, str], form: Mapping[str, str]
    ) -> Response:
        database = self._services.database
        session = find_session(database, request.cookies.get(cookie_name(self._public_url)))
        posted = request.method == "POST"
        if posted and not self._is_own_form(request, form, session):
            return self._render(_STALE_FORM, session)
        address = request.client.host if request.client else "unknown"
        if session is None:
            session = NO_SESSION
            if door.opens_session:
                if not take(database, [from_address(ANONYMOUS_SESSION, address)]):
                    return self._render(_TOO_MANY)
                session = open_anonymous_session(database)
        if session.owner is not None and session.owner.must_change and not door.before_new_password:
            self._remember(request, session)
            return self._redirect(Redirect("/change-password"))
        view = door.post if posted else door.get
        if view is None:
            raise AssertionError(f"{door.path} is not routed for {request.method}")
        visit = Visit(self._services, session, query, form, address)
        try:
            answer = view(visit)
        except SignInFirst:
            answer = self._to_sign_in(request, session, address)
        except OAuthRefusal as refusal:
            answer = message("This request is not in order", refusal.description, tone="bad", status=400)
        except ApiError as error:
            answer = message("That did not work", error.message, tone="bad", status=error.status)
        except UsherError as error:
            answer = _failure(error)
        if isinstance(answer, Redirect):
            return self._redirect(answer)
        return self._render(answer, session)

    def _is_own_form(self, request: Request, form: Mapping[str, str], session: BrowserSession | None) -> bool:
        return (
            session is not None
            and sent_from_own_page(request.headers, self._public_url)
            and token_matches(form.get(CSRF_FIELD, ""), session.csrf_token)
        )

    def _to_sign_in(self, request: Request, session: BrowserSession, address: str) -> Page | Redirect:
        if session is not NO_SESSION:
            self._remember(request, session)
            return Redirect("/sign-in", session)
        if request.url.path == "/start" and not request.url.query:
            return Redirect("/sign-in")  # which leads there anyway: nothing to remember
        database = self._services.database
        if not take(database, [from_address(ANONYMOUS_SESSION, address)]):
            return _TOO_MANY
        session = open_anonymous_session(database, _address_of(request))
        return Redirect("/sign-in", session)

    def _remember(self, request: Request, session: BrowserSession) -> None:
        """Come back here after signing in; a form cannot be sent again, so only what was opened."""
        if request.method != "POST":
            head_for(self._services.database, session, _address_of(request))

    def _render(self, page: Page, session: BrowserSession | None = None) -> Response:
        html = self._templates.get_template(page.template).render(
            {
                **page.facts,
                "csrf_token": session.csrf_token if session else "",
                "user": session.owner if session else None,
                "instance_name": self._services.instance.name,
            }
        )
        targets = " ".join(("'self'", *page.form_targets))
        headers = {**_HEADERS, "Content-Security-Policy": f"{_POLICY}; form-action {targets}"}
        response = HTMLResponse(html, page.status, headers)
        if session is not None and session.cookie is not None:
            response.headers.append("Set-Cookie", cookie_header(self._public_url, session.cookie))
        return response

    def _redirect(self, redirect: Redirect) -> Response:
        response = RedirectResponse(redirect.address, 303, _HEADERS)
        if redirect.signed_out:
            response.headers.append("Set-Cookie", cookie_header(self._public_url, None))
        elif redirect.session is not None and redirect.session.cookie is not None:
            response.headers.append("Set-Cookie", cookie_header(self._public_url, redirect.session.cookie))
        return response


def _address_of(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def _read_form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise ApiError("UnsupportedMediaType", "This page takes only its own forms.", 415)
    return _fields((await read_body(request, _LARGEST_FORM_BYTES)).decode("utf-8", "replace"))


def _fields(text: str) -> dict[str, str]:
    """A form's or query's fields, each at most once: two readers must never see two different values."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise ApiError("InvalidRequest", "The request has too many fields.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ApiError("InvalidRequest", "The request names a field twice.")
    return fields


def _failure(error: UsherError) -> Page:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 502)
    text = f"{error.message[:1].upper()}{error.message[1:]}."
    return message(
        "That did not work", text, tone="bad", status=status, link=("/start", "Back to your accounts")
    )


_STATUS: tuple[tuple[type[UsherError], int], ...] = (
    (NoAccessError, 403),
    (NotFoundError, 404),
    (UsageError, 400),
    (BusyError, 429),
    (UnavailableError, 503),
)
_TOO_MANY = message(
    "Too many visits", "Wait a minute, then try again.", tone="bad", status=429, link=("/start", "Try again")
)
_STALE_FORM = message(
    "This page is too old",
    "Your session has ended or changed since the page was opened. Nothing was done.",
    tone="bad",
    status=403,
    link=("/start", "Start again"),
)
