// The native host: greeted, asked, lost and found again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { HOST_ALARM } from "../src/background/host.ts";
import { Failed } from "../src/background/trouble.ts";
import { awake, connected, room, settled, until } from "./engine_room.ts";
import { linkTo, sessionOf } from "./fake_usher.ts";

async function trouble(work: Promise<unknown>): Promise<Failed["trouble"]> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Failed, String(error));
    return error.trouble;
  }
  throw new Error("it did not fail");
}

test("the extension says who it is, by an id that it makes once for all", async () => {
  const made = await connected();
  const { browser, engine } = made;
  const [hello] = browser.port.received;
  assert.equal(hello?.["op"], "hello");
  assert.equal(hello?.["family"], "firefox");
  assert.equal(hello?.["version"], "0.1.0");
  assert.equal(hello?.["baseUrl"], browser.origin);
  assert.match(String(hello?.["install"]), /^[0-9a-f]{32}$/);
  assert.deepEqual(await engine.host.connect(), { state: "connected", usher: "0.1.0" });

  browser.restart();
  await awake(made).host.connect();
  assert.equal(browser.port.received[0]?.["install"], hello?.["install"]);
});

test("the key is kept in memory alone, and cannot be taken out of it again", async () => {
  const { browser, engine } = await connected();
  assert.ok("key" in browser.storage.session);
  assert.ok(!JSON.stringify(browser.storage.local).includes(String(browser.storage.session["key"])));
  assert.equal((await engine.host.key())?.extractable, false);
});

test("a background that was asleep still has the key, though usher is gone", async () => {
  const made = await connected();
  made.browser.usher = null;
  assert.notEqual(await awake(made).host.key(), null);
});

test("without usher there is no key, and the browser's own words say why", async () => {
  const { browser, engine } = room();
  browser.usher = null;
  assert.equal(await engine.host.key(), null);
  const state = await engine.host.connect();
  assert.equal(state.state, "missing");
  assert.match(state.state === "missing" ? state.why : "", /No such native application/);
  const { code, hint } = await trouble(engine.host.ask("profiles", {}));
  assert.equal(code, "unavailable");
  assert.match(hint, /usher browser doctor/);
});

test("what usher says against greeting is what a person reads", async () => {
  const { engine, usher } = room();
  usher.instead["hello"] = { ok: false, error: { code: "failed", message: "The disk is full.", hint: "Make room" } };
  assert.deepEqual(await engine.host.connect(), { state: "missing", why: "The disk is full. (Make room)" });
});

test("an usher whose vault is locked stays, and greets as soon as it is unlocked", async () => {
  const { browser, engine, usher, clock } = room();
  usher.instead["hello"] = { ok: false, error: { code: "locked", message: "The vault is locked.", hint: "" } };
  assert.deepEqual(await engine.host.connect(), { state: "missing", why: "The vault is locked." });
  assert.equal((await trouble(engine.host.ask("profiles", {}))).message, "The vault is locked.");
  for (let asked = 0; asked < 3; asked++) await engine.host.connect(); // the person looks at the popup
  const greetings = browser.port.received.length;
  await clock.pass(5);
  assert.equal(browser.port.received.length, greetings + 1);
  delete usher.instead["hello"];
  await clock.pass(5);
  assert.deepEqual(await engine.host.connect(), { state: "connected", usher: "0.1.0" });
  assert.equal(browser.ports.length, 1, "no other process was started for it");
});

test("an usher that is not understood is not worked with", async () => {
  for (const hello of [{ key: "short", usher: "1", jar: null }, { key: "A".repeat(43), usher: "<b>", jar: null }, {}]) {
    const { engine, usher } = room();
    usher.instead["hello"] = hello;
    const state = await engine.host.connect();
    assert.match(state.state === "missing" ? state.why : "connected", /different versions/);
  }
});

test("an error of usher's comes with everything that a page needs", async () => {
  const { engine, browser } = await connected();
  const confirm = { how: "type", word: "production", text: "Enter production?" };
  const error = { code: "confirm", message: "Say it", hint: "", confirm };
  browser.usher = (message, port) => port.say({ id: message["id"], ok: false, error });
  assert.deepEqual(await trouble(engine.host.ask("open", {})), error);
  browser.usher = (message, port) => port.say({ id: message["id"], ok: false, error: { code: 7 } });
  assert.equal((await trouble(engine.host.ask("open", {}))).code, "failed");
});

test("who waits for usher is told when it ends", async () => {
  const { engine, browser } = await connected();
  browser.usher = () => undefined;
  const waiting = trouble(engine.host.ask("profiles", {}));
  await settled();
  browser.port.end("crashed");
  assert.match((await waiting).message, /crashed/);
});

test("an answer that takes too long is not waited for", async () => {
  const { engine, browser, clock } = await connected();
  browser.usher = () => undefined;
  const waiting = trouble(engine.host.ask("profiles", {}));
  await settled();
  await clock.pass(10);
  assert.match((await waiting).message, /within 10 seconds/);
  browser.port.say({ id: 2, ok: true }); // and what comes too late disturbs nobody
});

test("a page does not wait long for a usher that says nothing", async () => {
  const { engine, browser, clock } = room();
  browser.usher = () => undefined;
  const waiting = engine.host.connectSoon();
  await clock.pass(1.5);
  assert.equal((await waiting).state, "missing");
});

test("usher is looked for again: soon, then ever more rarely, and at once when somebody asks", async () => {
  const { browser, engine, clock } = room();
  const answers = browser.usher;
  browser.usher = null;
  await engine.host.connect();
  await settled();
  assert.equal(browser.ports.length, 1);
  for (const [seconds, tries] of [[1, 2], [2, 3], [4, 4], [8, 5], [600, 5]] as const) {
    await clock.pass(seconds);
    assert.equal(browser.ports.length, tries, `after ${seconds} seconds`);
  }
  const { when } = browser.alarms.get(HOST_ALARM)!;
  assert.ok(when - Date.now() > 25_000, "the alarm wakes a background that sleeps");

  browser.usher = answers;
  assert.equal((await engine.host.connect()).state, "connected");
});

test("a usher that ends is looked for again", async () => {
  const { browser, engine, clock } = await connected();
  browser.port.end("it ended");
  await settled();
  await clock.pass(1);
  assert.equal(browser.ports.length, 2);
  assert.equal((await engine.host.connect()).state, "connected");
});

test("nothing above 64 KiB goes out or comes in", async () => {
  const { browser, engine } = await connected();
  const sent = browser.port.received.length;
  assert.match((await trouble(engine.host.ask("profiles", { query: "é".repeat(33_000) }))).message, /too long/);
  assert.equal(browser.port.received.length, sent);

  browser.port.say({ id: 1, ok: true, words: "x".repeat(65_536) });
  assert.equal(browser.port.closed, true);
});

test("what usher asks for and the extension does not know is refused by name", async () => {
  const { usher } = await connected();
  for (const message of [{ op: "evaluate", script: "1" }, { op: "open" }, { op: "open", link: 7 }, {}]) {
    const answer = await usher.say(message);
    assert.equal(answer["ok"], false);
    assert.match(JSON.stringify(answer["error"]), /does not know this/);
  }
});

test("a browser that is set apart for a session knows which, even when usher is not there", async () => {
  const made = room("chromium");
  made.usher.jar = sessionOf("production");
  await made.engine.host.connect();
  made.browser.restart();
  made.browser.usher = null;
  assert.equal((await awake(made).sessions.jar())?.accountName, "production");
});

test("what is opened through usher is answered", async () => {
  const { usher, browser } = await connected();
  assert.deepEqual(await usher.open(await linkTo("staging")), { id: "h1", ok: true });
  assert.equal(browser.tabs.length, 1);
});

test("a host that ends while its link is opened is not answered", async () => {
  const { browser } = await connected();
  browser.port.say({ id: "h9", op: "open", link: await linkTo("staging") });
  browser.port.end("gone");
  await until(() => browser.tabs.length === 1);
  await settled();
  assert.ok(browser.port.received.every(({ id }) => id !== "h9"));
});
