"""The page: one file, closed to the world, whose data no name can break out of."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, RoleArn
from usher.core.organization import ActualAccess, DesiredAccess, Unread
from usher.core.permission_sets import CustomerPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.report.figures import Powers
from usher.report.holdings import Holdings, Target
from usher.report.page import render_page
from usher.report.source import Source
from usher.report.why import FileView

NOW = datetime(2026, 11, 25, tzinfo=UTC)
POWERS = Powers(
    frozenset({Target("AdministratorAccess")}), {Target("AdministratorAccess"): ("can do everything",)}
)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u2028\u202e\udcff"


def page_of(world: ActualAccess, file: FileView | None = None) -> str:
    return render_page(Holdings(world), POWERS, Source(world.instance.arn, NOW, world.unread), NOW, file)


def data_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


class Outline(HTMLParser):
    """The elements of a page and everything that may load something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in {"src", "href", "action"}]
        self.inline += [name for name, _ in attributes if name.startswith("on") or name == "style"]


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    return found


def test_the_page_needs_nothing_but_itself(build: SimpleNamespace) -> None:
    found = outline(page_of(build.mkdev()))
    assert found.addresses == ["#tables"]
    assert found.inline == []
    assert not {"link", "img", "iframe", "object", "form"} & set(found.tags)


def test_its_policy_allows_exactly_the_script_and_the_style_in_it(build: SimpleNamespace) -> None:
    page = page_of(build.mkdev())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src &#x27;none&#x27;")
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src &#x27;sha256-{digest}&#x27;" in policy
    assert "unsafe" not in policy


def test_the_figures_stand_in_the_page_without_its_script(build: SimpleNamespace) -> None:
    page = page_of(build.mkdev())
    assert "<b>3</b><span>accounts</span>" in page
    assert "<b>1</b> permission sets with an administrator’s power" in page
    assert "known with the access file" in page
    assert "Not everything was read" in page
    assert '<p class="notice" hidden>' in page


def test_what_was_not_read_is_said(build: SimpleNamespace) -> None:
    page = page_of(build.world(unread=Unread(dangling=True)))
    assert '<p class="notice" >Not everything was read: assignments of deleted' in page


def test_with_the_access_file_standing_access_is_told(build: SimpleNamespace) -> None:
    file = FileView(DesiredAccess({}, {}, {}, {}, frozenset()))
    assert "5 are standing" in page_of(build.mkdev(), file)


def test_the_data_is_the_organization_by_index(build: SimpleNamespace) -> None:
    data = data_of(page_of(build.mkdev()))
    assert [each[1] for each in data["accounts"]] == ["management", "production", "staging"]
    assert data["groups"] == [["developers", [0], ""], ["devops", [1], ""]]
    grants = {
        (data["groups"][data["principals"][who][1]][0], data["targets"][what][0], data["accounts"][where][1])
        for who, what, places in data["grants"]
        for where in places
    }
    assert len(grants) == 5
    assert ("developers", "ReadOnlyAccess", "production") in grants


def test_everything_that_a_row_may_show_is_in_the_data(build: SimpleNamespace) -> None:
    role = RoleArn(f"arn:aws:iam::{'2' * 12}:role/Deployer")
    world = build.world(
        Assignment(build.user("ada"), "Rich", AccountId("2" * 12)),
        Assignment(build.user("dead-id"), "Rich", AccountId("8" * 12)),
        Assignment(build.group("closed"), "Rich", AccountId("2" * 12)),
        accounts=[
            Account(AccountId("2" * 12), "asleep", active=False),
            Account(AccountId("3" * 12), "idle", is_management=True),
        ],
        members={"closed": ["gone-id"]},
        users=["ada"],
        sets=[
            PermissionSet(
                "Rich",
                customer_policies=frozenset({CustomerPolicy("Extra")}),
                inline_policy=PolicyDocument("{}"),
            )
        ],
        entitlements=[Entitlement(build.group("closed"), role)],
    )
    data = data_of(page_of(world))
    assert {each[1]: each[3] for each in data["accounts"]} == {"asleep": 1, "idle": 2, "8" * 12: 1}
    assert [each[:2] for each in data["targets"]] == [["Deployer", 1], ["Rich", 0]]
    assert data["targets"][1][4] == ["Extra", "inline policy"]
    assert [2, "dead-id"] in data["principals"]


def test_no_name_breaks_out(build: SimpleNamespace) -> None:
    account = Account(AccountId("2" * 12), HOSTILE, ou_names=(HOSTILE,), ou_ids=("ou-1",))
    others = [Account(AccountId(f"{n:012}"), f"{HOSTILE}{n}", ou_names=(HOSTILE,)) for n in range(30)]
    world = build.world(
        *(Assignment(build.group(HOSTILE), HOSTILE, each.id) for each in (account, *others)),
        Assignment(build.user(HOSTILE), HOSTILE, account.id),
        Assignment(build.group(f"gone {HOSTILE}"), HOSTILE, account.id),
        accounts=[account, *others, Account(AccountId("9" * 12), "plain")],
        members={HOSTILE: [HOSTILE]},
        unread=Unread(members_of=frozenset({HOSTILE})),
    )
    plain, hostile = outline(page_of(build.mkdev())), outline(page_of(world))
    assert set(hostile.tags) <= set(plain.tags) | {"details", "summary", "g", "title", "tspan"}
    assert hostile.tags.count("script") == 2
    assert hostile.inline == []
    assert data_of(page_of(world))["groups"][0][0].startswith("</script>")
    page_of(world).encode("utf-8")


def test_units_have_pictures_of_their_own(build: SimpleNamespace) -> None:
    page = page_of(build.large(300, 60, 6_000, 250, 2_000))
    assert page.count('<details class="unit"') >= 10
    assert set(data_of(page)["pictures"]) >= {"overview"}
    assert len(page.encode()) < 3_000_000
