"""The picture: everything drawn once, inside its bounds, with every name as text and nothing else."""

from __future__ import annotations

import re
from itertools import pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.ids import AccountId
from usher.report.bundles import bundle
from usher.report.graph_text import dot_lines, mermaid_lines
from usher.report.holdings import Holdings, Target
from usher.report.picture import WIDTH, draw

ADMINISTRATORS = frozenset({Target("AdministratorAccess")})
HOSTILE = "</text><script>alert(1)</script>\"'&\x1b[2J\u202e"


def texts(svg: str, name: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(name)]


def test_every_piece_and_every_flow_is_drawn(build: SimpleNamespace) -> None:
    bundled = bundle(Holdings(build.mkdev()), ADMINISTRATORS)
    svg = draw(bundled, "overview")
    root = ElementTree.fromstring(svg)
    drawn = {each.get("data-n") for each in root.iter() if each.get("data-n")}
    assert drawn == {"p0", "p1", "g0", "g1", "t0", "t1", "a0", "a1", "a2"}
    flows = {each.get("data-r") for each in root.iter() if each.get("data-r")}
    assert flows == {"p0-g1", "p1-g0", "g0-t0", "g1-t0", "g1-t1", "t0-a0", "t0-a1", "t0-a2", "t1-a1"}
    assert "devops → AdministratorAccess: 3 grants" in texts(svg, "title")


@pytest.mark.parametrize("size", [(2, 3, 20, 3, 5), (300, 60, 6_000, 250, 2_000)])
def test_pieces_stay_inside_and_do_not_touch(build: SimpleNamespace, size: tuple[int, ...]) -> None:
    if size[0] < 10:
        bundled = bundle(Holdings(build.mkdev()))
    else:
        bundled = bundle(Holdings(build.large(*size)), ADMINISTRATORS)
    root = ElementTree.fromstring(draw(bundled, "overview"))
    height = float((root.get("viewBox") or "").split()[3])
    columns: dict[str, list[tuple[float, float]]] = {}
    for box in root.iter("rect"):
        x, y, width, tall = (float(box.get(name, "0")) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + width <= WIDTH
        assert y + tall <= height
        columns.setdefault(box.get("x", ""), []).append((y, y + tall))
    assert len(columns) == 4
    for spans in columns.values():
        spans.sort()
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_names_are_text_whatever_they_are(build: SimpleNamespace) -> None:
    account = Account(AccountId("2" * 12), HOSTILE)
    world = build.world(
        Assignment(build.group(HOSTILE), HOSTILE, account.id),
        accounts=[account],
        members={HOSTILE: [HOSTILE]},
    )
    bundled = bundle(Holdings(world))
    svg = draw(bundled, "overview")
    assert "<script" not in svg
    assert "\x1b" not in svg
    assert "\u202e" not in svg
    assert {each.tag for each in ElementTree.fromstring(svg).iter()} == {
        "svg", "g", "rect", "path", "text", "tspan", "title",
    }  # fmt: skip
    for line in (*mermaid_lines(bundled), *dot_lines(bundled)):
        assert "\x1b" not in line
    assert not any("<" in line for line in mermaid_lines(bundled))
    nodes = [line for line in dot_lines(bundled) if "[label=" in line]
    assert all(
        re.fullmatch(r'  \w+ \[label="(?:[^"\\]|\\.)*"(?:, color=\w+)?\];', line) for line in nodes[:4]
    )


def test_long_names_are_cut_where_they_differ_least(build: SimpleNamespace) -> None:
    long = "a-name-that-goes-on-and-on-and-on-without-an-end"
    wide = "組織" * 30
    accounts = [
        Account(AccountId(f"{n:012}"), f"n{n}", ou_names=("A-very-long-unit", "Another-long-one", long))
        for n in range(40)
    ]
    world = build.world(
        *(Assignment(build.group(name), long, each.id) for each in accounts for name in (long, wide)),
        accounts=[*accounts, Account(AccountId("9" * 12), "x")],
        members={long: ["ada"], wide: ["ada"]},
    )
    svg = draw(bundle(Holdings(world)), "overview")
    shown = texts(svg, "text")
    assert any("…" in each and each.startswith("a-name") and each.endswith("end") for each in shown)
    assert long in " ".join(texts(svg, "title"))


def test_text_for_other_tools_has_every_piece(build: SimpleNamespace) -> None:
    bundled = bundle(Holdings(build.mkdev()), ADMINISTRATORS)
    mermaid = "\n".join(mermaid_lines(bundled))
    assert 'g0["devops"]' in mermaid
    assert 't0["AdministratorAccess"]:::admin' in mermaid
    assert "t0 -->|2| a2" in mermaid
    dot = "\n".join(dot_lines(bundled))
    assert 't0 [label="AdministratorAccess", color=orangered];' in dot
    assert 'g0 -> t0 [label="3"];' in dot


def test_bundles_say_how_many_they_are(build: SimpleNamespace) -> None:
    bundled = bundle(Holdings(build.large(300, 60, 6_000, 250, 2_000)))
    mermaid = "\n".join(mermaid_lines(bundled))
    assert "Workloads/Production/Money (35)" in mermaid
    assert re.search(r'"\d+ people"', mermaid)
