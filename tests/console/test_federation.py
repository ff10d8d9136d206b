"""Console links: where credentials go, where a link may lead."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from usher.console.federation import ConsoleKeys, check_destination, console_door, sign_in_url
from usher.core.errors import UnavailableError, UsageError, UsherError
from usher.core.partitions import AWS, AWS_CN, AWS_EUSC, AWS_US_GOV
from usher.core.secrets import Secret

KEYS = ConsoleKeys("ASIAEXAMPLE", Secret("the-key"), Secret("the-token"))
DOOR = console_door(AWS, "eu-west-1", None)


class Endpoint:
    """A federation endpoint that answers from a list and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def __call__(self, method, url, headers, body):
        self.requests.append((method, url, body))
        return self.answers.pop(0)


def link(endpoint, **changes):
    options = {"destination": DOOR.home_url, "issuer": "https://mkdev.awsapps.com/start", **changes}
    return sign_in_url(endpoint, DOOR, KEYS, **options)


GIVEN = (200, b'{"SigninToken": "a+b/c="}')


def test_credentials_are_traded_for_a_token_in_a_form_not_in_an_address():
    endpoint = Endpoint(GIVEN)
    url = urlsplit(link(endpoint, session_seconds=3600).reveal())
    [(method, address, body)] = endpoint.requests
    form = parse_qs(body.decode())
    assert (method, address) == ("POST", "https://signin.aws.amazon.com/federation")
    assert json.loads(form["Session"][0]) == {
        "sessionId": "ASIAEXAMPLE",
        "sessionKey": "the-key",
        "sessionToken": "the-token",
    }
    assert form["SessionDuration"] == ["3600"]
    assert parse_qs(url.query) == {
        "Action": ["login"],
        "Issuer": ["https://mkdev.awsapps.com/start"],
        "Destination": ["https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1"],
        "SigninToken": ["a+b/c="],
    }


@pytest.mark.parametrize(
    ("partition", "region", "sign_in", "home"),
    [
        (AWS, "eu-west-1", "signin.aws.amazon.com", "eu-west-1.console.aws.amazon.com"),
        (AWS, None, "signin.aws.amazon.com", "console.aws.amazon.com"),
        (
            AWS_US_GOV,
            "us-gov-east-1",
            "signin.amazonaws-us-gov.com",
            "us-gov-east-1.console.amazonaws-us-gov.com",
        ),
        (AWS_CN, "cn-north-1", "signin.amazonaws.cn", "cn-north-1.console.amazonaws.cn"),
        (
            AWS_EUSC,
            "eusc-de-east-1",
            "eusc-de-east-1.signin.amazonaws-eusc.eu",
            "eusc-de-east-1.console.amazonaws-eusc.eu",
        ),
        (
            AWS_EUSC,
            None,
            "eusc-de-east-1.signin.amazonaws-eusc.eu",
            "eusc-de-east-1.console.amazonaws-eusc.eu",
        ),
    ],
)
def test_each_partition_signs_in_on_its_own_hosts(partition, region, sign_in, home):
    door, endpoint = console_door(partition, region, None), Endpoint((200, b'{"SigninToken": "T"}'))
    url = sign_in_url(endpoint, door, KEYS, destination=door.home_url, issuer="https://i.example").reveal()
    query = f"%3Fregion%3D{region}" if region else ""
    assert endpoint.requests[0][:2] == ("POST", f"https://{sign_in}/federation")
    assert url == (
        f"https://{sign_in}/federation?Action=login&Issuer=https%3A%2F%2Fi.example"
        f"&Destination=https%3A%2F%2F{home}%2Fconsole%2Fhome{query}&SigninToken=T"
    )


def test_without_a_length_the_session_lasts_as_long_as_the_keys():
    endpoint = Endpoint(GIVEN)
    link(endpoint)
    assert b"SessionDuration" not in endpoint.requests[0][2]


def test_an_endpoint_that_takes_no_forms_is_asked_as_aws_documents():
    endpoint = Endpoint((405, b""), GIVEN)
    assert "SigninToken" in link(endpoint).reveal()
    assert endpoint.requests[1][0] == "GET"


def test_the_link_does_not_show_when_printed():
    assert "SigninToken" not in repr(link(Endpoint(GIVEN)))


@pytest.mark.parametrize(
    "answer", [(200, b"<html>"), (200, b"{}"), (200, b"[]"), (403, b""), (200, b'{"SigninToken": 3}')]
)
def test_an_endpoint_that_gives_no_token_is_one_clear_error(answer):
    with pytest.raises(UsherError, match=r"signin\.aws\.amazon\.com gave no console sign-in token"):
        link(Endpoint(answer))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_overloaded_endpoint_is_worth_another_try(status):
    with pytest.raises(UnavailableError):
        link(Endpoint((status, b"")))


@pytest.mark.parametrize(
    "destination",
    [
        "https://console.aws.amazon.com/s3/home",
        "https://eu-west-1.console.aws.amazon.com/ec2",
        "https://111122223333-abcdefgh.eu-west-1.console.aws.amazon.com/ec2",
    ],
)
def test_destinations_on_the_console_are_accepted(destination):
    assert check_destination(DOOR, destination) == destination


@pytest.mark.parametrize(
    "destination",
    [
        "http://console.aws.amazon.com/",
        "https://console.aws.amazon.com.evil.example/",
        "https://evilconsole.aws.amazon.com/",
        "https://console.aws.amazon.com@evil.example/",
        "https://user@console.aws.amazon.com/",
        "https://evil.example\\.console.aws.amazon.com/",
        "javascript:alert(1)//console.aws.amazon.com",
        "//console.aws.amazon.com/",
        "/s3/home",
        "https://console.aws.amazon.com/\n",
        "https://console.aws.amazon.com:8443/",
        "https://evil.example%2f.console.aws.amazon.com/",
    ],
)
def test_destinations_elsewhere_are_refused(destination):
    with pytest.raises(UsageError):
        check_destination(DOOR, destination)


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        (AWS, "console.aws.amazon.com"),
        (AWS_CN, "console.amazonaws.cn"),
        (AWS_US_GOV, "console.amazonaws-us-gov.com"),
    ],
)
def test_each_partition_has_its_own_console(partition, host):
    door = console_door(partition, None, None)
    assert door.home_url == f"https://{host}/console/home"
    assert check_destination(door, door.home_url)


def test_an_emulated_aws_has_its_console_on_its_own_origin():
    door = console_door(AWS, "eu-west-1", "http://127.0.0.1:5000/")
    assert door.federation_url == "http://127.0.0.1:5000/federation"
    assert check_destination(door, "http://127.0.0.1:5000/anything")
    for elsewhere in ("http://127.0.0.1:5001/", "https://127.0.0.1:5000/", "https://console.aws.amazon.com/"):
        with pytest.raises(UsageError):
            check_destination(door, elsewhere)
