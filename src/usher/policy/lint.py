"""Mistakes in policies: what can never apply, what applies to more than it seems, what AWS does not know.

Each document is looked at alone; a role's documents then together, for statements that change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from usher.core.policy_document import PolicyDocument
from usher.policy.actions import Action, actions_matching, actions_of, find_action, services
from usher.policy.lint_conditions import condition_findings
from usher.policy.lint_dead import dead_findings
from usher.policy.lint_findings import LintFinding, LintKind, finding
from usher.policy.match import as_glob, has_wildcards, overlap
from usher.policy.request import RolePolicies
from usher.policy.statements import Statement, compile_document, version_of

_CURRENT_VERSION = "2012-10-17"
_PASS_ROLE = "iam:passrole"  # noqa: S105 -- the name of an action
_PASSED_TO = "iam:passedtoservice"
_LAST_SEGMENT = 5
_BUCKET = "arn:*:s3:::*"


def lint_document(policy: str, document: PolicyDocument) -> tuple[LintFinding, ...]:
    """The mistakes in one document; `policy` is how it is called."""
    return tuple(_in_document(policy, document))


def lint_role(policies: RolePolicies, own: frozenset[str]) -> tuple[LintFinding, ...]:
    """The mistakes in a role's policies: in those named by `own`, and between all of them."""
    alone = (lint_document(name, document) for name, document in policies.identity if name in own)
    return tuple(each for findings in alone for each in findings) + tuple(dead_findings(policies, own))


def _in_document(policy: str, document: PolicyDocument) -> Iterator[LintFinding]:
    statements = compile_document(document)
    version = version_of(document)
    if version != _CURRENT_VERSION:
        uses = "; its variables ${...} are only text" if "${" in document.json else ""
        words = f"the version is {version}, not {_CURRENT_VERSION}{uses}"
        yield LintFinding(LintKind.OLD_VERSION if uses else LintKind.NO_VERSION, policy, "", words)
    seen: set[str] = set()
    for statement in statements:
        if statement.name in seen:
            yield finding(LintKind.SAME_SID, policy, statement, f"the Sid {statement.name} is there twice")
        seen.add(statement.name)
        yield from _in_statement(policy, statement)
        yield from condition_findings(policy, statement)


def _in_statement(policy: str, statement: Statement) -> Iterator[LintFinding]:
    yield from _unknown_actions(policy, statement)
    if statement.allows:
        yield from _too_wide(policy, statement)
        yield from _pass_role(policy, statement)
    if not statement.not_action and not statement.not_resource:
        yield from _resources_that_do_not_fit(policy, statement)


def _unknown_actions(policy: str, statement: Statement) -> Iterator[LintFinding]:
    for written in statement.actions_as_written:
        if written == "*" or actions_matching(written):
            continue
        service, _, name = written.partition(":")
        if service.lower() not in services() and not has_wildcards(service):
            near = get_close_matches(service.lower(), sorted(services()), 1)
            words = f"no service '{service}' is known"
        elif has_wildcards(written):
            near = []
            words = f"no action is known that '{written}' matches"
        else:
            known = {action.name.partition(":")[2] for action in actions_of(service)}
            near = [f"{service}:{match}" for match in get_close_matches(name, sorted(known), 1)]
            words = f"no action '{written}' is known"
        hint = f"; is it {near[0]}?" if near else ""
        yield finding(LintKind.UNKNOWN_ACTION, policy, statement, words + hint)


def _too_wide(policy: str, statement: Statement) -> Iterator[LintFinding]:
    if statement.not_action:
        words = "Allow with NotAction allows every other action, those of new services too"
        yield finding(LintKind.ALLOW_NOT_ACTION, policy, statement, words)
    if statement.not_resource:
        words = "Allow with NotResource allows every other resource, those made later too"
        yield finding(LintKind.ALLOW_NOT_RESOURCE, policy, statement, words)
    if statement.conditions or not statement.every_resource or statement.not_action:
        return
    wide = [pattern for pattern in statement.actions_as_written if _is_whole_service(pattern)]
    if wide:
        words = f"allows {', '.join(wide)} on every resource without a condition"
        yield finding(LintKind.WILDCARD, policy, statement, words)


def _is_whole_service(pattern: str) -> bool:
    return pattern in ("*", "*:*") or pattern.endswith(":*")


def _pass_role(policy: str, statement: Statement) -> Iterator[LintFinding]:
    if statement.actions.everything or not statement.is_about(_PASS_ROLE) or not statement.every_resource:
        return
    if not any(condition.key.lower() == _PASSED_TO for condition in statement.conditions):
        words = "iam:PassRole on every role to any service; limit the roles, or iam:PassedToService"
        yield finding(LintKind.PASS_ROLE, policy, statement, words)


def _resources_that_do_not_fit(policy: str, statement: Statement) -> Iterator[LintFinding]:
    actions = [each for written in statement.actions_as_written for each in actions_matching(written)]
    resources = [each for each in statement.resources_as_written if each != "*"]
    if statement.every_resource or not actions:
        return
    for action in _written_out(statement):
        if not any(_takes(action, resource) for resource in resources):
            taken = ", ".join(action.resources[:2]) or "'*' alone"
            words = f"{action.name} never applies to these resources: it takes {taken}"
            yield finding(LintKind.WRONG_RESOURCE, policy, statement, words)
    for resource in resources:
        if not any(_takes(action, resource) for action in actions):
            words = f"no action of this statement takes {resource}"
            yield finding(LintKind.WRONG_RESOURCE, policy, statement, words)


def _written_out(statement: Statement) -> Iterator[Action]:
    for written in statement.actions_as_written:
        known = None if has_wildcards(written) else find_action(written)
        if known is not None:
            yield known


def _takes(action: Action, resource: str) -> bool:
    return any(_may_be(pattern, resource) for pattern in action.resources)


def _may_be(pattern: str, resource: str) -> bool:
    """Whether some ARN of the form `pattern` is one that `resource` matches: segment by segment."""
    if pattern == _BUCKET and "/" in resource:
        return False  # bucket names have no slash, so an object's ARN is no bucket's
    ours, theirs = resource.split(":", _LAST_SEGMENT), pattern.split(":", _LAST_SEGMENT)
    if len(ours) != len(theirs):
        return overlap(as_glob(pattern), as_glob(resource))
    return all(overlap(as_glob(one), as_glob(other)) for one, other in zip(ours, theirs, strict=True))
