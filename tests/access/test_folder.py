"""One access file in several parts: sections come together, and owners limit what each part gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from usher.access.load import load_access_files
from usher.access.resolve import resolve_access
from usher.core.accounts import Account
from usher.core.rules import DriftMode

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
Mistakes = Callable[[Callable[[], object]], list[str]]

PLATFORM = """
version: 1
organization: {name: mkdev, id: o-exampleorg, region: eu-central-1}
drift: adopt
accounts: [management, staging, production]
groups: {devops: }
permission_sets: {Admin: , ReadOnly: }
access:
  - {group: devops, permission_set: Admin, accounts: all, owner: platform}
"""
SHOP = """
version: 1
owner: shop
groups: {shop: {members: [ada]}}
users: {ada: {name: Ada Example}}
access:
  - {group: shop, permission_set: ReadOnly, accounts: [staging]}
tests:
  - {group: shop, on: production, cannot: enter}
"""
OWNERS = """
owners:
  shop.yaml:
    accounts: {names: [staging]}
    permission_sets: ["Read*"]
    groups: [shop, "shop-*"]
"""


def _load(**changes: str) -> object:
    files = {"platform": PLATFORM, "shop": SHOP} | changes
    return load_access_files({f"access/{name}.yaml": text for name, text in files.items()}, "access")


def test_the_files_of_a_folder_are_one_access_file() -> None:
    file = load_access_files({"access/platform.yaml": PLATFORM, "access/shop.yaml": SHOP}, "access")
    assert file.name == "access"
    assert list(file.accounts) == ["management", "staging", "production"]
    assert list(file.groups) == ["devops", "shop"]
    assert [(rule.note.at.file, rule.note.at.line, rule.note.owner) for rule in file.rules] == [
        ("access/platform.yaml", 9, "platform"),
        ("access/shop.yaml", 7, "shop"),
    ]
    assert len(file.tests) == 1
    assert file.organization is not None
    assert (file.organization.name, file.organization.id) == ("mkdev", "o-exampleorg")
    assert {rule.note.drift for rule in file.rules} == {file.drift} == {DriftMode.ADOPT}


@pytest.mark.parametrize(
    ("shop", "expected"),
    [
        (
            "version: 1\ngroups: {Devops: }\n",
            [
                (
                    "access/shop.yaml:2:10: group 'Devops' is declared twice "
                    "(first on line 6 of access/platform.yaml, and differs only in case)"
                )
            ],
        ),
        (
            "version: 1\naccounts: {staging: }\n",
            [
                (
                    "access/shop.yaml:2:12: account 'staging' is declared twice "
                    "(first on line 5 of access/platform.yaml)"
                )
            ],
        ),
        (
            "version: 1\npermission_sets: {Admin: }\nroles: {a: {name: X}}\n",
            [
                (
                    "access/shop.yaml:2:19: permission set 'Admin' is declared twice "
                    "(first on line 7 of access/platform.yaml)"
                )
            ],
        ),
        (
            "version: 1\norganization: {}\ndrift: ignore\n",
            [
                (
                    "access/shop.yaml:2:15: organization holds for the whole folder and is said twice "
                    "(first on line 3 of access/platform.yaml)"
                ),
                (
                    "access/shop.yaml:3:8: drift holds for the whole folder and is said twice "
                    "(first on line 4 of access/platform.yaml)"
                ),
            ],
        ),
        (
            "owner: shop\naccess:\n  - {group: shop, permission_set: Adm, accounts: stagin}\n",
            [
                "access/shop.yaml:1:1: the file has no version (write 'version: 1' first)",
                "access/shop.yaml:3:13: there is no group 'shop' in this file",
                (
                    "access/shop.yaml:3:35: there is no permission set 'Adm' in this file "
                    "(did you mean 'Admin'?)"
                ),
                "access/shop.yaml:3:50: there is no account 'stagin' in this file (did you mean 'staging'?)",
            ],
        ),
        ("[", ["access/shop.yaml:1:2: not YAML: did not find expected node content"]),
    ],
)
def test_a_mistake_is_told_with_its_file(shop: str, expected: list[str], mistakes: Mistakes) -> None:
    found = mistakes(lambda: _load(shop=shop))
    if shop == "[":
        assert [line.partition(": not YAML")[0] for line in found] == ["access/shop.yaml:1:2"]
    else:
        assert found == expected


def test_a_folder_of_nothing_is_told(mistakes: Mistakes) -> None:
    (line,) = mistakes(lambda: load_access_files({}, "access"))
    assert line == "access:1:1: there is no access file in this folder"


def test_every_broken_file_is_told(mistakes: Mistakes) -> None:
    assert len(mistakes(lambda: _load(shop="- a", platform="b: [", third="version: 2"))) == 3


def test_a_part_within_its_limits_is_fine_and_has_its_owner() -> None:
    owned = OWNERS.replace("    accounts", "    owner: the shop\n    accounts")
    files = {"platform.yaml": PLATFORM + owned, "shop.yaml": SHOP.replace("owner: shop\n", "")}
    assert [rule.note.owner for rule in load_access_files(files).rules] == ["platform", "the shop"]


@pytest.mark.parametrize(
    ("shop", "expected"),
    [
        (
            SHOP.replace("ReadOnly", "Admin"),
            (
                "7:35: this file may not use the permission set 'Admin' "
                "(owners allow only Read*, on line 12 of access/platform.yaml)"
            ),
        ),
        (
            SHOP.replace("group: shop,", "group: devops,"),
            (
                "7:13: this file may not use the group 'devops' "
                "(owners allow only shop, shop-*, on line 12 of access/platform.yaml)"
            ),
        ),
        (
            SHOP.replace("group: shop, perm", "user: ada, perm"),
            (
                "7:12: this file may not use the user 'ada' "
                "(owners allow none, on line 12 of access/platform.yaml)"
            ),
        ),
        (
            SHOP + "permission_sets: {Shopkeeper: }\n",
            (
                "10:19: this file may not use the permission set 'Shopkeeper' "
                "(owners allow only Read*, on line 12 of access/platform.yaml)"
            ),
        ),
        (
            SHOP + "roles: {Shopkeeper: }\n",
            (
                "10:9: this file may not use the role 'Shopkeeper' "
                "(owners allow none, on line 12 of access/platform.yaml)"
            ),
        ),
        (
            SHOP + "separation: []\n",
            (
                "10:1: a file with an owner cannot hold separation "
                "(it would change other files' rules: write it in access/platform.yaml)"
            ),
        ),
    ],
)
def test_a_part_gives_no_more_than_its_owner_may(shop: str, expected: str, mistakes: Mistakes) -> None:
    (line,) = mistakes(lambda: _load(platform=PLATFORM + OWNERS, shop=shop))
    assert line == f"access/shop.yaml:{expected}"


def test_a_part_gives_access_in_its_owners_accounts_only(mkdev: list[Account], mistakes: Mistakes) -> None:
    def resolved(accounts: str) -> Mapping[object, object]:
        shop = SHOP.replace("accounts: [staging]", f"accounts: {accounts}")
        file = load_access_files({"a/platform.yaml": PLATFORM + OWNERS, "a/shop.yaml": shop})
        return resolve_access(file, mkdev, now=NOW).origins

    assert len(resolved("[staging]")) == 4
    (line,) = mistakes(lambda: resolved("all"))
    assert line == (
        "a/shop.yaml:7:55: this file may not give access in management (111111111111), "
        "production (333333333333) (its owner's accounts are on line 13 of a/platform.yaml)"
    )


def test_where_owners_are_named_no_file_is_without(mistakes: Mistakes) -> None:
    (line,) = mistakes(lambda: _load(platform=PLATFORM + OWNERS, third="version: 1\n"))
    assert line == (
        "access/third.yaml:1:1: this file is not among the owners of its folder "
        "(name it on line 12 of access/platform.yaml, or nobody limits what it gives)"
    )


def test_an_owner_without_limits_limits_nothing() -> None:
    owners = "owners: {shop.yaml: , access/third.yaml: {owner: third}}\n"
    assert _load(platform=PLATFORM + owners, third="version: 1\n")


def test_names_of_files_that_two_files_have_are_no_names(mistakes: Mistakes) -> None:
    files = {"a/shop.yaml": "version: 1\n", "b/shop.yaml": "version: 1\nowners: {shop.yaml: }\n"}
    found = mistakes(lambda: load_access_files(files))
    assert "b/shop.yaml:2:10: there is no file 'shop.yaml' in this folder" in found[-1]
