"""Words of the other end: shown to people, never with a secret that it was sent."""

import pytest

from usher.session.errors import PortalAnswerError
from usher.session.fields import (
    number_field,
    object_field,
    objects_field,
    optional_text_field,
    text_field,
    words_field,
)


@pytest.mark.parametrize(
    "words",
    [
        "Session token not found or invalid",
        "refresh token is spent or unknown (authorization_pending)",
        "no access to 222222222222 at https://d-1234567890.awsapps.com/start",
        "request id 1b671a64-40d5-491e-99b0-da01ff1f3341",
        "arn:aws:iam::222222222222:role/aws-reserved",
    ],
)
def test_plain_words_come_as_they_are(words):
    assert words_field({"message": words}, "message") == words


@pytest.mark.parametrize(
    "secret",
    [
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "aoaAAAAAGT2fBnoaPOiX0hyQ7vPYl2M",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0",
        "1b671a64-40d5-491e-99b0-da01ff1f33411",
        "refresh-0ffbfb5a8887c79dabe3a8394daeec15",
    ],
)
def test_what_could_be_a_secret_is_left_out(secret):
    said = words_field({"message": f"bad token '{secret}'!"}, "message")
    assert secret not in said
    assert said.startswith("bad token '…")


def test_words_are_made_safe_to_show_and_are_not_endless():
    assert words_field({"message": "\x1b[31mred"}, "message") == "�[31mred"
    assert len(words_field({"message": "word " * 1000}, "message")) == 300
    assert words_field({"message": {"a": 1}}, "message") == words_field({}, "message") == ""


@pytest.mark.parametrize(
    ("read", "value"),
    [(text_field, ""), (text_field, 1), (number_field, True), (object_field, []), (objects_field, [1])],
)
def test_a_field_of_another_kind_is_an_error_that_names_it(read, value):
    with pytest.raises(PortalAnswerError, match="lacks 'a'"):
        read({"a": value}, "a")


def test_fields_of_the_right_kind_are_given():
    assert text_field({"a": "x"}, "a") == optional_text_field({"a": "x"}, "a") == "x"
    assert optional_text_field({"a": None}, "a") is None
    assert number_field({"a": 1}, "a") == 1.0
    assert object_field({"a": {}}, "a") == {}
    assert objects_field({}, "a") == []
