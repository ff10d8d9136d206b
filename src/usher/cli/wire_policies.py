"""Composition for what judges policies: documents through IAM or from this machine, and SCPs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from usher.aws.calls import CallCount, ServiceCalls
from usher.aws.clients import AwsSettings
from usher.aws.managed_policies import Documents, PolicyShelf, kept_documents
from usher.aws.managed_policies import read_documents as read_through_iam
from usher.cli.context import Context
from usher.core.pace import Pace
from usher.core.permission_sets import PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.policy.role_policies import needed_policies
from usher.policy.well_known import with_administrator

# IAM publishes no quota for reading; this is well below where it throttles.
IAM_CALLS_PER_SECOND = 15.0
_IAM_ENDPOINT = "AWS_ENDPOINT_URL_IAM"


def open_shelf(context: Context) -> PolicyShelf:
    """The documents that this machine keeps."""
    return PolicyShelf(context.cache_dir / "policies")


def read_documents(
    context: Context,
    permission_sets: Iterable[PermissionSet],
    *,
    region: str = "",
    profile: str = "",
    endpoint_url: str = "",
    count: CallCount | None = None,
) -> Mapping[str, PolicyDocument]:
    """The documents of the AWS managed policies of `permission_sets`, by ARN; says which are not known.

    What IAM does not answer comes from the cache; what is in neither is left out.
    """
    permission_sets = tuple(permission_sets)
    arns = needed_policies(permission_sets)
    if not arns:
        return {}
    environ = context.environ
    settings = AwsSettings(
        region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "",
        profile=profile,
        # An endpoint for IAM alone goes before one for everything, as in botocore.
        endpoint_url=environ.get(_IAM_ENDPOINT) or endpoint_url,
    )
    pace = Pace(IAM_CALLS_PER_SECOND, clock=time.monotonic, sleep=time.sleep)
    calls = ServiceCalls("iam", settings, pace=pace, count=count)
    documents = _complete(read_through_iam(calls, open_shelf(context), arns), permission_sets)
    say_what_is_not_known(documents, context)
    return documents.by_arn


def documents_of_this_machine(context: Context, permission_sets: Iterable[PermissionSet]) -> Documents:
    """The kept documents of the AWS managed policies of `permission_sets`, without any call."""
    permission_sets = tuple(permission_sets)
    return _complete(kept_documents(open_shelf(context), needed_policies(permission_sets)), permission_sets)


def _complete(documents: Documents, permission_sets: Sequence[PermissionSet]) -> Documents:
    by_arn = with_administrator(documents.by_arn, permission_sets)
    return replace(documents, by_arn=by_arn, missing=documents.missing - by_arn.keys())


def say_what_is_not_known(documents: Documents, context: Context) -> None:
    """Tell a person which policies are judged by an older document, and which not at all."""
    terminal = context.terminal
    if documents.missing:
        names = ", ".join(sorted(arn.rpartition("/")[2] for arn in documents.missing))
        terminal.say(terminal.style("warn", "not judged: ") + f"the documents of {names} are not known here")
        for failure in documents.failures[:1]:
            terminal.say(terminal.style("dim", failure))
        terminal.say(
            terminal.style(
                "dim",
                "they are read through IAM and kept: run 'usher access test --online' once "
                "with a key that may call iam:GetPolicy and iam:GetPolicyVersion",
            )
        )
    elif documents.failures:
        words = f"IAM did not answer; {len(documents.stale)} policies are judged by their kept documents"
        terminal.say(terminal.style("warn", "note: ") + words)
