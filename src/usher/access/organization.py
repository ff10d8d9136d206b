"""The `organization` section: which organization the file is for, and how its Identity Center is found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from usher.access.diagnostics import Findings
from usher.access.fields import read_fields, read_text
from usher.access.locate import Node, Position, Scalar, describe, is_nothing
from usher.core.ids import INSTANCE_ARN
from usher.core.partitions import AWS, AWS_CN, AWS_EUSC, AWS_US_GOV, Partition, partition_of_region

PARTITIONS: Mapping[str, Partition] = {each.name: each for each in (AWS, AWS_US_GOV, AWS_CN, AWS_EUSC)}
DISCOVERED = "discovered"
DECLARED = "declared"

# What AWS allows unless it raised the quota for an organization (IAM Identity Center quotas; AWS Account
# Access Manager quotas).
QUOTAS: Mapping[str, int] = {
    "permission_sets": 3_500,
    "permission_sets_per_account": 500,
    "groups_per_role": 20,
}

_KEYS = ("name", "id", "partition", "region", "profile", "instance", "accounts", "quotas")
_ORGANIZATION_ID = re.compile(r"o-[a-z0-9]{10,32}")
_REGION = re.compile(r"[a-z]{2,5}(?:-[a-z]+)+-[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class OrganizationRef:
    """The organization that a file names. What it does not say is empty; `partition` is None then."""

    name: str = ""
    id: str = ""
    partition: Partition | None = None
    region: str = ""
    profile: str = ""
    instance: str = ""
    at: Position = field(default=Position(1, 1), compare=False)


@dataclass(frozen=True, slots=True)
class OrganizationSection:
    """What the section says; `accounts` is `discovered`, `declared` or empty."""

    ref: OrganizationRef
    accounts: str
    quotas: Mapping[str, int] = field(hash=False)


def read_organization(node: Node | None, findings: Findings) -> OrganizationSection | None:
    """The section, or None when there is none."""
    if node is None or is_nothing(node):
        return None
    fields = read_fields(node, "organization", _KEYS, findings)
    texts = {
        key: _read_text(fields[key], key, findings) for key in fields if key not in ("accounts", "quotas")
    }
    _check_pattern(fields, texts, "id", _ORGANIZATION_ID, "o-exampleorgid", findings)
    _check_pattern(fields, texts, "instance", INSTANCE_ARN, "arn:aws:sso:::instance/ssoins-…", findings)
    _check_pattern(fields, texts, "region", _REGION, "eu-central-1", findings)
    ref = OrganizationRef(
        name=texts.get("name", ""),
        id=texts.get("id", ""),
        partition=_read_partition(fields, texts, findings),
        region=texts.get("region", ""),
        profile=texts.get("profile", ""),
        instance=texts.get("instance", ""),
        at=node.at,
    )
    quotas = _read_quotas(fields["quotas"], findings) if "quotas" in fields else QUOTAS
    return OrganizationSection(ref, _read_accounts(fields.get("accounts"), findings), quotas)


def _read_text(node: Node, key: str, findings: Findings) -> str:
    text = read_text(node, f"{key} of organization", findings)
    if text is not None and not text.strip():
        findings.add(node.at, f"{key} of organization is empty")
    return text or ""


def _check_pattern(
    fields: Mapping[str, Node],
    texts: Mapping[str, str],
    key: str,
    pattern: re.Pattern[str],
    example: str,
    findings: Findings,
) -> None:
    text = texts.get(key, "")
    if text.strip() and not pattern.fullmatch(text):
        what = {"id": "the id of an organization", "instance": "the ARN of an instance", "region": "a region"}
        findings.add(fields[key].at, f"'{text}' is not {what[key]}", f"it looks like {example}")


def _read_partition(
    fields: Mapping[str, Node], texts: Mapping[str, str], findings: Findings
) -> Partition | None:
    """The partition that is named, or that of the region; both must agree."""
    by_region = partition_of_region(texts["region"]) if texts.get("region") else None
    name = texts.get("partition", "")
    if not name:
        return by_region
    partition = PARTITIONS.get(name)
    if partition is None:
        hint = findings.did_you_mean(name, PARTITIONS) or f"write {', '.join(PARTITIONS)}"
        findings.add(fields["partition"].at, f"there is no partition '{name}'", hint)
    elif by_region is not None and by_region is not partition:
        findings.add(
            fields["partition"].at,
            f"region {texts['region']} is of the partition '{by_region.name}', not '{name}'",
        )
    return partition


def _read_accounts(node: Node | None, findings: Findings) -> str:
    if node is None:
        return ""
    text = read_text(node, "accounts of organization", findings)
    if text is not None and text not in (DISCOVERED, DECLARED):
        findings.add(
            node.at,
            f"accounts of organization cannot be '{text}'",
            f"write {DISCOVERED} for all that the organization has, or {DECLARED}",
        )
    return text or ""


def _read_quotas(node: Node, findings: Findings) -> Mapping[str, int]:
    quotas = dict(QUOTAS)
    for key, value in read_fields(node, "quotas of organization", tuple(QUOTAS), findings).items():
        if isinstance(value, Scalar) and type(value.value) is int and value.value >= 1:
            quotas[key] = value.value
        else:
            words = value.text if isinstance(value, Scalar) and value.text else describe(value)
            findings.add(value.at, f"quota {key} must be a positive number, not {words}")
    return quotas
