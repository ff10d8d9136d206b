"""Worlds to ask questions about: built in a line, or large and seeded."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from types import SimpleNamespace

import pytest

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn
from usher.core.organization import ActualAccess, Instance, Unread
from usher.core.permission_sets import ManagedPolicy, PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User

INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)
COMPLETE = Unread()
MANAGEMENT, STAGING, PRODUCTION = (AccountId(digit * 12) for digit in "123")


def group(name: str) -> Principal:
    return Principal(PrincipalKind.GROUP, name)


def user(name: str) -> Principal:
    return Principal(PrincipalKind.USER, name)


def permission_set(name: str, *policies: str) -> PermissionSet:
    arns = (f"arn:aws:iam::aws:policy/{policy}" for policy in policies or (name,))
    return PermissionSet(name, managed_policies=frozenset(ManagedPolicy(arn) for arn in arns))


def world(
    *assignments: Assignment,
    accounts: Iterable[Account] = (),
    members: Mapping[str, Iterable[str]] | None = None,
    users: Iterable[str] = (),
    sets: Iterable[PermissionSet] = (),
    entitlements: Iterable[Entitlement] = (),
    unread: Unread = COMPLETE,
) -> ActualAccess:
    """What an Identity Center has; users who are members need not be named."""
    groups = {name: Group(name, members=frozenset(found)) for name, found in (members or {}).items()}
    names = {*users, *(member for each in groups.values() for member in each.members)}
    known = {each.permission_set: permission_set(each.permission_set) for each in assignments}
    return ActualAccess(
        INSTANCE,
        {each.id: each for each in accounts},
        {name: User(name, name.partition("@")[0].title(), "", "", name) for name in names},
        groups,
        {**known, **{each.name: each for each in sets}},
        frozenset(assignments),
        entitlements=frozenset(entitlements),
        unread=unread,
    )


def mkdev() -> ActualAccess:
    """The example organization."""
    administrator, read_only = "AdministratorAccess", "ReadOnlyAccess"
    return world(
        *(Assignment(group("devops"), administrator, each) for each in (MANAGEMENT, STAGING, PRODUCTION)),
        Assignment(group("developers"), administrator, STAGING),
        Assignment(group("developers"), read_only, PRODUCTION),
        accounts=(
            Account(MANAGEMENT, "management", is_management=True),
            Account(STAGING, "staging", ou_names=("Workloads",), ou_ids=("ou-work",)),
            Account(PRODUCTION, "production", ou_names=("Workloads",), ou_ids=("ou-work",)),
        ),
        members={"devops": ["operator@mkdev.example"], "developers": ["developer@mkdev.example"]},
    )


DOMAINS = {
    "Commerce": ("checkout", "search", "basket", "catalogue", "pricing"),
    "Money": ("payments", "ledger", "cards", "risk", "invoices"),
    "Logistics": ("routing", "fleet", "warehouse", "returns", "tracking"),
    "Media": ("web", "mobile", "video", "images", "partners"),
}
STAGES = ("Production", "Production", "Staging", "Development")
CORE = ("network", "security", "shared", "backup", "identity", "logs", "registry", "observability")
DUTIES = ("developers", "operators", "admins", "readers", "oncall", "auditors")
KINDS = (
    "AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "Developer", "Operator", "Billing",
    "SecurityAudit", "DataEngineer", "NetworkAdministrator", "SupportUser", "BreakGlass", "Deployer",
)  # fmt: skip
NAMES = ("ada", "grace", "linus", "edsger", "barbara", "alan", "margaret", "dennis", "radia")
# What each duty gives, stage by stage.
GIVES = {
    "developers": {"Development": "PowerUserAccess", "Staging": "Developer", "Production": "ReadOnlyAccess"},
    "operators": {"Staging": "Operator", "Production": "Operator"},
    "admins": {"Development": "AdministratorAccess", "Staging": "AdministratorAccess"},
    "readers": {"Development": "ReadOnlyAccess", "Staging": "ReadOnlyAccess", "Production": "ReadOnlyAccess"},
    "oncall": {"Production": "BreakGlass"},
    "auditors": {"Production": "SecurityAudit"},
}


def large(accounts: int, sets: int, assignments: int, groups: int, users: int, seed: int = 7) -> ActualAccess:
    """An organization of that size: products with teams, what grew beside them, and what was left behind."""
    chance = random.Random(seed)
    found = _accounts_of(accounts)
    products = [product for domain in DOMAINS.values() for product in domain]
    names = [*KINDS, *(f"{products[n % 20].title()}-{KINDS[n % 12]}-{n}" for n in range(sets))][:sets]
    people = [f"{chance.choice(NAMES)}.{number:05}@mkdev.example" for number in range(users)]
    named = [f"{product}-{duty}" for duty in DUTIES for product in products][: groups - 2]
    named += [f"{products[n % 20]}-project-{n}" for n in range(groups - 2 - len(named))]
    named += ["cloud-platform", "finance"]
    members = {name: _some_of(people, chance) for name in named}
    members["finance"] = []
    chosen = {Assignment(group("cloud-platform"), "AdministratorAccess", each.id) for each in found}
    chosen |= {Assignment(group("finance"), "Billing", each.id) for each in found[:9]}
    for name in named:
        product, _, duty = name.partition("-")
        for each in found:
            given = GIVES.get(duty, {}).get(each.tags.get("stage", ""))
            if given in names and each.name.startswith(product):
                chosen.add(Assignment(group(name), given, each.id))
    kept = sorted(chosen)[: assignments - 12]
    while len(kept) < assignments - 12:
        who = chance.choice(named[120:] or named)
        reach = [each for each in found if each.name.startswith(who.partition("-")[0])] or found
        for what in chance.sample(names, min(3, len(names))):
            for each in chance.sample(reach, min(8, len(reach))):
                granted = Assignment(group(who), what, each.id)
                if granted not in chosen and len(kept) < assignments - 12:
                    chosen.add(granted)
                    kept.append(granted)
    for _ in range(8):
        kept.append(
            Assignment(user(chance.choice(people)), chance.choice(names[:6]), chance.choice(found).id)
        )
    kept += [Assignment(user(f"906{n}c1d2-dead"), names[2], found[n + 1].id) for n in range(2)]
    kept += [Assignment(group(f"807{n}c1d2-dead"), names[1], found[n + 3].id) for n in range(2)]
    return world(
        *kept, accounts=found, members=members, users=people, sets=[permission_set(name) for name in names]
    )


def _accounts_of(count: int) -> list[Account]:
    products = [(domain, product) for domain, found in DOMAINS.items() for product in found]
    made = [("management", (), "")]
    made += [(name, ("Platform", "Network" if name == "network" else "Core"), "") for name in CORE]
    for number in range(max(0, count - len(made))):
        round_, place = divmod(number, len(products))
        domain, product = products[place]
        stage = STAGES[round_ % len(STAGES)]
        if round_ % 7 == 6:
            made.append((f"{product}-sandbox-{round_}", ("Sandbox",), ""))
        else:
            made.append((f"{product}-{stage.lower()}-{round_}", ("Workloads", stage, domain), stage))
    return [
        Account(
            AccountId(f"{100_000_000_000 + 7919 * number}"),
            name,
            tags={"stage": stage} if stage else {},
            active=number % 97 != 96,
            is_management=number == 0,
            ou_names=units,
            ou_ids=tuple(f"ou-{unit.lower()}" for unit in units),
        )
        for number, (name, units, stage) in enumerate(made[:count])
    ]


def _some_of(people: list[str], chance: random.Random) -> list[str]:
    start = chance.randrange(len(people))
    size = min(len(people), int(chance.paretovariate(1.3) * 4))
    return [people[(start + n) % len(people)] for n in range(size)]


@pytest.fixture(scope="session")
def build() -> SimpleNamespace:
    """The builders, by name."""
    return SimpleNamespace(
        group=group, user=user, permission_set=permission_set, world=world, mkdev=mkdev, large=large
    )
