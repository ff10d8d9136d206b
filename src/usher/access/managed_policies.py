"""AWS managed policies by name: from what people write to the ARN in a partition."""

from __future__ import annotations

from usher.access.diagnostics import Findings
from usher.access.locate import Located
from usher.core.ids import MANAGED_POLICY_ARN
from usher.core.partitions import Partition
from usher.core.permission_sets import ManagedPolicy

# The policies for job functions live under their own path (IAM user guide, "AWS managed policies for
# job functions"). AdministratorAccess, PowerUserAccess, ReadOnlyAccess and SecurityAudit do not.
JOB_FUNCTIONS = frozenset(
    {
        "Billing",
        "DatabaseAdministrator",
        "DataScientist",
        "NetworkAdministrator",
        "SupportUser",
        "SystemAdministrator",
        "ViewOnlyAccess",
    }
)


def managed_policy_arn(written: str, partition: Partition) -> str:
    """The ARN of an AWS managed policy written as name, as path and name, or as ARN.

    Raises ValueError when an ARN belongs to another partition.
    """
    if not written.startswith("arn:"):
        path = "job-function/" if written in JOB_FUNCTIONS else ""
        return f"{partition.managed_policy_prefix}{path}{written}"
    if not written.startswith(partition.managed_policy_prefix):
        raise ValueError(f"policy {written} is not of the partition '{partition.name}'")
    return written


def resolve_managed_policy(policy: Located[str], partition: Partition, findings: Findings) -> ManagedPolicy:
    """The policy in `partition`; notes it when it belongs to another."""
    try:
        return ManagedPolicy(managed_policy_arn(policy.value, partition))
    except ValueError as error:
        findings.add(policy.at, str(error), f"its ARNs start with {partition.managed_policy_prefix}")
        return ManagedPolicy(policy.value)


def check_managed_policy(written: str) -> tuple[str, str] | None:
    """What is wrong with `written` as an AWS managed policy, and a hint; None when it is well formed."""
    if not written.startswith("arn:"):
        arn = f"arn:aws:iam::aws:policy/{written}"
        if MANAGED_POLICY_ARN.fullmatch(arn) and len(arn) <= 2048 and len(_name(arn)) <= 128:
            return None
        return f"'{written}' is not a policy name", "letters, digits and _+=,.@- after an optional path"
    if MANAGED_POLICY_ARN.fullmatch(written) and len(written) <= 2048 and len(_name(written)) <= 128:
        return None
    if ":policy/" in written and "::aws:" not in written:
        return f"'{written}' is not an AWS managed policy", "write its name under customer_policies"
    return f"'{written}' is not the ARN of an AWS managed policy", "arn:aws:iam::aws:policy/ReadOnlyAccess"


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
