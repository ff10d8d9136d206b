"""Whether a role may do what is asked: IAM's decision over identity policies, boundary and SCPs.

After "Policy evaluation logic" in the IAM user guide, for requests within one account: an explicit deny
anywhere wins; then each level of service control policies, the boundary and the identity policies must all
allow. Resource-based policies, session policies, RCPs and endpoint policies are not part of the question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from usher.core.policy_document import PolicyDocument
from usher.policy.actions import takes_no_resource
from usher.policy.conditions import Context, conditions_hold
from usher.policy.match import as_glob, has_wildcards, one_of, overlap
from usher.policy.request import Decision, Request, RolePolicies, StatementMatch, Verdict
from usher.policy.statements import THE_RESOURCE, Statement, compile_document
from usher.policy.truth import FALSE, TRUE, Truth, all_of, any_of, unknown
from usher.policy.variables import Resolved, resolve

_ANY_RESOURCE = "*"


def evaluate(policies: RolePolicies, request: Request) -> Verdict:
    """What `policies` answer to `request`, and which statements say so."""
    asked = _Asked.of(request)
    denials = [_judge(layer, asked, allows=False) for layer in _documents(policies)]
    missing = (*policies.missing, *([policies.missing_boundary] if policies.missing_boundary else ()))
    denied = any_of(judged.truth for judged in denials)
    if denied.value:
        matches = tuple(match for judged in denials for match in judged.sure)
        return Verdict(Decision.DENIED, f"denied by {_spoken(matches)}", matches)
    return _without_denial(policies, asked, any_of((denied, *map(_not_known, missing))), denials)


def can_on_some(policies: RolePolicies, request: Request) -> tuple[Verdict, str]:
    """The answer where it is widest: on all that `request.resource` stands for, or on an example of it.

    ALLOWED with the example's ARN when there is a resource on which it is certainly allowed; DENIED when it
    is on all of them. The text is the resource that the verdict is about.
    """
    verdict = evaluate(policies, request)
    if verdict.decision is not Decision.UNKNOWN or THE_RESOURCE not in verdict.open_conditions:
        return verdict, request.resource
    for example in _examples(policies, request):
        found = evaluate(policies, replace(request, resource=example))
        if found.decision is Decision.ALLOWED:
            return found, example
    return verdict, request.resource


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as statements are asked about it."""

    request: Request
    action: str
    resource: str
    no_resource: bool
    context: Context

    @classmethod
    def of(cls, request: Request) -> _Asked:
        context = {key.lower(): value for key, value in request.context.items()}
        no_resource = request.resource == _ANY_RESOURCE and takes_no_resource(request.action)
        return cls(request, request.action.lower(), request.resource, no_resource, context)

    def applies(self, statement: Statement) -> Truth:
        """Whether `statement` is about this request."""
        if not statement.is_about(self.action):
            return FALSE
        on = statement.is_on(self.resource, self.context)
        if self.no_resource and THE_RESOURCE in on.open:
            # Such an action is asked on `*` itself, which no narrower pattern matches.
            on = TRUE if statement.not_resource else FALSE
        if on.value is False or not statement.conditions:
            return on
        return all_of((on, conditions_hold(statement.conditions, self.context)))


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the statements of one effect in some policies say; `sure` and `open` are those that matched."""

    truth: Truth
    sure: tuple[StatementMatch, ...]
    open: tuple[StatementMatch, ...]


_Named = tuple[str, PolicyDocument]


def _without_denial(policies: RolePolicies, asked: _Asked, denied: Truth, denials: list[_Judged]) -> Verdict:
    """The decision where no deny is certain; `denied` may be unknown."""
    gates: list[tuple[str, _Judged]] = []
    for level in policies.scps:
        gates.append(("a service control policy", _judge(level, asked, allows=True)))
    if policies.boundary is not None:
        gates.append(("the permissions boundary", _judge((policies.boundary,), asked, allows=True)))
    identity = _judge(policies.identity, asked, allows=True)
    closed = [name for name, judged in gates if judged.truth.value is False]
    granted = any_of((identity.truth, *map(_not_known, policies.missing)))
    if closed and granted.value is not False:
        return Verdict(Decision.DENIED, f"{closed[0]} does not allow {asked.request.action}", identity.sure)
    if granted.value is False:
        return Verdict(Decision.DENIED, f"no policy allows {asked.request.action}")
    boundary = _not_known(policies.missing_boundary) if policies.missing_boundary else TRUE
    final = all_of((granted, boundary, *(judged.truth for _, judged in gates), ~denied))
    matches = identity.sure + tuple(match for _, judged in gates for match in judged.sure)
    if final.value:
        return Verdict(Decision.ALLOWED, f"allowed by {_spoken(identity.sure)}", matches)
    layers = (identity, *(judged for _, judged in gates), *denials)
    opened = tuple(match for judged in layers for match in judged.open)
    return _open_verdict(final.open, matches + opened)


def _open_verdict(names: frozenset[str], matches: tuple[StatementMatch, ...]) -> Verdict:
    hangs_on = tuple(sorted(names))
    by = f" ({_spoken(matches)})" if matches else ""
    return Verdict(
        Decision.UNKNOWN,
        f"it depends on {_joined(hangs_on)}{by}",
        matches,
        hangs_on,
    )


def _judge(policies: tuple[_Named, ...], asked: _Asked, *, allows: bool) -> _Judged:
    truths: list[Truth] = []
    sure: list[StatementMatch] = []
    still_open: list[StatementMatch] = []
    for name, document in policies:
        for statement in compile_document(document):
            if statement.allows is not allows:
                continue
            applies = asked.applies(statement)
            if applies.value is False:
                continue
            truths.append(applies)
            match = StatementMatch(name, statement.name, "Allow" if allows else "Deny")
            (sure if applies.value else still_open).append(match)
    return _Judged(any_of(truths), tuple(sure), tuple(still_open))


def _documents(policies: RolePolicies) -> Iterator[tuple[_Named, ...]]:
    yield policies.identity
    if policies.boundary is not None:
        yield (policies.boundary,)
    yield from policies.scps


def _not_known(policy: str) -> Truth:
    return unknown(f"the policy {policy}")


def _examples(policies: RolePolicies, request: Request) -> Iterator[str]:
    """Concrete resources that an allowing statement is on and `request.resource` stands for."""
    asked = _Asked.of(request)
    wanted = as_glob(request.resource)
    for layer in (policies.identity, *policies.scps, (policies.boundary,) if policies.boundary else ()):
        for _, document in layer:
            for statement in compile_document(document):
                if statement.is_about(asked.action):
                    yield from _examples_of(statement, wanted, asked)


def _examples_of(statement: Statement, wanted: tuple[object, ...], asked: _Asked) -> Iterator[str]:
    for pattern in statement.resources:
        resolved: Resolved = resolve(pattern, asked.context)
        if resolved.glob is None or resolved.open:
            continue
        for glob in (resolved.glob, as_glob(asked.resource)):
            for filler in ("example", ""):
                example = one_of(glob, filler)
                if not has_wildcards(example) and overlap(as_glob(example), as_glob(asked.resource)):
                    yield example


def _spoken(matches: tuple[StatementMatch, ...]) -> str:
    named = dict.fromkeys(f"{match.statement} of {match.policy}" for match in matches)
    return _joined(tuple(named))


def _joined(names: tuple[str, ...]) -> str:
    most = 3
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
