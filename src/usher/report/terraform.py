"""Access as Terraform, for those who stay there: `aws_ssoadmin_*` and `aws_identitystore_*` resources.

Every resource stands under a key made of its own names, so that a change to one line never moves another.
What exists already gets an `import` block: the first `terraform plan` shows nothing to make again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from usher.core.assignments import Assignment
from usher.core.durations import iso_duration
from usher.core.organization import MANAGED_BY_TAG, ActualAccess, DesiredAccess
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.principals import Principal, PrincipalKind
from usher.report.hcl import Block, Call, Expression, Value, hcl_text, quoted

# The first provider whose identity store and ssoadmin resources were tried with these files.
_PROVIDER = ">= 5.100.0"
_INSTANCE = Expression("local.instance_arn")
_STORE = Expression("local.identity_store_id")
_SET_ARN = Expression("aws_ssoadmin_permission_set.this[each.value.permission_set].arn")
_OWN_SET_ARN = Expression("aws_ssoadmin_permission_set.this[each.key].arn")
_EACH = "for_each"
_BOUNDARY = "aws_ssoadmin_permissions_boundary_attachment"


@dataclass(frozen=True, slots=True)
class TerraformExport:
    """The files by name, and what this provider has no resource for."""

    files: Mapping[str, str]
    imports: int
    left_out: tuple[str, ...] = ()


def to_terraform(desired: DesiredAccess, actual: ActualAccess | None = None) -> TerraformExport:
    """`desired` as Terraform; what `actual` has already is imported into its state."""
    imports = list(_imports(desired, actual)) if actual else []
    files = {
        "main.tf": hcl_text(_main()),
        "people.tf": hcl_text(_people(desired)),
        "permission-sets.tf": hcl_text(_permission_sets(desired)),
        "assignments.tf": hcl_text(_assignments(desired)),
    }
    if imports:
        files["imports.tf"] = hcl_text(
            Block("import", {"to": Expression(f"{resource}[{quoted(key)}]"), "id": known_id})
            for resource, key, known_id in imports
        )
    left_out = []
    if desired.entitlements:
        left_out.append(
            f"{len(desired.entitlements):,} grants of owned IAM roles (AWS Account Access Manager)"
        )
    return TerraformExport(files, len(imports), tuple(left_out))


def assignment_key(assignment: Assignment) -> str:
    """What an assignment is called in Terraform: its own three names, and nothing that others decide."""
    principal = assignment.principal
    kind = principal.kind.lower()
    return f"{kind}:{principal.name}/{assignment.permission_set}/{assignment.account_id}"


def _main() -> Iterator[Block]:
    provider = {"source": "hashicorp/aws", "version": _PROVIDER}
    yield Block(
        "terraform",
        {"required_version": ">= 1.5.0"},
        [Block("required_providers", {"aws": provider})],
    )
    yield Block('data "aws_ssoadmin_instances" "this"', {})
    yield Block(
        "locals",
        {
            "instance_arn": Expression("tolist(data.aws_ssoadmin_instances.this.arns)[0]"),
            "identity_store_id": Expression("tolist(data.aws_ssoadmin_instances.this.identity_store_ids)[0]"),
        },
    )


def _people(desired: DesiredAccess) -> Iterator[Block]:
    users = {
        name: {
            "display_name": user.display_name,
            "given_name": user.given_name,
            "family_name": user.family_name,
            "email": user.email or None,
        }
        for name, user in sorted(desired.users.items())
    }
    groups = {
        name: {"description": group.description or None} for name, group in sorted(desired.groups.items())
    }
    memberships = {
        f"{name}/{member}": {"group": name, "user": member}
        for name, group in sorted(desired.groups.items())
        for member in sorted(group.members)
    }
    yield Block(
        "locals",
        {
            "users": users,
            "groups": groups,
            "memberships": memberships,
            "external_users": sorted(desired.external_users),
            "external_groups": sorted(desired.external_groups),
            "user_ids": Expression(
                "merge(\n"
                "    { for name, user in aws_identitystore_user.this : name => user.user_id },\n"
                "    { for name, user in data.aws_identitystore_user.external : name => user.user_id },\n"
                "  )"
            ),
            "group_ids": Expression(
                "merge(\n"
                "    { for name, group in aws_identitystore_group.this : name => group.group_id },\n"
                "    { for name, group in data.aws_identitystore_group.external : name => group.group_id },\n"
                "  )"
            ),
        },
    )
    yield _resource(
        "aws_identitystore_user",
        "users",
        {
            "identity_store_id": _STORE,
            "user_name": Expression("each.key"),
            "display_name": Expression("each.value.display_name"),
        },
        [
            Block(
                "name",
                {
                    "given_name": Expression("each.value.given_name"),
                    "family_name": Expression("each.value.family_name"),
                },
            ),
            Block(
                'dynamic "emails"',
                {_EACH: Expression("each.value.email == null ? [] : [each.value.email]")},
                [Block("content", {"value": Expression("emails.value"), "type": "work", "primary": True})],
            ),
        ],
    )
    yield _resource(
        "aws_identitystore_group",
        "groups",
        {
            "identity_store_id": _STORE,
            "display_name": Expression("each.key"),
            "description": Expression("each.value.description"),
        },
    )
    yield _resource(
        "aws_identitystore_group_membership",
        "memberships",
        {
            "identity_store_id": _STORE,
            "group_id": Expression("local.group_ids[each.value.group]"),
            "member_id": Expression("local.user_ids[each.value.user]"),
        },
    )
    for kind, path in (("user", "UserName"), ("group", "DisplayName")):
        unique = Block(
            "unique_attribute", {"attribute_path": path, "attribute_value": Expression("each.key")}
        )
        yield Block(
            f'data "aws_identitystore_{kind}" "external"',
            {_EACH: Expression(f"toset(local.external_{kind}s)"), "identity_store_id": _STORE},
            [Block("alternate_identifier", {}, [unique])],
        )


def _permission_sets(desired: DesiredAccess) -> Iterator[Block]:
    sets = dict(sorted(desired.permission_sets.items()))
    yield Block(
        "locals",
        {
            "permission_sets": {name: _settings(each) for name, each in sets.items()},
            "managed_policies": {
                f"{name}/{policy.arn}": {"permission_set": name, "policy_arn": policy.arn}
                for name, each in sets.items()
                for policy in sorted(each.managed_policies)
            },
            "customer_policies": {
                f"{name}{policy.path}{policy.name}": {"permission_set": name, **_reference(policy)}
                for name, each in sets.items()
                for policy in sorted(each.customer_policies)
            },
            "inline_policies": {
                name: Call("jsonencode", json.loads(each.inline_policy.json))
                for name, each in sets.items()
                if each.inline_policy is not None
            },
            "managed_boundaries": {
                name: each.boundary.arn
                for name, each in sets.items()
                if isinstance(each.boundary, ManagedPolicy)
            },
            "customer_boundaries": {
                name: _reference(each.boundary)
                for name, each in sets.items()
                if isinstance(each.boundary, CustomerPolicy)
            },
        },
    )
    settings = ("description", "session_duration", "relay_state", "tags")
    yield _resource(
        "aws_ssoadmin_permission_set",
        "permission_sets",
        {
            "instance_arn": _INSTANCE,
            "name": Expression("each.key"),
            **{key: Expression(f"each.value.{key}") for key in settings},
        },
    )
    of_set: dict[str, Value] = {"instance_arn": _INSTANCE, "permission_set_arn": _SET_ARN}
    yield _resource(
        "aws_ssoadmin_managed_policy_attachment",
        "managed_policies",
        {**of_set, "managed_policy_arn": Expression("each.value.policy_arn")},
    )
    named = Block(
        "customer_managed_policy_reference",
        {"name": Expression("each.value.name"), "path": Expression("each.value.path")},
    )
    yield _resource("aws_ssoadmin_customer_managed_policy_attachment", "customer_policies", of_set, [named])
    own: dict[str, Value] = {"instance_arn": _INSTANCE, "permission_set_arn": _OWN_SET_ARN}
    yield _resource(
        "aws_ssoadmin_permission_set_inline_policy",
        "inline_policies",
        {**own, "inline_policy": Expression("each.value")},
    )
    managed = Block("permissions_boundary", {"managed_policy_arn": Expression("each.value")})
    yield _resource(_BOUNDARY, "managed_boundaries", own, [managed], label="managed")
    yield _resource(
        _BOUNDARY, "customer_boundaries", own, [Block("permissions_boundary", {}, [named])], label="customer"
    )


def _assignments(desired: DesiredAccess) -> Iterator[Block]:
    assignments = {
        assignment_key(each): {
            "kind": str(each.principal.kind),
            "principal": each.principal.name,
            "permission_set": each.permission_set,
            "account": each.account_id,
        }
        for each in sorted(desired.assignments)
    }
    yield Block("locals", {"assignments": assignments})
    of_kind = 'each.value.kind == "GROUP" ? local.group_ids : local.user_ids'
    yield _resource(
        "aws_ssoadmin_account_assignment",
        "assignments",
        {
            "instance_arn": _INSTANCE,
            "permission_set_arn": _SET_ARN,
            "principal_type": Expression("each.value.kind"),
            "principal_id": Expression(f"({of_kind})[each.value.principal]"),
            "target_type": "AWS_ACCOUNT",
            "target_id": Expression("each.value.account"),
        },
    )


def _resource(
    kind: str,
    source: str,
    attributes: Mapping[str, Value],
    blocks: list[Block] | None = None,
    *,
    label: str = "this",
) -> Block:
    return Block(
        f'resource "{kind}" "{label}"', {_EACH: Expression(f"local.{source}"), **attributes}, blocks or []
    )


def _settings(permission_set: PermissionSet) -> dict[str, Value]:
    tags = {key: value for key, value in sorted(permission_set.tags.items()) if key != MANAGED_BY_TAG}
    return {
        "description": permission_set.description or None,
        "session_duration": iso_duration(permission_set.session_seconds),
        "relay_state": permission_set.relay_state or None,
        "tags": tags,
    }


def _reference(policy: CustomerPolicy) -> dict[str, Value]:
    return {"name": policy.name, "path": policy.path}


# --- what exists already ------------------------------------------------------------------------


def _imports(desired: DesiredAccess, actual: ActualAccess) -> Iterator[tuple[str, str, str]]:
    """Resource, key and id of everything that both have."""
    store, instance = actual.instance.identity_store_id, actual.instance.arn
    for kind, names in ((PrincipalKind.USER, desired.users), (PrincipalKind.GROUP, desired.groups)):
        for name in sorted(names):
            known = actual.principal_ids.get(Principal(kind, name))
            if known is not None:
                yield f"aws_identitystore_{kind.lower()}.this", name, f"{store}/{known}"
    for name, group in sorted(desired.groups.items()):
        for member in sorted(group.members):
            membership = actual.membership_ids.get((name, member))
            if membership is not None:
                key = f"{name}/{member}"
                yield "aws_identitystore_group_membership.this", key, f"{store}/{membership}"
    for name, wanted in sorted(desired.permission_sets.items()):
        arn = actual.permission_set_arns.get(name)
        if arn is not None:
            yield from _set_imports(wanted, actual.permission_sets[name], f"{arn},{instance}")
    for each in sorted(desired.assignments & actual.assignments):
        principal, arn = actual.principal_ids[each.principal], actual.permission_set_arns[each.permission_set]
        known_id = f"{principal},{each.principal.kind},{each.account_id},AWS_ACCOUNT,{arn},{instance}"
        yield "aws_ssoadmin_account_assignment.this", assignment_key(each), known_id


def _set_imports(
    wanted: PermissionSet, there: PermissionSet, known_id: str
) -> Iterator[tuple[str, str, str]]:
    name = wanted.name
    yield "aws_ssoadmin_permission_set.this", name, known_id
    for managed in sorted(wanted.managed_policies & there.managed_policies):
        key = f"{name}/{managed.arn}"
        yield "aws_ssoadmin_managed_policy_attachment.this", key, f"{managed.arn},{known_id}"
    for customer in sorted(wanted.customer_policies & there.customer_policies):
        key = f"{name}{customer.path}{customer.name}"
        policy_id = f"{customer.name},{customer.path},{known_id}"
        yield "aws_ssoadmin_customer_managed_policy_attachment.this", key, policy_id
    if wanted.inline_policy is not None and there.inline_policy is not None:
        yield "aws_ssoadmin_permission_set_inline_policy.this", name, known_id
    if wanted.boundary is not None and type(there.boundary) is type(wanted.boundary):
        label = "managed" if isinstance(wanted.boundary, ManagedPolicy) else "customer"
        yield f"{_BOUNDARY}.{label}", name, known_id
