"""An IAM user's own access keys, and calls with no keys but the given ones, against moto."""

from __future__ import annotations

import pytest
from moto.iam.models import iam_backends

from usher.aws.access_keys import UserKeys
from usher.aws.bare_clients import bare_client
from usher.core.access_keys import KeyLimitError
from usher.core.credentials import Credentials
from usher.core.errors import NotFoundError, UsageError
from usher.core.hops import StsPlace
from usher.core.secrets import Secret
from usher.sandbox.cloud import start_cloud

ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def moto():
    """moto behind the sandbox's honest front: only keys that are there and active sign calls."""
    cloud = start_cloud()
    yield cloud.url
    cloud.stop()


@pytest.fixture
def ana(moto):
    """A user with one key: how its keys are reached, the key, and who the user is."""
    iam = iam_backends[ACCOUNT]["aws"]
    user = iam.create_user("aws", f"ana{len(iam.users)}")
    made = iam.create_access_key(user.name)
    keys = Credentials(made.access_key_id, Secret(made.secret_access_key))
    yield UserKeys(user.arn, StsPlace("us-east-1", moto), moto), keys, user.arn
    for key in list(user.access_keys):
        iam.delete_access_key(key.access_key_id, user.name)
    iam.delete_user(user.name)


def test_a_key_is_made_switched_off_and_deleted(ana):
    user, keys, arn = ana
    made = user.make(keys)
    assert user.caller(Credentials(made.id, made.secret)) == arn
    assert [(each.id, each.active) for each in user.read(keys)] == [
        (keys.access_key_id, True),
        (made.id, True),
    ]
    user.switch_off(keys, made.id)
    assert [each.active for each in user.read(keys)] == [True, False]
    user.delete(keys, made.id)
    user.delete(keys, made.id)
    assert [each.id for each in user.read(keys)] == [keys.access_key_id]
    assert user.read(keys)[0].created_at > 1.7e9


def test_a_third_key_is_refused_as_such(ana):
    user, keys, _arn = ana
    user.make(keys)
    with pytest.raises(KeyLimitError, match="as many access keys as AWS allows"):
        user.make(keys)


def test_a_user_that_is_gone_is_told(moto, ana):
    _user, keys, _arn = ana
    gone = UserKeys("arn:aws:iam::123456789012:user/gone", StsPlace("us-east-1", moto), moto)
    with pytest.raises(NotFoundError, match="gone"):
        gone.make(keys)


def test_the_environment_gives_these_calls_nothing(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    client = bare_client("sts", "eu-west-1", Credentials("AKIA", Secret("s")))
    assert client.meta.endpoint_url == "https://sts.eu-west-1.amazonaws.com"


def test_a_region_that_is_none_is_refused():
    with pytest.raises(UsageError, match="cannot make a client for sts"):
        bare_client("sts", "not a region", None)
