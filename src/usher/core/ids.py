"""Identifiers of the AWS field as types, with the patterns AWS publishes for them.

Patterns are those of the `sso-admin` and `identitystore` service models.
"""

from __future__ import annotations

import re
from typing import NewType

AccountId = NewType("AccountId", str)
InstanceArn = NewType("InstanceArn", str)
PermissionSetArn = NewType("PermissionSetArn", str)
IdentityStoreId = NewType("IdentityStoreId", str)
PrincipalId = NewType("PrincipalId", str)
RoleArn = NewType("RoleArn", str)

ACCOUNT_ID = re.compile(r"[0-9]{12}")
PERMISSION_SET_NAME = re.compile(r"[\w+=,.@-]{1,32}", re.ASCII)
USER_NAME = re.compile(r"[^\s\x00-\x1f]{1,128}")
MANAGED_POLICY_ARN = re.compile(
    r"arn:aws(-[a-z]{1,5}){0,3}:iam::aws:policy(/[A-Za-z0-9.,+@=_-]+)*/[\w+=,.@-]{1,128}", re.ASCII
)
POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
POLICY_PATH = re.compile(r"(?:/[A-Za-z0-9.,+@=_-]+)*/")
INSTANCE_ARN = re.compile(r"arn:aws(-[a-z]{1,5}){0,3}:sso:::instance/(sso)?ins-[a-zA-Z0-9.-]{16}")
PERMISSION_SET_ARN = re.compile(
    r"arn:aws(-[a-z]{1,5}){0,3}:sso:::permissionSet/(sso)?ins-[a-zA-Z0-9.-]{16}/ps-[a-zA-Z0-9./-]{16}"
)


def account_id(text: str) -> AccountId:
    """`text` as an account id: exactly twelve digits. Raises ValueError otherwise."""
    if not ACCOUNT_ID.fullmatch(text):
        raise ValueError(f"{text!r} is not an account id: twelve digits are needed")
    return AccountId(text)
