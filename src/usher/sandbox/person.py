"""A person at a browser: keeps cookies, follows redirects, fills in the forms they see and says yes.

Only what a page shows is used: labels, input types, `autocomplete`, hidden fields. Nothing here knows the
directory's addresses, so the sign-in pages are tried the way a browser would try them.
"""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin, urlsplit

from usher.core.errors import UnavailableError, UsherError
from usher.core.secrets import Secret
from usher.sandbox.forms import Button, Form, PageText, read_page

_MOST_PAGES = 10
_TIMEOUT_SECONDS = 30.0
_LARGEST_PAGE_BYTES = 2_000_000
_NO = re.compile(r"deny|cancel|refuse|reject|decline|sign.?out|log.?out|not me|back", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as shown: where it ended up, its status and its text."""

    url: str
    status: int
    text: PageText


@dataclass(slots=True)
class Person:
    """One person with one browser. They know `password`, and will choose `new_password` when asked to."""

    user_name: str
    password: Secret
    new_password: Secret
    _cookies: CookieJar = field(default_factory=CookieJar)

    def approve(self, address: str) -> Page:
        """Open `address`, sign in if asked, say yes to what is asked, and return the page where it ends.

        Raises UsherError when a page refuses, or when there are too many of them.
        """
        page = self._get(address)
        for _ in range(_MOST_PAGES):
            form = _form_to_fill(page.text)
            if page.status >= 400 or (page.text.alert and form is not None):
                said = page.text.alert or page.text.heading or page.text.title
                raise UsherError(f"{self.user_name} cannot sign in: the page says '{said}' ({page.status})")
            if form is None:
                return page
            page = self._submit(page, form)
        raise UsherError(f"{self.user_name} cannot sign in: there are more than {_MOST_PAGES} pages")

    def _submit(self, page: Page, form: Form) -> Page:
        button = _yes(form)
        values = [
            (item.name, self._answer(item.type, item.purpose, item.name, item.value))
            for item in form.fields
            if item.name
        ]
        if button is not None and button.name:
            values.append((button.name, button.value))
        target = urljoin(page.url, (button.action if button else "") or form.action or page.url)
        if any(item.type == "password" and item.purpose == "new-password" for item in form.fields):
            self.password = self.new_password
        if form.method == "get":
            return self._get(f"{target.partition('?')[0]}?{urlencode(values)}")
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        headers = {"Origin": origin, "Referer": page.url, "Content-Type": "application/x-www-form-urlencoded"}
        return self._open(urllib.request.Request(target, urlencode(values).encode(), headers))  # noqa: S310

    def _answer(self, kind: str, purpose: str, name: str, preset: str) -> str:
        """What the person types into a field; hidden and already filled fields stay as they are."""
        if kind == "password":
            chosen = self.new_password if purpose == "new-password" else self.password
            return chosen.reveal()
        if kind in {"text", "email"} and not preset and (purpose.startswith("username") or "user" in name):
            return self.user_name
        return preset

    def _get(self, address: str) -> Page:
        return self._open(urllib.request.Request(address))  # noqa: S310 (only our own loopback addresses)

    def _open(self, request: urllib.request.Request) -> Page:
        browser = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies)
        )
        request.add_header("Accept", "text/html")
        try:
            with browser.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                return Page(answer.url, answer.status, _text(answer))
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.url or request.full_url, error.code, _text(error))
        except (OSError, http.client.HTTPException) as error:
            host = urlsplit(request.full_url).netloc
            raise UnavailableError(f"the sign-in page at {host} does not answer: {error}") from error


def _text(answer: http.client.HTTPResponse | urllib.error.HTTPError) -> PageText:
    return read_page(answer.read(_LARGEST_PAGE_BYTES).decode("utf-8", "replace"))


def _form_to_fill(page: PageText) -> Form | None:
    """The first form that one may say yes to: a POST, or one with a field to type in."""
    for form in page.forms:
        typed = any(item.type not in {"hidden", "search"} for item in form.fields)
        if (form.method == "post" or typed) and not _NO.search(form.action) and _yes(form) is not None:
            return form
    return None


def _yes(form: Form) -> Button | None:
    """The first button that does not refuse."""
    for button in form.buttons:
        if not any(_NO.search(word) for word in (button.label, button.value, button.name, button.action)):
            return button
    return None
