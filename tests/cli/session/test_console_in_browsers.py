"""`usher console` into browsers that have the extension: real processes, sealed links between them."""

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from usher.cli.browser.installs import Install, read_installs, write_install
from usher.console.browsers import Family
from usher.console.extension import CHROMIUM_ORIGIN

pytestmark = pytest.mark.once  # real processes; no check of theirs differs under -O

STAGING, PRODUCTION = "mkdev-staging/ReadOnlyAccess", "mkdev-production/ReadOnlyAccess"
# A browser that takes the one-time address and does not go where it leads.
TAKE = (
    "import http.client as h, sys, urllib.parse as p; u = p.urlsplit(sys.argv[1]);"
    "c = h.HTTPConnection(u.netloc); c.request('GET', u.path); c.getresponse().read()"
)
PLAIN = {"BROWSER": f'{sys.executable} -c "{TAKE}" %s'}
SCREEN = {"DISPLAY": ":0"}
BASE_URLS = {
    "firefox": "moz-extension://01234567-89ab-cdef-0123-456789abcdef/",
    "chromium": CHROMIUM_ORIGIN,
}
BROWSER_FILE = Path(__file__).with_name("native_browser.py")


@pytest.fixture(scope="module")
def home(settled):
    """A signed-in home whose AWS is emulated."""
    settled.ok("login", "--device", "--aws-endpoint-url", settled.portal.url)
    return settled


@pytest.fixture(autouse=True)
def no_browser_known(home):
    yield
    for record in (home.folder / ".cache" / "usher" / "browsers").glob("*.json"):
        record.unlink()


def said(home, *arguments, **environ):
    done = home.run("console", *arguments, **environ)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return done.stderr.strip()


def test_a_console_opens_in_its_container_and_it_is_said_where(home, start_browser):
    browser = start_browser(home)
    words = said(home, STAGING, "--service", "sqs", "--duration", "2h")
    assert words == f"Firefox opens the console of {STAGING} in its container 'staging/ReadOnlyAccess'."
    visit = browser.opened_visit()
    assert "%2Fsqs%2Fv3%2Fhome%3Fregion%3Deu-central-1" in visit["url"]
    assert visit["session"]["accountName"] == "staging"
    assert abs(visit["session"]["ends"] - time.time() - 7200) < 60
    assert browser.opened.empty()


def test_a_command_that_sees_another_world_than_the_browser_opens_by_itself(home, start_browser):
    browser = start_browser(home)
    words = said(home, STAGING, AWS_MAX_ATTEMPTS="2")
    assert words == f"Firefox opens the console of {STAGING} in its container 'staging/ReadOnlyAccess'."
    assert browser.opened_visit()["session"]["profile"] == STAGING
    assert browser.opened.empty()


def test_without_a_name_it_is_the_profile_in_use(home, start_browser):
    browser = start_browser(home)
    said(home, AWS_PROFILE=PRODUCTION)
    assert browser.opened_visit()["session"]["profile"] == PRODUCTION


def test_a_page_that_was_sent_opens_in_the_browser_too(home, start_browser):
    browser = start_browser(home)
    pasted = "https://333333333333-abcd2fgh.eu-west-1.console.aws.amazon.com/ec2/home"
    assert "The link was of account 333333333333" in said(home, STAGING, pasted)
    assert "%2Fec2%2Fhome" in browser.opened_visit()["url"]


def test_what_the_command_has_to_say_itself_it_says(home, start_browser):
    browser = start_browser(home)
    assert home.run("console", "no-such-profile").returncode == 5
    assert home.run("console", STAGING, "--duration", "99h").returncode == 2
    assert "did you mean: lambda" in home.run("console", STAGING, "--service", "lamda").stderr
    with home.settings("[[protect]]", 'accounts = ["production"]', "confirm = true"):
        refused = home.run("console", PRODUCTION)
        assert (refused.returncode, browser.opened.empty()) == (4, True)
        assert "nobody is here to confirm it" in refused.stderr
        said(home, PRODUCTION, "--yes")
    assert browser.opened_visit()["session"]["profile"] == PRODUCTION


def test_print_and_copy_have_nothing_to_do_with_browsers(home, start_browser):
    browser = start_browser(home)
    assert home.ok("console", STAGING, "--print").startswith(f"{home.portal.url}/federation?")
    assert browser.opened.empty()


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ("plain", "plain", "console of mkdev-staging/ReadOnlyAccess.\nAll accounts share this browser's"),
        ("multi-session", "group", "in its tab group 'staging/ReadOnlyAccess'."),
    ],
)
def test_chromium_gets_a_group_where_aws_keeps_several_sessions(home, start_browser, settings, kind, words):
    browser = start_browser(home, "chromium")
    with home.settings("[console]", 'browser = "chromium"', f'chromium = "{settings}"'):
        assert words in said(home, STAGING)
    assert browser.opened_visit()["place"]["kind"] == kind


def test_the_container_is_called_as_the_settings_say_and_marked(home, start_browser):
    browser = start_browser(home)
    with home.settings("[console]", 'container = "{account_id} {role}"', 'icon = "tree"'):
        assert "container '222222222222 ReadOnlyAccess'" in said(home, STAGING)
    place = browser.opened_visit()["place"]
    assert place == {"kind": "container", "name": "222222222222 ReadOnlyAccess", "icon": "tree"}


@pytest.mark.parametrize("world", [{}, {"AWS_MAX_ATTEMPTS": "2"}])
def test_a_refusal_of_the_extension_is_an_error_with_its_reason(home, start_browser, world):
    browser = start_browser(home)
    browser.answer = {"ok": False, "error": {"code": "expired", "message": "Too old.\x1b[31m"}}
    done = home.run("console", STAGING, **world)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the extension in Firefox did not open the console: Too old." in done.stderr
    assert "\x1b" not in done.stderr
    assert "usher browser doctor" in done.stderr


def test_an_extension_that_says_nothing_more_is_reported_when_its_browser_ends(home, start_browser):
    browser = start_browser(home)
    browser.answer = None
    process = home.start("console", STAGING)
    browser.opened.get(timeout=30)
    browser.close()
    _, words = process.communicate(timeout=30)
    assert process.returncode == 7
    assert "the extension in the browser did not answer" in words


def test_a_browser_with_the_key_of_an_earlier_vault_gets_the_one_of_now(home, start_browser):
    browser = start_browser(home)
    browser.answer = {"ok": False, "error": {"code": "forged", "message": "Not ours."}}
    assert "Not ours." in home.run("console", STAGING).stderr
    [record] = [path for path in home.records if path.stem == "browser-link-key"]
    record.unlink()
    done = home.run("console", STAGING)
    assert done.returncode == 7
    assert "it gets the one of now" in done.stderr
    assert browser.ended() == (0, "")
    again = start_browser(home)
    assert again.key != browser.key
    said(home, STAGING)
    assert again.opened_visit()


def test_two_terminals_at_once_open_two_consoles(home, start_browser):
    browser = start_browser(home)
    processes = [home.start("console", profile) for profile in (STAGING, PRODUCTION)]
    assert [process.communicate(timeout=60)[0] for process in processes] == ["", ""]
    opened = [browser.opened_visit() for _ in processes]
    assert {visit["session"]["profile"] for visit in opened} == {STAGING, PRODUCTION}
    assert len({visit["id"] for visit in opened}) == 2


def test_of_several_browsers_the_named_one_opens_else_the_last_that_came(home, start_browser):
    firefox, chromium = start_browser(home), start_browser(home, "chromium", install="c" * 32)
    said(home, STAGING)
    assert chromium.opened_visit()
    with home.settings("[console]", 'browser = "firefox"'):
        said(home, STAGING)
    assert firefox.opened_visit()
    assert chromium.opened.empty()


def test_a_person_whose_browsers_have_no_extension_gets_the_page_as_ever(home):
    assert said(home, STAGING, **PLAIN) == f"Your browser opens the console of {STAGING}."


def test_a_firefox_that_does_not_run_is_started_with_its_profile_and_the_extensions_page(home, tmp_path):
    browser = FakeBrowser(home, tmp_path, "firefox")
    write_install(home.cache, browser.install(options=("--profile", "/p")))
    assert "opens the console of mkdev-staging/ReadOnlyAccess in its container" in said(
        home, STAGING, **SCREEN
    )
    profile, directory, page = browser.arguments()
    assert (profile, directory) == ("--profile", "/p")
    assert page.startswith(f"{BASE_URLS['firefox']}open.html#1.")
    assert "signin" not in page
    assert browser.link() == ""


def test_a_chromium_that_does_not_run_is_started_and_sent_the_link(home, tmp_path):
    browser = FakeBrowser(home, tmp_path, "chromium")
    write_install(home.cache, browser.install(options=("--profile-directory=P 1",)))
    with home.settings("[console]", 'browser = "chromium"', 'chromium = "plain"'):
        assert "Chromium opens the console of mkdev-staging/ReadOnlyAccess." in said(home, STAGING, **SCREEN)
    assert browser.arguments() == ["--profile-directory=P", "1"]
    assert browser.link().startswith("1.")


def test_where_there_is_no_screen_no_browser_is_started(home, tmp_path):
    browser = FakeBrowser(home, tmp_path, "firefox")
    write_install(home.cache, browser.install())
    assert said(home, STAGING, **PLAIN) == f"Your browser opens the console of {STAGING}."
    assert not browser.left.exists()


def test_over_ssh_no_console_opens_on_a_screen_that_nobody_watches(home, start_browser):
    browser = start_browser(home)
    afar = {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}
    assert said(home, STAGING, **PLAIN, **afar) == f"Your browser opens the console of {STAGING}."
    assert browser.opened.empty()
    assert "in its container" in said(home, STAGING, DISPLAY=":0", **afar)


def test_a_program_of_the_persons_own_opens_it_and_sees_no_secret(home, tmp_path):
    left = tmp_path / "arguments"
    program = tmp_path / "my-browser"
    code = f"import pathlib; pathlib.Path({str(left)!r}).write_text(' '.join(sys.argv[1:]))"
    program.write_text(f"#!{sys.executable}\n{TAKE}\n{code}\n")
    program.chmod(0o700)
    with home.settings("[console]", f'open = ["{program}", "{{url}}", "{{account_name}}", "{{colour}}"]'):
        assert said(home, STAGING) == f"my-browser opens the console of {STAGING}."
    url, name = left.read_text().rstrip().split(" ")
    assert name == "staging"
    assert url.startswith("http://127.0.0.1:")
    assert "SigninToken" not in url


def test_a_stranger_at_the_socket_is_sent_nothing(home, start_browser, tmp_path):
    browser = start_browser(home)
    [socket] = home.sockets()
    if os.geteuid() != 0:
        pytest.skip("only root can give a socket away")
    os.chown(socket, 65_534, 65_534)
    done = home.run("console", STAGING)
    assert done.returncode == 1
    assert "is not your agent's socket" in done.stderr
    assert browser.opened.empty()


def test_records_of_browsers_are_private_and_say_what_they_are(home, start_browser):
    start_browser(home)
    [install] = read_installs(home.cache)
    assert (install.family, install.base_url) == (
        Family.FIREFOX,
        "moz-extension://01234567-89ab-cdef-0123-456789abcdef/",
    )
    [record] = (home.cache / "browsers").glob("*.json")
    assert stat.S_IMODE(record.stat().st_mode) == 0o600


class FakeBrowser:
    """A program that a person starts as their browser: it has the extension, and leaves what came to it."""

    def __init__(self, home, folder, family):
        self.family, self.program, self.left = family, folder / family, folder / "left"
        # A Firefox is given a page by its arguments, a Chromium the link by its host.
        wait = (
            "browser.opened.get(timeout=60)" if family == "chromium" else f"until({str(folder / 'done')!r})"
        )
        self.program.write_text(
            f"#!{sys.executable}\n"
            "import importlib.util, pathlib, sys, time, types\n"
            f"spec = importlib.util.spec_from_file_location('native_browser', {str(BROWSER_FILE)!r})\n"
            "module = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(module)\n"
            f"home = types.SimpleNamespace(usher={home.usher!r}, environ={home.environ!r})\n"
            f"browser = module.NativeBrowser(home, {family!r}, {'5' * 32!r})\n"
            "def until(file):\n"
            "    while not pathlib.Path(file).exists(): time.sleep(0.01)\n"
            "    return ''\n"
            f"browser.hello()\nlink = {wait}\n"
            f"new = pathlib.Path({str(self.left) + '.new'!r})\n"
            "new.write_text(' '.join(sys.argv[1:]) + '\\n' + link)\n"
            f"browser.close()\nnew.rename({str(self.left)!r})\n"
        )
        self.program.chmod(0o700)

    def install(self, **fields):
        base, now = BASE_URLS[self.family], time.time()
        return Install("5" * 32, Family(self.family), "0.1.0", base, str(self.program), seen=now, **fields)

    def arguments(self):
        return self._came()[0].split(" ")

    def link(self):
        return self._came()[1]

    def _came(self):
        (self.left.parent / "done").touch()
        give_up = time.monotonic() + 30
        while not self.left.exists():
            assert time.monotonic() < give_up
            time.sleep(0.01)
        return self.left.read_text().split("\n")
