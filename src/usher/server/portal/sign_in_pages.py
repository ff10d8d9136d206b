"""Sign in, choose a password, sign out."""

from __future__ import annotations

from usher.core.errors import SignInNeededError
from usher.core.secrets import Secret
from usher.server.idp.browser_sessions import BrowserSession, close_session
from usher.server.idp.sign_in import Attempt, PasswordChoice, Refusal, choose_password, sign_in
from usher.server.portal.door import Page, Redirect, Visit

_LONGEST_NAME = 128
_LONGEST_PASSWORD = 256
_PROBLEMS = {
    Refusal.WRONG: ("The email address or the password is not right.", 401),
    Refusal.LAPSED: ("That one-time password has lapsed. Ask for a new one.", 401),
    Refusal.TOO_MANY_TRIES: ("Too many tries. Wait a few minutes, then try again.", 429),
}


def show_sign_in(visit: Visit) -> Page | Redirect:
    """The sign-in form, or the way on for somebody who has signed in."""
    if visit.session.owner is not None:
        return Redirect("/start")
    return _sign_in_page()


def do_sign_in(visit: Visit) -> Page | Redirect:
    """Check a name and password; go where the person was headed."""
    name = visit.form.get("user_name", "").strip()[:_LONGEST_NAME]
    password = visit.form.get("password", "")
    if len(password) > _LONGEST_PASSWORD:
        password = ""
    signed_in = sign_in(
        visit.services.database,
        Attempt(name, Secret(password), visit.address),
        visit.session,
        session_seconds=float(visit.services.instance.portal_session_seconds),
    )
    if isinstance(signed_in, BrowserSession):
        return Redirect(visit.session.headed_for or "/start", signed_in)
    problem, status = _PROBLEMS[signed_in]
    return _sign_in_page(name, problem, status)


def show_change_password(visit: Visit) -> Page:
    """The form for a new password."""
    return Page("change_password.html", {"problem": "", "first_time": visit.owner.must_change})


def do_change_password(visit: Visit) -> Page | Redirect:
    """Take a new password; go where the person was headed."""
    choice = PasswordChoice(
        present=Secret(visit.form.get("password", "")),
        new=Secret(visit.form.get("new_password", "")),
        repeated=Secret(visit.form.get("repeat_password", "")),
        address=visit.address,
    )
    first_time = visit.owner.must_change
    try:
        chosen = choose_password(
            visit.services.database,
            visit.session,
            choice,
            session_seconds=float(visit.services.instance.portal_session_seconds),
        )
    except SignInNeededError:
        return Redirect("/sign-in", signed_out=True)
    if isinstance(chosen, BrowserSession):
        return Redirect(visit.session.headed_for or "/start", chosen)
    return Page("change_password.html", {"problem": chosen, "first_time": first_time}, 400)


def do_sign_out(visit: Visit) -> Redirect:
    """End this browser's session. Programs keep theirs, and open consoles live until their keys expire."""
    close_session(visit.services.database, visit.session)
    return Redirect("/sign-in", signed_out=True)


def _sign_in_page(name: str = "", problem: str = "", status: int = 200) -> Page:
    return Page("sign_in.html", {"user_name": name, "problem": problem}, status)
