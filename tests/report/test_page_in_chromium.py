"""The report in a real browser: it searches, loads nothing, and hostile names stay names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess
from usher.report.figures import Powers
from usher.report.holdings import Holdings
from usher.report.page import render_page
from usher.report.source import Source

pytestmark = pytest.mark.client("chromium")

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
NOW = datetime(2026, 11, 25, tzinfo=UTC)
HOSTILE = "</script><script>window.broken=1</script><img src=x onerror=window.broken=1>"


@pytest.fixture
def open_report(
    find_client: Callable[[str], Path], tmp_path: Path
) -> Iterator[Callable[[ActualAccess], Any]]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_client("chromium"), args=list(FLAGS))

        def open_one(world: ActualAccess) -> Any:
            path = tmp_path / "report.html"
            source = Source(world.instance.arn, NOW, world.unread)
            path.write_text(render_page(Holdings(world), Powers(frozenset(), {}), source, NOW), "utf-8")
            page = browser.new_page()
            page.complaints = []
            page.asked = []
            page.on("pageerror", lambda error: page.complaints.append(str(error)))
            page.on("console", lambda said: page.complaints.append(said.text))
            page.on("request", lambda request: page.asked.append(request.url))
            page.goto(path.as_uri())
            page.wait_for_selector("#rows table")
            return page

        yield open_one
        browser.close()


def test_people_search_and_nothing_is_loaded(
    open_report: Callable[[ActualAccess], Any], build: SimpleNamespace
) -> None:
    page = open_report(build.mkdev())
    page.fill("#search", "product")
    page.wait_for_function("document.querySelectorAll('#rows tbody tr').length === 1")
    assert "production" in page.inner_text("#rows")
    assert page.complaints == []
    assert [url for url in page.asked if not url.startswith("file:")] == []


def test_hostile_names_are_shown_and_do_nothing(
    open_report: Callable[[ActualAccess], Any], build: SimpleNamespace
) -> None:
    account = Account(AccountId("2" * 12), HOSTILE, ou_names=(HOSTILE,), ou_ids=("ou-1",))
    world = build.world(
        Assignment(build.group(HOSTILE), HOSTILE, account.id),
        accounts=[account],
        members={HOSTILE: [HOSTILE]},
    )
    page = open_report(world)
    for tab in page.query_selector_all("#tabs button"):
        tab.click()
    page.fill("#search", HOSTILE[:12])
    assert page.evaluate("window.broken") is None
    assert page.query_selector_all("img") == []
    assert page.complaints == []
