"""Which IAM Identity Center instance is meant, and what it is able to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from usher.aws.calls import ServiceCalls
from usher.core.errors import NoAccessError, NotFoundError, UsageError
from usher.core.ids import IdentityStoreId, InstanceArn
from usher.core.organization import Instance


def read_instance(calls: ServiceCalls, instance_arn: str = "") -> Instance:
    """The region's instance, or the one named by `instance_arn`: two calls.

    Raises NotFoundError when there is none, UsageError when there are several and none is named.
    """
    found = [
        Instance(InstanceArn(item["InstanceArn"]), IdentityStoreId(item["IdentityStoreId"]))
        for item in calls.pages(
            "ListInstances", "Instances", "looking for the Identity Center instance", MaxResults=10
        )
    ]
    if instance_arn:
        for instance in found:
            if instance.arn == instance_arn:
                return _described(calls, instance)
        raise NotFoundError(
            f"there is no Identity Center instance {instance_arn} here", hint=_instances_hint(found)
        )
    if not found:
        raise NotFoundError(
            "there is no Identity Center instance in this region",
            hint="give the region that it was set up in with --region; it has only one",
        )
    if len(found) > 1:
        raise UsageError(f"there are {len(found)} Identity Center instances", hint=_instances_hint(found))
    return _described(calls, found[0])


def _described(calls: ServiceCalls, instance: Instance) -> Instance:
    """`instance` with whether it has permission sets at all, which only this call tells."""
    what = f"reading the Identity Center instance {instance.arn}"
    try:
        answer = calls.call("DescribeInstance", what, InstanceArn=instance.arn)
    except NoAccessError:
        return instance  # a key that may read all the rest; the lists will tell what is enabled
    return replace(instance, permission_sets_enabled=answer.get("PermissionSetsEnabled", True))


def _instances_hint(found: Sequence[Instance]) -> str:
    names = "\n".join(f"--instance-arn {instance.arn}" for instance in found)
    return f"give one of\n{names}" if found else "check --region"
