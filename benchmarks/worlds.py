"""Made-up organizations of a given size, with the folder of access files that describes them.

`big_access_files` makes the size that people report from the field: 1,850 accounts, 1,550 permission sets,
90,000 assignments. Its rules are as people write them: by unit, by tag, by name, for groups of a directory.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from usher.core.accounts import Account
from usher.core.ids import AccountId

TEAMS = 200
_STAGES = ("dev", "test", "staging", "production")
_ACTIONS = (
    *("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "ec2:StartInstances", "ec2:StopInstances"),
    *("rds:RebootDBInstance", "ecs:UpdateService", "lambda:InvokeFunction", "sqs:PurgeQueue"),
    *("dynamodb:Query", "dynamodb:PutItem", "logs:StartQuery", "kms:Decrypt", "sns:Publish"),
)
_MANAGED = ("ReadOnlyAccess", "job-function/ViewOnlyAccess", "PowerUserAccess", "SecurityAudit", "Billing")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule to write, and how many accounts its selector means."""

    words: str
    reach: int


def big_access_files(
    accounts: int = 1850, sets: int = 1550, assignments: int = 90_000, seed: int = 0
) -> tuple[dict[str, str], tuple[Account, ...]]:
    """The texts of a folder by file name, and the organization's accounts that they fit.

    Resolved against those accounts, the files give exactly `assignments` assignments. The first account is
    the management account.
    """
    chance = random.Random(seed)
    organization = tuple(_accounts(accounts))
    names = [f"Team{number % TEAMS:03}-Set{number:04}" for number in range(sets)]
    files = {"organization.yaml": _main_file()}
    rules = iter(_rules(organization, names, assignments, chance))
    by_team: list[list[str]] = [[] for _ in range(TEAMS)]
    for number, rule in enumerate(rules):
        by_team[number % TEAMS].append(rule.words)
    for team in range(TEAMS):
        own = names[team::TEAMS]
        files[f"team{team:03}.yaml"] = _team_file(team, own, by_team[team], chance)
    return files, organization


def _accounts(count: int) -> Iterator[Account]:
    yield Account(AccountId("100000000000"), "management", is_management=True)
    for number in range(1, count):
        team, stage = number % TEAMS, _STAGES[number // TEAMS % len(_STAGES)]
        unit = ("Workloads", stage.title(), f"Area{team % 20:02}")
        yield Account(
            AccountId(f"{100000000000 + number}"),
            f"team{team:03}-{stage}-{number:04}",
            tags={"team": f"team{team:03}", "env": stage, "area": f"area{team % 20:02}"},
            ou_names=unit,
            ou_ids=tuple(f"ou-root-{_hash('/'.join(unit[: depth + 1])):08x}" for depth in range(3)),
        )


def _hash(text: str) -> int:
    """A number of eight hexadecimal digits at most, the same in every run."""
    value = 7
    for letter in text:
        value = (value * 31 + ord(letter)) % 2**32
    return value


def _main_file() -> str:
    return """version: 1
organization: {name: big, region: eu-central-1, accounts: discovered}
owner: platform
fragments:
  guard-rails:
    inline_policy:
      Version: "2012-10-17"
      Statement:
        - Sid: KeepTheTrail
          Effect: Deny
          Action: ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "config:DeleteConfigurationRecorder"]
          Resource: "*"
        - Sid: StayInEurope
          Effect: Deny
          NotAction: ["iam:*", "organizations:*", "route53:*", "cloudfront:*", "support:*", "sts:*"]
          Resource: "*"
          Condition: {StringNotEquals: {"aws:RequestedRegion": [eu-central-1, eu-west-1]}}
    tags: {guarded: "yes"}
"""


def _team_file(team: int, sets: list[str], rules: list[str], chance: random.Random) -> str:
    groups = "".join(f"  team{team:03}-{number:02}: {{external: true}}\n" for number in range(15))
    written = "".join(_set_words(name, chance) for name in sets)
    access = "".join(f"  - {rule}\n" for rule in rules)
    return (
        f"version: 1\nowner: team{team:03}\n"
        f"groups:\n{groups}"
        + (f"permission_sets:\n{written}" if written else "")
        + (f"access:\n{access}" if access else "")
    )


def _set_words(name: str, chance: random.Random) -> str:
    actions = ", ".join(f'"{action}"' for action in chance.sample(_ACTIONS, 6))
    managed = ", ".join(chance.sample(_MANAGED, 2))
    return f"""  {name}:
    include: [guard-rails]
    description: Work of {name}
    managed_policies: [{managed}]
    customer_policies: [{{name: {name}, path: /teams/}}]
    inline_policy:
      Version: "2012-10-17"
      Statement:
        - Sid: Work
          Effect: Allow
          Action: [{actions}]
          Resource: ["arn:aws:s3:::{name.lower()}/*", "arn:aws:ec2:*:*:instance/*"]
    session: {chance.randint(1, 12)}h
    tags: {{owner: "{name[:7]}"}}
"""


def _rules(
    accounts: tuple[Account, ...], sets: list[str], assignments: int, chance: random.Random
) -> Iterator[_Rule]:
    """Rules of which no two give the same, until they give `assignments` together."""
    by_team: dict[str, int] = {}
    by_unit: dict[str, int] = {}
    for account in accounts[1:]:
        by_team[account.tags["team"]] = by_team.get(account.tags["team"], 0) + 1
        by_unit[account.ou] = by_unit.get(account.ou, 0) + 1
    units = sorted(by_unit)
    left, number = assignments, 0
    while left:
        # Each pair of group and set comes once, so that no rule repeats another's grants.
        name = sets[number % len(sets)]
        group = f"team{number % TEAMS:03}-{number // len(sets) % 15:02}"
        number += 1
        team, unit = f"team{chance.randrange(TEAMS):03}", chance.choice(units)
        kind = chance.random()
        if kind < 0.45 and by_unit[unit] <= left:
            rule = _Rule(f"{{ou: {unit}}}", by_unit[unit])
        elif kind < 0.8 and by_team.get(team, left + 1) <= left:
            rule = _Rule(f"{{tags: {{team: {team}}}}}", by_team[team])
        else:
            count = min(left, chance.randint(1, 4), len(accounts) - 1)
            chosen = chance.sample(accounts[1:], count)
            rule = _Rule(f"[{', '.join(account.name for account in chosen)}]", count)
        left -= rule.reach
        words = f"group: {group}, permission_set: {name}, accounts: {rule.words}"
        note = f"reason: Work of {group}, ticket: OPS-{number}, review: 2027-06-30"
        yield _Rule(f"{{{words}, {note}}}", rule.reach)
