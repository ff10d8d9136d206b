"""Plain keys leave the AWS files, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from usher.core.errors import UsageError
from usher.profiles.plain_keys import with_vault_keys, without_plain_keys

PATH = Path("file")
NESTED = "x =\n  aws_secret_access_key = no\n"
KEYS = "aws_access_key_id = A\naws_secret_access_key: B\n"


def without(text, name="p", *, is_config=False):
    return without_plain_keys(text, PATH, name, is_config=is_config)


def marked(text, name="p", vault_name="ana"):
    return with_vault_keys(text, PATH, name, vault_name, ["/opt/my usher"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"# head\n[q]\n{KEYS}[p]\n{KEYS}", f"# head\n[q]\n{KEYS}"),
        (f"[p]\n# mine\n{KEYS}x = y\n\n[q]\n", "[p]\n# mine\nx = y\n\n[q]\n"),
        ("[p]\r\nAWS_ACCESS_KEY_ID=A\r\nx = y", "[p]\r\nx = y"),
        (f"[p]\naws_session_token =\n  part\n  rest\n{NESTED}", f"[p]\n{NESTED}"),
        ("[p]\naws_security_token = t\n[p]\nregion = r\n", "[p]\nregion = r\n"),
        ("[profile p]\nregion = r\n", "[profile p]\nregion = r\n"),
    ],
)  # fmt: skip
def test_only_the_keys_of_that_section_go(before, after):
    assert without(before) == after


def test_in_the_config_file_the_profile_stays():
    text = f"[sso-session p]\n{KEYS}[profile p]\n{KEYS}[profile q]\n"
    assert without(text, is_config=True) == f"[sso-session p]\n{KEYS}[profile p]\n[profile q]\n"
    assert without(f"[default]\n{KEYS}", "default", is_config=True) == "[default]\n"


def test_a_profile_says_where_its_keys_are():
    call = "credential_process = '/opt/my usher' credentials p\n"
    assert marked("") == f"[profile p]\nusher_keys = ana\n{call}"
    assert marked("[profile q]") == f"[profile q]\n[profile p]\nusher_keys = ana\n{call}"
    assert marked("[profile p]\nx = y\n[profile q]\n") == (
        f"[profile p]\nusher_keys = ana\n{call}x = y\n[profile q]\n"
    )
    assert marked("[profile p]") == f"[profile p]\nusher_keys = ana\n{call}"
    assert marked("", "default").startswith("[default]\nusher_keys = ana\n")
    assert marked("", "a b").startswith('[profile "a b"]\n')


def test_what_says_it_already_is_left_alone():
    text = "[profile p]\nusher_keys = ana\ncredential_process = x\n"
    assert marked(text) == text
    itself = "[profile p]\nrole_arn = x\n"
    assert marked(itself) == "[profile p]\nusher_keys = ana\nrole_arn = x\n"


@pytest.mark.parametrize("name", ["a]b", " a", "a\nb", 'a"b', "a#b"])
def test_a_name_that_no_header_can_hold_is_refused(name):
    with pytest.raises(UsageError, match="cannot be written"):
        marked("", name)
