"""New keys for old: whatever is killed, the vault always holds a key that AWS accepts."""

from __future__ import annotations

import pytest

from usher.core.access_keys import AccessKey, KeyLimitError, NewAccessKey
from usher.core.errors import UnavailableError, UsherError
from usher.core.secrets import Secret
from usher.core.sts_refusals import StsReason, StsRefusedError
from usher.session.key_rotation import RotationDesk, read_rotation, rotate_keys
from usher.session.static_keys import StoredKeys, read_keys, write_keys
from usher.session.vault.memory import MemoryVault

PARTS = ("active", "created", "used")
USER = "arn:aws:iam::111111111111:user/ana"


class Killed(BaseException):
    """The process ends here."""


class Iam:
    """One user's keys, with AWS's limit of two and its late knowledge of new ones."""

    def __init__(self, clock):
        self.clock, self.keys, self.made = clock, {}, 0
        self.unknown_for = 0
        self.calls = 0
        self.kill_at = None
        self.owner = USER
        self.add()

    def add(self, used=True):
        self.made += 1
        key = f"AKIA{self.made}"
        self.keys[key] = {"active": True, "created": self.clock(), "used": self.clock() if used else None}
        return key

    def _call(self, keys, change):
        """One call that may be the process's last: killed before AWS acts, or after."""
        if keys.access_key_id not in self.keys or not self.keys[keys.access_key_id]["active"]:
            raise StsRefusedError(StsReason.KEYS, "The security token included in the request is invalid.")
        self.calls += 1
        if self.kill_at == (self.calls, "before"):
            raise Killed
        answer = change()
        if self.kill_at == (self.calls, "after"):
            raise Killed
        return answer

    def caller(self, keys):
        if self.unknown_for:
            self.unknown_for -= 1
            raise StsRefusedError(StsReason.KEYS, "The security token included in the request is invalid.")
        return self._call(keys, lambda: self.owner)

    def read(self, keys):
        return self._call(
            keys,
            lambda: [
                AccessKey(key, each["active"], each["created"], each["used"])
                for key, each in self.keys.items()
            ],
        )

    def make(self, keys):
        def change():
            if len(self.keys) >= 2:
                raise KeyLimitError("two already")
            key = self.add(used=False)
            return NewAccessKey(key, Secret(f"secret-{key}"))

        return self._call(keys, change)

    def switch_off(self, keys, access_key_id):
        self._call(keys, lambda: self.keys.get(access_key_id, {}).update(active=False))

    def delete(self, keys, access_key_id):
        self._call(keys, lambda: self.keys.pop(access_key_id, None))


@pytest.fixture
def iam(clock):
    return Iam(clock)


@pytest.fixture
def desk(iam, clock, tmp_path):
    vault = MemoryVault()
    write_keys(vault, StoredKeys("ana", "AKIA1", Secret("secret-AKIA1"), USER, "111111111111", 1.0))
    return RotationDesk(vault, tmp_path, iam, lambda stored: stored.credentials, clock, clock.advance)


def test_the_old_key_is_gone_and_the_new_one_counts(desk, iam):
    iam.unknown_for = 2
    fresh = rotate_keys(desk, "ana")
    assert (fresh.access_key_id, list(iam.keys)) == ("AKIA2", ["AKIA2"])
    assert read_keys(desk.vault, "ana") == fresh
    assert fresh.secret_access_key.reveal() == "secret-AKIA2"
    assert read_rotation(desk.vault, "ana") is None


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 6))
def test_a_kill_at_any_call_loses_nothing_and_the_next_run_ends_it(desk, iam, call, moment):
    iam.kill_at = (call, moment)
    with pytest.raises(Killed):
        rotate_keys(desk, "ana")
    held = read_keys(desk.vault, "ana").access_key_id
    assert iam.keys[held]["active"]
    iam.kill_at = None
    fresh = rotate_keys(desk, "ana")
    assert list(iam.keys) == [fresh.access_key_id]
    assert fresh.access_key_id != "AKIA1"
    assert read_rotation(desk.vault, "ana") is None


class FragileVault(MemoryVault):
    """A vault whose owner is killed at the n-th write or delete, before or after it."""

    kill_at = None
    changes = 0

    def _change(self, change):
        self.changes += 1
        if self.kill_at == (self.changes, "before"):
            raise Killed
        change()
        if self.kill_at == (self.changes, "after"):
            raise Killed

    def write(self, name, content):
        self._change(lambda: MemoryVault.write(self, name, content))

    def delete(self, name):
        self._change(lambda: MemoryVault.delete(self, name))


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("change", range(1, 5))
def test_a_kill_at_any_write_loses_nothing_either(iam, clock, tmp_path, change, moment):
    vault = FragileVault()
    write_keys(vault, StoredKeys("ana", "AKIA1", Secret("secret-AKIA1"), USER, "111111111111", 1.0))
    vault.changes, vault.kill_at = 0, (change, moment)
    desk = RotationDesk(vault, tmp_path, iam, lambda stored: stored.credentials, clock, clock.advance)
    with pytest.raises(Killed):
        rotate_keys(desk, "ana")
    assert iam.keys[read_keys(vault, "ana").access_key_id]["active"]
    vault.kill_at = None
    rotate_keys(desk, "ana")
    assert list(iam.keys) == [read_keys(vault, "ana").access_key_id]


def test_a_user_with_two_keys_is_told_which_one_is_in_the_way(desk, iam):
    iam.add()
    with pytest.raises(KeyLimitError, match=r"AKIA2 \(active, used before\) is not") as caught:
        rotate_keys(desk, "ana")
    assert "delete-access-key --access-key-id AKIA2" in caught.value.hint
    iam.keys["AKIA2"] = {"active": False, "created": 1.0, "used": None}
    with pytest.raises(KeyLimitError, match=r"inactive, never used"):
        rotate_keys(desk, "ana")
    assert set(iam.keys) == {"AKIA1", "AKIA2"}
    assert read_rotation(desk.vault, "ana") is None


def test_a_key_that_somebody_else_made_meanwhile_is_not_deleted(desk, iam):
    iam.kill_at = (2, "before")
    with pytest.raises(Killed):
        rotate_keys(desk, "ana")
    iam.kill_at = None
    iam.add(used=True)
    with pytest.raises(KeyLimitError):
        rotate_keys(desk, "ana")
    assert set(iam.keys) == {"AKIA1", "AKIA2"}
    assert read_rotation(desk.vault, "ana") is None


def test_a_new_key_that_aws_does_not_come_to_know_changes_nothing_yet(desk, iam):
    iam.unknown_for = 1000
    with pytest.raises(UnavailableError, match="does not know the new key AKIA2 yet"):
        rotate_keys(desk, "ana")
    assert read_keys(desk.vault, "ana").access_key_id == "AKIA1"
    iam.unknown_for = 0
    assert rotate_keys(desk, "ana").access_key_id == "AKIA2"
    assert list(iam.keys) == ["AKIA2"]


def test_a_new_key_of_somebody_else_never_counts(desk, iam):
    iam.owner = "arn:aws:iam::111111111111:user/eve"
    with pytest.raises(UsherError, match="user/eve, not of"):
        rotate_keys(desk, "ana")
    assert read_keys(desk.vault, "ana").access_key_id == "AKIA1"


def test_other_refusals_are_not_waited_for(desk, iam):
    def caller(_keys):
        raise StsRefusedError(StsReason.DENIED, "no")

    iam.caller = caller
    with pytest.raises(StsRefusedError, match="no"):
        rotate_keys(desk, "ana")
