"""The way from a profile to its keys, as text and as a document for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from usher.cli.text.status import iso_time
from usher.cli.text.styles import Style, no_style
from usher.core.durations import plain_duration
from usher.core.hops import (
    Chain,
    Hop,
    Link,
    LoginSessionHop,
    PortalHop,
    ProcessHop,
    RoleHop,
    SessionTokenHop,
    StaticKeysHop,
    WebIdentityHop,
    words_of,
)
from usher.core.printable import printable

_KINDS: dict[type, str] = {
    PortalHop: "portal",
    StaticKeysHop: "keys",
    SessionTokenHop: "mfa-session",
    ProcessHop: "process",
    LoginSessionHop: "aws-login",
    WebIdentityHop: "web-identity",
    RoleHop: "role",
}


@dataclass(frozen=True, slots=True)
class ExplainedLink:
    """One hop as it stands now. `needed` says whether the next call has to make it."""

    link: Link
    keepable: bool
    expires_at: float | None
    needed: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """The whole way. `trouble` is what stops it before the first hop; `caller` is who `--check` found."""

    chain: Chain
    links: Sequence[ExplainedLink]
    region: str
    aws_tools: str
    warnings: Sequence[str]
    trouble: str = ""
    caller: str = ""


def explain_text(explained: Explained, now: float, home: str, style: Style = no_style) -> str:
    """The way for a person, one paragraph per hop. `home` is shown as `~`."""
    chain = explained.chain
    lines = [f"profile {style('strong', printable(chain.profile))}, region {printable(explained.region)}"]
    for number, each in enumerate(explained.links, 1):
        lines.append(f"  {number}. {style('strong', printable(words_of(each.link.hop)))}")
        lines += [
            style("dim", f"       {printable(f'{setting.place}: {setting.key} = {setting.value}')}")
            for setting in each.link.settings
        ]
        kept = each.expires_at is not None
        lines.append(f"       {style('add', _state(each, now)) if kept else _state(each, now)}")
    lines.append(f"next call: {printable(explained.trouble or _next_call(explained.links))}")
    lines.append(f"AWS's own tools use: {printable(explained.aws_tools)}")
    lines += [f"{style('warn', 'warning:')} {printable(each)}" for each in explained.warnings]
    if explained.caller:
        lines.append(f"checked: the keys are those of {printable(explained.caller)}")
    return "\n".join(lines).replace(f"{home}/", "~/")


def explain_document(explained: Explained, now: float) -> dict[str, object]:
    """The way for a script."""
    chain = explained.chain
    return {
        "profile": chain.profile,
        "account_id": chain.account_id,
        "role": chain.role or None,
        "region": explained.region,
        "endpoint_url": chain.endpoint_url,
        "hops": [_hop_document(each, now) for each in explained.links],
        "next_call": explained.trouble or _next_call(explained.links),
        "aws_tools": explained.aws_tools,
        "warnings": list(explained.warnings),
        "caller": explained.caller or None,
    }


def _hop_document(each: ExplainedLink, now: float) -> dict[str, object]:
    ends = each.expires_at
    return {
        "kind": _KINDS[type(each.link.hop)],
        "what": words_of(each.link.hop),
        "profile": each.link.profile,
        "settings": [
            {
                "key": setting.key,
                "value": setting.value,
                "file": setting.place.file,
                "line": setting.place.line,
            }
            for setting in each.link.settings
        ],
        "kept": ends is not None,
        "expires_at": iso_time(ends) if ends is not None else None,
        "seconds_left": int(ends - now) if ends is not None else None,
        "needed": each.needed,
    }


def _state(each: ExplainedLink, now: float) -> str:
    if each.expires_at is not None:
        left = int(each.expires_at - now)
        return f"kept, {plain_duration(left - left % 60 if left >= 60 else left)} left"
    if not each.needed:
        return "not asked: what comes after it is kept"
    match each.link.hop:
        case StaticKeysHop():
            return "read where it is, no call"
        case LoginSessionHop():
            return "not in the AWS CLI's cache, or ended"
        case _:
            return "not kept"


def _next_call(links: Sequence[ExplainedLink]) -> str:
    calls = [words for each in links if each.needed and (words := _call(each.link.hop))]
    return ", then ".join(calls) if calls else "none: everything is here"


def _call(hop: Hop) -> str:
    match hop:
        case PortalHop():
            return "asks the portal"
        case ProcessHop():
            return "runs the program"
        case SessionTokenHop():
            return f"asks for a code of {hop.mfa_serial} and STS for a session (GetSessionToken)"
        case WebIdentityHop():
            return "enters the role with the token (AssumeRoleWithWebIdentity)"
        case RoleHop():
            code = f" with a code of {hop.mfa_serial}" if hop.mfa_serial else ""
            return f"enters {hop.role_arn.rpartition('/')[2]} (AssumeRole){code}"
        case LoginSessionHop():
            return "asks the AWS CLI to renew the session of 'aws login'"
        case StaticKeysHop():
            return ""
