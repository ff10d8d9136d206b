"""A real Chromium on the tests' screen, with the extension loaded, driven over the DevTools protocol."""

from __future__ import annotations

import subprocess
import threading
import zipfile
from pathlib import Path
from typing import Any

import stranger
from waiting import until
from wire import RefusedError, Wire, evaluate_until

OPTIONS = [
    "--no-sandbox",  # tests run as root, too
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=DialMediaRouteProvider,MediaRouter,OptimizationHints,Translate",
    "--password-store=basic",
    "--test-type",  # without it there is a bar that says what is unsafe about these options
    "--window-position=0,0",
    "--window-size=1280,800",
    "--hide-crash-restore-bubble",
]


def on(internet) -> list[str]:
    """The options for a stand-in internet."""
    trusted = f"--ignore-certificate-errors-spki-list={internet.authority.key_digest}"
    return [f"--proxy-server={internet.proxy}", trusted]


class RunningChromium:
    """A Chromium that was started by somebody, by the address of its DevTools."""

    def __init__(self, address: str) -> None:
        self.wire = Wire(address)
        self._sessions: dict[str, str] = {}

    def open(self, url: str) -> str:
        """Open an address as the browser itself does for a person: any address, in a new tab."""
        return self.wire.command("Target.createTarget", url=url)["targetId"]

    def open_behind(self, url: str) -> None:
        """The same, behind the tab in front."""
        self.wire.command("Target.createTarget", url=url, background=True)

    def worker(self) -> Page:
        """The extension's service worker."""
        [worker] = self._workers()
        return self.page(worker)

    def _workers(self) -> list[str]:
        found = [each for each in self.targets() if each["type"] == "service_worker"]
        return [each["targetId"] for each in found if each["url"].startswith(self.pages)]

    def open_pages(self) -> dict[str, str]:
        """The pages in tabs: ids and addresses."""
        return {each["targetId"]: each["url"] for each in self.targets() if each["type"] == "page"}

    def page(self, number: str) -> Page:
        if number not in self._sessions:
            answer = self.wire.command("Target.attachToTarget", targetId=number, flatten=True)
            self._sessions[number] = answer["sessionId"]
        return Page(self.wire, self._sessions[number], number)

    def targets(self) -> list[dict[str, Any]]:
        return self.wire.command("Target.getTargets")["targetInfos"]


class Chromium(RunningChromium):
    """Chromium with a data folder of the tests' own, which stays when it is started again."""

    family = "chromium"

    def __init__(self, program: Path, folder: Path, environ: dict[str, str], internet, extension_id: str):
        self._program, self.profile, self._environ = program, folder / ".config" / "chromium", environ
        self._extension, self._internet = folder / "chromium-extension", internet
        self.id = extension_id
        self.pages = f"chrome-extension://{extension_id}/"
        self.profile.mkdir(parents=True, exist_ok=True)  # the usual one, where native hosts are looked for

    @property
    def options(self) -> list[str]:
        return [
            *OPTIONS,
            f"--user-data-dir={self.profile}",
            *on(self._internet),
            f"--load-extension={self._extension},{self._stranger}",
        ]

    def install(self, package: Path) -> None:
        """Unpack a package to where it is loaded from."""
        with zipfile.ZipFile(package) as archive:
            archive.extractall(self._extension)

    def install_stranger(self, folder: Path) -> None:
        """Another extension, whose pages are at `stranger`."""
        self._stranger = stranger.write_stranger(folder, self.family)
        self.stranger = stranger.chromium_pages(folder)

    def open_popup(self) -> None:
        """Open the page of the extension's button over the tab in front."""
        self.worker().evaluate("chrome.action.openPopup()")

    def in_popup(self, expression: str) -> Any:
        """The value of an expression in the open popup once it is true."""
        [popup] = [number for number, url in self.open_pages().items() if url.endswith("/popup/popup.html")]
        return self.page(popup).until(expression)

    def open_again(self, _place: str, url: str) -> None:
        """Open an address; Chromium has one place for all cookies."""
        self.open(url)

    def stop_background(self) -> None:
        """Put the extension's background to sleep, as Chromium does when nothing happens."""
        [gone] = self._workers()
        self.wire.command("Target.closeTarget", targetId=gone)
        until(lambda: gone not in self._workers())

    def start(self) -> None:
        self._process = subprocess.Popen(
            [str(self._program), *self.options, "--remote-debugging-port=0", "about:blank"],
            env=self._environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        said: list[str] = []
        for line in self._process.stderr:
            said.append(line)
            if "DevTools listening on " in line:
                break
        else:
            raise AssertionError("Chromium does not start: " + "".join(said))
        threading.Thread(target=lambda: said.extend(self._process.stderr), daemon=True).start()
        self.said = said
        super().__init__(line.split("listening on ")[1].strip())

    def open_from_outside(self, url: str) -> None:
        """As a program does that hands an address to the browser that is open."""
        command = [str(self._program), *self.options, url]
        subprocess.run(command, env=self._environ, check=True, timeout=30, capture_output=True)

    def tabs(self) -> list[dict[str, Any]]:
        """The tabs of all windows: address, title, favicon, group's name and colour, window."""
        return self.worker().evaluate(
            """(async () => {
              const groups = new Map((await chrome.tabGroups.query({})).map((each) => [each.id, each]));
              return (await chrome.tabs.query({})).map((tab) => ({
                id: tab.id,
                window: tab.windowId,
                url: tab.url ?? "",
                title: tab.title ?? "",
                icon: tab.favIconUrl ?? "",
                selected: tab.active,
                place: groups.get(tab.groupId)?.title ?? "",
                colour: groups.get(tab.groupId)?.color ?? "",
                placeIcon: "",
              }));
            })()"""
        )

    def tidy(self) -> None:
        """Close all tabs but an empty one, and forget all cookies."""
        kept = self.open("about:blank")
        for target in self.targets():
            if target["type"] == "page" and target["targetId"] != kept:
                self.wire.command("Target.closeTarget", targetId=target["targetId"])
        self.wire.command("Storage.clearCookies")

    def close(self) -> None:
        """As a person closes it: the profile is written."""
        self.wire.command("Browser.close")
        self._process.wait(30)

    def restart(self) -> None:
        """Close it and start it again."""
        self.close()
        self.start()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Page:
    """A page in a tab, or a service worker."""

    def __init__(self, wire: Wire, session: str, target: str) -> None:
        self._wire, self._session, self._target = wire, session, target

    def evaluate(self, expression: str, **where: Any) -> Any:
        """The value of an expression in the page, awaited. Raises RefusedError when it throws."""
        result = self._wire.command(
            "Runtime.evaluate",
            self._session,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
            **where,
        )
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RefusedError(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")

    def in_content_script(self, expression: str, extension_id: str) -> Any:
        """The value of an expression in the world of an extension's content script."""
        seen = len(self._wire.events)
        self._wire.command("Runtime.disable", self._session)
        self._wire.command("Runtime.enable", self._session)
        [context] = [
            content["context"]["id"]
            for name, content in self._wire.events[seen:]
            if name == "Runtime.executionContextCreated" and extension_id in content["context"]["origin"]
        ]
        return self.evaluate(expression, contextId=context)

    def until(self, expression: str) -> Any:
        """The value of an expression as soon as it is true: asked again at each change of the document."""
        return evaluate_until(self.evaluate, expression)

    def go(self, url: str) -> None:
        self._wire.command("Page.navigate", self._session, url=url)

    def bar(self) -> dict[str, str]:
        """What stands in the extension's bar, by the classes of its parts: no script of the page reads it."""
        found: dict[str, str] = {}

        def walk(node: dict[str, Any], hidden: bool) -> None:
            attributes = _attributes(node)
            hidden = hidden or "hidden" in attributes
            children = node.get("children", [])
            text = "".join(each["nodeValue"] for each in children if each["nodeType"] == 3)
            if attributes.get("class") and text and not hidden:
                found[attributes["class"].split()[0]] = text
            for each in children:
                walk(each, hidden)

        walk(self._bar_root(), False)
        return found

    def press_in_bar(self, selector: str) -> None:
        """Click on a part of the bar, as a person does."""
        root = self._bar_root()["nodeId"]
        button = self._wire.command("DOM.querySelector", self._session, nodeId=root, selector=selector)
        box = self._wire.command("DOM.getBoxModel", self._session, nodeId=button["nodeId"])["model"][
            "content"
        ]
        where = {"x": (box[0] + box[4]) / 2, "y": (box[1] + box[5]) / 2, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self._wire.command("Input.dispatchMouseEvent", self._session, type=kind, **where)

    def _bar_root(self) -> dict[str, Any]:
        self.until("document.querySelector('[data-usher-bar]') !== null")
        document = self._wire.command("DOM.getDocument", self._session, depth=-1, pierce=True)["root"]
        html = next(each for each in document["children"] if each["nodeName"] == "HTML")
        host = next(each for each in html["children"] if "data-usher-bar" in _attributes(each))
        return host["shadowRoots"][0]

    def close(self) -> None:
        self._wire.command("Target.closeTarget", targetId=self._target)


def _attributes(node: dict[str, Any]) -> dict[str, str]:
    flat = node.get("attributes", [])
    return dict(zip(flat[::2], flat[1::2], strict=True))
