"""Rules for protected accounts in a person's settings: what they are read as, and what is asked."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest

from usher.cli.context import Context
from usher.cli.looks import badge, coloured, confirm_entry, look_for, look_rules
from usher.cli.terminal import Terminal
from usher.core.errors import ExitCode, NoAccessError, UsageError, UsherError
from usher.core.ids import AccountId
from usher.core.looks import PLAIN, Colour, Confirm, Look
from usher.profiles.index import IndexEntry, write_index
from usher.session.settings import load_settings

PRODUCTION = Look(Colour.RED, "PRODUCTION", Confirm.ASK)
RULE = '[[protect]]\naccounts = "prod*"\ncolour = "red"\nlabel = "PRODUCTION"\nconfirm = true\n'
ENTRY = IndexEntry(
    "mkdev-production/Admin", "mkdev", AccountId("333333333333"), "production", "Admin", unit="Work/Prod"
)


class Person(Terminal):
    """Somebody at a terminal who answers with `line`; None is nobody."""

    def __init__(self, line, *, colour=False):
        self.words = io.StringIO()
        super().__init__(io.StringIO(), self.words, colour=colour)
        self.line = line

    @property
    def interactive(self):
        return self.line is not None

    def ask(self, question):
        self.words.write(question)
        return self.line


@pytest.fixture
def machine(tmp_path):
    """A function that makes a context with these settings and config file, and the index of mkdev."""

    def made(settings=RULE, config="[profile mkdev-production/Admin]\n", line=None):
        (tmp_path / "settings.toml").write_text(settings)
        (tmp_path / "config").write_text(config)
        write_index(tmp_path, "mkdev", [ENTRY])
        return Context({}, tmp_path, tmp_path, tmp_path, tmp_path / "config", Person(line))

    return made


def opened(name, account):
    return SimpleNamespace(name=name, account_id=account)


def test_a_profile_is_where_the_config_file_leads_whatever_the_index_remembers(machine):
    rules = (
        '[[protect]]\naccounts = "999999999999"\nlabel = "A"\n'
        '[[protect]]\npermission_sets = "Root"\nlabel = "P"\n'
    )
    lines = "[profile mkdev-production/Admin]\nusher_account_id = {}\nusher_permission_set = {}\n[x]\n"
    for account, permission_set, label in (
        ("333333333333", "Admin", ""),
        ("999999999999", "Admin", "A"),
        ("333333333333", "Root", "P"),
    ):
        context = machine(rules, lines.format(account, permission_set))
        assert look_for(context, "mkdev-production/Admin").label == label
    named = machine(config=lines.format("333333333333", "Root"))
    assert look_for(named, "mkdev-production/Admin").label == "PRODUCTION", "by its account's name"


def test_a_rule_says_for_what_it_is_and_how_that_looks(tmp_path):
    (tmp_path / "settings.toml").write_text(
        '[[protect]]\nprofiles = ["a", "b"]\nunits = "Work"\ntags = {env = "prod"}\ncolour = "pink"\n'
        '[[protect]]\norganizations = "mkdev"\nlabel = "OURS"\nconfirm = "type"\n'
    )
    first, second = look_rules(load_settings(tmp_path))
    assert (first.profiles, first.units, first.tags) == (("a", "b"), ("Work",), {"env": "prod"})
    assert first.look == Look(Colour.PINK)
    assert second.look == Look(None, "OURS", Confirm.TYPE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('accounts = "p"\ncolour = "rde"', "did you mean 'red'?"),
        ('accounts = "p"\ncolour = "x"', "one of: red, orange"),
        ('accounts = "p"\nconfirm = "yes"', 'true, false or "type"'),
        ('account = "p"\ncolour = "red"', "'protect[1].account'"),
        ('accounts = "p"', "of some effect"),
        ('colour = "red"', "for something"),
    ],
)
def test_a_rule_that_would_not_protect_is_refused_not_ignored(tmp_path, text, words):
    (tmp_path / "settings.toml").write_text("[[protect]]\n" + text)
    with pytest.raises(UsageError) as caught:
        look_rules(load_settings(tmp_path))
    assert words in caught.value.message


@pytest.mark.parametrize("profile", ["mkdev-production/Admin", "production/Admin", ENTRY])
def test_a_profile_of_the_index_has_the_look_of_its_account(machine, profile):
    assert look_for(machine(), profile) == PRODUCTION


@pytest.mark.parametrize(
    "keys",
    [
        "role_arn = arn:aws:iam::333333333333:role/deep/Admin\nsource_profile = hub",
        "usher_account_id = 333333333333",
        "sso_account_id = 333333333333\nsso_role_name = Admin",
    ],
)
def test_whatever_leads_to_a_protected_account_is_protected(machine, keys):
    assert look_for(machine(config=f"[profile through-the-hub]\n{keys}\n"), "through-the-hub") == PRODUCTION


def test_the_account_that_keys_were_opened_for_counts_more_than_the_profiles_name(machine):
    context = machine(config="[profile static]\naws_access_key_id = AKIA\n")
    assert look_for(context, "static").doubt == "name"
    assert look_for(context, opened("static", "333333333333")) == PRODUCTION
    assert look_for(context, opened(ENTRY.profile, "333333333333")) == PRODUCTION
    staging = ENTRY._replace(account_id=AccountId("222222222222"), account_name="staging")
    write_index(context.cache_dir, "other", [staging])
    assert look_for(context, opened(ENTRY.profile, "222222222222")) == PLAIN


def test_a_rule_by_account_id_needs_no_index(machine):
    context = machine(
        '[[protect]]\naccounts = "444444444444"\ncolour = "blue"',
        "[profile other]\nrole_arn = arn:aws-us-gov:iam::444444444444:role/R\n[profile bad]\nrole_arn = R\n",
    )
    assert look_for(context, "other") == Look(Colour.BLUE)
    assert look_for(context, "bad") == PLAIN
    assert look_for(context, "not-there") == PLAIN


def test_a_profile_of_that_very_name_counts_before_one_that_it_might_be_short_for(machine):
    context = machine(
        '[[protect]]\naccounts = "444444444444"\ncolour = "blue"',
        "[profile production/Admin]\nusher_account_id = 444444444444\n"
        "[profile mkdev-production/Admin]\nusher_account_id = 333333333333\n",
    )
    assert look_for(context, "production/Admin") == Look(Colour.BLUE)


def test_without_rules_everything_is_plain(machine):
    assert look_for(machine(settings=""), ENTRY.profile) == PLAIN


def test_what_is_not_protected_asks_nothing(machine):
    confirm_entry(machine(line=None), "staging", PLAIN, yes=False)


def test_yes_answers_before_it_is_asked(machine):
    confirm_entry(machine(line=None), ENTRY.profile, PRODUCTION, yes=True)


def test_where_nobody_can_be_asked_the_door_stays_shut_and_names_the_key(machine):
    with pytest.raises(NoAccessError, match=r"protected \(PRODUCTION\)") as caught:
        confirm_entry(machine(line=None), ENTRY.profile, PRODUCTION, yes=False)
    assert "--yes" in caught.value.hint
    assert caught.value.exit_code is ExitCode.NO_ACCESS
    with pytest.raises(NoAccessError, match="is protected and nobody"):
        confirm_entry(machine(line=None), ENTRY.profile, Look(confirm=Confirm.ASK), yes=False)


@pytest.mark.parametrize(
    ("look", "right", "wrong"),
    [
        (PRODUCTION, "y", "PRODUCTION"),
        (Look(None, "PRODUCTION", Confirm.TYPE), "PRODUCTION", "y"),
        (Look(None, "", Confirm.TYPE), "mkdev-production/Admin", "yes"),
    ],
)
def test_a_person_agrees_in_the_way_that_the_rule_wants(machine, look, right, wrong):
    confirm_entry(machine(line=right), ENTRY.profile, look, yes=False)
    for answer in (wrong, ""):
        with pytest.raises(UsherError, match="not confirmed"):
            confirm_entry(machine(line=answer), ENTRY.profile, look, yes=False)


def test_a_damaged_index_takes_no_protection_away(machine):
    context = machine(config="[profile mkdev-production/Admin]\nusher_account_id = 333333333333\n")
    (context.cache_dir / "index" / "mkdev.json").write_text("{")
    look = look_for(context, ENTRY.profile)
    assert (look.label, look.doubt) == ("PRODUCTION?", "name")
    with pytest.raises(NoAccessError, match="may be protected") as caught:
        confirm_entry(context, ENTRY.profile, look, yes=False)
    assert "usher profiles sync" in caught.value.hint
    confirm_entry(machine(line="y"), ENTRY.profile, look, yes=False)
    typed = replace(look, confirm=Confirm.TYPE)
    context = machine(line=ENTRY.profile)
    confirm_entry(context, ENTRY.profile, typed, yes=False)
    assert "The name of mkdev-production/Admin is not known here" in context.terminal.words.getvalue()


def test_the_question_shows_name_and_label_without_what_could_move_the_cursor(machine):
    context = machine(line="y")
    confirm_entry(context, "a\x1b[2Jb", Look(None, "x\x07y", Confirm.ASK), yes=False)
    assert context.terminal.words.getvalue() == " x�y  a�[2Jb is protected. Enter it? [y/N]"


def test_colours_are_shown_where_there_are_colours(machine):
    plain, bright = Person("y"), Person("y", colour=True)
    assert (badge(plain, PRODUCTION), coloured(plain, PRODUCTION, "x")) == (" PRODUCTION ", "x")
    assert badge(bright, PRODUCTION) == "\x1b[31m\x1b[1;7m PRODUCTION \x1b[0m\x1b[0m"
    assert (badge(bright, PLAIN), coloured(bright, PLAIN, "x")) == ("", "x")
    for colour in Colour:
        assert coloured(bright, Look(colour), "x") != "x"
    assert badge(bright, Look(label="L")) == "\x1b[1;7m L \x1b[0m"
