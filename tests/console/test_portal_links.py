"""Links through a portal: AWS's own form, a directory's page, and nothing in them that is a secret."""

from __future__ import annotations

import pytest

from usher.console.portal_links import is_below_console_host, portal_link
from usher.core.partitions import AWS, AWS_CN, AWS_EUSC

BUCKET = "https://eu-central-1.console.aws.amazon.com/s3/buckets/data?region=eu-central-1&tab=objects#x y"
ENCODED = (
    "https%3A%2F%2Feu-central-1.console.aws.amazon.com%2Fs3%2Fbuckets%2Fdata"
    "%3Fregion%3Deu-central-1%26tab%3Dobjects%23x%20y"
)


@pytest.mark.parametrize("end", ["", "/", "#/", "/#/", "/#/?tab=accounts"])
def test_awss_portal_has_the_link_behind_its_start_url(end):
    assert portal_link(
        f"https://mkdev.awsapps.com/start{end}", None, "222222222222", "ReadOnlyAccess", None
    ) == ("https://mkdev.awsapps.com/start/#/console?account_id=222222222222&role_name=ReadOnlyAccess")


def test_the_destination_is_encoded_whole():
    link = portal_link("https://mkdev.awsapps.com/start", None, "222222222222", "A/b+c", BUCKET)
    assert link.endswith(
        f"?account_id=222222222222&role_name=A/b%2Bc&destination={ENCODED}".replace("A/b", "A%2Fb")
    )


def test_a_directorys_own_page_is_used_as_it_is():
    link = portal_link("https://sso.mkdev.example/start", "https://sso.mkdev.example/console", "1", "R", None)
    assert link == "https://sso.mkdev.example/console?account_id=1&role_name=R"


@pytest.mark.parametrize(
    ("partition", "page", "is_below"),
    [
        (AWS, BUCKET, True),
        (AWS, "https://console.aws.amazon.com/iam/home", True),
        (AWS, "https://health.aws.amazon.com/health/home", False),
        (AWS, "https://evilconsole.aws.amazon.com.example/", False),
        (AWS_CN, "https://cn-north-1.console.amazonaws.cn/s3", True),
        (AWS_EUSC, BUCKET, False),
    ],
)
def test_pages_of_a_services_own_host_are_told_apart(partition, page, is_below):
    assert is_below_console_host(partition, page) is is_below
