"""`usher switch`: the terminal and its browser window in one account, and nobody else."""

import json

import pytest

STAGING, OTHER = "mkdev-staging/ReadOnlyAccess", "mkdev-staging/AdministratorAccess"
PRODUCTION = "mkdev-production/ReadOnlyAccess"
WINDOW_VARIABLES = {"USHER_WINDOW", "USHER_WINDOW_FILE", "USHER_WINDOW_SEEN"}


@pytest.fixture(scope="module")
def home(settled):
    settled.ok("login", "--device", "--aws-endpoint-url", settled.portal.url)
    return settled


@pytest.fixture
def windows(home):
    """Where the windows are; each test begins without any, and without a browser that was ever seen."""
    folder = home.folder / ".cache" / "usher" / "windows"
    yield folder
    for file in (*folder.glob("*"), *folder.with_name("browsers").glob("*")):
        file.unlink()


class Terminal:
    """A shell with the hook, as far as usher can tell: it takes over what it is told."""

    def __init__(self, home, **environ):
        self.home, self.environ, self.code, self.words = home, environ, 0, ""

    def switch(self, *arguments):
        done = self.home.run("switch", "--shell-output", "nu", *arguments, **self.environ)
        self.code, self.words = done.returncode, done.stderr
        if done.returncode == 0:
            told = json.loads(done.stdout)
            kept = {name: value for name, value in self.environ.items() if name not in told["unset"]}
            self.environ = {**kept, **told["set"]}
        return self

    @property
    def profile(self):
        return self.environ.get("AWS_PROFILE")

    @property
    def window(self):
        return self.environ.get("USHER_WINDOW")


def test_the_browser_window_of_the_terminal_shows_the_account_that_the_terminal_is_in(
    home, windows, start_browser
):
    browser = start_browser(home)
    terminal = Terminal(home).switch(STAGING)
    assert terminal.profile == STAGING, terminal.words
    first = browser.opened_visit()
    assert (first["window"], first["session"]["profile"]) == (terminal.window, STAGING)
    terminal.switch(OTHER)
    second = browser.opened_visit()
    assert (second["window"], second["session"]["profile"]) == (terminal.window, OTHER)
    assert terminal.switch("-").profile == STAGING
    assert browser.opened_visit()["window"] == terminal.window
    assert [file.name for file in windows.iterdir()] == [terminal.window]


def test_every_terminal_has_a_window_of_its_own(home, windows, start_browser):
    browser = start_browser(home)
    one, two = Terminal(home).switch(STAGING), Terminal(home).switch(OTHER)
    assert browser.opened_visit()["window"] == one.window
    assert browser.opened_visit()["window"] == two.window
    assert one.window != two.window


def test_shells_of_the_window_follow_a_switch_in_the_browser_and_other_terminals_do_not(
    home, windows, start_browser
):
    browser = start_browser(home)
    one, two = Terminal(home).switch(STAGING), Terminal(home).switch(STAGING)
    config = home.config.read_bytes()
    assert browser.ask("switch", profile=OTHER, window=one.window)["ok"]
    one.switch("--follow")
    assert one.profile == OTHER
    assert f"usher: {OTHER} (switched in the browser)" in one.words
    two.switch("--follow")
    assert (two.profile, two.words) == (STAGING, "")
    assert one.switch("--follow").words == ""
    assert home.config.read_bytes() == config


def test_another_shell_of_the_same_window_follows_too(home, windows, start_browser):
    start_browser(home)
    first = Terminal(home).switch(STAGING)
    pane = Terminal(home, **first.environ)
    first.switch(OTHER)
    assert pane.switch("--follow").profile == OTHER
    assert "(switched in another shell of this window)" in pane.words


def test_a_protected_account_is_announced_and_entered_by_a_word(home, windows, start_browser):
    settings = home.folder / ".config" / "usher" / "settings.toml"
    settings.write_text(f'[[protect]]\nprofiles = ["{PRODUCTION}"]\nlabel = "PRODUCTION"\nconfirm = true\n')
    settings.chmod(0o600)
    try:
        browser = start_browser(home)
        terminal = Terminal(home).switch(STAGING)
        browser.opened_visit()
        assert browser.ask("switch", profile=PRODUCTION, window=terminal.window)["ok"]
        assert terminal.switch("--follow").profile == STAGING
        assert "it is protected\n       'usher switch .' asks and enters it" in terminal.words
        assert terminal.switch("--follow").profile == STAGING
        assert terminal.switch(".").code == 4, "nobody is here to be asked"
        assert terminal.switch(".", "--yes").profile == PRODUCTION
        assert browser.opened.empty(), "the browser is there already"
        assert terminal.switch("--follow").words == ""
    finally:
        settings.unlink()


def test_keys_of_ones_own_are_not_taken_away_by_a_switch_elsewhere(home, windows, start_browser):
    browser = start_browser(home)
    terminal = Terminal(home).switch(STAGING)
    terminal.environ["AWS_ACCESS_KEY_ID"] = "AKIA"
    assert browser.ask("switch", profile=OTHER, window=terminal.window)["ok"]
    assert terminal.switch("--follow").profile == STAGING
    assert "AWS_ACCESS_KEY_ID is set here and would win" in terminal.words
    assert terminal.switch(".").profile == OTHER
    assert "AWS_ACCESS_KEY_ID" not in terminal.environ


def test_a_profile_that_is_gone_is_said_and_changes_nothing(home, windows, start_browser):
    browser = start_browser(home)
    terminal = Terminal(home).switch(STAGING)
    assert browser.ask("switch", profile=OTHER, window=terminal.window)["ok"]
    file = windows / terminal.window
    file.write_text(file.read_text().replace(OTHER, "gone"))
    assert terminal.switch("--follow").profile == STAGING
    assert "the window was switched to gone: " in terminal.words


def test_without_the_extension_the_terminal_is_switched_and_one_line_says_why_the_browser_is_not(
    home, windows
):
    terminal = Terminal(home).switch(STAGING)
    assert (terminal.code, terminal.profile, terminal.window) == (0, STAGING, None)
    assert terminal.words.splitlines() == [
        f"usher: {STAGING}",
        "usher: the browser did not follow: no browser here has the extension (run: usher browser setup)",
    ]
    assert not windows.exists() or list(windows.iterdir()) == []


def test_a_browser_that_was_closed_is_said_to_be_so(home, windows, start_browser):
    start_browser(home).close()
    terminal = Terminal(home).switch(STAGING)
    assert (terminal.code, terminal.profile) == (0, STAGING)
    assert "the browser did not follow: no browser that has the extension runs here" in terminal.words


def test_the_region_that_is_asked_for_is_the_consoles_too(home, windows, start_browser):
    browser = start_browser(home)
    terminal = Terminal(home).switch("--region", "eu-west-3", STAGING)
    visit = browser.opened_visit()
    assert (visit["window"], visit["session"]["region"]) == (terminal.window, "eu-west-3")


@pytest.mark.parametrize("region", [[], ["--region", "eu-west-3"]], ids=["by the host", "by itself"])
def test_what_the_extension_says_against_it_is_said_and_the_terminal_is_switched(
    home, windows, start_browser, region
):
    browser = start_browser(home)
    browser.answer = {"ok": False, "error": {"code": "host", "message": "It leads to no console."}}
    terminal = Terminal(home).switch(*region, STAGING)
    assert (terminal.code, terminal.profile) == (0, STAGING)
    assert "the browser did not follow: " in terminal.words
    assert "It leads to no console." in terminal.words


def test_keys_that_cannot_be_had_keep_the_browser_where_it_is(home, windows, start_browser):
    browser = start_browser(home)
    with home.config.open("a") as file:
        file.write("\n[profile odd]\nrole_arn = arn:aws:iam::222222222222:role/x\nsource_profile = nowhere\n")
    terminal = Terminal(home).switch("odd")
    assert (terminal.code, terminal.profile) == (0, "odd")
    assert "the browser did not follow: " in terminal.words
    assert browser.opened.empty()


def test_the_terminal_alone_is_switched_where_that_is_wanted(home, windows, start_browser):
    browser = start_browser(home)
    terminal = Terminal(home).switch("--no-browser", STAGING)
    assert (terminal.profile, terminal.window) == (STAGING, None)
    terminal.switch(OTHER)
    browser.opened_visit()
    terminal.switch("--no-browser", "--region", "eu-west-3", STAGING)
    assert (terminal.profile, terminal.environ["AWS_REGION"]) == (STAGING, "eu-west-3")
    assert browser.opened.empty()
    assert STAGING in (windows / terminal.window).read_text()


def test_cleared_a_shell_has_no_window_any_more_and_others_keep_theirs(home, windows, start_browser):
    browser = start_browser(home)
    terminal = Terminal(home).switch(STAGING)
    inner = Terminal(home, **terminal.environ).switch("--clear")
    assert (inner.profile, WINDOW_VARIABLES & set(inner.environ)) == (None, set())
    assert browser.ask("switch", profile=OTHER, window=terminal.window)["ok"]
    assert terminal.switch("--follow").profile == OTHER
    assert inner.switch("--follow").profile is None
    assert inner.switch("--clear", STAGING).code == 2


def test_the_browser_is_told_when_no_terminal_belongs_to_the_window_any_more(home, windows, start_browser):
    browser = start_browser(home)
    terminal = Terminal(home).switch(STAGING)
    (windows / terminal.window).unlink()
    answer = browser.ask("switch", profile=OTHER, window=terminal.window)
    assert answer["error"]["code"] == "not_found"
    assert "no terminal belongs to this browser window any more" in answer["error"]["message"]
    assert terminal.switch("--follow").profile == STAGING


@pytest.mark.parametrize(
    "message",
    [
        {"profile": STAGING},
        {"profile": STAGING, "window": None},
        {"profile": STAGING, "window": "../w"},
        {"profile": STAGING, "window": "w" * 65},
        {"profile": "", "window": "w"},
        {"profile": 5, "window": "w"},
        {"profile": STAGING, "window": "w", "who": "me"},
    ],
)
def test_a_switch_that_is_no_switch_is_refused(home, windows, start_browser, message):
    answer = start_browser(home).ask("switch", **message)
    assert (answer["ok"], answer["error"]["code"]) == (False, "wrong")


def test_what_is_meant_must_be_there(home, windows):
    terminal = Terminal(home)
    assert terminal.switch("no-such").code == 5
    assert terminal.switch("-").code == 5
    assert terminal.switch(".").code == 5
    assert "no browser window belongs to this terminal yet" in terminal.words
    assert terminal.switch().code == 2
    assert terminal.switch("--follow").environ == {}


def test_without_the_hook_it_is_said_how_to_install_it(home):
    done = home.run("switch", STAGING, SHELL="/bin/zsh")
    assert done.returncode == 2
    assert "'usher switch' changes a shell only through the shell's hook" in done.stderr
    assert "usher shell-init zsh" in done.stderr
