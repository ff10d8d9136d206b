"""The cloud refuses keys it never gave out, and lets nobody into a role whose trust does not name them."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from usher.aws.clients import AwsKeys, AwsSettings, make_client
from usher.core.errors import UsherError
from usher.core.secrets import Secret
from usher.sandbox.cloud import start_cloud
from usher.sandbox.organization import ENTRY_ROLE

CALLS = [("sts", "get_caller_identity"), ("organizations", "list_accounts"), ("s3", "list_buckets")]


def code_of(call, **parameters) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def test_mkdev_has_three_named_accounts_with_tags_and_a_bucket_each(mkdev, directory, inside):
    client = make_client("organizations", directory)
    accounts = {account["Name"]: account["Id"] for account in client.list_accounts()["Accounts"]}
    assert accounts == dict(mkdev.accounts)
    assert set(accounts) == {"management", "staging", "production"}
    for name, account_id in accounts.items():
        assert client.list_tags_for_resource(ResourceId=account_id)["Tags"] == [{"Key": "env", "Value": name}]
        settings = directory if name == "management" else inside(name)
        buckets = make_client("s3", settings).list_buckets()["Buckets"]
        assert [bucket["Name"] for bucket in buckets] == [mkdev.buckets[name]]
    assert client.describe_organization()["Organization"]["MasterAccountId"] == mkdev.management_id


def test_aws_managed_policies_exist(inside):
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert make_client("iam", inside("staging")).get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def test_the_directory_calls_as_its_own_user(mkdev, directory):
    identity = make_client("sts", directory).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{mkdev.management_id}:user/usher-directory"


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_a_key_the_cloud_never_gave_out_is_refused(cloud, directory, service, operation):
    keys = AwsKeys("AKIAIOSFODNN7EXAMPLE", directory.keys.secret_access_key)
    client = make_client(service, AwsSettings("eu-central-1", endpoint_url=cloud.url, keys=keys))
    assert code_of(getattr(client, operation)) in {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
    }


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_a_wrong_secret_is_refused(cloud, directory, service, operation):
    keys = AwsKeys(directory.keys.access_key_id, Secret("not the secret"))
    client = make_client(service, AwsSettings("eu-central-1", endpoint_url=cloud.url, keys=keys))
    assert code_of(getattr(client, operation)) in {"SignatureDoesNotMatch", "InvalidSignatureException"}


def test_a_session_without_its_own_token_is_refused(cloud, inside):
    keys = inside("staging").keys
    for token in (None, Secret("another token")):
        settings = AwsSettings(
            "eu-central-1",
            endpoint_url=cloud.url,
            keys=AwsKeys(keys.access_key_id, keys.secret_access_key, token),
        )
        assert code_of(make_client("sts", settings).get_caller_identity) == "InvalidClientTokenId"


def test_a_header_does_not_move_a_caller_into_another_account(mkdev, directory):
    client = make_client("sts", directory)
    client.meta.events.register(
        "before-sign.sts.*",
        lambda request, **_: request.headers.add_header("x-moto-account-id", mkdev.accounts["production"]),
    )
    assert client.get_caller_identity()["Account"] == mkdev.management_id


def test_a_session_ends_when_its_time_is_over(inside):
    clock = [datetime.now(UTC)]
    later = start_cloud(now=lambda: clock[0])
    try:
        settings = AwsSettings("eu-central-1", endpoint_url=later.url, keys=inside("staging").keys)
        make_client("sts", settings).get_caller_identity()
        clock[0] += timedelta(hours=2)
        assert code_of(make_client("sts", settings).get_caller_identity) == "ExpiredToken"
    finally:
        later.stop()


def test_unsigned_calls_and_motos_control_interface_are_closed(cloud):
    for address in ("/", "/some-bucket/object", "/moto-api/data.json"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(cloud.url + address)
        assert caught.value.code == 403


def test_objects_with_awkward_names_and_presigned_addresses_work(directory, mkdev):
    client = make_client("s3", directory)
    place = {"Bucket": mkdev.buckets["management"], "Key": "a b/ü+c~%25"}
    client.put_object(**place, Body=b"hello", Metadata={"under_score": "1"})
    assert client.get_object(**place)["Body"].read() == b"hello"
    address = client.generate_presigned_url("get_object", Params=place)
    assert urllib.request.urlopen(address).read() == b"hello"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(address[:-1] + ("0" if address[-1] != "0" else "1"))


def test_a_role_is_entered_only_when_it_exists_and_trusts_the_caller(mkdev, directory, inside, make_trust):
    sts = make_client("sts", directory)
    staging = mkdev.accounts["staging"]
    missing = f"arn:aws:iam::{staging}:role/NoSuchRole"
    assert code_of(sts.assume_role, RoleArn=missing, RoleSessionName="tests") == "AccessDenied"
    entry = f"arn:aws:iam::{mkdev.accounts['production']}:role/{ENTRY_ROLE}"
    from_staging = make_client("sts", inside("staging"))
    assert code_of(from_staging.assume_role, RoleArn=entry, RoleSessionName="tests") == "AccessDenied"


def test_an_entry_longer_than_the_roles_maximum_is_refused(mkdev, directory):
    entry = f"arn:aws:iam::{mkdev.accounts['staging']}:role/{ENTRY_ROLE}"
    sts = make_client("sts", directory)
    too_long = {"RoleArn": entry, "RoleSessionName": "tests", "DurationSeconds": 3601}
    assert code_of(sts.assume_role, **too_long) == "ValidationError"


def test_web_identity_is_not_a_way_round(mkdev, directory):
    entry = f"arn:aws:iam::{mkdev.accounts['staging']}:role/{ENTRY_ROLE}"
    sts = make_client("sts", directory)
    answer = code_of(
        sts.assume_role_with_web_identity, RoleArn=entry, RoleSessionName="tests", WebIdentityToken="none"
    )
    assert answer == "MissingAuthenticationToken"


def test_a_taken_port_is_said_in_words():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsherError, match="cannot listen"):
        start_cloud(port=taken.getsockname()[1])
