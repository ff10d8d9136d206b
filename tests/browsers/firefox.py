"""A real Firefox on the tests' screen, with the extension installed as a person has it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import uuid
from pathlib import Path

from bidi import Bidi

EXTENSION = "usher@usher.example"
PAGES = str(uuid.uuid4())
"""Where the extension's pages are: Firefox makes it up for each profile; here it is made up before."""

PREFERENCES = {
    # nothing that Firefox does by itself at a first start
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.tabs.warnOnClose": False,
    "browser.tabs.warnOnCloseOtherTabs": False,
    "browser.warnOnQuit": False,
    "captivedetect.canonicalURL": "",
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.usage.uploadEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "extensions.blocklist.enabled": False,
    "services.settings.server": "data:,",
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.region.update.enabled": False,
    "termsofuse.bypassNotification": True,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    # so that Debian's Firefox takes a package that Mozilla has not signed
    "xpinstall.signatures.required": False,
    "extensions.autoDisableScopes": 0,
    "extensions.startupScanScopes": 15,
    # the stand-in internet, for loopback as well as for the rest: a proxy is not asked for 127.0.0.1
    "network.proxy.type": 1,
    "network.proxy.share_proxy_settings": True,
    "security.OCSP.enabled": 0,
    "network.dns.disablePrefetch": True,
    "browser.sessionstore.resume_from_crash": False,
    "extensions.webextOptionalPermissionPrompts": False,
    "ui.prefersReducedMotion": 1,
    "toolkit.cosmeticAnimations.enabled": False,
}


class Firefox:
    """Firefox with a profile of the tests' own; `restart` keeps the profile."""

    family = "firefox"

    def __init__(self, program: Path, folder: Path, environ: dict[str, str], proxy: str, **preferences):
        self._program, self.profile, self._environ = program, folder / "firefox-profile", environ
        self.profile.mkdir(exist_ok=True)
        host, _, port = proxy.partition(":")
        wanted = {
            **PREFERENCES,
            "network.proxy.http": host,
            "network.proxy.http_port": int(port),
            "network.proxy.ssl": host,
            "network.proxy.ssl_port": int(port),
            "extensions.webextensions.uuids": json.dumps({EXTENSION: PAGES}),
            **preferences,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items()]
        (self.profile / "user.js").write_text("".join(lines))

    def install(self, package: Path):
        """Put a package where Firefox looks for a profile's extensions when it starts."""
        folder = self.profile / "extensions"
        folder.mkdir(exist_ok=True)
        shutil.copyfile(package, folder / f"{EXTENSION}.xpi")

    def start(self):
        options = ["--profile", str(self.profile), "--new-instance", "--remote-debugging-port", "0"]
        options += ["--remote-allow-system-access", "--width", "1280", "--height", "800"]
        self._process = subprocess.Popen(
            [str(self._program), *options, "about:blank"],
            env=self._environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        said = []
        for line in self._process.stderr:
            said.append(line)
            if "BiDi listening on " in line:
                break
        else:
            raise AssertionError("Firefox does not start: " + "".join(said))
        self.said = said
        threading.Thread(target=lambda: said.extend(self._process.stderr), daemon=True).start()
        self.bidi = Bidi(said[-1].split("listening on ")[1].strip() + "/session")
        self.bidi.command("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self.bidi.command("session.subscribe", events=["browsingContext", "network.responseStarted"])

    def open_from_outside(self, url):
        """As a program does that hands an address to the browser that is open."""
        subprocess.run([str(self._program), "--profile", str(self.profile), url], env=self._environ, check=True, timeout=30)

    def chrome(self, expression):
        """The value of an expression in the browser's own window, not in a page."""
        tree = self.bidi.command("browsingContext.getTree", **{"moz:scope": "chrome"}, maxDepth=0)
        return self.bidi.evaluate(tree["contexts"][0]["context"], expression)

    def close(self):
        self.bidi.command("browser.close")
        self._process.wait(30)

    def kill(self):
        self._process.kill()
        self._process.wait()
