"""`usher browser host` as browsers drive it: what the extension is given, and what it is refused."""

import json
import signal
import struct
import threading
import time
from pathlib import Path

import pytest

from usher.cli.browser.sockets import call_host
from usher.cli.context import context_of

pytestmark = pytest.mark.once  # real processes; no check of theirs differs under -O

STAGING, PRODUCTION = "mkdev-staging/ReadOnlyAccess", "mkdev-production/ReadOnlyAccess"
OPEN = {"url": None, "confirmed": None, "place": None, "window": None}


def frame(content):
    return struct.pack("=I", len(content)) + content


@pytest.fixture(scope="module")
def home(settled):
    """A signed-in home whose AWS is emulated."""
    settled.ok("login", "--device", "--aws-endpoint-url", settled.portal.url)
    return settled


@pytest.fixture(scope="module")
def browser(home, browser_class):
    """A Firefox that stays open for the module's tests."""
    browser = browser_class(home)
    assert browser.hello()["ok"]
    yield browser
    assert browser.close()[0] == 0


# What it is asked


def test_hello_gives_the_key_of_this_machine_and_no_other_each_time(home, browser, start_browser):
    answer = browser.hello()
    assert set(answer) == {"id", "ok", "key", "usher", "jar"}
    assert start_browser(home, "chromium", install="f" * 32).key == browser.key == answer["key"]
    assert len(answer["key"]) == 43


def test_browsers_that_start_together_make_one_key(home, tmp_path, start_browser):
    fresh = {"USHER_HOME": str(tmp_path / "fresh")}
    browsers = [start_browser(home, install=digit * 32, greets=False, **fresh) for digit in "abc"]
    asked = [(each, each.send("hello", **each.said())) for each in browsers]
    assert len({each.answer_to(number)["key"] for each, number in asked}) == 1
    assert [each.close() for each in browsers] == [(0, "")] * 3


def test_a_search_finds_profiles_as_the_picker_does(browser):
    [found] = browser.ask("profiles", query="prod", limit=50)["profiles"]
    assert found == {
        "profile": PRODUCTION,
        "accountId": "333333333333",
        "accountName": "production",
        "role": "ReadOnlyAccess",
        "organization": "mkdev",
        "label": "",
        "colour": None,
        "favourite": False,
        "recent": found["recent"],
    }
    assert browser.ask("profiles", query="nothing like it", limit=50)["profiles"] == []


def test_without_a_query_favourites_come_first_then_what_was_used(home, browser):
    home.ok("use", "--shell-output", "bash", STAGING)
    assert browser.ask("favourite", profile=PRODUCTION, on=True)["ok"]
    found = browser.ask("profiles", query=" ", limit=2)["profiles"]
    assert [each["profile"] for each in found] == [PRODUCTION, STAGING]
    assert [each["favourite"] for each in found] == [True, False]
    assert found[1]["recent"]
    assert browser.ask("favourite", profile=PRODUCTION, on=False)["ok"]
    [production] = browser.ask("profiles", query="prod", limit=9)["profiles"]
    assert not production["favourite"]


def test_profiles_wear_the_colours_of_the_persons_rules(home, browser):
    with home.settings("[[protect]]", 'accounts = ["production"]', 'colour = "red"', 'label = "PROD"'):
        [found] = browser.ask("profiles", query="prod", limit=1)["profiles"]
    assert (found["colour"], found["label"]) == ("red", "PROD")


def test_the_status_tells_who_is_signed_in(home, browser):
    [session] = browser.ask("status")["sessions"]
    start = f"{home.portal.url}/start"
    assert session == {"organization": "mkdev", "startUrl": start, "state": "open", "ends": None}


def test_a_link_asks_for_the_console_of_that_account_and_role(home, browser):
    answer = browser.ask("open", **{**OPEN, "profile": PRODUCTION, "window": "w-1"})
    visit = browser.visit(answer["link"])
    assert set(answer) == {"id", "ok", "link"}
    assert visit["url"].startswith(f"{home.portal.url}/federation?Action=login")
    assert (visit["partition"], visit["emulatedOrigin"], visit["window"]) == ("aws", home.portal.url, "w-1")
    assert visit["place"] == {"kind": "container", "name": "production/ReadOnlyAccess", "icon": "fingerprint"}
    session = visit["session"]
    assert session["key"] == "mkdev/333333333333/ReadOnlyAccess"
    assert (session["accountName"], session["role"]) == ("production", "ReadOnlyAccess")
    assert time.time() + 3000 < session["ends"] < time.time() + 3700
    assert abs(visit["made"] - time.time()) < 20


def test_a_page_is_opened_again_in_another_account(home, browser):
    page = (
        "https://222222222222-abcd2fgh.eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#Instances:"
    )
    answer = browser.ask("open", **{**OPEN, "profile": PRODUCTION, "url": page})
    assert "%2Fec2%2Fhome%3Fregion%3Deu-west-1%23Instances" in browser.visit(answer["link"])["url"]


@pytest.mark.parametrize("kind", ["container", "group", "plain"])
def test_the_extension_says_where_it_can_keep_a_session(browser, kind):
    answer = browser.ask("open", **{**OPEN, "profile": STAGING, "place": {"kind": kind}})
    assert browser.visit(answer["link"])["place"]["kind"] == kind


def test_a_protected_account_is_entered_only_with_the_word(home, browser):
    wanted = {**OPEN, "profile": PRODUCTION}
    with home.settings("[[protect]]", 'accounts = ["production"]', 'label = "PROD"', 'confirm = "type"'):
        asked = browser.ask("open", **wanted)["error"]
        wrong = browser.ask("open", **{**wanted, "confirmed": "yes"})["error"]
        answer = browser.ask("open", **{**wanted, "confirmed": "PROD"})
    assert asked["code"] == wrong["code"] == "confirm"
    text = f"{PRODUCTION} is protected. Type PROD to enter it:"
    assert asked["confirm"] == {"how": "type", "word": "PROD", "text": text}
    assert browser.visit(answer["link"])["session"]["label"] == "PROD"


def test_a_question_that_wants_a_yes_takes_the_word_yes(home, browser):
    wanted = {**OPEN, "profile": PRODUCTION}
    with home.settings("[[protect]]", 'accounts = ["production"]', "confirm = true"):
        confirm = browser.ask("open", **wanted)["error"]["confirm"]
        assert browser.ask("open", **{**wanted, "confirmed": confirm["word"]})["ok"]
        assert browser.ask("open", **{**wanted, "confirmed": ""})["error"]["code"] == "confirm"
        assert browser.ask("open", **{**wanted, "confirmed": "A STRONGER WORD"})["ok"]
    assert (confirm["how"], confirm["word"]) == ("ask", "yes")
    assert confirm["text"] == f"{PRODUCTION} is protected. Enter it?"


def test_a_slow_console_keeps_no_other_question_waiting(home, browser):
    entered, leave = threading.Event(), threading.Event()

    def hold():
        entered.set()
        leave.wait(30)

    home.portal.on_federation = hold
    slow = browser.send("open", **{**OPEN, "profile": STAGING})
    assert entered.wait(30)
    assert browser.ask("profiles", query="prod", limit=1)["ok"]
    leave.set()
    assert browser.answer_to(slow)["ok"]
    home.portal.on_federation = lambda: None


def test_more_than_it_has_hands_for_is_refused_at_once_and_the_rest_answered(home, browser):
    leave = threading.Event()
    home.portal.on_federation = lambda: leave.wait(30)
    numbers = [browser.send("open", **{**OPEN, "profile": STAGING}) for _ in range(17)]
    refused = browser.answer_to(numbers[-1])
    assert refused["error"]["code"] == "unavailable"
    leave.set()
    assert all(browser.answer_to(number)["ok"] for number in numbers[:-1])
    home.portal.on_federation = lambda: None


# What it refuses


@pytest.mark.parametrize(
    ("op", "fields", "code"),
    [
        ("open", {**OPEN, "profile": "no-such-profile"}, "not_found"),
        (
            "open",
            {**OPEN, "profile": STAGING, "url": "arn:aws:sqs:eu-west-1:333333333333:orders"},
            "no_access",
        ),
        ("open", {**OPEN, "profile": STAGING, "url": "https://evil.example/"}, "failed"),
        ("open", {**OPEN, "profile": STAGING, "url": "javascript:alert(1)"}, "failed"),
        ("open", {**OPEN, "profile": STAGING, "url": "file:///etc/passwd"}, "failed"),
        ("open", {**OPEN, "profile": STAGING, "url": "https://a@console.aws.amazon.com/"}, "failed"),
        ("sign_in", {"organization": "no-such-organization"}, "not_found"),
        ("sign_in", {"organization": "--help"}, "not_found"),
        # Wrong types, wrong fields, wrong values: the schema.
        ("open", {"profile": STAGING, "command": "id"}, "wrong"),
        ("open", {**OPEN, "profile": ""}, "wrong"),
        ("open", {**OPEN, "profile": 7}, "wrong"),
        ("open", {**OPEN, "profile": ["a"]}, "wrong"),
        ("open", {**OPEN, "profile": "x" * 600}, "wrong"),
        ("open", {**OPEN, "profile": "two\nlines"}, "wrong"),
        ("open", {**OPEN, "profile": "\x1b]0;title\x07"}, "wrong"),
        ("open", {**OPEN, "profile": "\ud800"}, "wrong"),
        ("open", {**OPEN, "profile": STAGING, "url": {"href": "x"}}, "wrong"),
        ("open", {**OPEN, "profile": STAGING, "url": "https://" + "a" * 9000}, "wrong"),
        ("open", {**OPEN, "profile": STAGING, "confirmed": True}, "wrong"),
        ("open", {**OPEN, "profile": STAGING, "place": "container"}, "wrong"),
        ("open", {**OPEN, "profile": STAGING, "place": {"kind": "window"}}, "wrong"),
        ("open", {**OPEN, "profile": STAGING, "place": {"kind": "plain", "name": "x"}}, "wrong"),
        ("open", {**OPEN, "profile": STAGING, "window": "../../x"}, "wrong"),
        ("open", {**OPEN, "profile": STAGING, "window": ""}, "wrong"),
        ("profiles", {"query": "x", "limit": 51}, "wrong"),
        ("profiles", {"query": "x", "limit": 0}, "wrong"),
        ("profiles", {"query": "x", "limit": True}, "wrong"),
        ("profiles", {"query": "x", "limit": 1e9}, "wrong"),
        ("profiles", {"query": None, "limit": 1}, "wrong"),
        ("profiles", {"query": "x" * 300, "limit": 1}, "wrong"),
        ("favourite", {"profile": STAGING, "on": 1}, "wrong"),
        ("favourite", {"profile": "", "on": True}, "wrong"),
        ("status", {"organization": "mkdev"}, "wrong"),
        ("exec", {"command": ["id"]}, "wrong"),
        ("__class__", {}, "wrong"),
        (None, {}, "wrong"),
        ({"a": 1}, {}, "wrong"),
        ("hello", {"install": "0" * 32, "family": "firefox", "version": "1", "baseUrl": ""}, "wrong"),
        ("hello", {"install": "e" * 32}, "wrong"),
    ],
)
def test_what_the_extension_never_asks_is_refused_and_the_next_question_answered(browser, op, fields, code):
    error = browser.ask(op, **fields)["error"]
    assert error["code"] == code
    assert error["message"]
    assert browser.ask("profiles", query="prod", limit=1)["ok"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("install", "../" * 8),
        ("install", "A" * 32),
        ("install", "f" * 31),
        ("install", 7),
        ("family", "safari"),
        ("family", "chromium"),
        ("version", "1 && id"),
        ("baseUrl", "https://evil.example/"),
        ("baseUrl", "moz-extension://01234567-89ab-cdef-0123-456789abcdef/page.html"),
        ("baseUrl", None),
        ("key", "mine"),
    ],
)
def test_an_extension_that_does_not_say_who_it_is_gets_no_key(browser, key, value):
    answer = browser.ask("hello", **{**browser.said(), key: value})
    assert answer["error"]["code"] == "wrong"
    assert "key" not in answer


def test_an_install_that_turns_into_another_gets_no_key(browser):
    answer = browser.ask("hello", **{**browser.said(), "install": "d" * 32})
    assert (answer["error"]["code"], answer.get("key")) == ("wrong", None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"open"',
        b"\xff\xfe\x00",
        b"{}",
        b'{"op":"status"}',
        b'{"id":-1,"op":"status"}',
        b'{"id":true,"op":"status"}',
        b'{"id":1.5,"op":"status"}',
        b'{"id":"1","op":"status"}',
        b'{"id":[],"op":"status"}',
        b'{"id":99999999999999999999,"op":"status"}',
        b'{"id":' + b"9" * 60_000 + b',"op":"status"}',
        b"[" * 65_536,
        b'{"a":' * 13_000,
        b'{"id":1,"op":"status"}{"id":2,"op":"status"}',
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_frame_that_is_no_request_is_answered_with_an_error_and_nothing_is_lost(browser, content):
    browser.send_bytes(frame(content))
    assert browser.answer_to(None)["error"]["code"] == "wrong"
    assert browser.ask("profiles", query="prod", limit=1)["ok"]


def test_an_answer_that_nobody_waits_for_is_let_go(browser):
    browser.send_bytes(frame(json.dumps({"id": "h99", "ok": True}).encode()))
    assert browser.ask("profiles", query="prod", limit=1)["ok"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (struct.pack("=I", 65_537), 1),
        (struct.pack("=I", 0xFFFF_FFFF), 1),
        (frame(b"{}")[:5], 1),
        (b"\x00\x00", 1),
        (b"", 0),
    ],
    ids=["one byte too long", "4 GiB", "cut off", "half a length", "closed"],
)
def test_what_is_no_frame_ends_the_host_at_once_without_a_word_to_the_browser(
    home, start_browser, content, code
):
    browser = start_browser(home, greets=False)
    browser.send_bytes(content)
    ended, words = browser.close()
    assert (ended, browser.received) == (code, b"")
    assert words[:7] == ("error: " if code else "")


def test_the_largest_message_that_is_allowed_is_read(browser):
    number = 5_000
    message = {"id": number, "op": "profiles", "query": "prod", "limit": 1}
    content = json.dumps(message).encode()
    browser.send_bytes(frame(content + b" " * (65_536 - len(content))))
    assert browser.answer_to(number)["ok"]


def test_nothing_is_answered_before_the_extension_said_hello_that_needs_to_know_who_asks(home, start_browser):
    browser = start_browser(home, greets=False)
    answer = browser.ask("open", **{**OPEN, "profile": STAGING})
    assert answer["error"]["code"] == "wrong"
    assert browser.close() == (0, "")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["chrome-extension://abcdefghijklmnopabcdefghijklmnop/"],
        ["/manifest.json", "granted@commonfate.io"],
    ],
)
def test_another_extension_is_turned_away_without_a_word_on_standard_output(home, start_browser, arguments):
    browser = start_browser(home, greets=False, arguments=arguments)
    code, words = browser.ended()
    assert (code, browser.received) == (2, b"")
    assert "for that extension alone" in words


def test_an_answer_that_the_extension_would_not_take_is_an_error(home, browser):
    config = home.config.read_text()
    home.config.write_text(config + "".join(f"[profile {'x' * 1400}{n}]\nregion = x\n" for n in range(60)))
    try:
        error = browser.ask("profiles", query="xxxx", limit=50)["error"]
        assert (error["code"], "larger than 65,536" in error["message"]) == ("failed", True)
        assert browser.ask("profiles", query="xxxx", limit=20)["ok"]
    finally:
        home.config.write_text(config)


def test_a_program_of_this_user_may_ask_who_is_there_and_nothing_else(home, browser):
    context = context_of(home.environ)
    assert call_host(context, browser.install, {"op": "ping"})["install"] == browser.install
    for request in ({"op": "status"}, {"op": "open", "link": 7}, {"op": "console", "profile": STAGING}, {}):
        answer = call_host(context, browser.install, request)
        assert (answer["ok"], answer["exit_code"]) == (False, 2)
    assert browser.opened.empty()


# How it ends, and what it leaves behind


def test_it_ends_when_the_browser_closes_the_port_and_its_socket_is_gone(home, start_browser):
    browser = start_browser(home, install="1" * 32)
    assert [path.stem[-32:] for path in home.sockets()].count("1" * 32) == 1
    assert browser.close() == (0, "")
    assert not [path for path in home.sockets() if path.stem.endswith("1" * 32)]


def test_it_ends_when_it_is_told_to(home, start_browser):
    browser = start_browser(home, install="2" * 32)
    browser.process.send_signal(signal.SIGTERM)
    assert browser.ended() == (0, "")
    assert not [path for path in home.sockets() if path.stem.endswith("2" * 32)]


def test_a_host_that_was_killed_is_in_nobodys_way(home, start_browser):
    start_browser(home, install="3" * 32).kill()
    [left] = [path for path in home.sockets() if path.stem.endswith("3" * 32)]
    second = start_browser(home, install="3" * 32)
    assert left.exists()
    home.ok("console", STAGING)
    assert second.opened_visit()["session"]["profile"] == STAGING
    assert second.close() == (0, "")
    assert not left.exists()


def test_a_host_whose_socket_was_cleaned_away_ends_so_that_the_extension_starts_another(home, start_browser):
    browser = start_browser(home, install="6" * 32)
    [place] = [path for path in home.sockets() if path.stem.endswith("6" * 32)]
    place.unlink()
    assert browser.ended() == (0, "")


def test_a_folder_for_its_socket_that_somebody_else_laid_out_is_not_used(home, tmp_path, start_browser):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "usher-agent").symlink_to(tmp_path / "elsewhere")
    browser = start_browser(home, greets=False, XDG_RUNTIME_DIR=str(tmp_path))
    answer = browser.hello()
    assert (answer["ok"], answer.get("key")) == (False, None)
    assert "not a folder but a link" in answer["error"]["message"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_secrets_are_in_no_words_and_no_arguments(home, start_browser):
    browser = start_browser(home, install="4" * 32)
    link = browser.ask("open", **{**OPEN, "profile": STAGING})["link"]
    url = browser.visit(link)["url"]
    line = Path(f"/proc/{browser.process.pid}/cmdline").read_text()
    code, words = browser.close()
    secrets = [browser.key, link, url, *home.portal.issued]
    assert code == 0
    assert not [secret for secret in secrets if secret in words + line]
    texts = [path.read_bytes() for path in home.files() if "vault" not in path.parts]
    assert not [secret for secret in secrets if any(secret.encode() in text for text in texts)]


# Signing in


@pytest.fixture
def signed_out(home, tmp_path, start_browser):
    """A browser of a person whose usher knows mkdev, but who is signed in nowhere."""
    elsewhere = {"XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return start_browser(home, install="9" * 32, **elsewhere)


def test_who_is_not_signed_in_is_told_where_to_and_no_browser_opens_by_itself(home, signed_out):
    visits = len(home.portal.visits)
    [session] = signed_out.ask("status")["sessions"]
    assert (session["state"], session["ends"]) == ("never", None)
    error = signed_out.ask("open", **{**OPEN, "profile": STAGING})["error"]
    assert (error["code"], error["organization"]) == ("sign_in", "mkdev")
    assert "usher login" in error["hint"]
    assert len(home.portal.visits) == visits


def test_a_sign_in_that_is_asked_for_goes_on_by_itself_and_opens_the_console(home, signed_out):
    assert signed_out.ask("sign_in", organization="mkdev") == {"id": 2, "ok": True}
    give_up = time.monotonic() + 30
    while signed_out.ask("status")["sessions"][0]["state"] != "open":
        assert time.monotonic() < give_up
        time.sleep(0.05)
    assert signed_out.ask("open", **{**OPEN, "profile": STAGING})["ok"]


def test_a_locked_vault_is_said_to_be_locked(home, tmp_path, start_browser):
    locked = start_browser(home, install="8" * 32, greets=False, USHER_VAULT_IDENTITY=str(tmp_path / "none"))
    error = locked.hello()["error"]
    assert error["code"] == "locked"
    assert error["hint"]


def test_a_session_that_does_not_open_any_more_counts_as_ended(home, browser):
    [record] = [path for path in home.records if path.stem == "session%2Fmkdev"]
    content = record.read_bytes()
    record.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    [session] = browser.ask("status")["sessions"]
    record.write_bytes(content)
    assert (session["state"], session["ends"]) == ("ended", None)
    assert browser.ask("status")["sessions"][0]["state"] == "open"


def test_a_session_that_the_portal_has_ended_is_told_from_none(home, browser):
    home.portal.access_tokens.clear()
    home.portal.refresh_tokens.clear()
    assert home.run("credentials", "mkdev-management/AdministratorAccess").returncode == 3
    [session] = browser.ask("status")["sessions"]
    assert (session["state"], session["ends"]) == ("ended", None)
