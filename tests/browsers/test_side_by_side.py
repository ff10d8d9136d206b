"""Consoles of several accounts in one window keep to themselves, and everybody sees which is which."""
import pytest, time
from stand_in_internet import Who
from links import HOME

def test_trial(browser, links, internet, desktop):
    t=time.time()
    mark = internet.mark
    link = links.seal(links.visit(kind="container" if browser.family == "firefox" else "group"))
    print(browser.family, browser.pages)
    browser.open(f"{browser.pages}open.html#{link}")
    try:
        print(internet.until(mark, host="eu-central-1.console.aws.amazon.com", path="/console/home"))
    finally:
        import pathlib
        time.sleep(3); print(browser.family=="firefox" and browser.chrome("""(async()=>{const {AddonManager}=ChromeUtils.importESModule("resource://gre/modules/AddonManager.sys.mjs"); const a=await AddonManager.getAddonByID("usher@usher.example"); return a? [a.isActive, a.userDisabled, a.appDisabled, a.signedState, WebExtensionPolicy.getByID("usher@usher.example")?.mozExtensionHostname??""].join(" "):"none"})()"""))
        desktop.picture().save(pathlib.Path(f"/tmp/trial-{browser.family}.png"))
        print(time.time()-t, browser.tabs()); print("".join(browser.said)[-3000:])
