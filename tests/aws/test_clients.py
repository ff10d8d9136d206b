"""Failures of AWS's clients in words."""

from __future__ import annotations

import pytest
from botocore.parsers import ResponseParserError

from usher.aws.clients import aws_errors_as_words
from usher.core.errors import UsherError


def test_a_stranger_that_answers_in_another_language_is_told_in_words() -> None:
    with pytest.raises(UsherError) as told, aws_errors_as_words("iam", "reading a policy"):
        raise ResponseParserError("invalid XML received")
    assert told.value.message == "reading a policy: what answered does not speak iam"
