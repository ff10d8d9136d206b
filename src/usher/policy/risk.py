"""What a reviewer should know before a role is given to somebody: each risk in one sentence.

A risk is told when the role may do the dangerous thing on any resource and under any condition; denies, the
boundary and service control policies are honoured. The ways up are those that the public research on IAM
privilege escalation names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from usher.policy.actions import actions_of
from usher.policy.evaluate import evaluate
from usher.policy.request import Decision, Request, RolePolicies
from usher.policy.statements import Statement, compile_document


class RiskKind(StrEnum):
    """What makes a role dangerous, the worst first."""

    ADMINISTRATOR = "administrator"
    SSO = "sso"
    IAM_WRITE = "iam-write"
    TRUST_EDIT = "trust-edit"
    PASS_ROLE_COMPUTE = "pass-role-compute"  # noqa: S105 -- the name of an IAM action
    CODE_OF_OTHERS = "code-of-others"
    ORGANIZATION = "organization"
    AUDIT_OFF = "audit-off"
    SHARING = "sharing"
    DATA_READ = "data-read"
    WILDCARD = "wildcard"
    NOT_KNOWN = "not-known"


@dataclass(frozen=True, slots=True)
class Risk:
    """One danger of a role, and a sentence that says what it can do."""

    kind: RiskKind
    words: str


_PROBES = ("usher-probe:Anything", "iam:CreateRole", "iam:AttachRolePolicy", "sts:AssumeRole", "s3:GetObject")

_IAM_WRITES = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateLoginProfile",
)
_TRUST_EDITS = (
    "iam:UpdateAssumeRolePolicy",
    "iam:CreateSAMLProvider",
    "iam:UpdateSAMLProvider",
    "iam:CreateOpenIDConnectProvider",
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:UpdateOpenIDConnectProviderThumbprint",
    "rolesanywhere:CreateTrustAnchor",
    "rolesanywhere:UpdateTrustAnchor",
)
_COMPUTE = (
    "bedrock-agentcore:CreateCodeInterpreter",
    "cloudformation:CreateStack",
    "codebuild:CreateProject",
    "codebuild:UpdateProject",
    "datapipeline:CreatePipeline",
    "ec2:RunInstances",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "glue:CreateDevEndpoint",
    "glue:CreateJob",
    "glue:UpdateJob",
    "lambda:CreateFunction",
    "lambda:UpdateFunctionConfiguration",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
    "scheduler:CreateSchedule",
    "ssm:StartAutomationExecution",
    "states:CreateStateMachine",
)
_PRINCIPALS = {"ecs": "ecs-tasks.amazonaws.com"}
_CODE_OF_OTHERS = (
    "cloudformation:UpdateStack",
    "ec2-instance-connect:SendSSHPublicKey",
    "ec2:ModifyInstanceAttribute",
    "ecs:ExecuteCommand",
    "glue:UpdateDevEndpoint",
    "lambda:UpdateFunctionCode",
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "ssm:SendCommand",
    "ssm:StartSession",
)
_ORGANIZATION = (
    "organizations:AttachPolicy",
    "organizations:DeletePolicy",
    "organizations:DetachPolicy",
    "organizations:DisablePolicyType",
    "organizations:LeaveOrganization",
    "organizations:MoveAccount",
    "organizations:RegisterDelegatedAdministrator",
    "organizations:RemoveAccountFromOrganization",
    "organizations:UpdatePolicy",
)
_AUDIT_OFF = (
    "access-analyzer:DeleteAnalyzer",
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "config:DeleteConfigurationRecorder",
    "config:StopConfigurationRecorder",
    "guardduty:DeleteDetector",
    "guardduty:UpdateDetector",
    "securityhub:DisableSecurityHub",
)
_SHARING = (
    "ec2:ModifyImageAttribute",
    "ec2:ModifySnapshotAttribute",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "lambda:AddPermission",
    "ram:CreateResourceShare",
    "rds:ModifyDBClusterSnapshotAttribute",
    "rds:ModifyDBSnapshotAttribute",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutReplicationConfiguration",
    "secretsmanager:PutResourcePolicy",
)
_DATA_READ = (
    "dynamodb:Scan",
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
)
_IDENTITY_CENTER = ("sso", "sso-directory", "identitystore", "account-access")

_SENTENCES = (
    (RiskKind.IAM_WRITE, _IAM_WRITES, "can give itself or others more rights"),
    (RiskKind.TRUST_EDIT, _TRUST_EDITS, "can change who may enter roles"),
    (RiskKind.CODE_OF_OTHERS, _CODE_OF_OTHERS, "can run code with the rights of what is there already"),
    (RiskKind.ORGANIZATION, _ORGANIZATION, "can loosen what the organization forbids"),
    (RiskKind.AUDIT_OFF, _AUDIT_OFF, "can switch off what records or watches"),
    (RiskKind.SHARING, _SHARING, "can open data to other accounts"),
)


@lru_cache(maxsize=8_192)
def risks_of(policies: RolePolicies) -> tuple[Risk, ...]:
    """The risks of a role with `policies`, the worst first.

    An administrator's other risks are not told apart. Policies whose documents are not known are one risk
    of their own; the others are those of what is known.
    """
    known = replace(policies, missing=(), missing_boundary="")
    return tuple(sorted(_risks(known, policies.missing), key=lambda risk: list(RiskKind).index(risk.kind)))


def _risks(known: RolePolicies, missing: tuple[str, ...]) -> Iterator[Risk]:
    if missing:
        yield Risk(RiskKind.NOT_KNOWN, f"what {_listed(missing)} allows is not known here")
    if _is_administrator(known):
        yield Risk(RiskKind.ADMINISTRATOR, "can do everything: administrator")
        return
    yield from _sso(known)
    yield from _pass_role(known)
    for kind, actions, words in _SENTENCES:
        found = tuple(_possible(known, actions))
        if found:
            yield Risk(kind, f"{words}: {_listed(found)}")
    everywhere = tuple(action for action in _DATA_READ if _decide(known, action) is Decision.ALLOWED)
    if everywhere:
        yield Risk(RiskKind.DATA_READ, f"can read all data: {_listed(everywhere)} on every resource")
    yield from _wildcards(known)


def _is_administrator(policies: RolePolicies) -> bool:
    return all(_decide(policies, action) is Decision.ALLOWED for action in _PROBES)


def _sso(policies: RolePolicies) -> Iterator[Risk]:
    reached = tuple(
        name
        for service in _IDENTITY_CENTER
        if _reaches(policies, service)
        for name in _possible(policies, (each.name for each in actions_of(service) if each.level.changes))
    )
    if reached:
        yield Risk(RiskKind.SSO, f"can change who may enter accounts: {_listed(reached)}")


def _pass_role(policies: RolePolicies) -> Iterator[Risk]:
    if _decide(policies, "iam:PassRole") is Decision.DENIED:
        return
    compute = tuple(action for action in _possible(policies, _COMPUTE) if _may_pass_to(policies, action))
    if compute:
        words = f"can run code with another role's rights: iam:PassRole with {_listed(compute)}"
        yield Risk(RiskKind.PASS_ROLE_COMPUTE, words)


def _may_pass_to(policies: RolePolicies, action: str) -> bool:
    service = action.partition(":")[0]
    passed_to = (_PRINCIPALS.get(service, f"{service}.amazonaws.com"),)
    request = Request("iam:PassRole", context={"iam:PassedToService": passed_to})
    return evaluate(policies, request).decision is not Decision.DENIED


def _wildcards(policies: RolePolicies) -> Iterator[Risk]:
    services: dict[str, None] = {}
    for statement in _allowing(policies):
        if statement.every_resource and not statement.conditions:
            services |= dict.fromkeys(_whole_services(statement))
    still = tuple(
        service for service in services if _decide(policies, f"{service}Anything") is Decision.ALLOWED
    )
    if still:
        whole = ", ".join("nearly everything" if name == _EVERY else f"{name}*" for name in still)
        yield Risk(RiskKind.WILDCARD, f"can do {whole} on every resource")


_EVERY = "usher-probe:"


def _whole_services(statement: Statement) -> Iterator[str]:
    if statement.not_action or statement.actions.everything:
        yield _EVERY
        return
    for service, prefixes in statement.actions.prefixes.items():
        if f"{service}:" in prefixes:
            yield f"{service}:"


def _possible(policies: RolePolicies, actions: Iterable[str]) -> Iterator[str]:
    for action in actions:
        if _reaches(policies, action.partition(":")[0]) and _decide(policies, action) is not Decision.DENIED:
            yield action


def _reaches(policies: RolePolicies, service: str) -> bool:
    return any(statement.reaches(service) for statement in _allowing(policies))


def _allowing(policies: RolePolicies) -> Iterator[Statement]:
    for _, document in policies.identity:
        for statement in compile_document(document):
            if statement.allows:
                yield statement


def _decide(policies: RolePolicies, action: str) -> Decision:
    return evaluate(policies, Request(action)).decision


def _listed(names: tuple[str, ...]) -> str:
    most = 3
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
