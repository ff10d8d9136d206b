"""`usher console`: at a service, a resource, a pasted link; printed, copied; and what it refuses."""

import base64
import os
import pty
import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest

STAGING, PRODUCTION = "mkdev-staging/ReadOnlyAccess", "mkdev-production/ReadOnlyAccess"
QUEUE = "arn:aws:sqs:eu-west-1:222222222222:orders"
QUEUE_PAGE = (
    "/sqs/v3/home?region=eu-west-1#/queues/https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F222222222222%2Forders"
)


@pytest.fixture(scope="module")
def home(settled):
    """A home whose AWS is emulated: pages are on the emulated origin."""
    settled.ok("login", "--device", "--aws-endpoint-url", settled.portal.url)
    return settled


def page(home, link):
    """Where a printed link leads, below the emulated origin."""
    [destination] = parse_qs(urlsplit(link.strip()).query)["Destination"]
    assert destination.startswith(home.portal.url + "/")
    return destination.removeprefix(home.portal.url)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--service", "lambda"], "/lambda/home?region=eu-central-1#/functions"),
        (["--service", "ddb", "--region", "eu-west-3"], "/dynamodbv2/home?region=eu-west-3"),
        (["--service", "iam"], "/iam/home"),
        (["--service", "omics"], "/go/view?service=omics&region=eu-central-1"),
        ([QUEUE], QUEUE_PAGE),
        (["--region", "eu-west-1", QUEUE], QUEUE_PAGE),
        (
            ["arn:aws:s3:::data", "--region", "us-east-2"],
            "/s3/buckets/data?region=us-east-2&bucketType=general&tab=objects",
        ),
        (
            [
                "https://333333333333-abcd2fgh.eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#Instances:"
            ],
            "/ec2/home?region=eu-west-1#Instances:",
        ),
    ],
)
def test_the_console_opens_where_it_was_asked_to(home, arguments, expected):
    assert page(home, home.ok("console", STAGING, *arguments, "--print")) == expected


def test_an_arn_alone_opens_with_the_profile_in_use(home):
    assert page(home, home.ok("console", QUEUE, "--print", AWS_PROFILE=STAGING)) == QUEUE_PAGE


def test_an_arn_of_another_account_is_refused_with_the_profiles_that_lead_there(home):
    issued = len(home.portal.issued)
    done = home.run("console", PRODUCTION, QUEUE, "--print")
    assert (done.returncode, done.stdout) == (4, "")
    assert "the ARN is of account 222222222222 (staging)" in done.stderr
    assert "mkdev-staging/AdministratorAccess, mkdev-staging/ReadOnlyAccess" in done.stderr
    assert len(home.portal.issued) == issued


def test_an_option_that_does_not_exist_or_a_word_too_many_is_refused(home):
    for words in (["--servise", "s3"], [QUEUE, "more"]):
        done = home.run("console", STAGING, *words, "--print")
        assert (done.returncode, done.stdout) == (2, "")
        assert words[0 if words[0].startswith("-") else 1] in done.stderr


def test_where_no_profile_leads_there_it_is_said(home):
    done = home.run("console", STAGING, "arn:aws:sqs:eu-west-1:999999999999:orders", "--print")
    assert done.returncode == 4
    assert "no profile that 'usher profiles sync' has seen leads there" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--service", "lamda"], "did you mean: lambda"),
        (["--service", "!"], "no service is called '!'"),
        (["--service", "s3", QUEUE], "leave --service away"),
        ([QUEUE, "--region", "eu-west-2"], "the ARN is in eu-west-1, not in eu-west-2"),
        (["https://console.aws.amazon.com/", "--region", "eu-west-1"], "leave --region away"),
        (["arn:aws-cn:sqs:cn-north-1:222222222222:orders"], "of the partition aws-cn"),
        (["https://cn-north-1.console.amazonaws.cn/s3/buckets"], "of the partition aws-cn"),
        (["https://console.aws.amazon.com.evil.example/"], "not an address of this console"),
        (["--copy"], "no terminal that could copy"),
    ],
)
def test_what_cannot_be_meant_exits_2_and_gives_no_link(home, arguments, words):
    done = home.run("console", STAGING, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in " ".join(done.stderr.split())


def test_a_region_that_nobody_knows_is_doubted_not_refused(home):
    done = home.run("console", STAGING, "--service", "sqs", "--region", "eu-wset-1", "--print")
    assert page(home, done.stdout) == "/sqs/v3/home?region=eu-wset-1#/queues"
    assert "does not know the region eu-wset-1; did you mean eu-west-1" in done.stderr


def test_a_link_that_was_open_in_another_account_says_so_when_it_is_opened(home):
    pasted = "https://333333333333-abcd2fgh.eu-west-1.console.aws.amazon.com/ec2/home"
    browser = (
        "import http.client as h, sys, urllib.parse as p; u = p.urlsplit(sys.argv[1]);"
        "c = h.HTTPConnection(u.netloc); c.request('GET', u.path); c.getresponse().read()"
    )
    done = home.run("console", STAGING, pasted, BROWSER=f'{sys.executable} -c "{browser}" %s')
    assert done.returncode == 0, done.stderr
    assert "The link was of account 333333333333" in done.stderr
    assert "SigninToken" not in done.stdout + done.stderr


def test_a_copied_link_goes_to_the_terminals_clipboard_and_nowhere_else(home):
    ours, theirs = pty.openpty()
    command = [*home.usher, "console", STAGING, QUEUE, "--copy"]
    done = subprocess.run(
        command, env=home.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, check=True
    )
    os.close(theirs)
    screen = os.read(ours, 100_000).decode()
    os.close(ours)
    [copied] = re.findall(r"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", screen)
    link = base64.b64decode(copied).decode()
    assert page(home, link) == QUEUE_PAGE
    assert done.stdout == b""
    assert "SigninToken" not in screen
    assert "as good as a password for 15 minutes" in screen


def test_a_protected_account_is_asked_about_for_a_link_too(home):
    rules = home.folder / ".config" / "usher" / "settings.toml"
    rules.write_text('[[protect]]\naccounts = ["production"]\nconfirm = true\n')
    try:
        refused = home.run("console", PRODUCTION, "--service", "s3", "--print")
        assert (refused.returncode, refused.stdout) == (4, "")
        assert page(home, home.ok("console", PRODUCTION, "--service", "s3", "--print", "--yes"))
    finally:
        rules.unlink()


@pytest.fixture
def directory(home):
    """The portal as a directory that publishes a page for links to consoles."""
    home.portal.card = {"console_url": f"{home.portal.url}/console"}
    home.ok("login", "--device")
    yield home
    home.portal.card = None
    home.ok("login", "--device")


def test_a_portals_link_is_printed_without_a_session_and_holds_no_secret(home):
    issued = len(home.portal.issued)
    link = home.ok("console", STAGING, "--portal", "--print").strip()
    assert link == (f"{home.portal.url}/start/#/console?account_id=222222222222&role_name=ReadOnlyAccess")
    [destination] = parse_qs(
        urlsplit(home.ok("console", STAGING, "--portal", "--print", QUEUE).strip()).fragment.partition("?")[2]
    )["destination"]
    assert destination == home.portal.url + QUEUE_PAGE
    assert len(home.portal.issued) == issued


def test_the_link_of_a_profile_of_other_tools_leads_to_its_own_portal(home):
    config = home.config.read_text()
    home.config.write_text(
        config + "\n[profile other]\nsso_start_url = https://other.awsapps.com/start#/\n"
        "sso_region = eu-west-1\nsso_account_id = 444444444444\nsso_role_name = Reader\n"
    )
    link = home.ok("console", "other", "--portal", "--print", "--service", "iam").strip()
    home.config.write_text(config)
    assert link == (
        "https://other.awsapps.com/start/#/console?account_id=444444444444&role_name=Reader"
        "&destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fiam%2Fhome"
    )


@pytest.mark.parametrize(
    "start_url", ["--load-extension=/tmp/x", "file:///etc/passwd", "http://other.example/"]
)
def test_a_start_url_that_is_no_portals_is_never_handed_to_a_browser(home, start_url):
    config = home.config.read_text()
    home.config.write_text(
        f"{config}\n[profile other]\nsso_start_url = {start_url}\n"
        "sso_region = eu-west-1\nsso_account_id = 444444444444\nsso_role_name = Reader\n"
    )
    done = home.run("console", "other", "--portal", BROWSER=f"{sys.executable} -c 0 %s")
    home.config.write_text(config)
    assert (done.returncode, done.stdout) == (2, "")
    assert start_url in done.stderr


def test_a_directory_that_says_so_gets_the_link_to_its_own_page(directory):
    link = directory.ok("console", STAGING, "--portal", "--print").strip()
    assert link == f"{directory.portal.url}/console?account_id=222222222222&role_name=ReadOnlyAccess"


def test_where_nothing_keeps_accounts_apart_the_directorys_own_page_opens(directory, tmp_path):
    seen = tmp_path / "seen"
    browser = f"{sys.executable} -c \"import sys; open({str(seen)!r}, 'w').write(sys.argv[1])\" %s"
    done = directory.run("console", STAGING, "--service", "sqs", BROWSER=browser)
    assert "opens the console of mkdev-staging/ReadOnlyAccess through the portal of mkdev" in done.stderr
    assert seen.read_text().startswith(f"{directory.portal.url}/console?account_id=222222222222&role_name=")
    directory.ok("console", STAGING, "--portal", BROWSER=browser)
    assert seen.read_text().endswith("role_name=ReadOnlyAccess")
    done = directory.run("console", STAGING, "--duration", "1h")
    assert "through the portal" not in done.stderr  # its page could not say how long


def test_a_protected_account_asks_before_its_portal_opens_it(home):
    path = home.folder / ".config" / "usher" / "settings.toml"
    path.write_text("[[protect]]\naccounts = ['staging']\nconfirm = true\n")
    refused = home.run("console", STAGING, "--portal")
    path.unlink()
    assert refused.returncode == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--duration", "1h"], "the portal decides how long"), (["--copy"], "no terminal that could copy")],
)
def test_what_a_portals_link_cannot_do_is_said(home, arguments, words):
    done = home.run("console", STAGING, "--portal", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_a_profile_that_no_portal_gives_has_no_link_of_one(home):
    config = home.config.read_text()
    home.config.write_text(config + "\n[profile keys]\ncredential_process = /bin/true\n")
    done = home.run("console", "keys", "--portal", "--print")
    home.config.write_text(config)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no portal has a link to it" in done.stderr


def test_no_browser_for_the_portals_link_is_said(home):
    done = home.run("console", STAGING, "--portal", BROWSER="/nowhere/browser", PATH="/nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no browser came for the portal's link" in done.stderr
