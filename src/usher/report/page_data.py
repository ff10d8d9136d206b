"""What the report's page carries for its script: an organization by index, so that many grants stay small."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from usher.core.accounts import Account
from usher.core.durations import plain_duration
from usher.core.ids import AccountId
from usher.core.principals import Principal, PrincipalKind
from usher.core.printable import printable
from usher.report.bundles import Bundle, Bundled, BundleKind
from usher.report.figures import Findings, Powers, administrators
from usher.report.holdings import Caveat, Holdings, Target, target_of

_GROUP, _USER, _DELETED = 0, 1, 2
_SUSPENDED, _MANAGEMENT = 1, 2
_MOST_MEMBERS = 300


class PageData:
    """Every list of the page in its order, and the place of each name in it."""

    def __init__(self, holdings: Holdings, powers: Powers) -> None:
        access = holdings.access
        self._holdings, self._powers = holdings, powers
        known = access.accounts
        ids = {*known, *holdings.in_account}
        self.accounts = sorted(
            (known.get(each, Account(each, each, active=False)) for each in ids),
            key=lambda account: (account.ou_names, account.name, account.id),
        )
        self.groups = sorted({*access.groups, *_granted_groups(holdings)})
        members = {member for group in access.groups.values() for member in group.members}
        self.users = sorted({*access.users, *members, *_granted_users(holdings)})
        self.targets = sorted({*(Target(name) for name in access.permission_sets), *holdings.of_target})
        self.account_at = {account.id: place for place, account in enumerate(self.accounts)}
        self.group_at = {name: place for place, name in enumerate(self.groups)}
        self.user_at = {name: place for place, name in enumerate(self.users)}
        self.target_at = {target: place for place, target in enumerate(self.targets)}

    def document(
        self, findings: Sequence[tuple[str, str, str]], pictures: Mapping[str, Bundled]
    ) -> dict[str, object]:
        """Everything, in JSON's types."""
        units = sorted({account.ou for account in self.accounts})
        principals = sorted(self._holdings.of_principal)
        return {
            "units": [printable(unit) for unit in units],
            "accounts": [self._account(account, units) for account in self.accounts],
            "users": list(self._users()),
            "groups": [self._group(name) for name in self.groups],
            "targets": [self._target(target) for target in self.targets],
            "principals": [self._principal(each) for each in principals],
            "grants": list(self._grants(principals)),
            "findings": [[printable(words) for words in finding] for finding in findings],
            "pictures": {name: self._picture(bundled) for name, bundled in pictures.items()},
        }

    def _account(self, account: Account, units: Sequence[str]) -> list[object]:
        flags = (0 if account.active else _SUSPENDED) | (_MANAGEMENT if account.is_management else 0)
        return [account.id, printable(account.name), units.index(account.ou), flags]

    def _users(self) -> Iterator[list[object]]:
        strong = administrators(self._holdings, self._powers)
        users = self._holdings.access.users
        for name in self.users:
            display = users[name].display_name if name in users else Caveat.DELETED_MEMBER.value
            yield [printable(name), printable(display), int(name in strong)]

    def _group(self, name: str) -> list[object]:
        group = self._holdings.access.groups.get(name)
        members = sorted(self.user_at[member] for member in group.members) if group else []
        return [printable(name), members, "" if members else self._holdings.why_nobody(name) or ""]

    def _target(self, target: Target) -> list[object]:
        found = None if target.is_role else self._holdings.access.permission_sets.get(target.name)
        policies: list[str] = []
        if found is not None:
            policies = [policy.name for policy in found.managed_policies]
            policies += [policy.name for policy in found.customer_policies]
            policies = sorted(policies) + (["inline policy"] if found.inline_policy else [])
        return [
            printable(target.name),
            int(target.is_role),
            int(target in self._powers.administrators),
            plain_duration(found.session_seconds) if found else "",
            [printable(policy) for policy in policies],
            [printable(risk) for risk in self._powers.risks.get(target, ())],
        ]

    def _principal(self, principal: Principal) -> list[object]:
        if not self._holdings.is_known(principal):
            return [_DELETED, printable(principal.name)]
        if principal.kind is PrincipalKind.GROUP:
            return [_GROUP, self.group_at[principal.name]]
        return [_USER, self.user_at[principal.name]]

    def _grants(self, principals: Sequence[Principal]) -> Iterator[list[object]]:
        for place, principal in enumerate(principals):
            accounts: dict[Target, list[int]] = {}
            for granted in self._holdings.of_principal[principal]:
                accounts.setdefault(target_of(granted), []).append(self.account_at[granted.account_id])
            for target in sorted(accounts):
                yield [place, self.target_at[target], sorted(accounts[target])]

    def _picture(self, bundled: Bundled) -> dict[str, object]:
        targets = {str(target): place for target, place in self.target_at.items()}
        columns = (
            (bundled.people, self.user_at),
            (bundled.groups, self.group_at),
            (bundled.targets, targets),
        )
        drawn: list[list[object]] = [
            [_bundle_document(each, self._places(each, places)) for each in bundles]
            for bundles, places in columns
        ]
        drawn.append(
            [
                _bundle_document(each, [self.account_at[account] for account in ids[:_MOST_MEMBERS]])
                for each, ids in zip(bundled.accounts, bundled.account_ids, strict=True)
            ]
        )
        return {"columns": drawn, "joins": list(bundled.joins), "routes": list(bundled.routes)}

    def _places(self, bundle: Bundle, places: Mapping[str, int]) -> list[object]:
        """Where the members are in their list; those that are in none by name."""
        if bundle.kind in {BundleKind.DELETED, BundleKind.DIRECT}:
            return [printable(name) for name in bundle.members[:_MOST_MEMBERS]]
        return [places[name] for name in bundle.members[:_MOST_MEMBERS]]


def data_block(document: Mapping[str, object]) -> str:
    """The document as JSON that no HTML parser can take for anything but text."""
    text = json.dumps(document, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def finding_rows(findings: Findings, names: Mapping[AccountId, Account]) -> Iterator[tuple[str, str, str]]:
    """The findings as rows: what kind, what, and where."""
    for target in findings.administrators:
        yield "administrator’s power", str(target), ""
    for title, grants in (
        ("grant to a single user", findings.direct),
        ("grant of a deleted principal", findings.deleted),
        ("grant in a suspended account", findings.suspended),
    ):
        for each in grants:
            where = names[each.account_id].name if each.account_id in names else each.account_id
            yield title, str(each.principal), f"{target_of(each)} in {where}"
    yield from (("unused permission set", name, "") for name in findings.unused)
    yield from (("group with access and no members", name, "") for name in findings.empty_groups)
    for rule in findings.past_review:
        yield (
            "rule past its review",
            str(rule.at),
            f"review was due {rule.review}; owner {rule.owner or 'unknown'}",
        )
    for rule in findings.expiring:
        yield "rule that expires soon", str(rule.at), f"{rule.expires:%Y-%m-%d %H:%M} UTC; {rule.reason}"
    for rule in findings.upcoming:
        yield "rule that has not begun", str(rule.at), f"{rule.starts:%Y-%m-%d %H:%M} UTC; {rule.reason}"
    for rule in findings.expired:
        yield "expired rule", str(rule.at), f"{rule.expires:%Y-%m-%d %H:%M} UTC; {rule.reason}"


def _bundle_document(bundle: Bundle, members: Sequence[object]) -> list[object]:
    return [printable(bundle.label), bundle.kind.value, len(bundle.members), members]


def _granted_groups(holdings: Holdings) -> Iterator[str]:
    for each in holdings.of_principal:
        if each.kind is PrincipalKind.GROUP and holdings.is_known(each):
            yield each.name


def _granted_users(holdings: Holdings) -> Iterator[str]:
    for each in holdings.of_principal:
        if each.kind is PrincipalKind.USER and holdings.is_known(each):
            yield each.name
