"""Rules to grants: who gets what in which account, by which rules, and under which drift mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from usher.access.diagnostics import Findings
from usher.access.locate import Position
from usher.access.model import AccessFile, Rule
from usher.access.scope import Scope
from usher.access.select import AccountIndex, Ids
from usher.core.assignments import Assignment, Entitlement, Granted
from usher.core.ids import AccountId, RoleArn
from usher.core.partitions import Partition
from usher.core.rules import DriftMode, RuleNote

Variants = Mapping[str, Mapping[AccountId, str]]
"""For each permission set with variants, the variant's name in the accounts where one takes its place."""

_RAISED = "if AWS raised yours, write organization: {quotas: {%s: …}}"


class Granting:
    """The grants of a file's rules, gathered rule by rule."""

    def __init__(
        self,
        file: AccessFile,
        index: AccountIndex,
        scope: Scope,
        partition: Partition,
        findings: Findings,
    ) -> None:
        self._file = file
        self._index = index
        self._scope = scope
        self._partition = partition
        self._findings = findings
        self._sets_in: dict[AccountId, dict[str, Position]] = {}
        self._groups_of: dict[RoleArn, dict[str, Position]] = {}
        self._modes: dict[tuple[str, AccountId], DriftMode] = {}
        self.variants: Variants = self._find_variants()
        self.assignments: set[Assignment] = set()
        self.entitlements: set[Entitlement] = set()
        self.origins: dict[Granted, tuple[int, ...]] = {}
        self.rules: list[RuleNote] = []
        self.expired: list[RuleNote] = []
        self.upcoming: list[RuleNote] = []

    @property
    def drift(self) -> Mapping[tuple[str, AccountId], DriftMode]:
        """The strictest mode of each (permission set or role, account), where it is not the default."""
        return {pair: mode for pair, mode in self._modes.items() if mode is not self._file.drift}

    def grant(self, now: datetime | None) -> None:
        """Gather what the rules in force at `now` give (None: every rule); note every mistake."""
        only_default = all(rule.note.drift is self._file.drift for rule in self._file.rules)
        for rule in self._file.rules:
            chosen = self._select(rule)
            if now is not None and rule.note.expires is not None and rule.note.expires < now:
                self.expired.append(rule.note)
                continue
            if now is not None and rule.note.starts is not None and now < rule.note.starts:
                self.upcoming.append(rule.note)
                continue
            number = len(self.rules)
            self.rules.append(rule.note)
            targets = list(self._targets(rule, chosen))
            if rule.roles:
                self._give_roles(rule, targets, number)
            else:
                self._give_sets(rule, targets, number)
            if not only_default:
                self._note_modes(rule.note.drift, targets)
        self._check_quotas()

    def _select(self, rule: Rule) -> Ids:
        chosen = self._index.select(rule.accounts)
        if rule.within is not None:
            outside = chosen - self._index.limit(rule.within)
            if outside:
                names = [str(self._scope.accounts[each]) for each in sorted(outside)]
                words = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
                self._findings.add(
                    rule.at,
                    f"this file may not give access in {words}",
                    f"its owner's accounts are on line {rule.within.at.line} of {rule.within.at.file}",
                )
        return chosen

    def _targets(self, rule: Rule, chosen: Ids) -> Iterable[tuple[str, AccountId]]:
        """The (permission set or role, account) pairs of a rule, with variants in their places."""
        for name in rule.permission_sets:
            instead = self.variants.get(name)
            if instead is None:
                yield from ((name, account) for account in chosen)
            else:
                yield from ((instead.get(account, name), account) for account in chosen)
        for key in rule.roles:
            role = self._file.roles[key].path_and_name
            yield from ((role, account) for account in chosen)

    def _give_sets(self, rule: Rule, targets: Iterable[tuple[str, AccountId]], number: int) -> None:
        for name, account in targets:
            self._sets_in.setdefault(account, {}).setdefault(name, rule.at)
            for principal in rule.principals:
                assignment = Assignment(principal, name, account)
                self.assignments.add(assignment)
                self._note_origin(assignment, number)

    def _give_roles(self, rule: Rule, targets: Iterable[tuple[str, AccountId]], number: int) -> None:
        for name, account in targets:
            arn = RoleArn(f"arn:{self._partition.name}:iam::{account}:role/{name}")
            for principal in rule.principals:
                entitlement = Entitlement(principal, arn)
                self.entitlements.add(entitlement)
                self._note_origin(entitlement, number)
                self._groups_of.setdefault(arn, {}).setdefault(str(principal), rule.at)

    def _note_origin(self, granted: Granted, number: int) -> None:
        known = self.origins.get(granted)
        self.origins[granted] = (number,) if known is None else (*known, number)

    def _note_modes(self, mode: DriftMode, targets: Iterable[tuple[str, AccountId]]) -> None:
        for pair in targets:
            known = self._modes.get(pair)
            if known is None or known.strictness < mode.strictness:
                self._modes[pair] = mode

    def _find_variants(self) -> Variants:
        found: dict[str, dict[AccountId, str]] = {}
        for name, declared in self._file.permission_sets.items():
            places: dict[AccountId, str] = {}
            for variant in declared.variants:
                for account in sorted(self._index.select(variant.accounts)):
                    first = places.setdefault(account, variant.name.value)
                    if first != variant.name.value:
                        self._findings.add(
                            variant.accounts.at,
                            f"'{variant.name.value}' and '{first}' both take the place of '{name}' in "
                            f"{self._scope.accounts[account]}",
                            "write except in one of them",
                        )
                        break
            if places:
                found[name] = places
        return found

    def _check_quotas(self) -> None:
        per_account = self._file.quotas["permission_sets_per_account"]
        for account, sets in self._sets_in.items():
            if len(sets) > per_account:
                self._findings.add(
                    list(sets.values())[per_account],
                    f"{self._scope.accounts[account]} would have {len(sets):,} permission sets; "
                    f"the quota of an account is {per_account:,}",
                    _RAISED % "permission_sets_per_account",
                )
        per_role = self._file.quotas["groups_per_role"]
        for arn, principals in self._groups_of.items():
            groups = [at for principal, at in principals.items() if principal.startswith("group ")]
            if len(groups) > per_role:
                self._findings.add(
                    groups[per_role],
                    f"role {arn} would be open to {len(groups):,} groups; a role's quota is {per_role:,}",
                    _RAISED % "groups_per_role",
                )
