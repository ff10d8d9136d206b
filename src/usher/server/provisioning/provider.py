"""The SAML provider in each account: one per directory, holding the directory's metadata."""

from __future__ import annotations

from collections.abc import Mapping

from usher.aws.calls import ServiceCalls
from usher.aws.iam import create_saml_provider, read_saml_provider, update_saml_provider
from usher.server.config import ServerConfig
from usher.server.idp.saml.metadata import is_same_metadata
from usher.server.store.instance import Instance

INSTANCE_TAG = "usher:instance"


def provider_name(config: ServerConfig, instance: Instance) -> str:
    """The provider's name, the same in every account for as long as the instance lives."""
    return f"{config.role_prefix}{instance.id.rpartition('-')[2]}_DO_NOT_DELETE"


def provider_arn(config: ServerConfig, instance: Instance, account_id: str) -> str:
    """The provider's ARN in that account."""
    return f"arn:{config.partition.name}:iam::{account_id}:saml-provider/{provider_name(config, instance)}"


def make_provider_match(iam: ServiceCalls, arn: str, metadata: str, tags: Mapping[str, str]) -> None:
    """Let the account hold a provider of that ARN with that metadata: nothing is written when it does."""
    current = read_saml_provider(iam, arn)
    if current is None:
        create_saml_provider(iam, arn.rpartition("/")[2], metadata, tags)
    elif not is_same_metadata(current, metadata):
        update_saml_provider(iam, arn, metadata)
