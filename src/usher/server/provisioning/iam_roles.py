"""Roles in AWS accounts, made through IAM: the SAML provider that people enter by, then the role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from usher.core.durations import parse_duration
from usher.server.accounts import AccountList
from usher.server.config import ServerConfig
from usher.server.idp.saml.keys import SigningKeys
from usher.server.idp.saml.metadata import idp_metadata
from usher.server.provisioning.doors import AccountDoors
from usher.server.provisioning.provider import INSTANCE_TAG, make_provider_match, provider_arn
from usher.server.provisioning.role_maker import WantedRole
from usher.server.provisioning.roles import RoleSpec, make_role_match, remove_role, saml_trust_policy
from usher.server.store.instance import Instance
from usher.server.store.roles import ProvisionedRole

PERMISSION_SET_TAG = "usher:permission-set"


class IamRoles:
    """Makes and removes roles in the organization's accounts. Thread-safe between accounts."""

    def __init__(
        self,
        config: ServerConfig,
        instance: Instance,
        accounts: AccountList,
        signing_keys: SigningKeys,
        doors: AccountDoors,
    ) -> None:
        self._config = config
        self._instance = instance
        self._accounts = accounts
        self._signing_keys = signing_keys
        self._doors = doors

    def enter(self, account_id: str) -> None:
        """Enter the account. Raises UsherError when it cannot be."""
        self._doors.iam(account_id)

    def remove(self, role: ProvisionedRole) -> None:
        """Remove the role, unless it is not this directory's."""
        iam = self._doors.iam(role.account_id)
        remove_role(iam, role.role_name, (INSTANCE_TAG, self._instance.arn))

    def make_match(self, wanted: WantedRole) -> None:
        """Make the account's SAML provider and the role match."""
        account_id = wanted.role.account_id
        iam = self._doors.iam(account_id)
        provider = provider_arn(self._config, self._instance, account_id)
        metadata = idp_metadata(self._config.public_url, self._signing_keys.certificates())
        make_provider_match(iam, provider, metadata, {INSTANCE_TAG: self._instance.arn})
        make_role_match(iam, self._spec(wanted, provider))

    def _spec(self, wanted: WantedRole, provider: str) -> RoleSpec:
        permission_set, role = wanted.permission_set, wanted.role
        customer = {self._policy_arn(role.account_id, path, name) for path, name in wanted.customer_policies}
        return RoleSpec(
            account=self._accounts.name(role.account_id),
            name=role.role_name,
            path=role.role_arn.partition(":role")[2].removesuffix(role.role_name),
            description=permission_set.description or "",
            trust_policy=saml_trust_policy(provider, self._config.partition.saml_recipient),
            session_seconds=parse_duration(permission_set.session_duration),
            policies=frozenset(wanted.managed_policies) | customer,
            inline_policy=permission_set.inline_policy or "",
            boundary_arn=self._boundary_arn(permission_set.boundary or {}, role.account_id),
            tags={INSTANCE_TAG: self._instance.arn, PERMISSION_SET_TAG: permission_set.arn},
            owner_tag=INSTANCE_TAG,
        )

    def _boundary_arn(self, boundary: Mapping[str, Any], account_id: str) -> str:
        reference = boundary.get("CustomerManagedPolicyReference")
        if reference:
            return self._policy_arn(account_id, reference.get("Path") or "/", reference["Name"])
        return str(boundary.get("ManagedPolicyArn") or "")

    def _policy_arn(self, account_id: str, path: str, name: str) -> str:
        return f"arn:{self._config.partition.name}:iam::{account_id}:policy{path}{name}"
