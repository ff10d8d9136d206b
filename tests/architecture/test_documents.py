"""The documents: no half-merged page, and every table of settings.toml that is read is on its page."""

from __future__ import annotations

import re
from pathlib import Path

from usher.session.settings import TABLES

PROJECT = Path(__file__).parents[2]
SOURCE = PROJECT / "src" / "usher"
PAGES = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
SETTINGS = (PROJECT / "docs" / "reference" / "settings.md").read_text()


def test_no_page_keeps_both_sides_of_a_conflict():
    edge = re.compile(r"^(<{7}|>{7}|={7}$)", re.MULTILINE)
    assert [str(page) for page in PAGES if edge.search(page.read_text())] == []


def test_no_link_between_pages_leads_nowhere():
    lost = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if (
                "://" not in target
                and not target.startswith("mailto:")
                and not (page.parent / target).exists()
            ):
                lost.append(f"{page.relative_to(PROJECT)}: {target}")
    assert lost == []


def test_the_tables_that_are_read_are_the_tables_that_are_known():
    read = re.compile(r"\b(?:table|list_of_tables)\(\"([a-z_]+)\"\)")
    found = {name for path in SOURCE.rglob("*.py") for name in read.findall(path.read_text())}
    assert found == set(TABLES)


def test_every_table_of_the_settings_has_its_part_of_the_page_and_no_other_has():
    headings = re.findall(r"^## \[+([a-z_]+)", SETTINGS, re.MULTILINE)
    assert sorted(headings) == sorted(TABLES)
