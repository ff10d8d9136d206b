"""The settings file: read whole, and a mistake in it names the file and the key."""

from __future__ import annotations

import pytest

from usher.core.errors import UsageError
from usher.session.settings import load_settings


def written(folder, text):
    (folder / "settings.toml").write_text(text)
    return load_settings(folder)


def test_without_a_file_everything_is_at_its_default(tmp_path):
    table = load_settings(tmp_path).table("vault")
    assert (table.text("store", "auto"), table.flag("ask"), table.texts("x"), table.mapping("y")) == (
        "auto",
        False,
        (),
        {},
    )
    assert load_settings(tmp_path).list_of_tables("protect") == []


def test_values_are_read_and_one_text_stands_for_a_list_of_one(tmp_path):
    settings = written(
        tmp_path,
        '[vault]\nstore = "agent"\nask = true\n[[protect]]\naccounts = "prod*"\ntags = {env = "p"}\n',
    )
    vault, (protect,) = settings.table("vault"), settings.list_of_tables("protect")
    assert (vault.text("store"), vault.flag("ask")) == ("agent", True)
    assert (protect.texts("accounts"), protect.mapping("tags")) == (("prod*",), {"env": "p"})
    protect.only("accounts", "tags")


@pytest.mark.parametrize(
    ("text", "read", "words"),
    [
        ("vault = 1", lambda s: s.table("vault"), "'vault' must be a table"),
        ("protect = 1", lambda s: s.list_of_tables("protect"), "[[protect]]"),
        ("protect = [1]", lambda s: s.list_of_tables("protect"), "[[protect]]"),
        ("[vault]\na = 1", lambda s: s.table("vault").text("a"), "'vault.a' must be a text"),
        ("[vault]\na = 1", lambda s: s.table("vault").flag("a"), "'vault.a' must be true or false"),
        ("[vault]\na = 1", lambda s: s.table("vault").texts("a"), "'vault.a' must be a text or a list"),
        ("[vault]\na = [1]", lambda s: s.table("vault").texts("a"), "'vault.a' must be a text or a list"),
        ("[vault]\na = 1", lambda s: s.table("vault").mapping("a"), "'vault.a' must be a table of texts"),
        (
            "[vault]\na = {b = 1}",
            lambda s: s.table("vault").mapping("a"),
            "'vault.a' must be a table of texts",
        ),
        (
            "[[protect]]\nmisspelt = 1",
            lambda s: s.list_of_tables("protect")[0].only("accounts"),
            "'protect[1].misspelt'",
        ),
    ],
)
def test_a_wrong_value_names_the_file_and_the_key(tmp_path, text, read, words):
    settings = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read(settings)
    assert words in caught.value.message
    assert str(settings.path) in caught.value.message


@pytest.mark.parametrize("content", [b"[v\n", b"vault = '\xff'"])
def test_a_file_that_is_no_toml_is_refused_with_its_place(tmp_path, content):
    (tmp_path / "settings.toml").write_bytes(content)
    with pytest.raises(UsageError, match=r"settings\.toml"):
        load_settings(tmp_path)


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    (tmp_path / "settings.toml").mkdir()
    with pytest.raises(UsageError, match="cannot read"):
        load_settings(tmp_path)


def test_a_table_that_nothing_reads_is_reported_because_it_may_be_a_misspelt_safety_rule(tmp_path):
    with pytest.raises(UsageError, match="nothing reads 'protct'") as caught:
        written(tmp_path, '[[protct]]\naccounts = "production"\n')
    assert caught.value.hint == "did you mean [protect]?"
    with pytest.raises(UsageError) as caught:
        written(tmp_path, "[zzzzzz]\n")
    assert "the tables are: " in caught.value.hint
