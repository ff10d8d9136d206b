"""What the directory was told at its start: one frozen value, read at the edge."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from usher.core.partitions import Partition, partition_of_region
from usher.server.limits.settings import AwsLimits
from usher.server.rehearsal import RehearsedOrganization

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Where the directory keeps its state, where it is reached, and how it enters accounts.

    `public_url` is the fixed origin people and clients use, without a trailing slash.
    `account_role_name` is the role in each account that the directory assumes to provision;
    `federation_url` turns role credentials into a console session. `trusted_proxies` are believed when they
    say who asks. With `aws_limits` the directory is as slow and as strict as AWS; with `rehearsal` it plays
    that organization, and nobody enters an account.
    """

    data_dir: Path
    public_url: str
    region: str
    account_role_name: str = "OrganizationAccountAccessRole"
    federation_url: str = ""
    role_path: str = "/usher/"
    role_prefix: str = "UsherSSO_"
    trusted_proxies: tuple[Network, ...] = ()
    aws_limits: AwsLimits | None = None
    rehearsal: RehearsedOrganization | None = None

    @property
    def partition(self) -> Partition:
        """The AWS partition of the directory's region."""
        return partition_of_region(self.region)

    @property
    def console_federation_url(self) -> str:
        """The federation endpoint in force: the configured one, else the partition's."""
        return self.federation_url or self.partition.federation_url

    @property
    def start_url(self) -> str:
        """The access portal's address."""
        return f"{self.public_url}/start"

    @property
    def database_file(self) -> Path:
        """The file of the SQLite database."""
        return self.data_dir / "directory.db"

    @property
    def sealing_key_file(self) -> Path:
        """The file of the key that seals signing keys and administrators' secrets."""
        return self.data_dir / "sealing.key"
