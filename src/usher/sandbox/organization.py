"""The example organization mkdev: three accounts with a bucket each, and the directory's own user."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from usher.aws.clients import AwsKeys, AwsSettings, aws_errors_as_words, make_client
from usher.core.ids import AccountId, account_id
from usher.core.secrets import Secret
from usher.sandbox.cloud import Cloud
from usher.sandbox.moto_state import has_account, name_management_account, open_account

REGION = "eu-central-1"
ENTRY_ROLE = "OrganizationAccountAccessRole"
DIRECTORY_USER = "usher-directory"
MANAGEMENT = "management"

# What the directory's own user may do: read the organization, enter its accounts, and keep provider and
# roles in the management account, where there is no entry role.
_DIRECTORY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "ReadTheOrganization",
            "Effect": "Allow",
            "Action": ["organizations:Describe*", "organizations:List*"],
            "Resource": "*",
        },
        {
            "Sid": "EnterItsAccounts",
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": f"arn:aws:iam::*:role/{ENTRY_ROLE}",
        },
        {
            "Sid": "KeepItsRoles",
            "Effect": "Allow",
            "Action": ["iam:*Role*"],
            "Resource": "arn:aws:iam::*:role/usher/*",
        },
        {
            "Sid": "KeepItsProvider",
            "Effect": "Allow",
            "Action": ["iam:*SAMLProvider*", "iam:GetPolicy*", "iam:ListSAMLProviders"],
            "Resource": "*",
        },
    ],
}


@dataclass(frozen=True, slots=True)
class SandboxOrganization:
    """The organization as created. `accounts` and `buckets` are keyed by account name."""

    region: str
    management_id: AccountId
    accounts: Mapping[str, AccountId]
    buckets: Mapping[str, str]
    directory_keys: AwsKeys


def create_mkdev(cloud: Cloud) -> SandboxOrganization:
    """Create mkdev in `cloud` over its API, as a person would. Raises UsherError when a call fails."""
    management = _free_account_id()
    founder = open_account(management, "founder")
    settings = AwsSettings(
        REGION, endpoint_url=cloud.url, keys=AwsKeys(founder.access_key_id, founder.secret)
    )
    with aws_errors_as_words("the local cloud", "creating the organization mkdev"):
        accounts = {MANAGEMENT: management, **_create_accounts(settings, management)}
        keys = _create_directory_user(settings)
        buckets = {}
        for name, account in accounts.items():
            inside = settings if account == management else _enter(settings, account)
            buckets[name] = _create_bucket(inside, name, account)
    return SandboxOrganization(
        REGION, management, MappingProxyType(accounts), MappingProxyType(buckets), keys
    )


def _free_account_id() -> AccountId:
    while True:
        candidate = account_id(str(secrets.randbelow(9 * 10**11) + 10**11))
        if not has_account(candidate):
            return candidate


def _create_accounts(settings: AwsSettings, management: AccountId) -> dict[str, AccountId]:
    client = make_client("organizations", settings)
    client.create_organization(FeatureSet="ALL")
    name_management_account(management, MANAGEMENT, "aws-management@mkdev.example")
    client.tag_resource(ResourceId=management, Tags=[{"Key": "env", "Value": MANAGEMENT}])
    accounts = {}
    for name in ("staging", "production"):
        status = client.create_account(
            AccountName=name,
            Email=f"aws-{name}@mkdev.example",
            Tags=[{"Key": "env", "Value": name}],
        )["CreateAccountStatus"]
        accounts[name] = account_id(status["AccountId"])
    return accounts


def _create_directory_user(settings: AwsSettings) -> AwsKeys:
    client = make_client("iam", settings)
    client.create_user(UserName=DIRECTORY_USER)
    client.put_user_policy(
        UserName=DIRECTORY_USER, PolicyName=DIRECTORY_USER, PolicyDocument=json.dumps(_DIRECTORY_POLICY)
    )
    key = client.create_access_key(UserName=DIRECTORY_USER)["AccessKey"]
    return AwsKeys(key["AccessKeyId"], Secret(key["SecretAccessKey"]))


def _enter(settings: AwsSettings, account: AccountId) -> AwsSettings:
    credentials = make_client("sts", settings).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{ENTRY_ROLE}", RoleSessionName="founder"
    )["Credentials"]
    keys = AwsKeys(
        credentials["AccessKeyId"],
        Secret(credentials["SecretAccessKey"]),
        Secret(credentials["SessionToken"]),
    )
    return AwsSettings(settings.region, endpoint_url=settings.endpoint_url, keys=keys)


def _create_bucket(settings: AwsSettings, name: str, account: AccountId) -> str:
    bucket = f"mkdev-{name}-{account}"
    make_client("s3", settings).create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": settings.region}
    )
    return bucket
