"""IAM as the directory speaks it: AWS managed policies, read through botocore's own client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError

from usher.sandbox.cloud import start_cloud
from usher.sandbox.organization import create_mkdev
from usher.server.awsapi import managed_policies
from usher.server.awsapi.control import control_routes

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, str]]:
    """The environment of a directory whose AWS is a local cloud."""
    cloud = start_cloud()
    keys = create_mkdev(cloud).directory_keys
    yield {
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key.reveal(),
    }
    cloud.stop()


@pytest.fixture
def iam(aws, client, monkeypatch):
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    managed_policies._calls.cache_clear()
    yield client("iam")
    managed_policies._calls.cache_clear()


def test_a_client_reads_what_an_aws_managed_policy_allows(iam):
    policy = iam.get_policy(PolicyArn=READ_ONLY)["Policy"]
    assert (policy["Arn"], policy["PolicyName"]) == (READ_ONLY, "ReadOnlyAccess")
    answer = iam.get_policy_version(PolicyArn=READ_ONLY, VersionId=policy["DefaultVersionId"])
    document = answer["PolicyVersion"]["Document"]
    assert "s3:Get*" in [action for each in document["Statement"] for action in each["Action"]]


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("get_policy", {"PolicyArn": "arn:aws:iam::aws:policy/NoSuchPolicy"}, "NoSuchEntity"),
        ("get_policy", {"PolicyArn": "arn:aws:iam::111111111111:policy/Own"}, "AccessDenied"),
        ("get_policy_version", {"PolicyArn": READ_ONLY, "VersionId": "v999"}, "NoSuchEntity"),
        ("list_users", {}, "UnknownOperationException"),
    ],
)
def test_everything_else_is_refused_in_iams_own_words(iam, operation, arguments, code):
    with pytest.raises(ClientError) as caught:
        getattr(iam, operation)(**arguments)
    assert caught.value.response["Error"]["Code"] == code


def test_only_the_administrators_key_reads(iam, client):
    stranger = client("iam", secret="another secret")
    with pytest.raises(ClientError) as caught:
        stranger.get_policy(PolicyArn=READ_ONLY)
    assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"


def test_an_aws_that_is_not_there_is_told(iam, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    managed_policies._calls.cache_clear()
    with pytest.raises(ClientError) as caught:
        iam.get_policy(PolicyArn=READ_ONLY)
    assert caught.value.response["Error"]["Code"] == "ThrottlingException"


def test_a_directory_without_keys_of_its_own_says_so(iam, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    managed_policies._calls.cache_clear()
    with pytest.raises(ClientError, match="no AWS credentials"):
        iam.get_policy(PolicyArn=READ_ONLY)


def test_a_rehearsed_organization_has_no_iam(services, serve, client):
    class Rehearsed:
        def read(self, operation, parameters):
            raise LookupError(operation)

    origin = serve(list(control_routes(replace(services, organization=Rehearsed()))))
    signer = client("iam")._request_signer._credentials
    rehearsing = boto3.client(
        "iam",
        region_name="eu-central-1",
        endpoint_url=origin,
        aws_access_key_id=signer.access_key,
        aws_secret_access_key=signer.secret_key,
    )
    with pytest.raises(ClientError, match="no IAM to ask") as caught:
        rehearsing.get_policy(PolicyArn=READ_ONLY)
    assert caught.value.response["Error"]["Code"] == "NoSuchEntity"
