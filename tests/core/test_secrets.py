"""A secret does not show itself by accident."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest

from usher.core.secrets import Secret

WORD = "correct-horse-battery"


def test_a_secret_shows_as_stars_wherever_text_is_made() -> None:
    secret = Secret(WORD)
    shown = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r}",
        f"{secret:>40}",
        f"{[secret]}",
    ]
    assert all(WORD not in text and "***" in text for text in shown)


def test_a_secret_does_not_reach_a_log(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("token %s in %s", Secret(WORD), {"token": Secret(WORD)})
    assert WORD not in caplog.text


def test_only_reveal_gives_the_text() -> None:
    assert Secret(WORD).reveal() == WORD


@pytest.mark.parametrize("write_down", [pickle.dumps, json.dumps, copy.deepcopy, vars])
def test_a_secret_cannot_be_written_down(write_down: object) -> None:
    assert callable(write_down)
    with pytest.raises(TypeError):
        write_down(Secret(WORD))


def test_secrets_compare_by_their_text_and_with_secrets_only() -> None:
    assert Secret(WORD) == Secret(WORD)
    assert Secret(WORD) != Secret("other")
    assert Secret(WORD) != WORD
    assert len({Secret(WORD), Secret(WORD), Secret("ö")}) == 2


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret(WORD)
