"""Opening consoles in a browser and looking at them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from links import HOME, NAMES, Links
from stand_in_internet import SESSION_COOKIE, Internet, Request, Who
from waiting import until
from wire import RefusedError

STAGING = Who("222222222222", "AdministratorAccess")
PRODUCTION = Who("333333333333", "ReadOnlyAccess")
MANAGEMENT = Who("111111111111", "AdministratorAccess")
PLAYGROUND = Who("444444444444", "AdministratorAccess")


@dataclass
class Console:
    """A console's page: who it was opened for, and the cookie that it was asked for with."""

    who: Who
    page: Any
    cookie: str

    @property
    def signed_in(self) -> str:
        """Who the console says is signed in."""
        return self.page.until("document.getElementById('who')?.textContent")

    def moves_to(self, internet: Internet, service: str) -> str:
        """Go to another service, as a person does; the session's cookie that came along."""
        mark = internet.mark
        self.page.evaluate(f"void (location.href = '/{service}/home?region=eu-central-1')")
        [request] = internet.until(mark, path=f"/{service}/home")
        until(lambda: self._is_at(service))
        return request.cookies.get(SESSION_COOKIE, "")

    def _is_at(self, service: str) -> bool:
        try:
            at = f"location.pathname === '/{service}/home' && document.readyState === 'complete'"
            return bool(self.page.evaluate(at))
        except RefusedError:  # the page that was asked is gone
            return False


def prefix(who: Who) -> str:
    """What stands before the titles of its pages: a label that says no more than the name stands alone."""
    name, _, label = NAMES[who.account]
    return f"[{label}] " if label else f"{name} · "


class Consoles:
    """A browser's consoles, and where they are asked for."""

    def __init__(self, browser: Any, links: Links, internet: Internet) -> None:
        self.browser, self.links, self.internet = browser, links, internet
        self.kind = "container" if browser.family == "firefox" else "group"
        self._ours: Any = None

    def link(self, who: Who = STAGING, destination: str = HOME, **changed: Any) -> str:
        return self.links.seal(self.links.visit(who, destination, self.kind, **changed))

    def open(self, who: Who = STAGING, destination: str = HOME, **changed: Any) -> Console:
        """Open a good link, and wait until the console is there and marked."""
        path = "/" + destination.split("/", 3)[3].split("?")[0]
        link = self.link(who, destination, **changed)
        page, request = self.lands(lambda: self.browser.open(self.address(link)), path)
        page.until(f"document.title.startsWith({json.dumps(prefix(who))})")
        return Console(who, page, request.cookies[SESSION_COOKIE])

    def lands(self, open_it: Callable[[], object], path: str) -> tuple[Any, Request]:
        """The new page at `path` that something opens, loaded, and how it was asked for."""
        mark, before = self.internet.mark, set(self.browser.open_pages())
        open_it()
        [request] = self.internet.until(mark, path=path)
        page = self.browser.page(until(lambda: self.new_page(before, request.host)))
        page.until("document.readyState === 'complete'")
        return page, request

    def refused(self, link: str) -> Any:
        """The page that says why `link` is not opened, when it has said it."""
        before = set(self.browser.open_pages())
        self.browser.open(self.address(link))
        number = until(lambda: self.new_page(before, self.browser.pages.split("/")[2]))
        page = self.browser.page(number)
        page.until("document.querySelector('main')?.classList.contains('says')")
        if set(self.browser.open_pages()) - before != {number}:
            pytest.fail("something else was opened")
        return page

    def new_page(self, before: set[str], host: str) -> str | None:
        """The page on `host` that was not there before."""
        pages = self.browser.open_pages().items()
        return next((number for number, url in pages if number not in before and f"//{host}/" in url), None)

    def ask(self, kind: str, **content: Any) -> Any:
        """What the extension answers one of its own pages, which stays behind the tab in front."""
        if self._ours is None:
            before = set(self.browser.open_pages())
            self.browser.open_behind(f"{self.browser.pages}open.html")
            number = until(lambda: self.new_page(before, self.browser.pages.split("/")[2]))
            self._ours = self.browser.page(number)
            self._ours.until("document.title.endsWith('· Usher')")
        message = json.dumps({"kind": kind, **content})
        return self._ours.evaluate(f"chrome.runtime.sendMessage({message})")

    def here(self, url_part: str) -> dict[str, Any]:
        """What the extension knows of the one tab whose address holds that."""
        [tab] = [each for each in self.extension_tabs() if url_part in each["url"]]
        return self.ask("overview", tabId=tab["id"], windowId=tab["windowId"])["here"]

    def extension_tabs(self) -> list[dict[str, Any]]:
        """The tabs of consoles, as the extension sees them."""
        self.ask("connection")
        picked = "({ id, windowId, url }) => ({ id, windowId, url: url ?? '' })"
        return self._ours.evaluate(f"chrome.tabs.query({{}}).then((tabs) => tabs.map({picked}))")

    def address(self, link: str) -> str:
        return f"{self.browser.pages}open.html#{link}"
