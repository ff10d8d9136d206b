"""The AWS partitions: where their consoles, sign-in pages, portals and STS live, and how ARNs begin.

AWS publishes suffixes and regions (botocore's `partitions.json`; the tests compare). It publishes console
and sign-in hosts for the partitions that everybody may read about; for the isolated ones nobody here can
check them, so using one is refused rather than guessed. The sovereign cloud's sign-in has no host without a
region (docs.aws.eu, and what the AWS CLI calls).
"""

from __future__ import annotations

from dataclasses import dataclass

from usher.core.errors import UsherError


@dataclass(frozen=True, slots=True)
class Partition:
    """One AWS partition. Hosts are names without scheme.

    `region_prefix` starts the name of every region of the partition but of `aws`. `default_region` is
    where its global services live. `has_portal` says whether IAM Identity Center is known to be there.
    """

    name: str
    dns_suffix: str
    dualstack_suffix: str
    region_prefix: str
    default_region: str
    known_console_host: str = ""
    known_signin_host: str = ""
    has_portal: bool = True

    @property
    def console_host(self) -> str:
        """The console's host. Raises UsherError where it is not known."""
        return self._known(self.known_console_host, "console")

    @property
    def signin_host(self) -> str:
        """The sign-in host. Raises UsherError where it is not known."""
        return self._known(self.known_signin_host, "console sign-in")

    @property
    def saml_recipient(self) -> str:
        """The sign-in endpoint that SAML responses are addressed to; also the `SAML:aud` value."""
        return f"https://{self.signin_host}/saml"

    @property
    def federation_url(self) -> str:
        """The endpoint that turns role credentials into a console session."""
        return f"https://{self.signin_host}/federation"

    @property
    def arn_prefix(self) -> str:
        """The start of every ARN of this partition."""
        return f"arn:{self.name}:"

    @property
    def managed_policy_prefix(self) -> str:
        """The start of every AWS managed policy ARN of this partition."""
        return f"{self.arn_prefix}iam::aws:policy/"

    @property
    def global_sts_host(self) -> str | None:
        """The host of the old global STS; only `aws` has one."""
        return f"sts.{self.dns_suffix}" if self.name == "aws" else None

    def sts_host(self, region: str) -> str:
        """The host of a region's STS."""
        return f"sts.{region}.{self.dns_suffix}"

    def portal_host(self, region: str) -> str:
        """The host of Identity Center's portal API (`sso`). Raises UsherError where there is none."""
        return self._with_portal(f"portal.sso.{region}.{self.dns_suffix}")

    def oidc_host(self, region: str) -> str:
        """The host that gives portal sessions (`sso-oidc`). Raises UsherError where there is none."""
        return self._with_portal(f"oidc.{region}.{self.dns_suffix}")

    def _known(self, host: str, what: str) -> str:
        if host:
            return host
        raise UsherError(
            f"the {what} host of the partition {self.name} is not public, so usher does not know it",
            hint="open the console by hand; credentials work here as everywhere",
        )

    def _with_portal(self, host: str) -> str:
        if self.has_portal:
            return host
        raise UsherError(
            f"IAM Identity Center is not known to be in the partition {self.name}",
            hint="name its addresses with --endpoint-url, or use roles and keys",
        )


AWS = Partition(
    "aws", "amazonaws.com", "api.aws", "", "us-east-1", "console.aws.amazon.com", "signin.aws.amazon.com"
)
AWS_US_GOV = Partition(
    "aws-us-gov",
    "amazonaws.com",
    "api.aws",
    "us-gov-",
    "us-gov-west-1",
    "console.amazonaws-us-gov.com",
    "signin.amazonaws-us-gov.com",
)
AWS_CN = Partition(
    "aws-cn",
    "amazonaws.com.cn",
    "api.amazonwebservices.com.cn",
    "cn-",
    "cn-northwest-1",
    "console.amazonaws.cn",
    "signin.amazonaws.cn",
)
AWS_EUSC = Partition(
    "aws-eusc",
    "amazonaws.eu",
    "api.amazonwebservices.eu",
    "eusc-",
    "eusc-de-east-1",
    "console.amazonaws-eusc.eu",
    "eusc-de-east-1.signin.amazonaws-eusc.eu",
)
AWS_ISO = Partition("aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-", "us-iso-east-1", has_portal=False)
AWS_ISO_B = Partition(
    "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-", "us-isob-east-1", has_portal=False
)
AWS_ISO_E = Partition(
    "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-", "eu-isoe-west-1", has_portal=False
)
AWS_ISO_F = Partition(
    "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-", "us-isof-south-1", has_portal=False
)

PARTITIONS = (AWS, AWS_US_GOV, AWS_CN, AWS_EUSC, AWS_ISO, AWS_ISO_B, AWS_ISO_E, AWS_ISO_F)


def partition_of_region(region: str) -> Partition:
    """The partition that `region` belongs to, also for regions that are newer than this table."""
    for partition in PARTITIONS:
        if partition.region_prefix and region.startswith(partition.region_prefix):
            return partition
        if region == f"{partition.name}-global":
            return partition
    return AWS


def partition_of_arn(arn: str) -> Partition:
    """The partition that an ARN names."""
    name = arn.split(":")[1] if arn.count(":") else ""
    return next((each for each in PARTITIONS if each.name == name), AWS)
