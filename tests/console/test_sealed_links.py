"""Sealed links: what the browser extension opens; its tests open what `make_vectors.py` made with this."""

import base64
import hashlib
import json
import runpy
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from usher.console.extension import CHROMIUM_ID, FIREFOX_ID
from usher.console.hosts import hosts_by_partition
from usher.console.sealed_links import ConsoleSession, Place, Visit, new_link_key, seal_visit
from usher.core.secrets import Secret

EXTENSION = Path(__file__).parents[2] / "extension"
SESSION = ConsoleSession("p", "mkdev", "222222222222", "staging", "Admin", "eu-west-1")
VISIT = Visit(
    Secret("https://signin.aws.amazon.com/federation?t=secret"), "aws", SESSION, Place("group", "g")
)


def opened(link: str, key: str) -> dict[str, object]:
    sealed = base64.urlsafe_b64decode(link.removeprefix("1.") + "==")
    plain = AESGCM(base64.urlsafe_b64decode(key + "=")).decrypt(
        sealed[:12], sealed[12:], b"usher console link 1"
    )
    found = json.loads(plain)
    assert isinstance(found, dict)
    return found


def test_a_link_says_what_to_open_where_and_as_whom():
    key = new_link_key()
    visit = opened(seal_visit(VISIT, key, 1000.5).reveal(), key.reveal())
    assert (visit["made"], visit["url"]) == (1000.5, VISIT.url.reveal())
    assert visit["place"] == {"kind": "group", "name": "g", "icon": "fingerprint"}
    session = visit["session"]
    assert isinstance(session, dict)
    assert (session["key"], session["colour"]) == ("mkdev/222222222222/Admin", None)


def test_a_link_tells_nothing_to_who_has_no_key_and_is_never_the_same_twice():
    key = new_link_key()
    first, second = (seal_visit(VISIT, key, 1000).reveal() for _ in range(2))
    assert "secret" not in str(base64.urlsafe_b64decode(first.removeprefix("1.") + "=="))
    assert opened(first, key.reveal())["id"] != opened(second, key.reveal())["id"]
    with pytest.raises(InvalidTag):
        opened(first, new_link_key().reveal())


def test_the_extension_knows_the_same_hosts():
    assert json.loads((EXTENSION / "src/shared/hosts.json").read_text()) == hosts_by_partition()


def test_the_extension_has_the_ids_that_the_command_line_allows():
    chromium = json.loads((EXTENSION / "manifest/chromium.json").read_text())
    digest = hashlib.sha256(base64.b64decode(chromium["key"])).hexdigest()[:32]
    assert "".join(chr(ord("a") + int(digit, 16)) for digit in digest) == CHROMIUM_ID
    firefox = json.loads((EXTENSION / "manifest/firefox.json").read_text())
    assert firefox["browser_specific_settings"]["gecko"]["id"] == FIREFOX_ID


def test_the_links_that_the_extension_is_tested_with_are_made_by_this_code():
    made = json.loads((EXTENSION / "tests/link_vectors.json").read_text())
    assert runpy.run_path(str(EXTENSION / "scripts/make_vectors.py"), run_name="compared")["vectors"] == made
