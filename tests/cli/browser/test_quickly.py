"""Which commands a browser's host opens consoles for: those that see the same world as it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from usher.cli.browser import quickly
from usher.cli.browser.host import as_of_browser
from usher.cli.browser.quickly import surroundings
from usher.cli.context import Context
from usher.cli.terminal import Terminal

ENVIRON = {"PATH": "/usr/bin", "AWS_PROFILE": "a", "AWS_CONFIG_FILE": "/c"}
HERE = Context(ENVIRON, Path("/home"), Path("/config"), Path("/cache"), Path("/c"), Terminal())


@pytest.mark.parametrize(
    "name", ["USHER_VAULT", "HTTPS_PROXY", "SSL_CERT_FILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"]
)
def test_a_variable_that_decides_over_keys_or_trust_makes_another_world(name):
    assert surroundings(replace(HERE, environ={**ENVIRON, name: "x"})) != surroundings(HERE)


@pytest.mark.parametrize("name", ["config_dir", "cache_dir", "home", "aws_config_file"])
def test_another_place_of_files_makes_another_world(name):
    assert surroundings(replace(HERE, **{name: Path("/elsewhere")})) != surroundings(HERE)


def test_the_profile_in_use_and_what_has_nothing_to_do_with_it_make_none():
    assert surroundings(replace(HERE, environ={**ENVIRON, "AWS_PROFILE": "b", "LANG": "C"})) == surroundings(
        HERE
    )


def test_a_host_that_outlived_an_upgrade_does_nothing_for_the_new_version(monkeypatch):
    before = surroundings(HERE)
    monkeypatch.setattr(quickly, "VERSION", "0.2.0")
    assert surroundings(HERE) != before


def test_a_browser_started_from_a_shell_with_keys_of_its_own_sees_the_world_without_them():
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x"}
    switched = {"AWS_REGION": "eu-west-1", "USHER_REGION": "eu-west-1", "USHER_PROFILE": "a"}
    host = as_of_browser(replace(HERE, environ={**ENVIRON, **keys, **switched}))
    assert dict(host.environ) == {"PATH": "/usr/bin", "AWS_CONFIG_FILE": "/c"}
    assert surroundings(host) == surroundings(HERE)
    assert not host.attended


def test_a_region_of_the_desktops_own_stays_in_the_browsers_world():
    assert as_of_browser(replace(HERE, environ={"AWS_REGION": "eu-west-1"})).environ == {
        "AWS_REGION": "eu-west-1"
    }
