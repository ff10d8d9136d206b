"""A real Chromium on the tests' screen, with the extension loaded, driven over the DevTools protocol."""

from __future__ import annotations

import subprocess
import threading
import zipfile
from pathlib import Path
from typing import Any

from wire import RefusedError, Wire

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
    "--ignore-certificate-errors",
    "--test-type",  # without it there is a bar that says that certificate errors are ignored
    "--window-position=0,0",
    "--window-size=1280,800",
    "--hide-crash-restore-bubble",
]


class Chromium:
    """Chromium with a data folder of the tests' own, which stays when it is started again."""

    family = "chromium"

    def __init__(self, program: Path, folder: Path, environ: dict[str, str], internet, extension_id: str):
        self._program, self.profile, self._environ = program, folder / "chromium-profile", environ
        self._extension, self._proxy = folder / "chromium-extension", internet.proxy
        self.pages = f"chrome-extension://{extension_id}/"
        self.profile.mkdir(exist_ok=True)

    @property
    def options(self) -> list[str]:
        return [
            *OPTIONS,
            f"--user-data-dir={self.profile}",
            f"--proxy-server={self._proxy}",
            f"--load-extension={self._extension}",
        ]

    def install(self, package: Path) -> None:
        """Unpack a package to where it is loaded from."""
        with zipfile.ZipFile(package) as archive:
            archive.extractall(self._extension)

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
        self.wire = Wire(line.split("listening on ")[1].strip())
        self._sessions: dict[str, str] = {}
        self.wire.command("Target.setDiscoverTargets", discover=True)

    def open(self, url: str) -> str:
        """Open an address as the browser itself does for a person: any address, in a new tab."""
        return self.wire.command("Target.createTarget", url=url)["targetId"]

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

    def worker(self) -> Page:
        """The extension's service worker."""
        return self._attached(self._target(lambda each: each["type"] == "service_worker" and each["url"].startswith(self.pages)))

    def page(self, url_part: str) -> Page:
        """The one page whose address holds that."""
        return self._attached(self._target(lambda each: each["type"] == "page" and url_part in each["url"]))

    def tidy(self) -> None:
        """Close all tabs but an empty one, and forget all cookies."""
        kept = self.open("about:blank")
        for target in self.targets():
            if target["type"] == "page" and target["targetId"] != kept:
                self.wire.command("Target.closeTarget", targetId=target["targetId"])
        self.wire.command("Storage.clearCookies")

    def targets(self) -> list[dict[str, Any]]:
        return self.wire.command("Target.getTargets")["targetInfos"]

    def close(self) -> None:
        """As a person closes it: the profile is written."""
        self.wire.command("Browser.close")
        self._process.wait(30)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _target(self, wanted) -> str:
        def find(_events) -> list[str]:
            return [each["targetId"] for each in self._known(_events) if wanted(each)]

        [found] = self.wire.until(find)
        return found

    @staticmethod
    def _known(events) -> list[dict[str, Any]]:
        """The targets there are, by what was told of them."""
        known: dict[str, dict[str, Any]] = {}
        for name, content in events:
            if name in {"Target.targetCreated", "Target.targetInfoChanged"}:
                known[content["targetInfo"]["targetId"]] = content["targetInfo"]
            elif name == "Target.targetDestroyed":
                known.pop(content["targetId"], None)
        return list(known.values())

    def _attached(self, target: str) -> Page:
        if target not in self._sessions:
            answer = self.wire.command("Target.attachToTarget", targetId=target, flatten=True)
            self._sessions[target] = answer["sessionId"]
        return Page(self.wire, self._sessions[target], target)


class Page:
    """A page in a tab, or a service worker."""

    def __init__(self, wire: Wire, session: str, target: str) -> None:
        self._wire, self._session, self._target = wire, session, target

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page, awaited. Raises RefusedError when it throws."""
        result = self._wire.command(
            "Runtime.evaluate",
            self._session,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RefusedError(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")

    def go(self, url: str) -> None:
        self._wire.command("Page.enable", self._session)
        self._wire.command("Page.navigate", self._session, url=url)

    def close(self) -> None:
        self._wire.command("Target.closeTarget", targetId=self._target)
