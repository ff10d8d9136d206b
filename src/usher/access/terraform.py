"""Terraform's `aws_ssoadmin_*` and `aws_identitystore_*` resources as an Identity Center's content.

What a state or a configuration says is taken as what is there: no call is made. Principals that Terraform
only looks up belong to another directory. What cannot be told stays out, with the reason and the place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.durations import PERMISSION_SET_SESSION_MIN, parse_duration
from usher.core.errors import UsageError
from usher.core.ids import ACCOUNT_ID, AccountId, IdentityStoreId, InstanceArn
from usher.core.organization import ActualAccess, Instance
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument, parse_policy_document
from usher.core.principals import Group, Principal, PrincipalKind, User

_PERMISSION_SET = "aws_ssoadmin_permission_set"
_SUPPORTED = (
    _PERMISSION_SET,
    "aws_ssoadmin_managed_policy_attachment",
    "aws_ssoadmin_customer_managed_policy_attachment",
    "aws_ssoadmin_permission_set_inline_policy",
    "aws_ssoadmin_permissions_boundary_attachment",
    "aws_ssoadmin_account_assignment",
    "aws_identitystore_user",
    "aws_identitystore_group",
    "aws_identitystore_group_membership",
)
_ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource or data source, with the values that its configuration or state has.

    `address` is Terraform's, `place` where a person finds it.
    """

    kind: str
    address: str
    place: str
    values: Mapping[str, Any]
    is_data: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Unresolved:
    """Something that Terraform has and that could not be told from what was given."""

    place: str
    address: str
    why: str


@dataclass(frozen=True, slots=True)
class TerraformReading:
    """What the resources make, how many were understood, and what could not be told."""

    actual: ActualAccess
    resources: int
    unresolved: tuple[Unresolved, ...]


def is_of_access(kind: str) -> bool:
    """Whether resources of this type say who may enter which account."""
    return kind.startswith(("aws_ssoadmin_", "aws_identitystore_", "aws_organizations_organization"))


def read_state(text: str, name: str) -> list[Resource]:
    """The resources in a state file (version 4), or in what `terraform show -json` prints.

    Raises UsageError when it is neither.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UsageError(
            f"{name} is not JSON: {error}", hint="give a state, or the folder with the .tf files"
        ) from None
    if isinstance(document, dict) and isinstance(document.get("resources"), list):
        return list(_of_state(document["resources"], name))
    if isinstance(document, dict) and isinstance(document.get("values"), dict):
        return list(_of_module(document["values"].get("root_module") or {}, name))
    raise UsageError(
        f"{name} is neither a Terraform state of version 4 nor what 'terraform show -json' prints",
        hint="terraform show -json > state.json",
    )


def _of_state(resources: Iterable[Mapping[str, Any]], name: str) -> Iterator[Resource]:
    for each in resources:
        is_data = each.get("mode") == "data"
        start = ".".join(
            part
            for part in (each.get("module", ""), "data" if is_data else "", each["type"], each["name"])
            if part
        )
        for instance in each.get("instances", ()):
            key = instance.get("index_key")
            address = start if key is None else f"{start}[{json.dumps(key)}]"
            if is_of_access(each["type"]):
                yield Resource(each["type"], address, name, instance.get("attributes") or {}, is_data)


def _of_module(module: Mapping[str, Any], name: str) -> Iterator[Resource]:
    for each in module.get("resources", ()):
        if is_of_access(each["type"]):
            is_data = each.get("mode") == "data"
            yield Resource(each["type"], each["address"], name, each.get("values") or {}, is_data)
    for child in module.get("child_modules", ()):
        yield from _of_module(child, name)


def access_of(resources: Sequence[Resource]) -> TerraformReading:
    """What `resources` make of an Identity Center."""
    reader = _Reader()
    for take in (reader.take_directory, reader.take_set, reader.take_detail):
        for each in resources:
            try:
                take(each)
            except _UntoldError as error:
                reader.unresolved.append(Unresolved(each.place, each.address, str(error)))
    for each in resources:
        if not each.is_data and each.kind not in _SUPPORTED and not each.kind.startswith("aws_organizations"):
            why = f"resources of type {each.kind} are not read"
            reader.unresolved.append(Unresolved(each.place, each.address, why))
    taken = sum(not each.is_data and each.kind in _SUPPORTED for each in resources)
    return TerraformReading(reader.actual(), taken, tuple(sorted(set(reader.unresolved))))


class _UntoldError(Exception):
    """A resource names something that is not known here."""


@dataclass(slots=True)
class _Reader:
    """Collects values by the ids that resources name each other with."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    sets: dict[str, PermissionSet] = field(default_factory=dict)
    accounts: dict[AccountId, Account] = field(default_factory=dict)
    assignments: set[Assignment] = field(default_factory=set)
    instance: str = ""
    unresolved: list[Unresolved] = field(default_factory=list)

    def take_directory(self, resource: Resource) -> None:
        """Users, groups and accounts: what others refer to."""
        values = resource.values
        match resource.kind:
            case "aws_identitystore_user":
                user = replace(_user(values), external=resource.is_data)
                self.users[_text(values, "user_id")] = user
            case "aws_identitystore_group":
                name, about = _text(values, "display_name"), values.get("description") or ""
                self.groups[_text(values, "group_id")] = Group(name, about, external=resource.is_data)
            case "aws_organizations_organization":
                self._take_accounts(values)

    def take_set(self, resource: Resource) -> None:
        """The permission sets that Terraform makes."""
        if resource.kind != _PERMISSION_SET or resource.is_data:
            return
        values = resource.values
        self.instance = values.get("instance_arn") or self.instance
        session = values.get("session_duration")
        self.sets[_text(values, "arn")] = PermissionSet(
            _text(values, "name"),
            description=values.get("description") or "",
            session_seconds=_seconds(session) if session else PERMISSION_SET_SESSION_MIN,
            relay_state=values.get("relay_state") or "",
            tags=values.get("tags_all") or values.get("tags") or {},
        )

    def take_detail(self, resource: Resource) -> None:
        """What belongs to a permission set or a group, and the assignments."""
        values = resource.values
        if resource.is_data:
            return
        match resource.kind:
            case "aws_ssoadmin_managed_policy_attachment":
                policy = ManagedPolicy(_text(values, "managed_policy_arn"))
                self._change(values, lambda each: {"managed_policies": each.managed_policies | {policy}})
            case "aws_ssoadmin_customer_managed_policy_attachment":
                reference = _reference(values)
                self._change(values, lambda each: {"customer_policies": each.customer_policies | {reference}})
            case "aws_ssoadmin_permission_set_inline_policy":
                inline = _policy(_text(values, "inline_policy"))
                self._change(values, lambda _: {"inline_policy": inline})
            case "aws_ssoadmin_permissions_boundary_attachment":
                boundary = _boundary(values)
                self._change(values, lambda _: {"boundary": boundary})
            case "aws_identitystore_group_membership":
                self._take_membership(values)
            case "aws_ssoadmin_account_assignment":
                self._take_assignment(values)

    def actual(self) -> ActualAccess:
        """Everything as one value; principals are known by name from here on."""
        instance = Instance(InstanceArn(self.instance), IdentityStoreId(""))
        accounts = dict(self.accounts)
        for assignment in self.assignments:
            accounts.setdefault(assignment.account_id, Account(assignment.account_id, ""))
        return ActualAccess(
            instance,
            accounts,
            {user.user_name: user for user in self.users.values()},
            {group.name: group for group in self.groups.values()},
            {each.name: each for each in self.sets.values()},
            frozenset(self.assignments),
        )

    def _take_accounts(self, values: Mapping[str, Any]) -> None:
        management = values.get("master_account_id")
        for each in values.get("accounts") or ():
            if not ACCOUNT_ID.fullmatch(str(each.get("id"))):
                continue
            state = each.get("state") or each.get("status") or _ACTIVE
            account_id = AccountId(each["id"])
            self.accounts[account_id] = Account(
                account_id,
                each.get("name") or "",
                active=state == _ACTIVE,
                is_management=account_id == management,
            )

    def _change(self, values: Mapping[str, Any], change: Any) -> None:
        arn = _text(values, "permission_set_arn")
        known = self._set(arn)
        self.sets[arn] = replace(known, **change(known))

    def _set(self, arn: str) -> PermissionSet:
        if arn not in self.sets:
            raise _UntoldError(f"its permission set is not made here ({arn})")
        return self.sets[arn]

    def _take_membership(self, values: Mapping[str, Any]) -> None:
        group_id, member = _text(values, "group_id"), _text(values, "member_id")
        group, user = self.groups.get(group_id), self.users.get(member)
        if group is None or user is None:
            unknown = f"group {group_id}" if group is None else f"user {member}"
            raise _UntoldError(f"{unknown} is not here")
        self.groups[group_id] = replace(group, members=group.members | {user.user_name}, external=False)

    def _take_assignment(self, values: Mapping[str, Any]) -> None:
        permission_set = self._set(_text(values, "permission_set_arn"))
        account_id, principal_id = _text(values, "target_id"), _text(values, "principal_id")
        if not ACCOUNT_ID.fullmatch(account_id):
            raise _UntoldError(f"'{account_id}' is not an account id")
        kind = PrincipalKind.USER if _text(values, "principal_type") == "USER" else PrincipalKind.GROUP
        if kind is PrincipalKind.USER and principal_id in self.users:
            name = self.users[principal_id].user_name
        elif kind is PrincipalKind.GROUP and principal_id in self.groups:
            name = self.groups[principal_id].name
        else:
            raise _UntoldError(f"{kind.lower()} {principal_id} is neither made nor looked up here")
        self.assignments.add(Assignment(Principal(kind, name), permission_set.name, AccountId(account_id)))


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value:
        raise _UntoldError(f"its {key} is not known")
    return value


def _first(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The only block of a kind: a list of one in a state, a mapping in a configuration."""
    found = values.get(key)
    block = found[0] if isinstance(found, list) and found else found
    if not isinstance(block, Mapping):
        raise _UntoldError(f"its {key} is not known")
    return block


def _reference(values: Mapping[str, Any]) -> CustomerPolicy:
    block = _first(values, "customer_managed_policy_reference")
    return CustomerPolicy(_text(block, "name"), block.get("path") or "/")


def _boundary(values: Mapping[str, Any]) -> ManagedPolicy | CustomerPolicy:
    block = _first(values, "permissions_boundary")
    if block.get("customer_managed_policy_reference"):
        return _reference(block)
    return ManagedPolicy(_text(block, "managed_policy_arn"))


def _user(values: Mapping[str, Any]) -> User:
    name = _first(values, "name") if values.get("name") else {}
    emails = values.get("emails") or [{}]
    primary = next((each for each in emails if each.get("primary")), emails[0])
    return User(
        _text(values, "user_name"),
        values.get("display_name") or "",
        name.get("given_name") or "",
        name.get("family_name") or "",
        primary.get("value") or "",
    )


def _seconds(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise _UntoldError(str(error)) from None


def _policy(text: str) -> PolicyDocument:
    try:
        return parse_policy_document(text)
    except ValueError as error:
        raise _UntoldError(f"its policy is {error}") from None
