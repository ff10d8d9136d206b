"""Which accounts a selector means, and when the management account is one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from usher.access.load import load_access_file
from usher.access.resolve import resolve_access
from usher.access.tag_needs import accounts_to_ask_for_tags, needs_units
from usher.core.accounts import Account
from usher.core.ids import AccountId

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
Mistakes = Callable[[Callable[[], object]], list[str]]


def _account(number: int, name: str, unit: str = "", active: bool = True, **tags: str) -> Account:
    names = tuple(unit.split("/")) if unit else ()
    ids = tuple(f"ou-root-{len(name):04}{each.lower():0>4}"[:16] for each in names)
    return Account(
        AccountId(f"{number:012}"),
        name,
        tags=tags,
        active=active,
        is_management=name == "management",
        ou_names=names,
        ou_ids=ids,
    )


ORGANIZATION = (
    _account(1, "management", env="core"),
    _account(2, "audit", "Security", env="core"),
    _account(3, "shop-staging", "Workloads/Staging", env="staging", team="shop"),
    _account(4, "shop-production", "Workloads/Production", env="production", team="shop"),
    _account(5, "search-production", "Workloads/Production/Core", env="production", team="search"),
    _account(6, "shared", "Workloads", env="core"),
    _account(7, "closed", "Workloads", active=False, env="core"),
    _account(8, "prod-*", "Odd", env="odd"),
)

_TEXT = """
version: 1
groups: {{devops: }}
permission_sets: {{Admin: }}
access:
  - {{group: devops, permission_set: Admin, accounts: {selector}}}
"""


def _entered(selector: str, text: str = "", organization: Sequence[Account] = ORGANIZATION) -> set[str]:
    file = load_access_file(text + _TEXT.format(selector=selector), "access.yaml")
    access = resolve_access(file, organization, now=NOW)
    return {access.accounts[assignment.account_id].name for assignment in access.assignments}


ACTIVE = {each.name for each in ORGANIZATION if each.active}
MEMBERS = ACTIVE - {"management"}


@pytest.mark.parametrize(
    ("selector", "entered"),
    [
        ("all", ACTIVE),
        ("members", MEMBERS),
        ("management", {"management"}),
        ('"000000000001"', {"management"}),
        ('[audit, "000000000003"]', {"audit", "shop-staging"}),
        ('"shop-*"', {"shop-staging", "shop-production"}),
        ('["*-production"]', {"shop-production", "search-production"}),
        ('["s?op-staging"]', {"shop-staging"}),
        ('["prod-*"]', {"prod-*"}),
        ('["*"]', MEMBERS),
        ("{ou: Workloads}", {"shop-staging", "shop-production", "search-production", "shared"}),
        ("{ou: Workloads/Production}", {"shop-production", "search-production"}),
        ("{ou: [Security, Workloads/Staging]}", {"audit", "shop-staging"}),
        ("{ou_direct: Workloads}", {"shared"}),
        ("{ou_direct: [Workloads/Production]}", {"shop-production"}),
        ("{ou: /}", MEMBERS),
        ("{ou_direct: /, management: true}", {"management"}),
        (f"{{ou: {ORGANIZATION[1].ou_ids[0]}}}", {"audit"}),
        (f"{{ou_direct: {ORGANIZATION[4].ou_ids[-1]}}}", {"search-production"}),
        ("{tags: {env: production}}", {"shop-production", "search-production"}),
        ("{tags: {env: [production, staging], team: shop}}", {"shop-staging", "shop-production"}),
        ("{tags: {env: core}}", {"audit", "shared"}),
        ("{tags: {env: core}, management: true}", {"management", "audit", "shared"}),
        ("{tags: {env: core}, ou: Workloads}", {"shared"}),
        ('{names: ["shop-*"], tags: {env: production}}', {"shop-production"}),
        ("{names: [management, audit], tags: {env: core}}", {"management", "audit"}),
        ("{except: audit}", MEMBERS - {"audit"}),
        ("{except: audit, management: true}", ACTIVE - {"audit"}),
        ('{ou: Workloads, except: ["*-production"]}', {"shop-staging", "shared"}),
        ("{ou: Workloads, except: {tags: {team: shop}}}", {"search-production", "shared"}),
        ("{management: true, except: {tags: {env: core}}}", MEMBERS - {"audit", "shared"}),
        ('{management: true, except: ["man*"]}', MEMBERS),
        (
            "{ou: Workloads, except: {tags: {team: shop}, except: shop-staging}}",
            MEMBERS & {"shop-staging", "search-production", "shared"},
        ),
        ("{management: true, except: members}", {"management"}),
        (
            "{ou: Workloads, except: closed}",
            {"shop-staging", "shop-production", "search-production", "shared"},
        ),
        (
            '{ou: Workloads, except: ["nobody-*"]}',
            {"shop-staging", "shop-production", "search-production", "shared"},
        ),
    ],
)
def test_a_selector_means_these_accounts(selector: str, entered: set[str]) -> None:
    assert _entered(selector) == entered


@pytest.mark.parametrize(
    ("selector", "column", "expected"),
    [
        (
            "{ou: Workload}",
            59,
            "no active account in scope is in an organizational unit 'Workload' (did you mean 'Workloads'?)",
        ),
        ("{ou_direct: Zoo}", 66, "no active account in scope is in an organizational unit 'Zoo'"),
        ('["nobody-*"]', 55, "no active account has a name like 'nobody-*'"),
        ("[shop]", 55, "the organization has no account 'shop'"),
        (
            '["000000000009"]',
            55,
            "the organization has no account 000000000009 (did you mean '000000000008'?)",
        ),
        ("closed", 54, "account closed (000000000007) is suspended and takes no assignments"),
        ("{names: [closed]}", 63, "account closed (000000000007) is suspended and takes no assignments"),
        ("{tags: {env: zzz}}", 61, "no active account of the organization has the tags {env: zzz}"),
        (
            "{tags: {env: [corre, zzz]}}",
            61,
            "no active account of the organization has the tags {env: [corre, zzz]} (did you mean 'core'?)",
        ),
        ("{tags: {env: staging}, ou: Security}", 54, "no active account fits all of this"),
        (
            "{ou_direct: /}",
            54,
            "no active account fits all of this (only the management account does: add management: true)",
        ),
        (
            "{ou: Workloads, except: shopp-staging}",
            78,
            "the organization has no account 'shopp-staging' (did you mean 'shop-staging'?)",
        ),
        ("{except: all}", 54, "no active account fits all of this"),
    ],
)
def test_a_selector_that_means_nothing_is_told(
    selector: str, column: int, expected: str, mistakes: Mistakes
) -> None:
    assert mistakes(lambda: _entered(selector)) == [f"access.yaml:6:{column}: {expected}"]


def test_an_organization_of_one_account_has_no_members(mistakes: Mistakes) -> None:
    alone = ORGANIZATION[:1]
    assert _entered("all", organization=alone) == {"management"}
    (line,) = mistakes(lambda: _entered("members", organization=alone))
    assert line.endswith("the organization has no active account but the management account")
    (line,) = mistakes(lambda: _entered("all", organization=()))
    assert line.endswith("the organization has no active account")


def test_discovered_accounts_take_tags_and_ids_from_the_file() -> None:
    text = "organization: {accounts: discovered}\naccounts: {audit: {tags: {env: odd}}}"
    assert _entered("{tags: {env: odd}}", text) == {"audit", "prod-*"}
    assert _entered("all", text) == ACTIVE


def test_declared_accounts_alone_are_in_scope_unless_discovery_is_asked_for() -> None:
    assert _entered("all", "accounts: [audit]") == {"audit"}
    assert _entered("members", "accounts: [management, audit]") == {"audit"}
    with_word = "organization: {accounts: declared}\naccounts: [audit]"
    assert _entered("all", with_word) == {"audit"}


def test_two_discovered_accounts_of_one_name_need_the_id(mistakes: Mistakes) -> None:
    twins = [*ORGANIZATION, _account(22, "audit")]
    (line,) = mistakes(lambda: _entered("audit", organization=twins))
    assert line == (
        "access.yaml:6:54: the organization has 2 accounts called 'audit' "
        '(give the id: "000000000002" or "000000000022")'
    )
    assert _entered('"000000000022"', organization=twins) == {"audit"}


def _asked(text: str) -> set[str]:
    asked = accounts_to_ask_for_tags(load_access_file(f"version: 1\n{text}", "access.yaml"), ORGANIZATION)
    return {account.name for account in ORGANIZATION if account.id in asked}


_RULE = "groups: {a: }\npermission_sets: {B: }\naccess:\n  - {group: a, permission_set: B, accounts: %s}\n"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (_RULE % "all", set()),
        (_RULE % "{ou: Workloads}", set()),
        (_RULE % "{tags: {env: production}}", MEMBERS),
        (_RULE % "{tags: {env: production}, management: true}", ACTIVE),
        (_RULE % "{ou: Workloads, except: {tags: {env: production}}}", MEMBERS),
        ("accounts: [audit]\n" + _RULE % "{tags: {env: production}}", {"audit"}),
        ("accounts: {audit: {tags: {env: core}}}\n" + _RULE % "{tags: {env: production}}", set()),
        ("accounts: {audit: {tags: {env: core}}}\n" + _RULE % "{tags: {env: [core, b]}}", set()),
        ("accounts: {audit: {tags: {env: core}}}\n" + _RULE % "{tags: {env: core, team: x}}", {"audit"}),
        (
            "organization: {accounts: discovered}\n"
            'accounts: {audit: {id: "000000000002", tags: {env: core}}}\n'
            + _RULE
            % "{tags: {env: production}}",
            MEMBERS - {"audit"},
        ),
        ("groups: {a: }\ntests:\n  - {group: a, on: {tags: {env: production}}, can: enter}\n", MEMBERS),
        ("permission_sets: {A: {variants: {B: {accounts: {tags: {env: production}}}}}}\n", MEMBERS),
        (
            (
                "permission_sets: {A: }\nseparation:\n  - name: x\n    never_both:\n"
                "      - {permission_sets: [A], accounts: {tags: {a: b}}}\n      - {permission_sets: [A]}\n"
            ),
            MEMBERS,
        ),
    ],
)
def test_tags_are_asked_of_accounts_that_they_can_decide(text: str, asked: set[str]) -> None:
    assert _asked(text) == asked


@pytest.mark.parametrize(
    ("selector", "needed"),
    [
        ("all", False),
        ("{tags: {a: b}}", False),
        ("{ou: A}", True),
        ("{ou_direct: A}", True),
        ("{tags: {a: b}, except: {ou: A}}", True),
    ],
)
def test_units_are_read_when_a_selector_names_one(selector: str, needed: bool) -> None:
    assert needs_units(load_access_file(f"version: 1\n{_RULE % selector}", "access.yaml")) is needed
