"""The AWS partitions: where their consoles, sign-in hosts and policies live."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partition:
    """One AWS partition. Hosts are names without scheme."""

    name: str
    console_host: str
    signin_host: str
    dns_suffix: str

    @property
    def saml_recipient(self) -> str:
        """The sign-in endpoint that SAML responses are addressed to; also the `SAML:aud` value."""
        return f"https://{self.signin_host}/saml"

    @property
    def federation_url(self) -> str:
        """The endpoint that turns role credentials into a console session."""
        return f"https://{self.signin_host}/federation"

    @property
    def managed_policy_prefix(self) -> str:
        """The start of every AWS managed policy ARN of this partition."""
        return f"arn:{self.name}:iam::aws:policy/"


AWS = Partition("aws", "console.aws.amazon.com", "signin.aws.amazon.com", "amazonaws.com")
AWS_US_GOV = Partition(
    "aws-us-gov", "console.amazonaws-us-gov.com", "signin.amazonaws-us-gov.com", "amazonaws.com"
)
AWS_CN = Partition("aws-cn", "console.amazonaws.cn", "signin.amazonaws.cn", "amazonaws.com.cn")
AWS_EUSC = Partition("aws-eusc", "console.amazonaws-eusc.eu", "signin.amazonaws-eusc.eu", "amazonaws.eu")


def partition_of_region(region: str) -> Partition:
    """The partition that `region` belongs to, by the region's prefix."""
    if region.startswith("us-gov-"):
        return AWS_US_GOV
    if region.startswith("cn-"):
        return AWS_CN
    if region.startswith("eusc-"):
        return AWS_EUSC
    return AWS


def partition_of_arn(arn: str) -> Partition:
    """The partition that an ARN names."""
    name = arn.split(":")[1]
    return next((each for each in (AWS_US_GOV, AWS_CN, AWS_EUSC) if each.name == name), AWS)
