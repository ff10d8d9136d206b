"""Removing finds: the secret goes, every other byte stays."""

import os
import stat

import pytest

from usher.session.leftovers.finding import Surroundings
from usher.session.leftovers.removing import remove
from usher.session.leftovers.search import find_leftovers

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
BEFORE = (
    f"# my keys, \xfc\n[default]\r\naws_access_key_id = AKIAY34FZKBOKMUTVV7A\nregion = eu-west-1   # near\n"
    f"aws_secret_access_key = {SECRET}\n\n[work]\n  ; a comment\naws_access_key_id=ASIAY34FZKBOKMUTVV7A\n"
    f"aws_secret_access_key={SECRET}\naws_session_token=t\n[last]\nregion=x"
)
AFTER = "# my keys, \xfc\n[default]\r\nregion = eu-west-1   # near\n\n[work]\n  ; a comment\n[last]\nregion=x"


@pytest.fixture
def places(tmp_path):
    (tmp_path / ".aws").mkdir()
    return Surroundings({}, tmp_path, tmp_path / "project", os.geteuid())


def write(path, text, mode=0o600):
    path.write_bytes(text.encode("latin-1"))
    path.chmod(mode)


def test_all_finds_of_one_file_go_at_once_and_comments_stay(places):
    write(places.credentials_file, BEFORE, 0o644)
    found = find_leftovers(places, 0.0)
    assert len(found) == 3
    assert set(remove(found).values()) == {None}
    assert places.credentials_file.read_bytes() == AFTER.encode("latin-1")
    assert stat.S_IMODE(places.credentials_file.stat().st_mode) == 0o600
    assert [path.name for path in places.credentials_file.parent.iterdir()] == ["credentials"]
    assert find_leftovers(places, 0.0) == []


def test_one_of_two_can_be_kept(places):
    write(places.credentials_file, BEFORE)
    keep, drop = find_leftovers(places, 0.0)
    remove([drop])
    assert [each.name for each in find_leftovers(places, 0.0)] == [keep.name]


def test_a_file_that_changed_meanwhile_is_not_touched(places):
    write(places.credentials_file, BEFORE)
    found = find_leftovers(places, 0.0)
    os.utime(places.credentials_file, (1, 1))
    problems = remove(found).values()
    assert all("changed meanwhile" in problem.message for problem in problems)
    assert places.credentials_file.read_bytes() == BEFORE.encode("latin-1")


def test_closing_a_file_changes_nothing_in_it(places):
    write(places.credentials_file, BEFORE, 0o666)
    closing = [each for each in find_leftovers(places, 0.0) if each.kind == "file open to others"]
    assert set(remove(closing).values()) == {None}
    assert stat.S_IMODE(places.credentials_file.stat().st_mode) == 0o600
    assert places.credentials_file.read_bytes() == BEFORE.encode("latin-1")


def test_a_cache_file_goes_and_so_does_what_a_link_in_its_place_leads_to(places, tmp_path):
    cache = tmp_path / ".aws/sso/cache"
    cache.mkdir(parents=True)
    write(cache / "plain.json", '{"accessToken": "t"}')
    write(tmp_path / "elsewhere", '{"accessToken": "t"}')
    (cache / "link.json").symlink_to(tmp_path / "elsewhere")
    assert set(remove(find_leftovers(places, 0.0)).values()) == {None}
    assert list(cache.iterdir()) == []
    assert not (tmp_path / "elsewhere").exists()


def test_what_only_a_person_can_do_is_said(places):
    found = find_leftovers(
        Surroundings({"AWS_SECRET_ACCESS_KEY": SECRET}, places.home, places.folder, places.uid), 0.0
    )
    (problem,) = remove(found).values()
    assert "unset" in problem.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_is_not_touched(places):
    write(places.credentials_file, BEFORE)
    os.chown(places.credentials_file, 12345, 12345)
    problems = remove(find_leftovers(places, 0.0)).values()
    assert all("another user" in problem.message for problem in problems)


def test_a_file_that_is_gone_is_said(places):
    write(places.credentials_file, BEFORE)
    found = find_leftovers(places, 0.0)
    places.credentials_file.unlink()
    assert all("cannot clean" in problem.message for problem in remove(found).values())


def test_a_file_that_cannot_be_replaced_is_left_whole(places, monkeypatch):
    write(places.credentials_file, BEFORE)
    found = find_leftovers(places, 0.0)

    def no(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no)
    assert all("No space" in problem.message for problem in remove(found).values())
    assert [path.name for path in places.credentials_file.parent.iterdir()] == ["credentials"]
