"""Where a person says yes or no to a program: `/authorize` and `/device`."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from usher.server.idp.authorization import (
    AuthorizationRequest,
    RefusedRequest,
    read_authorization_request,
)
from usher.server.idp.grants import decide_device, deny_client, issue_code, read_waiting_device
from usher.server.idp.limits import USER_CODE, Demand, forgive, take
from usher.server.portal.door import Page, Redirect, Visit, message

_ALLOW = "allow"
_GONE = "No program waits under that code. It may have expired; start again in your terminal."


def show_consent(visit: Visit) -> Page | Redirect:
    """Which program asks, and where the answer goes."""
    request = _request(visit, visit.query)
    if isinstance(request, RefusedRequest):
        return Redirect(request.address)
    _ = visit.owner
    facts = {
        "client_name": request.client.client_name,
        "redirect_host": urlsplit(request.redirect_uri).netloc,
        "request_fields": list(request.fields.items()),
    }
    return Page("consent.html", facts, form_targets=(_form_target(request),))


def do_consent(visit: Visit) -> Page | Redirect:
    """Give the program a code, or tell it no."""
    request = _request(visit, visit.form)
    if isinstance(request, RefusedRequest):
        return Redirect(request.address)
    database, owner, client = visit.services.database, visit.owner, request.client
    if visit.form.get("decision") != _ALLOW:
        deny_client(database, owner.user_id, owner.user_name, client)
        return Redirect(request.answer(error="access_denied"))
    code = issue_code(
        database, owner.user_id, owner.user_name, client, request.redirect_uri, request.code_challenge
    )
    return Redirect(request.answer(code=code.reveal()))


def show_device(visit: Visit) -> Page:
    """The field for a code, or what waits under the one that was given."""
    typed = visit.query.get("user_code", "")
    owner = visit.owner
    if not typed:
        return Page("device.html", {"problem": ""})
    if not take(visit.services.database, [Demand(USER_CODE, owner.user_id)]):
        return Page("device.html", {"problem": "Too many tries. Wait a few minutes, then try again."}, 429)
    waiting = read_waiting_device(visit.services.database, typed)
    if waiting is None:
        return Page("device.html", {"problem": _GONE}, 404)
    facts = {
        "user_code": waiting.user_code,
        "client_name": waiting.client_name,
        "source_address": waiting.source_address,
        "age": _age(waiting.age_seconds),
    }
    return Page("device_confirm.html", facts)


def do_device(visit: Visit) -> Page:
    """Let the device in, or not."""
    owner, database = visit.owner, visit.services.database
    demand = Demand(USER_CODE, owner.user_id)
    if not take(database, [demand]):
        return Page("device.html", {"problem": "Too many tries. Wait a few minutes, then try again."}, 429)
    allow = visit.form.get("decision") == _ALLOW
    code = visit.form.get("user_code", "")
    if not decide_device(database, owner.user_id, owner.user_name, code, allow=allow):
        return Page("device.html", {"problem": _GONE}, 404)
    forgive(database, [demand])
    if allow:
        return message(
            "You are signed in", "The program has its answer. You may close this page.", tone="good"
        )
    return message("Denied", "The program gets nothing. You may close this page.")


def _request(visit: Visit, fields: Mapping[str, str]) -> AuthorizationRequest | RefusedRequest:
    return read_authorization_request(visit.services.database, fields)


def _form_target(request: AuthorizationRequest) -> str:
    # Browsers apply form-action to the redirect that answers a form, and know no IPv6 address in it.
    return "http:" if "[" in request.origin else request.origin


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    if minutes:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{rest} second{'' if rest == 1 else 's'}"
