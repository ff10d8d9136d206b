"""A refusal of STS in words: which role, whose keys, the likely cause, what to do."""

from __future__ import annotations

from typing import assert_never

from usher.core.hops import (
    Hop,
    PortalHop,
    RoleHop,
    SessionTokenHop,
    StaticKeysHop,
    WebIdentityHop,
    account_of_arn,
    words_of,
)
from usher.core.sts_refusals import StsReason, StsRefusedError

Asked = SessionTokenHop | RoleHop | WebIdentityHop
"""Hops that STS is asked for."""


def in_words(refusal: StsRefusedError, hop: Asked, before: Hop | None) -> StsRefusedError:
    """`refusal` of the call for `hop`, made with the keys of `before`, as a person should read it."""
    by = words_of(before) if before is not None else "nobody in particular"
    match refusal.reason:
        case StsReason.DENIED:
            message, hint = f"{by} may not enter {_what(hop)}", _why_denied(hop, before)
        case StsReason.KEYS:
            message, hint = f"STS does not accept {by}", _why_keys(before)
        case StsReason.CODE:
            message = f"the MFA code was refused for {_what(hop)}"
            hint = "a code works once: wait for the next one; check that mfa_serial is the user's own device"
        case StsReason.TOKEN:
            message = f"the token was refused for {_what(hop)}"
            hint = "it may have ended, or the role trusts another issuer, audience or subject"
        case StsReason.REGION:
            message = f"STS is off in the region {hop.sts.region} for the account that is asking"
            hint = "set another region in the profile, or activate STS there in the account's IAM settings"
        case StsReason.REQUEST:
            message, hint = f"STS does not take the request for {_what(hop)}", _why_request(hop)
        case never:
            assert_never(never)
    return StsRefusedError(
        refusal.reason, refusal.words, message=f"{message} (STS: {refusal.words})", hint=hint
    )


def _what(hop: Asked) -> str:
    if isinstance(hop, RoleHop | WebIdentityHop):
        return f"the role {hop.role_arn} in account {account_of_arn(hop.role_arn)}"
    return words_of(hop)


def _why_denied(hop: Asked, before: Hop | None) -> str:
    if isinstance(hop, SessionTokenHop):
        return "the user may not do this with that device, or the mfa_serial is not its own"
    if not isinstance(hop, RoleHop):
        return "the role's trust policy does not accept this token"
    causes = ["its trust policy does not name these keys, or they have no sts:AssumeRole for it"]
    causes.append(
        f"its external id is not '{hop.external_id}'" if hop.external_id else "it asks for an external_id"
    )
    if not isinstance(before, SessionTokenHop) and hop.mfa_serial is None:
        causes.append("it asks for MFA: set mfa_serial")
    if hop.tags or hop.source_identity:
        causes.append("it does not allow sts:TagSession or sts:SetSourceIdentity")
    return "likely: " + "; or ".join(causes)


def _why_keys(before: Hop | None) -> str:
    match before:
        case StaticKeysHop():
            return "the key is inactive, deleted or of another partition: 'usher keys list --check'"
        case PortalHop():
            return "sign in again: 'usher login'"
        case _:
            return "check this machine's clock, and run it again"


def _why_request(hop: Asked) -> str:
    if isinstance(hop, RoleHop | WebIdentityHop) and hop.duration_seconds:
        return "duration_seconds may be above what the role allows"
    return "'usher explain' shows the settings that were sent"
