"""A rule moves between a permission set and a role, and nothing else in its file changes."""

from __future__ import annotations

import pytest

from usher.access.diagnostics import AccessFileError
from usher.access.load import load_access_files
from usher.access.move import move_rule, trust_policy
from usher.core.errors import NotFoundError, UsageError

HEAD = """\
version: 1
organization: {accounts: discovered}
groups: {devs: {external: true}, ops: {external: true}}
permission_sets:
  Builder: {managed_policies: [PowerUserAccess]}
  Reader:
"""
RULES = """\

# What everybody has.
access:
  # Builders, while they build.
  - {group: devs, permission_set: Builder, accounts: all}  # since May
  - group: ops
    reason: on call
    permission_sets: ["Builder"]
    accounts: {ou: Work}
  - {group: ops, permission_sets: [Builder, Reader], accounts: members}
"""
FILE = "access.yaml"


def moved(text: str, line: int, kind: str, name: str) -> str:
    return move_rule({FILE: text}, FILE, line, kind, name).files[FILE]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_rule_moves_to_a_role_that_is_declared_before_the_rules() -> None:
    text = HEAD + RULES
    after = moved(text, line_of(text, "since May"), "role", "teams/Deployer")
    assert after == HEAD + "\nroles:\n  Deployer: {path: /teams/}\n" + RULES.replace(
        "permission_set: Builder, accounts: all", "role: Deployer, accounts: all"
    )


def test_a_rule_is_found_by_any_of_its_lines_and_keeps_its_quotes_away() -> None:
    text = HEAD + RULES
    for part in ("group: ops\n", "reason", "ou: Work"):
        after = moved(text, line_of(text, part), "role", "Deployer")
        assert "    reason: on call\n    roles: [Deployer]\n" in after


def test_a_role_that_is_there_is_used_by_its_key_or_its_path() -> None:
    text = f"{HEAD}roles:\n    # ours\n    deploy: {{name: Deployer, path: /teams/}}\n{RULES}"
    for name in ("deploy", "teams/Deployer"):
        after = moved(text, line_of(text, "since May"), "role", name)
        assert after == text.replace("permission_set: Builder, accounts: all", "role: deploy, accounts: all")
    added = moved(text, line_of(text, "since May"), "role", "Other")
    assert "roles:\n    Other:\n    # ours\n    deploy:" in added


def test_a_rule_moves_back_and_the_file_is_as_it_was() -> None:
    text = f"{HEAD}roles:\n  Deployer:\n{RULES}"
    line = line_of(text, "since May")
    there = moved(text, line, "role", "Deployer")
    assert moved(there, line, "permission_set", "Builder") == text


def test_line_ends_of_another_system_stay() -> None:
    text = (HEAD + "roles:\n  Deployer:\n" + RULES).replace("\n", "\r\n")
    after = moved(text, line_of(text, "since May"), "role", "Deployer")
    assert after == text.replace("permission_set: Builder, accounts: all", "role: Deployer, accounts: all")


def test_a_role_of_another_file_of_the_folder_is_known() -> None:
    files = {"a.yaml": HEAD + RULES, "b.yaml": "version: 1\nroles:\n  Deployer:\n"}
    after = move_rule(files, "a.yaml", line_of(files["a.yaml"], "since May"), "role", "Deployer")
    assert not after.added
    assert (after.before, after.after) == ("permission set Builder", "role Deployer")
    assert after.files["b.yaml"] == files["b.yaml"]
    assert load_access_files(after.files).rules[0].roles == ("Deployer",)


@pytest.mark.parametrize(
    ("part", "kind", "name", "words"),
    [
        ("Builder, Reader", "role", "Deployer", "gives 2 of them"),
        ("since May", "permission_set", "Reader", "gives a permission set already"),
    ],
)
def test_a_rule_that_cannot_move_says_why(part: str, kind: str, name: str, words: str) -> None:
    text = HEAD + RULES
    with pytest.raises(UsageError, match=words):
        moved(text, line_of(text, part), kind, name)


def test_where_no_rule_is_the_rules_are_named() -> None:
    with pytest.raises(NotFoundError) as refused:
        moved(HEAD + RULES, 2, "role", "Deployer")
    assert refused.value.hint == "its rules begin on the lines 11, 12, 16"
    with pytest.raises(NotFoundError) as refused:
        moved(HEAD, 2, "role", "Deployer")
    assert refused.value.hint == "it has no rules"


def test_an_unknown_permission_set_and_a_bad_role_are_mistakes() -> None:
    text = f"{HEAD}roles:\n  Deployer:\n{RULES}".replace("permission_set: Builder, a", "role: Deployer, a")
    line = line_of(text, "since May")
    with pytest.raises(NotFoundError, match="no permission set 'Nobody'"):
        moved(text, line, "permission_set", "Nobody")
    with pytest.raises(AccessFileError):
        moved(HEAD + RULES, line_of(HEAD + RULES, "since May"), "role", "not a role")


def test_roles_on_one_line_are_the_authors_to_extend() -> None:
    text = f"{HEAD}roles: {{Other: {{path: /x/}}}}\n{RULES}"
    with pytest.raises(UsageError, match="stand on one line"):
        moved(text, line_of(text, "since May"), "role", "Deployer")


ALIASED = """\
{group: devs, permission_set: &x Builder, accounts: all}
  - {group: ops, permission_set: *x, accounts: all}"""
MERGED = """\
&r {group: devs, permission_set: Builder, accounts: all}
  - {<<: *r, group: ops}"""


@pytest.mark.parametrize("rules", [ALIASED, MERGED])
def test_text_that_rules_share_is_never_half_moved(rules: str) -> None:
    text = f"{HEAD}roles:\n  Deployer:\naccess:\n  - {rules}\n"
    for line in (line_of(text, "group: devs"), line_of(text, "group: ops")):
        with pytest.raises((UsageError, NotFoundError, AccessFileError)):
            moved(text, line, "role", "Deployer")


def test_the_trust_policy_is_bound_to_the_application_and_its_account() -> None:
    arn = "arn:aws:account-access:eu-central-1:111111111111:application/aam-0123456789abcdef"
    (statement,) = trust_policy(arn)["Statement"]  # type: ignore[misc]
    assert statement["Action"] == ["sts:AssumeRole", "sts:SetContext", "sts:TagSession"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111111111111", "aws:SourceArn": arn}
    }
    with pytest.raises(ValueError, match="not the ARN of an application"):
        trust_policy("arn:aws:iam::111111111111:role/x")
