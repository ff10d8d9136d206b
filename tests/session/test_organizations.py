"""The organizations a person signs in to: addresses, the file, choosing."""

import multiprocessing
from dataclasses import replace

import pytest

from usher.core.errors import NotFoundError, UsageError
from usher.session.directory import DirectoryCard, read_directory_card
from usher.session.errors import NotSignedInError
from usher.session.organizations import (
    PortalOrganization,
    choose_organization,
    is_aws_owned,
    load_organizations,
    new_organization,
    same_start_url,
    save_organization,
    with_addresses,
)

AWS = PortalOrganization("mkdev", "https://mkdev.awsapps.com/start", "eu-central-1")


def made(**changes):
    return new_organization(**{"name": None, "start_url": AWS.start_url, "region": "eu-central-1", **changes})


def test_an_aws_start_url_leads_to_the_regional_endpoints():
    assert made() == AWS
    assert AWS.oidc_url == "https://oidc.eu-central-1.amazonaws.com"
    assert AWS.portal_url == "https://portal.sso.eu-central-1.amazonaws.com"


def test_china_has_its_own_domain():
    organization = made(start_url="https://d-1234567890.awsapps.cn/start", region="cn-north-1")
    assert organization.oidc_url == "https://oidc.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize(
    "url",
    [
        "https://d-1234567890.awsapps.com/start",
        "https://ssoins-1234567890123456.portal.eu-central-1.app.aws",
        "https://ssoins-1.eu-central-1.portal.amazonaws.com",
        "https://identitycenter.amazonaws.com/ssoins-1234567890123456",
        "https://identitycenter.amazonaws.com.cn/ssoins-1",
    ],
)
def test_hosts_of_aws_are_known(url):
    assert is_aws_owned(url)
    assert made(start_url=url, name="x").endpoint_url is None


@pytest.mark.parametrize(
    "url",
    [
        "https://sso.mkdev.example/start",
        "https://awsapps.com.evil.example",
        "https://evilawsapps.com",
        "mkdev",
    ],
)
def test_other_hosts_are_not_of_aws(url):
    assert not is_aws_owned(url)


def test_a_self_hosted_directory_serves_both_apis_from_its_origin():
    organization = made(start_url="https://sso.mkdev.example:8443/start", name="mkdev")
    assert organization.oidc_url == organization.portal_url == "https://sso.mkdev.example:8443"


@pytest.mark.parametrize(
    ("start_url", "name"),
    [
        ("https://mkdev.awsapps.com/start", "mkdev"),
        ("https://sso.mkdev.example/start", "sso"),
        ("http://127.0.0.1:8000/start", "default"),
        ("http://localhost:8000/", "default"),
        ("https://identitycenter.amazonaws.com/ssoins-1", "default"),
    ],
)
def test_the_name_comes_from_the_hosts_first_label(start_url, name):
    assert made(start_url=start_url).name == name


@pytest.mark.parametrize(
    "url",
    [
        "http://mkdev.awsapps.com/start",
        "http://sso.mkdev.example",
        "http://127.0.0.1.evil.example/",
        "ftp://127.0.0.1",
        "mkdev",
        "",
        "https://",
        "https://user:password@sso.mkdev.example",
        "https://sso.mkdev.example/a b",
        "https://sso.mkdev.example/\n[profile x]",
        "https://sso.mkdev.example:port/",
        "https://[broken",
        "https://münchen.example",
    ],
)
def test_addresses_that_a_token_must_not_travel_over_are_refused(url):
    for changes in ({"start_url": url}, {"endpoint_url": url}, {"aws_endpoint_url": url}):
        with pytest.raises(UsageError):
            made(**changes)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:8000"])
def test_plain_http_is_for_loopback_only(url):
    assert made(start_url=url, aws_endpoint_url=url).endpoint_url == url


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a b"},
        {"name": "../x"},
        {"name": "-x"},
        {"name": "x" * 64},
        {"region": "mars"},
        {"region": "a\nb"},
    ],
)
def test_names_and_regions_that_cannot_be_written_are_refused(changes):
    with pytest.raises(UsageError):
        made(**changes)


def test_what_is_saved_is_loaded(tmp_path):
    other = made(
        name="own",
        start_url="https://sso.mkdev.example/start/",
        aws_endpoint_url="http://127.0.0.1:5000/",
        alias_start_url="https://d-1234567890.awsapps.com/start",
    )
    other = replace(other, share=True)
    save_organization(tmp_path / "config", AWS)
    save_organization(tmp_path / "config", other)
    assert load_organizations(tmp_path / "config") == {"mkdev": AWS, "own": other}
    assert (tmp_path / "config" / "organizations.json").stat().st_mode & 0o777 == 0o600
    assert other.profile_start_url == "https://d-1234567890.awsapps.com/start"


def test_nothing_saved_is_nothing_known(tmp_path):
    assert load_organizations(tmp_path) == {}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        pytest.param("[" * 100_000, id="nested without end"),
        '{"a": 1}',
        '{"a": {}}',
        '{"a": {"start_url": "https://x.awsapps.com", "region": "eu-west-1", "scopes": 3}}',
    ],
)
def test_a_damaged_file_is_named(tmp_path, content):
    from usher.session.vault.files import write_private

    write_private(tmp_path / "organizations.json", content.encode())
    with pytest.raises(UsageError, match="damaged"):
        load_organizations(tmp_path)


def _save(folder, name):
    save_organization(folder, made(name=name))


def test_eight_processes_saving_at_once_lose_nothing(tmp_path):
    context = multiprocessing.get_context("fork")
    names = [f"organization-{n}" for n in range(8)]
    processes = [context.Process(target=_save, args=(tmp_path, name)) for name in names]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert sorted(load_organizations(tmp_path)) == names


def test_the_only_organization_needs_no_name():
    assert choose_organization({"mkdev": AWS}, None) is AWS
    assert choose_organization({"mkdev": AWS}, "mkdev") is AWS


def test_a_choice_that_is_not_there_says_what_is():
    with pytest.raises(NotFoundError) as caught:
        choose_organization({"mkdev": AWS}, "mkdeb")
    assert "mkdev" in caught.value.hint
    with pytest.raises(UsageError, match="which organization"):
        choose_organization({"mkdev": AWS, "own": AWS}, None)
    with pytest.raises(NotSignedInError) as caught:
        choose_organization({}, None)
    assert "--start-url" in caught.value.hint


def test_start_urls_differ_by_more_than_their_end():
    assert same_start_url("https://x.awsapps.com/start#/", "https://x.awsapps.com/start")
    assert not same_start_url("https://x.awsapps.com/start", "https://y.awsapps.com/start")


def test_only_addresses_of_aws_become_an_alias():
    own = made(start_url="https://sso.mkdev.example", name="own")
    alias = "https://d-1234567890.awsapps.com/start"
    told = with_addresses(own, region="eu-west-1", alias_start_url=alias)
    assert (told.profile_start_url, told.region) == (alias, "eu-west-1")
    for wrong in ("https://evil.example", "http://d-1234567890.awsapps.com/start", None):
        assert with_addresses(own, region="mars", alias_start_url=wrong) == own


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("https://sso.mkdev.example/console", "https://sso.mkdev.example/console"),
        ("https://sso.mkdev.example.evil.example/console", None),
        ("http://sso.mkdev.example/console", None),
        (None, None),
    ],
)
def test_a_page_for_consoles_is_the_directorys_own_or_none(tmp_path, told, kept):
    organization = with_addresses(
        made(start_url="https://sso.mkdev.example/start", name="own"),
        region=None,
        alias_start_url=None,
        console_url=told,
    )
    assert organization.console_url == kept
    save_organization(tmp_path, organization)
    assert load_organizations(tmp_path) == {"own": organization}


def test_awss_portal_has_no_page_of_a_directory():
    assert with_addresses(AWS, region=None, alias_start_url=None, console_url=AWS.start_url) == AWS


def test_a_directory_tells_about_itself(rooms, portal):
    portal.card = {
        "start_url": "https://d-1234567890.awsapps.com/start",
        "region": "eu-west-1",
        "name": "mkdev",
        "console_url": "https://sso.mkdev.example/console",
    }
    assert read_directory_card(rooms.http, portal.url) == DirectoryCard(**portal.card)


@pytest.mark.parametrize("card", [None, [], {"region": 3}])
def test_a_server_that_publishes_nothing_useful_is_taken_as_it_was_given(rooms, portal, card):
    portal.card = card
    assert read_directory_card(rooms.http, portal.url) == DirectoryCard()


def test_the_choice_of_a_browser_and_what_a_directory_tells_are_kept(tmp_path):
    organization = with_addresses(
        new_organization(name="mkdev", start_url="https://sso.mkdev.example", region="eu-central-1"),
        region=None,
        alias_start_url=None,
        portal_session_seconds=4 * 3600,
    )
    organization = replace(organization, browser="firefox", browser_profile="own")
    save_organization(tmp_path, organization)
    assert load_organizations(tmp_path) == {"mkdev": organization}


@pytest.mark.parametrize("seconds", [None, 0, -1])
def test_a_portal_session_without_a_length_is_not_believed(seconds):
    organization = new_organization(
        name="mkdev", start_url="https://sso.mkdev.example", region="eu-central-1"
    )
    told = with_addresses(organization, region=None, alias_start_url=None, portal_session_seconds=seconds)
    assert told == organization
