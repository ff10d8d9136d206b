"""Every page and its door."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from usher.server.portal.account_pages import (
    go_to_accounts,
    open_console,
    show_accounts,
    show_console,
    show_keys,
)
from usher.server.portal.approval_pages import do_consent, do_device, show_consent, show_device
from usher.server.portal.door import Door, Redirect, Visit, routes_of
from usher.server.portal.sign_in_pages import (
    do_change_password,
    do_sign_in,
    do_sign_out,
    show_change_password,
    show_sign_in,
)
from usher.server.services import Services

_STATIC = Path(__file__).with_name("static")
_ASSETS = {"portal.css": "text/css", "logo.svg": "image/svg+xml"}
_KEPT = {"Cache-Control": "public, max-age=3600"}


def go_to_start(_: Visit) -> Redirect:
    """The portal's front door."""
    return Redirect("/start")


DOORS = (
    Door("/", get=go_to_start),
    Door("/sign-in", get=show_sign_in, post=do_sign_in, before_new_password=True, opens_session=True),
    Door("/change-password", get=show_change_password, post=do_change_password, before_new_password=True),
    Door("/sign-out", post=do_sign_out, before_new_password=True),
    Door("/authorize", get=show_consent, post=do_consent),
    Door("/device", get=show_device, post=do_device),
    Door("/start", get=show_accounts),
    Door("/keys", get=go_to_accounts, post=show_keys),
    Door("/console", get=show_console, post=open_console),
)


def portal_routes(services: Services) -> list[Route]:
    """The pages, and the two files they are dressed with."""
    return [*routes_of(services, DOORS), Route("/static/{name}", _asset, methods=["GET"])]


def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    kind = _ASSETS.get(name)
    return FileResponse(_STATIC / name, headers=_KEPT, media_type=kind) if kind else Response(status_code=404)
