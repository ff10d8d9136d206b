"""The table of partitions against the data that AWS ships with its own SDK, and what is not in it."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import botocore.session
import pytest

from usher.core.errors import UsherError
from usher.core.partitions import (
    AWS,
    AWS_CN,
    AWS_EUSC,
    AWS_ISO,
    PARTITIONS,
    partition_of_arn,
    partition_of_region,
)

DATA = Path(botocore.__file__).parent / "data"
SHIPPED = {each["id"]: each for each in json.loads((DATA / "partitions.json").read_text())["partitions"]}
ENDPOINTS = {
    each["partition"]: each for each in json.loads((DATA / "endpoints.json").read_text())["partitions"]
}

# name: console, sign-in and federation, STS, portal, sso-oidc
HOSTS = {
    "aws": (
        "console.aws.amazon.com",
        "https://signin.aws.amazon.com/federation",
        "sts.eu-central-1.amazonaws.com",
        "portal.sso.eu-central-1.amazonaws.com",
        "oidc.eu-central-1.amazonaws.com",
    ),
    "aws-us-gov": (
        "console.amazonaws-us-gov.com",
        "https://signin.amazonaws-us-gov.com/federation",
        "sts.us-gov-east-1.amazonaws.com",
        "portal.sso.us-gov-east-1.amazonaws.com",
        "oidc.us-gov-east-1.amazonaws.com",
    ),
    "aws-cn": (
        "console.amazonaws.cn",
        "https://signin.amazonaws.cn/federation",
        "sts.cn-north-1.amazonaws.com.cn",
        "portal.sso.cn-north-1.amazonaws.com.cn",
        "oidc.cn-north-1.amazonaws.com.cn",
    ),
    "aws-eusc": (
        "console.amazonaws-eusc.eu",
        "https://eusc-de-east-1.signin.amazonaws-eusc.eu/federation",
        "sts.eusc-de-east-1.amazonaws.eu",
        "portal.sso.eusc-de-east-1.amazonaws.eu",
        "oidc.eusc-de-east-1.amazonaws.eu",
    ),
}
REGIONS = {"aws": "eu-central-1", "aws-us-gov": "us-gov-east-1", "aws-cn": "cn-north-1"}
REGIONS |= {"aws-eusc": "eusc-de-east-1"}


def test_every_partition_of_the_sdk_is_in_the_table():
    assert {each.name for each in PARTITIONS} == set(SHIPPED)


@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda each: each.name)
def test_suffixes_and_default_regions_are_those_of_the_sdk(partition):
    outputs = SHIPPED[partition.name]["outputs"]
    assert partition.dns_suffix == outputs["dnsSuffix"]
    assert partition.dualstack_suffix == outputs["dualStackDnsSuffix"]
    assert partition.default_region == outputs["implicitGlobalRegion"]
    assert partition.arn_prefix == f"arn:{partition.name}:"


@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda each: each.name)
def test_every_region_of_the_sdk_is_in_its_partition_and_so_are_new_ones(partition):
    regions = set(SHIPPED[partition.name]["regions"])
    assert {partition_of_region(region).name for region in regions} == {partition.name}
    new = f"{partition.region_prefix}de-north-9" if partition.name == "aws-eusc" else ""
    new = new or f"{partition.region_prefix or 'ap-'}north-9"
    assert re.match(SHIPPED[partition.name]["regionRegex"], new)
    assert partition_of_region(new) is partition


def test_a_region_that_nobody_knows_is_taken_for_one_of_aws():
    assert partition_of_region("mars-north-1") is AWS
    assert partition_of_arn("no arn") is AWS
    assert partition_of_arn("arn:aws-cn:iam::111111111111:role/r") is AWS_CN


@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda each: each.name)
def test_portal_and_sign_in_hosts_are_those_of_the_sdk(partition):
    services = ENDPOINTS[partition.name]["services"]
    for service, host in (("portal.sso", "portal_host"), ("oidc", "oidc_host")):
        for region, endpoint in services.get(service, {}).get("endpoints", {}).items():
            named = endpoint.get("hostname") or f"{service}.{region}.{partition.dns_suffix}"
            assert getattr(partition, host)(region) == named
    assert partition.has_portal == ("oidc" in services)


@pytest.mark.parametrize("name", HOSTS)
def test_the_hosts_of_a_public_partition(name):
    partition, region = partition_of_arn(f"arn:{name}:"), REGIONS[name]
    assert HOSTS[name] == (
        partition.console_host,
        partition.federation_url,
        partition.sts_host(region),
        partition.portal_host(region),
        partition.oidc_host(region),
    )
    assert partition.saml_recipient == partition.federation_url.replace("/federation", "/saml")


@pytest.mark.parametrize("name", HOSTS)
def test_the_sign_in_host_is_that_of_the_sdks_sign_in_service(name):
    rules = gzip.decompress((DATA / "signin/2023-01-01/endpoint-rule-set-1.json.gz").read_bytes()).decode()
    partition = partition_of_arn(f"arn:{name}:")
    host = partition.signin_host.removeprefix(f"{partition.default_region}.")
    assert f'"https://{{Region}}.{host}"' in rules


@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda each: each.name)
def test_the_sts_host_is_where_the_sdk_would_call(partition):
    session = botocore.session.get_session()
    client = session.create_client(
        "sts", region_name=partition.default_region, aws_access_key_id="a", aws_secret_access_key="b"
    )
    assert client.meta.endpoint_url == f"https://{partition.sts_host(partition.default_region)}"


def test_only_aws_has_the_old_global_sts():
    assert AWS.global_sts_host == "sts.amazonaws.com"
    assert {each.global_sts_host for each in PARTITIONS if each is not AWS} == {None}


@pytest.mark.parametrize("name", ["console_host", "signin_host", "federation_url", "saml_recipient"])
def test_hosts_that_are_not_public_are_refused_not_guessed(name):
    with pytest.raises(UsherError, match="aws-iso is not public"):
        getattr(AWS_ISO, name)


@pytest.mark.parametrize("host", ["portal_host", "oidc_host"])
def test_a_partition_without_a_portal_says_so(host):
    with pytest.raises(UsherError, match="not known to be in the partition aws-iso"):
        getattr(AWS_ISO, host)("us-iso-east-1")


def test_managed_policies_carry_the_partitions_name():
    assert AWS_EUSC.managed_policy_prefix == "arn:aws-eusc:iam::aws:policy/"
