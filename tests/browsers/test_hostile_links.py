"""What nobody may make a browser do with Usher's extension: it is refused, shown, and nothing is opened."""

from __future__ import annotations

import functools
import json

import pytest
from consoles import PRODUCTION, STAGING, Consoles
from hostile import HOSTILE, REPLAYED, Maker
from stranger import FIREFOX_ID as STRANGER_FIREFOX_ID
from waiting import until

from usher.cli.browser.installs import read_install
from usher.cli.browser.sockets import call_host, listening
from usher.cli.context import context_of

pytestmark = [pytest.mark.client("firefox", "chromium"), pytest.mark.once]

CHROMIUM = pytest.mark.parametrize("running_browser", ["chromium"], indirect=True)
NOTHING_OPENED = "Nothing was opened, and no account was entered."


@pytest.fixture
def consoles(browser, links, internet):
    return Consoles(browser, links, internet)


@pytest.fixture(scope="module")
def hostile_consoles(running_browser, links, internet):
    """For tests that leave nothing behind but refusals: tidied once for all of them."""
    running_browser.tidy()
    return Consoles(running_browser, links, internet)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_link_is_refused_and_shown(name, hostile_consoles, links, internet):
    make, heading = HOSTILE[name]
    link = make(Maker(links, internet))
    mark = internet.mark
    page = hostile_consoles.refused(link)
    assert page.evaluate("document.getElementById('heading').textContent") == heading
    assert page.evaluate("document.getElementById('note').textContent").startswith(NOTHING_OPENED)
    assert page.evaluate("location.href") == f"{hostile_consoles.browser.pages}open.html", "the link stays"
    assert internet.entered(mark) == []
    page.close()


def test_a_forged_link_over_the_hosts_socket_is_refused_there_and_shown_in_the_browser(
    consoles, links, internet, person, keep_picture
):
    context = context_of(person.environ)
    [install] = [
        each
        for each in listening(context)
        if read_install(context.cache_dir, each).family == consoles.browser.family
    ]
    mark, before = internet.mark, set(consoles.browser.open_pages())
    forged = HOSTILE["sealed with another key"][0](Maker(links, internet))
    answer = call_host(context, install, {"op": "open", "link": forged})
    assert answer["code"] == "forged"
    page = consoles.browser.page(
        until(lambda: consoles.new_page(before, consoles.browser.pages.split("/")[2]))
    )
    page.until("document.getElementById('heading')?.textContent.includes('not from your usher')")
    consoles.browser.desktop.until(lambda picture: picture.colours(300, 600)[255, 255, 255] > 50_000)
    keep_picture(consoles.browser.desktop, f"refused-{consoles.browser.family}")
    assert internet.entered(mark) == []


def test_the_opening_page_without_a_link_opens_nothing(consoles, internet):
    mark = internet.mark
    page = consoles.refused("")
    assert page.evaluate("document.getElementById('heading').textContent") == "Usher is here"
    assert internet.entered(mark) == []


def test_a_link_opens_once(consoles, internet):
    link = consoles.link(STAGING)
    consoles.lands(lambda: consoles.browser.open(consoles.address(link)), "/console/home")
    mark = internet.mark
    page = consoles.refused(link)
    assert page.evaluate("document.getElementById('heading').textContent") == REPLAYED
    assert internet.entered(mark) == []


def test_of_two_tabs_that_bring_the_same_link_at_once_one_opens_it(consoles, internet):
    link = consoles.link(STAGING)
    mark, before = internet.mark, set(consoles.browser.open_pages())
    for _ in range(2):
        consoles.browser.open_behind(consoles.address(link))
    internet.until(mark, path="/console/home")
    [refusal] = until(lambda: refusals(consoles, before))
    page = consoles.browser.page(refusal)
    page.until("document.querySelector('main')?.classList.contains('says')")
    assert page.evaluate("document.getElementById('heading').textContent") == REPLAYED
    assert len(internet.asked(mark, path="/federation")) == 1


def refusals(consoles, before):
    pages = {number: url for number, url in consoles.browser.open_pages().items() if number not in before}
    ours = [number for number, url in pages.items() if url.startswith(consoles.browser.pages)]
    return ours if len(pages) == 2 and len(ours) == 1 else None


def test_a_used_link_stays_used_when_the_background_has_slept(consoles, internet):
    link = consoles.link(STAGING)
    consoles.lands(lambda: consoles.browser.open(consoles.address(link)), "/console/home")
    consoles.browser.stop_background()
    mark = internet.mark
    page = consoles.refused(link)
    assert page.evaluate("document.getElementById('heading').textContent") == REPLAYED
    assert internet.entered(mark) == []


# What a page of the web can try with a link that is good, were it to get hold of one.
EVIL = "https://evil.example/"
ATTEMPTS = {
    "opens a window": "window.open(target)",
    "goes there": "location.href = target",
    "goes there without history": "location.replace(target)",
    "follows a link": "Object.assign(document.createElement('a'), { href: target }).click()",
    "follows a link to a new tab": (
        "Object.assign(document.createElement('a'), { href: target, target: '_blank' }).click()"
    ),
    "sends a form": (
        "document.body.append(Object.assign(document.createElement('form'), { action: target, id: 'f' }));"
        " document.getElementById('f').submit()"
    ),
    "puts it in a frame": (
        "document.body.append(Object.assign(document.createElement('iframe'), { src: target }))"
    ),
    "puts it in an object": (
        "document.body.append(Object.assign(document.createElement('object'), { data: target }))"
    ),
    "loads it as a script": (
        "document.body.append(Object.assign(document.createElement('script'), { src: target }))"
    ),
    "fetches it": "fetch(target).catch(() => null)",
    "is sent there": "location.href = '/sends-there?' + encodeURIComponent(target)",
}


@pytest.mark.parametrize("how", ATTEMPTS)
def test_no_page_opens_a_link_though_it_be_good(how, consoles, internet):
    internet.pages["evil.example", "/"] = "<!doctype html><title>Evil</title><body></body>"
    page, _ = consoles.lands(lambda: consoles.browser.open(EVIL), "/")
    link = consoles.link(STAGING)
    mark = internet.mark
    page.evaluate(
        f"(() => {{ const target = '{consoles.address(link)}';"
        f" try {{ {ATTEMPTS[how]} }} catch (error) {{ console.log(error) }} }})()"
    )
    consoles.lands(lambda: consoles.browser.open(consoles.address(link)), "/console/home")
    # It opened what the page could not, and nobody came second. (Chromium's page about a blocked address has
    # that address still; ours never keeps a link in its own.)
    assert len(internet.asked(mark, path="/federation")) == 1
    ours = f"{consoles.browser.pages}open.html"
    until(lambda: ours not in consoles.browser.open_pages().values())


@pytest.fixture
def stranger(consoles):
    """A page of another extension, which can do what that extension can."""
    before = set(consoles.browser.open_pages())
    consoles.browser.open(f"{consoles.browser.stranger}page.html")
    host = consoles.browser.stranger.split("/")[2]
    number = until(lambda: consoles.new_page(before, host))
    page = consoles.browser.page(number)
    page.until("document.title === 'Stranger'")
    return page


def test_another_extension_is_not_answered(consoles, stranger, internet):
    link, ours, mark = consoles.link(STAGING), consoles.browser.id, internet.mark
    for message in (
        {"kind": "open_link", "link": link},
        {"kind": "overview", "windowId": 1},
        {"kind": "hints"},
    ):
        said = stranger.evaluate(
            f"chrome.runtime.sendMessage('{ours}', {message!r}).then((said) => `answer: ${{said}}`, String)"
        )
        assert "Receiving end does not exist" in said
    gone = stranger.evaluate(
        f"new Promise((done) => chrome.runtime.connect('{ours}').onDisconnect.addListener(() => done(1)))"
    )
    assert gone == 1
    assert internet.entered(mark) == []


def test_another_extension_does_not_get_the_native_host(consoles, stranger, person):
    """The manifest names our extension alone; and the host knows whom it serves, whoever else starts it."""
    is_firefox = consoles.browser.family == "firefox"
    refused = "No such native application io.usher.host" if is_firefox else "host is forbidden"
    assert refused in said_by(stranger, "io.usher.host")
    manifest = json.loads(native_manifest(person, consoles.browser.family).read_text())
    if is_firefox:
        manifest |= {"name": "evil.host", "allowed_extensions": [STRANGER_FIREFOX_ID]}
    else:
        manifest |= {"name": "evil.host", "allowed_origins": [consoles.browser.stranger]}
    own = native_manifest(person, consoles.browser.family).with_name("evil.host.json")
    own.write_text(json.dumps(manifest))
    assert said_by(stranger, "evil.host") == (
        "no answer: " if is_firefox else "no answer: Native host has exited."
    )
    own.unlink()


def native_manifest(person, family):
    folder = {
        "firefox": ".mozilla/native-messaging-hosts",
        "chromium": ".config/chromium/NativeMessagingHosts",
    }
    return person.folder / folder[family] / "io.usher.host.json"


def said_by(stranger, host):
    """What a native host says to another extension that greets it as ours would."""
    hello = {
        "id": 1,
        "op": "hello",
        "install": "0123456789abcdef" * 2,
        "family": "firefox",
        "version": "0.1.0",
        "baseUrl": "moz-extension://01234567-89ab-cdef-0123-456789abcdef/",
    }
    return stranger.evaluate(
        f"""new Promise((done) => {{
          const port = chrome.runtime.connectNative('{host}');
          port.onMessage.addListener((answer) => done('answer: ' + JSON.stringify(answer)));
          port.onDisconnect.addListener((gone) =>
            done('no answer: ' + (chrome.runtime.lastError?.message ?? gone.error?.message ?? '')));
          port.postMessage({json.dumps(hello)});
        }})"""
    )


def test_a_pages_own_script_reaches_nothing_of_ours(consoles, internet):
    page = consoles.open(STAGING).page
    link, mark = consoles.link(PRODUCTION), internet.mark
    said = page.evaluate(
        f"""(async () => {{
          const message = {{ kind: 'open_link', link: '{link}' }};
          window.postMessage(message, '*');
          document.dispatchEvent(new CustomEvent('usher', {{ detail: message }}));
          const bar = document.querySelector('[data-usher-bar]');
          bar.dispatchEvent(new MessageEvent('message', {{ data: message }}));
          const runtime = globalThis.browser?.runtime ?? globalThis.chrome?.runtime;
          if (runtime?.sendMessage === undefined) return 'nobody to ask';
          try {{ return 'answer: ' + await runtime.sendMessage('{consoles.browser.id}', message); }}
          catch (error) {{ return String(error); }}
        }})()"""
    )
    assert "answer" not in said
    page.evaluate("fetch('/afterwards').then(() => null)")
    internet.until(mark, path="/afterwards")
    assert internet.asked(mark, path="/federation") == []


@CHROMIUM  # Firefox lets nobody from outside into a content script's world
def test_a_content_script_may_ask_only_about_its_own_tab(consoles, internet):
    """Were a page to break into the script that runs beside it, it would get no further."""
    page = consoles.open(STAGING).page
    link, mark = consoles.link(PRODUCTION), internet.mark
    world = functools.partial(page.in_content_script, extension_id=consoles.browser.id)
    own = world("chrome.runtime.sendMessage({ kind: 'hints' })")
    assert own["session"]["accountName"] == "staging"
    for message in (
        {"kind": "open_link", "link": link},
        {"kind": "enter", "profile": "mkdev-production/ReadOnlyAccess", "windowId": 1},
        {"kind": "overview", "tabId": None, "windowId": 1},
        {"kind": "profiles", "query": ""},
        {"kind": "portals"},
        {"kind": "favourite", "profile": "x", "on": True},
        {"kind": "sign_in", "organization": "mkdev"},
        {"kind": "show", "key": "mkdev/333333333333/ReadOnlyAccess"},
        {"kind": "switch", "profile": "mkdev-production/ReadOnlyAccess", "windowId": 1},
    ):
        asked = f"chrome.runtime.sendMessage({json.dumps(message)}).then((answer) => answer ?? null, String)"
        answer = world(asked)
        assert answer is None or "message port closed" in answer, message["kind"]
    for area in ("session", "local"):
        kept = world(f"chrome.storage.{area}.get().then(JSON.stringify, String)")
        assert "not allowed" in kept, area
    assert internet.asked(mark, path="/federation") == []
