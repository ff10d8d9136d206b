"""Names of containers and launch templates: what is filled in stays one name and one word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from usher.cli.browser.templates import container_name, launch_words
from usher.console.sealed_links import ConsoleSession
from usher.core.errors import UsageError
from usher.core.looks import Colour

PRODUCTION = ConsoleSession(
    profile="mkdev-production/ReadOnlyAccess",
    organization="mkdev",
    account_id="333333333333",
    account_name="production",
    role="ReadOnlyAccess",
    region="eu-central-1",
    label="PRODUCTION",
    colour=Colour.RED,
)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{account_name}/{role}", "production/ReadOnlyAccess"),
        ("{organization} {account_id}", "mkdev 333333333333"),
        ("{profile}", "mkdev-production/ReadOnlyAccess"),
        ("{label} {account_name}", "PRODUCTION production"),
    ],
)
def test_a_container_is_named_by_the_template(template, name):
    assert container_name(template, PRODUCTION) == name


def test_an_account_whose_name_is_not_known_is_named_by_its_id():
    unnamed = replace(PRODUCTION, account_name="", role="", label="")
    assert container_name("{account_name}/{role}", unnamed) == "333333333333"
    assert container_name("{label} {account_name}", unnamed) == "333333333333"
    assert container_name("{profile}", replace(unnamed, profile="")) == "333333333333"


def test_a_name_with_braces_and_control_characters_stays_a_name():
    hostile = replace(PRODUCTION, account_name="{role}\x1b[31m\n‮x" + "y" * 200)
    name = container_name("{account_name}", hostile)
    assert name.startswith("{role}")
    assert name.isprintable()
    assert len(name) == 80


def test_a_launch_template_keeps_its_words_whatever_is_filled_in():
    hostile = replace(PRODUCTION, account_name="a b'; {url}", role="$(id)")
    template = ("launcher", "--name={account_name}/{role}", "--colour", "{colour}", "{url}")
    assert launch_words(template, "http://127.0.0.1:5/x", hostile) == [
        "launcher",
        "--name=a b'; {url}/$(id)",
        "--colour",
        "red",
        "http://127.0.0.1:5/x",
    ]


def test_an_account_without_a_rule_has_no_colour_to_fill_in():
    assert launch_words(("x", "{colour}", "{url}"), "u", replace(PRODUCTION, colour=None)) == ["x", "", "u"]


def test_a_name_that_others_gave_is_never_an_option_of_the_program():
    hostile = replace(PRODUCTION, account_name="--load-extension=/tmp/x")
    with pytest.raises(UsageError, match="would become the option"):
        launch_words(("browser", "{account_name}", "{url}"), "u", hostile)
    words = launch_words(("browser", "--name={account_name}", "{url}"), "u", hostile)
    assert words[1] == "--name=--load-extension=/tmp/x"


def test_what_no_argument_can_hold_is_shown_as_a_mark():
    hostile = replace(PRODUCTION, account_name="a\0b\x1b")
    assert launch_words(("x", "{account_name}", "{url}"), "u", hostile) == ["x", "a\ufffdb\ufffd", "u"]
