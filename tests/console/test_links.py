"""Where console links lead: services, ARNs and pasted links of every partition, and nowhere else."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.loaders import create_loader
from hypothesis import given, settings
from hypothesis import strategies as some

from usher.aws.services import all_services
from usher.console.federation import check_destination, console_door
from usher.console.hosts import is_console_host, partition_of_host
from usher.console.links import (
    Arn,
    PastedLink,
    address_of,
    address_of_link,
    arn_page,
    looks_like_target,
    read_arn,
    read_link,
    read_target,
    service_page,
)
from usher.console.pages import PAGES
from usher.console.services import SERVICES, console_finds, find_service, service_names
from usher.core.errors import UsageError, UsherError
from usher.core.partitions import AWS, AWS_CN, AWS_EUSC, AWS_ISO, AWS_US_GOV, PARTITIONS

REGIONS = {
    AWS: "eu-west-1",
    AWS_US_GOV: "us-gov-east-1",
    AWS_CN: "cn-northwest-1",
    AWS_EUSC: "eusc-de-east-1",
}
GOLDEN = [
    tuple(line.rsplit(" ", 1))
    for line in Path(__file__).with_name("arns.txt").read_text().splitlines()
    if not line.startswith("#")
]


def door_of(partition, region=None, emulated=None):
    return console_door(partition, region or REGIONS[partition], emulated)


def page_of_arn(text, region=None, emulated=None):
    arn = read_arn(text)
    region = region or REGIONS[arn.partition]
    door = door_of(arn.partition, region, emulated)
    return check_destination(door, address_of(door, arn_page(arn, region)))


def page_of_service(name, partition=AWS, region=None):
    region = region or REGIONS[partition]
    door = door_of(partition, region)
    return check_destination(door, address_of(door, service_page(find_service(name), partition, region)))


def reopened(text, partition=AWS, emulated=None):
    door = door_of(partition, emulated=emulated)
    return check_destination(door, address_of_link(door, read_link(text)))


@pytest.mark.parametrize(("arn", "page"), GOLDEN)
def test_an_arn_opens_its_page(arn, page):
    assert page_of_arn(arn) == page


@pytest.mark.parametrize("service", PAGES)
def test_every_row_of_the_table_has_a_golden_page_that_needs_it(service, monkeypatch):
    rows = PAGES[service]
    golden = [(arn, page) for arn, page in GOLDEN if read_arn(arn).service == service]
    for row in rows:
        monkeypatch.setitem(PAGES, service, tuple(each for each in rows if each != row))
        assert any(page_of_arn(arn) != page for arn, page in golden), row


def test_the_most_used_kinds_of_resources_have_pages():
    assert sum(len(rows) for rows in PAGES.values()) >= 100


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("s3", "https://eu-west-1.console.aws.amazon.com/s3/buckets?region=eu-west-1"),
        ("lambda", "https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions"),
        ("ddb", "https://eu-west-1.console.aws.amazon.com/dynamodbv2/home?region=eu-west-1"),
        (
            "Step_Functions",
            "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/statemachines",
        ),
        (
            "logs",
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups",
        ),
        ("iam", "https://console.aws.amazon.com/iam/home"),
        ("route53", "https://console.aws.amazon.com/route53/v2/home"),
        ("cf", "https://console.aws.amazon.com/cloudfront/v4/home"),
        ("organizations", "https://console.aws.amazon.com/organizations/v2/home"),
        ("billing", "https://console.aws.amazon.com/billing/home"),
        ("support", "https://console.aws.amazon.com/support/home"),
        ("health", "https://health.console.aws.amazon.com/health/home"),
        ("lightsail", "https://lightsail.aws.amazon.com/ls/webapp/home"),
        ("quicksight", "https://quicksight.aws.amazon.com/sn/start"),
    ],
)
def test_a_service_opens_its_console(name, page):
    assert page_of_service(name) == page


@pytest.mark.parametrize(
    ("partition", "regional", "everywhere"),
    [
        (
            AWS_US_GOV,
            "https://us-gov-east-1.console.amazonaws-us-gov.com",
            "https://console.amazonaws-us-gov.com",
        ),
        (AWS_CN, "https://cn-northwest-1.console.amazonaws.cn", "https://console.amazonaws.cn"),
        (
            AWS_EUSC,
            "https://eusc-de-east-1.console.amazonaws-eusc.eu",
            "https://eusc-de-east-1.console.amazonaws-eusc.eu",
        ),
    ],
)
def test_each_partition_has_its_own_consoles(partition, regional, everywhere):
    region = REGIONS[partition]
    assert page_of_service("ec2", partition) == f"{regional}/ec2/home?region={region}"
    assert page_of_service("s3", partition) == f"{regional}/s3/buckets?region={region}"
    assert page_of_service("sqs", partition) == f"{regional}/sqs/v3/home?region={region}#/queues"
    assert page_of_service("iam", partition) == f"{everywhere}/iam/home"
    # Where a service's own host is not known, the console finds it.
    assert page_of_service("health", partition) == f"{regional}/go/view?service=health&region={region}"


def test_an_isolated_partition_is_refused_rather_than_guessed():
    with pytest.raises(UsherError, match="console"):
        console_door(AWS_ISO, "us-iso-east-1", None)


@pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.name)
@pytest.mark.parametrize("partition", REGIONS, ids=lambda each: each.name)
def test_every_service_opens_on_a_console_host(partition, service):
    address = page_of_service(service.name, partition)
    assert partition_of_host(urlsplit(address).hostname) is partition


def test_a_service_has_one_meaning_for_each_name():
    names = [name for service in SERVICES for name in (service.name, *service.names)]
    assert sorted(names) == service_names()
    assert all(name == name.lower() for name in names)


def test_what_botocore_knows_to_be_global_has_no_region():
    [aws] = [p for p in create_loader().load_data("endpoints")["partitions"] if p["partition"] == "aws"]
    known = {name for name, facts in aws["services"].items() if facts.get("isRegionalized") is False}
    ours = {name: find_service(name) for name in known}
    assert {name for name, service in ours.items() if service and not service.is_global} == {"waf"}
    assert sum(service is not None for service in ours.values()) >= 12


def test_a_service_that_only_botocore_knows_is_left_to_the_consoles_finder():
    known = set(all_services())
    assert {"lambda", "healthlake", "omics"} <= known
    assert find_service("omics") is None
    door = door_of(AWS)
    address = address_of(door, service_page(console_finds("omics"), AWS, "eu-west-1"))
    assert address == "https://eu-west-1.console.aws.amazon.com/go/view?service=omics&region=eu-west-1"


@pytest.mark.parametrize("partition", REGIONS, ids=lambda each: each.name)
def test_every_service_of_botocore_opens_on_a_console_host_where_it_should(partition):
    """Those without a console of their own (`sts`, `sso-oidc`) the console's finder answers for."""
    region, door = REGIONS[partition], door_of(partition)
    for name in all_services():
        service = find_service(name) or console_finds(name)
        address = check_destination(door, address_of(door, service_page(service, partition, region)))
        has_region = f"region={region}" in address
        assert has_region or service.is_global or service.host, (name, address)


@pytest.mark.parametrize("partition", REGIONS, ids=lambda each: each.name)
def test_a_pasted_multi_session_link_opens_on_the_plain_host(partition):
    region, host = REGIONS[partition], partition.console_host
    pasted = f"https://123456789012-abcd2fgh.{region}.{host}/ec2/home?region={region}#Instances:v=3"
    link = read_link(pasted)
    assert link.account_id == "123456789012"
    assert reopened(pasted, partition) == f"https://{region}.{host}/ec2/home?region={region}#Instances:v=3"


@pytest.mark.parametrize(
    ("pasted", "page"),
    [
        ("https://console.aws.amazon.com", "https://console.aws.amazon.com/"),
        ("  https://s3.console.aws.amazon.com/s3/x?y=%20z ", "https://s3.console.aws.amazon.com/s3/x?y=%20z"),
        ("HTTPS://EU-West-1.Console.AWS.Amazon.com:443/A", "https://eu-west-1.console.aws.amazon.com/A"),
        ("https://lightsail.aws.amazon.com/ls/", "https://lightsail.aws.amazon.com/ls/"),
        ("https://health.aws.amazon.com/health/home", "https://health.aws.amazon.com/health/home"),
        (
            "https://123456789012-abcd2fgh.us-east-1.console.aws.amazon.com/iam/home#/roles",
            "https://us-east-1.console.aws.amazon.com/iam/home#/roles",
        ),
    ],
)
def test_a_pasted_link_opens_the_same_page(pasted, page):
    link = read_target(pasted)
    assert isinstance(link, PastedLink)
    assert address_of_link(door_of(AWS), link) == page


@pytest.mark.parametrize(
    "pasted",
    [
        "http://console.aws.amazon.com/",
        "https://evil.example/",
        "https://evil.example/console.aws.amazon.com",
        "https://console.aws.amazon.com.evil.example/",
        "https://evilconsole.aws.amazon.com/",
        "https://console-aws.amazon.com/",
        "https://console.aws.amaz0n.com/",
        "https://console.aws.amazon.com@evil.example/",
        "https://user@console.aws.amazon.com/",
        "https://user:secret@console.aws.amazon.com/",
        "https://@console.aws.amazon.com/",
        "https://console.aws.amazon.com:8443/",
        "https://console.aws.amazon.com:port/",
        "https://evil.example\\.console.aws.amazon.com/",
        "https://evil.example%2f.console.aws.amazon.com/",
        "https://evil.example%00.console.aws.amazon.com/",
        "https://évil.console.aws.amazon.com/",
        "https://consоle.aws.amazon.com/",
        "https://.console.aws.amazon.com/",
        "https://[::1].console.aws.amazon.com/",
        "https://[console.aws.amazon.com/",
        "https:///console.aws.amazon.com/",
        "https:console.aws.amazon.com",
        "https://signin.aws.amazon.com/federation",
        "https://mkdev.awsapps.com/start",
        "javascript:alert(1)//console.aws.amazon.com",
        "data:text/html,x",
        "file:///etc/passwd",
        "//console.aws.amazon.com/",
        "/s3/home",
        "",
        "https://console.aws.amazon.com/\nhttps://evil.example/",
        "https://console.aws.amazon.com/a b",
        "https://console.aws.amazon.com/\x1b[2J",
        "https://console.aws.amazon.com/\u202e",
        "https://123456789012-abcd2fgh.evil.example/",
        "https://123456789012-abcd2fgh.console.aws.amazon.com.evil.example/",
        "https://console.aws.amazon.com/" + "a" * 9000,
    ],
)
def test_links_elsewhere_are_refused(pasted):
    with pytest.raises(UsageError):
        address_of_link(door_of(AWS), read_target(pasted))


def test_a_link_of_another_partition_is_refused_by_name():
    with pytest.raises(UsageError, match="of the partition aws-cn, the profile is of aws"):
        reopened("https://cn-north-1.console.amazonaws.cn/s3/buckets")


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:lambda:eu-west-1:111122223333",
        "arn:aws:lambda:eu-west-1:111122223333:",
        "arn:aws:sqs:evil.example/#:111122223333:q",
        "arn:aws:sqs:eu-west-1.evil.example:111122223333:q",
        "arn:aws:sqs:cn-north-1:111122223333:q",
        "arn:aws:sqs:eu-west:111122223333:q",
        "arn:aws:sqs:eu-west-1@x:111122223333:q",
        "arn:amazon:sqs:eu-west-1:111122223333:q",
        "arn:aws-gov:sqs:eu-west-1:111122223333:q",
        "arn:aws:s q s:eu-west-1:111122223333:q",
        "arn:aws:sns:eu-west-1:111122223333:a\nb",
        "arn:aws:sns:eu-west-1:111122223333:a\x1b[2J",
        "arn:aws:sns:eu-west-1:111122223333:a\ud800",
        "arn:aws:s3:::" + "a" * 3000,
        "ARN:aws:s3:::bucket",
    ],
)
def test_what_is_no_arn_is_refused(text):
    with pytest.raises(UsageError):
        read_target(text)


@pytest.mark.parametrize(
    "resource", ["q'\"<script>", "q#@evil.example", "q?x=1&y=2", "//evil.example", "a\\b", "%2e%2e"]
)
def test_odd_characters_of_an_arn_stay_inside_its_page(resource):
    for start in (
        "arn:aws:sqs:eu-west-1:111122223333:",
        "arn:aws:s3:::b/",
        "arn:aws:logs:eu-west-1:111122223333:log-group:",
    ):
        address = page_of_arn(start + resource)
        assert urlsplit(address).hostname == "eu-west-1.console.aws.amazon.com"
        assert not set("'\"<>\\") & set(address)
        assert address.count("#") <= 1


parts = some.text(some.characters(exclude_categories=("Cs",)), max_size=40)
arns = some.builds(
    "arn:{}:{}:{}:{}:{}".format,
    some.sampled_from([each.name for each in PARTITIONS]) | parts,
    some.sampled_from(sorted(PAGES)) | parts,
    some.sampled_from(["", *REGIONS.values(), "us-east-1"]) | parts,
    some.sampled_from(["", "aws", "111122223333"]) | parts,
    some.sampled_from(sorted(resource for rows in PAGES.values() for resource, _ in rows)) | parts,
)


@settings(max_examples=400)
@given(arns | parts)
def test_whatever_the_arn_its_page_is_on_a_console_of_its_partition(text):
    try:
        target = read_arn(text)
    except UsageError:
        return
    assert isinstance(target, Arn)
    if target.partition not in REGIONS:
        return
    assert is_console_host(target.partition, urlsplit(page_of_arn(text)).hostname)


@settings(max_examples=400)
@given(
    some.builds(
        "{}{}{}{}".format,
        some.sampled_from(["https://", "http://", "//", ""]),
        parts,
        some.sampled_from(["console.aws.amazon.com", ".console.aws.amazon.com", "@console.aws.amazon.com"]),
        parts,
    ),
)
def test_whatever_is_pasted_opens_on_a_console_or_not_at_all(text):
    try:
        address = address_of_link(door_of(AWS), read_target(text))
    except UsageError:
        return
    assert address.startswith("https://")
    assert is_console_host(AWS, urlsplit(address).hostname)


@pytest.mark.parametrize(
    ("text", "is_target"),
    [
        ("arn:aws:s3:::b", True),
        ("https://console.aws.amazon.com/", True),
        ("javascript:alert(1)", True),
        ("mkdev-staging/ReadOnlyAccess", False),
        ("arn", False),
        ("team:prod", False),
    ],
)
def test_an_arn_or_an_address_is_told_from_a_profile(text, is_target):
    assert looks_like_target(text) is is_target


def test_an_emulated_aws_gets_every_page_on_its_own_origin():
    emulated = "http://127.0.0.1:5000"
    assert page_of_arn("arn:aws:s3:::b", emulated=emulated) == (
        f"{emulated}/s3/buckets/b?region=eu-west-1&bucketType=general&tab=objects"
    )
    assert (
        reopened("https://eu-west-1.console.aws.amazon.com/ec2/home#x", emulated=emulated)
        == f"{emulated}/ec2/home#x"
    )
    assert reopened(f"{emulated}/page", emulated=emulated) == f"{emulated}/page"
    with pytest.raises(UsageError):
        reopened("http://127.0.0.1:5001/page", emulated=emulated)
