"""The keys of IAM users in the vault."""

from __future__ import annotations

import pytest

from usher.core.errors import UsageError
from usher.core.secrets import Secret
from usher.session.mfa import read_code_command
from usher.session.settings import Settings
from usher.session.static_keys import (
    StoredKeys,
    keys_record,
    read_keys,
    stored_key_names,
    write_keys,
)
from usher.session.vault.contract import UnreadableRecordError
from usher.session.vault.memory import MemoryVault

KEYS = StoredKeys("ana", "AKIA", Secret("s"), "arn:aws:iam::111111111111:user/ana", "111111111111", 5.0)


def test_keys_come_back_as_they_were_stored():
    vault = MemoryVault()
    write_keys(vault, KEYS)
    vault.write("role/x", b"{}")
    assert read_keys(vault, "ana") == KEYS
    assert stored_key_names(vault) == ["ana"]


@pytest.mark.parametrize("content", [b"no", b"[]"])
def test_a_record_of_another_kind_says_so(content):
    vault = MemoryVault()
    vault.write(keys_record("ana"), content)
    with pytest.raises(UnreadableRecordError, match="'ana'"):
        read_keys(vault, "ana")


def test_the_mfa_command_is_a_list_of_arguments(tmp_path):
    assert read_code_command(Settings(tmp_path)) == ()
    settings = Settings(tmp_path, {"mfa": {"command": ["ykman", "{serial}"]}})
    assert read_code_command(settings) == ("ykman", "{serial}")
    with pytest.raises(UsageError, match=r"mfa\.comand"):
        read_code_command(Settings(tmp_path, {"mfa": {"comand": "x"}}))
