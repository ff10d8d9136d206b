// The background as the browser starts it: it listens to its own parts, to alarms, and to nobody from outside.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "./engine_room.ts";
import { FakeBrowser } from "./fake_browser.ts";
import { FakeUsher } from "./fake_usher.ts";

test("the background looks for usher, answers its own pages, and leaves the rest unanswered", async () => {
  const browser = new FakeBrowser("firefox").install();
  new FakeUsher(browser);
  await import("../src/background/background.ts");
  assert.equal(browser.ports.length, 1);
  assert.equal(browser.localAccess, "TRUSTED_CONTEXTS", "what is stored is not for content scripts");

  const answered = await new Promise((answer) => {
    const sender = { id: browser.id, url: `${browser.origin}open.html` };
    const [listener] = browser.onMessage.listeners as unknown as [(...all: unknown[]) => boolean];
    assert.equal(listener({ kind: "hints" }, { ...sender, id: "another@extension" }, assert.fail), false);
    assert.equal(listener({ kind: "connection" }, sender, answer), true);
  });
  assert.deepEqual(answered, { state: "connected", usher: "0.1.0" });

  browser.port.end("gone");
  browser.onAlarm.fire({ name: "host" });
  assert.equal(browser.ports.length, 2);
  browser.onAlarm.fire({ name: "reminder" });

  browser.storage.session["folded"] = { 5: true };
  browser.onRemoved.fire(5);
  await settled();
  assert.deepEqual(browser.storage.session["folded"], {}, "a tab that is closed is forgotten");
  browser.port.disconnect();
});
