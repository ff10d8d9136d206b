"""What is sealed opens only for its context, under its key, from a private file."""

from __future__ import annotations

from pathlib import Path

import pytest

from usher.core.errors import UsageError, UsherError
from usher.server.sealing import create_sealing_key, open_sealing_key


def test_what_was_sealed_opens_again_for_its_context(tmp_path: Path) -> None:
    sealed = create_sealing_key(tmp_path / "key").seal(b"secret", "admin_keys/A")
    assert b"secret" not in sealed
    assert open_sealing_key(tmp_path / "key").unseal(sealed, "admin_keys/A") == b"secret"


def test_a_sealed_value_cannot_be_moved_edited_or_opened_with_another_key(tmp_path: Path) -> None:
    sealer = create_sealing_key(tmp_path / "key")
    other = create_sealing_key(tmp_path / "other")
    sealed = sealer.seal(b"secret", "admin_keys/A")
    edited = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for attempt in (
        lambda: sealer.unseal(sealed, "admin_keys/B"),
        lambda: sealer.unseal(edited, "admin_keys/A"),
        lambda: sealer.unseal(b"\x02" + sealed[1:], "admin_keys/A"),
        lambda: sealer.unseal(b"", "admin_keys/A"),
        lambda: sealer.unseal(b"\x01short", "admin_keys/A"),
        lambda: other.unseal(sealed, "admin_keys/A"),
    ):
        with pytest.raises(UsherError, match="admin_keys"):
            attempt()


def test_equal_values_are_sealed_differently(tmp_path: Path) -> None:
    sealer = create_sealing_key(tmp_path / "key")
    assert sealer.seal(b"secret", "x") != sealer.seal(b"secret", "x")


def test_the_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    create_sealing_key(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        create_sealing_key(tmp_path / "key")


def test_a_key_that_is_missing_open_to_others_linked_or_damaged_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key"
    create_sealing_key(key)
    (tmp_path / "link").symlink_to(key)
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"short")
    damaged.chmod(0o600)
    for path in (tmp_path / "missing", tmp_path / "link", damaged):
        with pytest.raises(UsageError):
            open_sealing_key(path)
    key.chmod(0o644)
    with pytest.raises(UsageError, match="open to other users"):
        open_sealing_key(key)
