"""Which STS a profile's calls go to, as botocore decides it: environment, `services`, `endpoint_url`."""

from __future__ import annotations

from collections.abc import Mapping

from usher.core.hops import StsPlace
from usher.core.partitions import partition_of_arn
from usher.profiles.aws_files import AwsFiles, Profile, nested

_LEGACY = "legacy"


def sts_place(
    files: AwsFiles, profile: Profile, requested: Profile, environ: Mapping[str, str], arn: str
) -> StsPlace:
    """The STS for a hop of `profile` on the way to `requested`; `arn` is what the call is about."""
    named = profile.text("region") or requested.text("region") or environment_region(environ)
    regional = environ.get("AWS_STS_REGIONAL_ENDPOINTS") or profile.text("sts_regional_endpoints")
    return StsPlace(
        named or partition_of_arn(arn).default_region,
        endpoint_of(files, profile, environ, "sts"),
        regional == _LEGACY,
        _flag(environ.get("AWS_USE_FIPS_ENDPOINT") or profile.text("use_fips_endpoint")),
        _flag(environ.get("AWS_USE_DUALSTACK_ENDPOINT") or profile.text("use_dualstack_endpoint")),
    )


def endpoint_of(files: AwsFiles, profile: Profile, environ: Mapping[str, str], service: str) -> str | None:
    """The configured endpoint of `service` (an empty name: of all); None for AWS's own."""
    ignored = environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or profile.text(
        "ignore_configured_endpoint_urls"
    )
    if _flag(ignored):
        return None
    chosen = files.services.get(profile.text("services") or "")
    block = nested(chosen.get(service)) if chosen and service else {}
    return (
        (environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") if service else None)
        or environ.get("AWS_ENDPOINT_URL")
        or block.get("endpoint_url")
        or profile.text("endpoint_url")
    )


def environment_region(environ: Mapping[str, str]) -> str | None:
    """The region that the environment names."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None


def _flag(text: str | None) -> bool:
    return (text or "").strip().lower() == "true"
