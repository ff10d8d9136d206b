"""A real Firefox on the tests' screen, with the extension installed as a person has it.

It is driven over WebDriver BiDi. What it holds (tabs, containers) is read from its own window's scripts,
not from the extension: `chrome` runs there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
import stranger
from waiting import until
from wire import PageGoneError, RefusedError, Wire, evaluate_until

EXTENSION = "usher@usher.example"
PAGES = f"moz-extension://{uuid.uuid4()}/"
"""Where the extension's pages are: Firefox makes that up for each profile; here it was made up before."""

QUIET = {
    # what Firefox does by itself at a first start
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.tabs.warnOnClose": False,
    "browser.warnOnQuit": False,
    "browser.region.update.enabled": False,
    "browser.search.update": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.usage.uploadEnabled": False,
    "extensions.blocklist.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "termsofuse.bypassNotification": True,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    # pictures are of what stays
    "toolkit.cosmeticAnimations.enabled": False,
    "ui.prefersReducedMotion": 1,
    # Debian's Firefox takes a package that Mozilla has not signed, and one that lies in the profile
    "xpinstall.signatures.required": False,
    "extensions.autoDisableScopes": 0,
    "extensions.startupScanScopes": 15,
}


class Firefox:
    """Firefox with a profile of the tests' own, which stays when it is started again."""

    family = "firefox"
    pages = PAGES
    stranger = stranger.FIREFOX_PAGES
    id = EXTENSION

    def __init__(self, program: Path, folder: Path, environ: dict[str, str], internet, **preferences: Any):
        self._program, self.profile, self._environ = program, folder / "firefox-profile", environ
        self._authority = internet.authority.bundle
        self.profile.mkdir(exist_ok=True)
        host, _, port = internet.proxy.partition(":")
        wanted = {
            **QUIET,
            "network.proxy.type": 1,
            **{f"network.proxy.{each}": host for each in ("http", "ssl")},
            **{f"network.proxy.{each}_port": int(port) for each in ("http", "ssl")},
            "extensions.webextensions.uuids": json.dumps(
                {EXTENSION: PAGES.split("/")[2], stranger.FIREFOX_ID: self.stranger.split("/")[2]}
            ),
            **preferences,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items()]
        (self.profile / "user.js").write_text("".join(lines))

    def install(self, package: Path, extension: str = EXTENSION) -> None:
        """Put a package where Firefox looks for a profile's extensions when it starts."""
        folder = self.profile / "extensions"
        folder.mkdir(exist_ok=True)
        shutil.copyfile(package, folder / f"{extension}.xpi")

    def install_stranger(self, folder: Path) -> None:
        """Another extension, whose pages are at `stranger`."""
        stranger.write_stranger(folder, self.family)
        self.install(stranger.pack(folder, folder.with_suffix(".xpi")), stranger.FIREFOX_ID)

    def start(self) -> None:
        options = ["--profile", str(self.profile), "--new-instance", "--remote-debugging-port", "0"]
        options += ["--remote-allow-system-access", "--width", "1280", "--height", "800", "about:blank"]
        self._process = subprocess.Popen(
            [str(self._program), *options],
            env=self._environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        said: list[str] = []
        for line in self._process.stderr:
            said.append(line)
            if "BiDi listening on " in line:
                break
        else:
            raise AssertionError("Firefox does not start: " + "".join(said))
        threading.Thread(target=lambda: said.extend(self._process.stderr), daemon=True).start()
        self.said = said
        self.wire = Wire(line.split("listening on ")[1].strip() + "/session")
        self.wire.command("session.new", capabilities={})
        self._trust(self._authority)

    def open(self, url: str) -> None:
        """Open an address as the browser itself does for a person: any address, in a new tab."""
        self.chrome(f"void (gBrowser.selectedTab = gBrowser.addTrustedTab({json.dumps(url)}))")

    def open_behind(self, url: str) -> None:
        """The same, behind the tab in front."""
        self.chrome(f"void gBrowser.addTrustedTab({json.dumps(url)})")

    def open_from_outside(self, url: str) -> None:
        """As a program does that hands an address to the browser that is open."""
        command = [str(self._program), "--profile", str(self.profile), url]
        subprocess.run(command, env=self._environ, check=True, timeout=30, capture_output=True)

    def tabs(self) -> list[dict[str, Any]]:
        """The tabs of all windows: address, title, favicon, container's name, colour and icon, window."""
        return self.chrome(
            """(() => {
              const { ContextualIdentityService: known } =
                ChromeUtils.importESModule("resource://gre/modules/ContextualIdentityService.sys.mjs");
              return [...Services.wm.getEnumerator("navigator:browser")].flatMap((window, number) =>
                window.gBrowser.tabs.map((tab) => {
                  const container = known.getPublicIdentityFromId(tab.userContextId);
                  return {
                    id: tab.linkedPanel,
                    window: number,
                    url: tab.linkedBrowser.currentURI.spec,
                    title: tab.label,
                    icon: window.gBrowser.getIcon(tab) ?? "",
                    selected: tab.selected,
                    store: tab.userContextId,
                    place: container ? container.name : "",
                    colour: container ? container.color : "",
                    placeIcon: container ? container.icon : "",
                  };
                }));
            })()"""
        )

    def open_pages(self) -> dict[str, str]:
        """The pages in tabs: ids and addresses."""
        tree = self.wire.command("browsingContext.getTree", maxDepth=0)
        return {each["context"]: each["url"] for each in tree["contexts"]}

    def page(self, number: str) -> Page:
        return Page(self.wire, number)

    def chrome(self, expression: str) -> Any:
        """The value of an expression in the browser's own window, not in a page."""
        tree = self.wire.command("browsingContext.getTree", **{"moz:scope": "chrome"}, maxDepth=0)
        return Page(self.wire, tree["contexts"][0]["context"]).evaluate(expression)

    def tidy(self) -> None:
        """Close all windows but one, and all its tabs but an empty one; forget all containers and cookies."""
        self.chrome(
            """(async () => {
              const { ContextualIdentityService: known } =
                ChromeUtils.importESModule("resource://gre/modules/ContextualIdentityService.sys.mjs");
              const others = [...Services.wm.getEnumerator("navigator:browser")];
              for (const each of others) if (each !== window) each.close();
              const old = [...gBrowser.tabs];
              gBrowser.selectedTab = gBrowser.addTrustedTab("about:blank");
              for (const tab of old) gBrowser.removeTab(tab, { skipPermitUnload: true });
              for (const each of known.getPublicIdentities()) known.remove(each.userContextId);
              Services.cookies.removeAll();
            })()"""
        )

    def open_popup(self) -> None:
        """Open the page of the extension's button over the tab in front."""
        self.chrome(
            f"""(async () => {{
              const {{ ExtensionParent }} =
                ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");
              const {{ extension }} = WebExtensionPolicy.getByID({json.dumps(EXTENSION)});
              await ExtensionParent.apiManager.global.browserActionFor(extension).openPopup(window, false);
            }})()"""
        )
        shown = 'document.querySelector("browser.webextension-popup-browser")?.currentURI?.spec'
        until(lambda: self.chrome(shown) == f"{PAGES}popup/popup.html")

    def in_popup(self, expression: str) -> Any:
        """The value of an expression in the open popup once it is true. BiDi knows tabs only."""
        script = f"((document) => sendAsyncMessage('said', {expression}))(content.document)"
        asked = f"""new Promise((done) => {{
          const popup = document.querySelector("browser.webextension-popup-browser");
          popup.focus();  // as a click on the button does
          const manager = popup.messageManager;
          const take = ({{ data }}) => {{ manager.removeMessageListener("said", take); done(data); }};
          manager.addMessageListener("said", take);
          manager.loadFrameScript("data:," + encodeURIComponent({json.dumps(script)}), false);
          setTimeout(() => done(null), 500);  // it is not there yet
        }})"""
        return until(lambda: self.chrome(asked))

    def open_again(self, place: str, url: str) -> None:
        """Open an address in a container by its name, as a person does."""
        self.chrome(
            f"""(() => {{
              const {{ ContextualIdentityService: known }} =
                ChromeUtils.importESModule("resource://gre/modules/ContextualIdentityService.sys.mjs");
              const all = known.getPublicIdentities();
              const {{ userContextId }} = all.find(({{ name }}) => name === {json.dumps(place)});
              gBrowser.selectedTab = gBrowser.addTrustedTab({json.dumps(url)}, {{ userContextId }});
            }})()"""
        )

    def stop_background(self) -> None:
        """Put the extension's background to sleep, as Firefox does when nothing happens."""
        state = self.chrome(
            f"(async () => {{ const {{ extension }} = WebExtensionPolicy.getByID({json.dumps(EXTENSION)});"
            " await extension.terminateBackground("
            "   { ignoreDevToolsAttached: true, disableResetIdleForTest: true });"
            " return extension.backgroundState })()"
        )
        if state != "stopped":
            pytest.fail(f"the background is {state}")

    def close(self) -> None:
        """As a person closes it: the profile is written."""
        self.wire.command("browser.close")
        self._process.wait(30)

    def end(self) -> None:
        """End the Firefox that somebody else has started with this profile."""
        lock = self.profile / "lock"
        os.kill(int(str(lock.readlink()).rpartition("+")[2]), signal.SIGTERM)
        until(lambda: not lock.is_symlink())

    def restart(self) -> None:
        """Close it and start it again."""
        self.close()
        self.start()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _trust(self, bundle: Path) -> None:
        encoded = "".join(bundle.read_text().split("\n")[1:-2])
        self.chrome(
            'Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB)'
            f'.addCertFromBase64("{encoded}", "CT,,") && null'
        )


class Page:
    """A page in a tab."""

    def __init__(self, wire: Wire, context: str) -> None:
        self._wire, self.context = wire, context

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page, awaited. Raises RefusedError when it throws."""
        result = self._wire.command(
            "script.evaluate",
            expression=expression,
            target={"context": self.context},
            awaitPromise=True,
            serializationOptions={"maxObjectDepth": 10},
            userActivation=True,
        )
        if result["type"] == "exception":
            words = result["exceptionDetails"]["text"]
            raise (PageGoneError if "destroyed" in words else RefusedError)(words)
        return plain(result["result"])

    def until(self, expression: str) -> Any:
        """The value of an expression as soon as it is true: asked again at each change of the document."""
        return evaluate_until(self.evaluate, expression)

    def go(self, url: str) -> None:
        self._wire.command("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def bar(self) -> dict[str, str]:
        """What stands in the extension's bar, by the classes of its parts: no script of the page reads it."""
        found: dict[str, str] = {}

        def walk(node: dict[str, Any], hidden: bool) -> None:
            value = node.get("value", {})
            attributes = value.get("attributes", {})
            hidden = hidden or "hidden" in attributes
            children = value.get("children", [])
            text = "".join(each["value"].get("nodeValue", "") for each in children)
            if attributes.get("class") and text and not hidden:
                found[attributes["class"].split()[0]] = text
            for each in children:
                walk(each, hidden)

        walk(self._bar_root(), False)
        return found

    def press_in_bar(self, selector: str) -> None:
        """Click on a part of the bar, as a person does."""
        [button] = self._wire.command(
            "browsingContext.locateNodes",
            context=self.context,
            locator={"type": "css", "value": selector},
            startNodes=[{"sharedId": self._bar_root()["sharedId"]}],
        )["nodes"]
        middle = {"type": "element", "element": {"sharedId": button["sharedId"]}}
        actions = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": middle},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        self._wire.command("input.performActions", context=self.context, actions=[mouse])

    def _bar_root(self) -> dict[str, Any]:
        self.until("document.querySelector('[data-usher-bar]') !== null")
        answer = self._wire.command(
            "script.evaluate",
            expression="document.querySelector('[data-usher-bar]')",
            target={"context": self.context},
            awaitPromise=False,
            serializationOptions={"maxDomDepth": 10, "includeShadowTree": "all"},
        )
        return answer["result"]["value"]["shadowRoot"]

    def close(self) -> None:
        self._wire.command("browsingContext.close", context=self.context)


def plain(value: dict[str, Any]) -> Any:
    """A value that BiDi serialized, as Python has it."""
    match value["type"]:
        case "undefined" | "null":
            return None
        case "array":
            return [plain(each) for each in value.get("value", [])]
        case "object":
            return {name: plain(each) for name, each in value["value"]}
    return value.get("value")
