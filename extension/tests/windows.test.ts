// `usher switch` and the popup's: a terminal and its browser window are in one account, and others keep theirs.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Engine } from "../src/background/engine.ts";
import { atRest, flat } from "../src/popup/choices.ts";
import type { Overview } from "../src/shared/messages.ts";
import { awake, type Room, room } from "./engine_room.ts";
import type { FakeBrowser, FakeTab } from "./fake_browser.ts";
import { type FakeUsher, linkTo, sessionOf } from "./fake_usher.ts";

const HOME = "https://eu-west-1.console.aws.amazon.com/console/home";
const QUEUES = "https://eu-west-1.console.aws.amazon.com/sqs/v3/home?region=eu-west-1#/queues";

let made: Room;
let browser: FakeBrowser;
let usher: FakeUsher;
let engine: Engine;

beforeEach(() => {
  made = room();
  ({ browser, usher, engine } = made);
  browser.windows.length = 0;
});

/** The tab has gone through its sign-in and shows where that leads. */
function arrive(tab: FakeTab): string {
  tab.url = new URL(tab.url).searchParams.get("Destination")!;
  return tab.url;
}

function containerOf({ cookieStoreId }: FakeTab): string | undefined {
  return browser.containers.find((each) => each.cookieStoreId === cookieStoreId)?.name;
}

/** `usher switch PROFILE` in a terminal: the sealed link that the native host hands over. */
async function switchInTerminal(terminal: string, account: string): Promise<void> {
  await engine.host.connect();
  assert.deepEqual(await engine.openForHost(await linkTo(account, { window: terminal })), { ok: true });
}

/** The window that shows a terminal's account, whose tab has arrived. */
async function windowOf(terminal: string, profile: string): Promise<number> {
  await switchInTerminal(terminal, profile);
  const tab = browser.tabs.at(-1)!;
  arrive(tab);
  return tab.windowId;
}

test("a terminal's first switch gives it a window of its own, in its account's container", async () => {
  const others = browser.addTab(QUEUES, { windowId: browser.addWindow().id });
  const own = await windowOf("w1", "staging");
  assert.notEqual(own, others.windowId);
  assert.equal(others.active, true);
  assert.equal(browser.activeIn(own).url, HOME);
  assert.equal(containerOf(browser.activeIn(own)), "staging/Admin");
  assert.equal(await engine.windows.currentOf(own), "staging-admin");
  assert.equal(await engine.windows.currentOf(others.windowId), null);
});

test("the next switch opens the page that the window shows again, in the other account's container", async () => {
  const own = await windowOf("w1", "staging");
  browser.activeIn(own).url = QUEUES;
  await switchInTerminal("w1", "production");
  assert.equal(browser.windows.length, 1);
  assert.equal(arrive(browser.activeIn(own)), QUEUES);
  assert.equal(containerOf(browser.activeIn(own)), "production/Admin");
  assert.equal(browser.tabsIn(own).length, 2, "the page before stays");
  assert.equal(await engine.windows.currentOf(own), "production-admin");
});

test("a page with a session's label is opened without it, and what is no page of the console is not", async () => {
  const own = await windowOf("w1", "staging");
  browser.activeIn(own).url = QUEUES.replace("https://", "https://222222222222-abcd2fgh.");
  await switchInTerminal("w1", "production");
  assert.equal(arrive(browser.activeIn(own)), QUEUES);
  for (const url of [
    "https://evil.example/",
    "https://console.aws.amazon.com.evil.example/x",
    "https://console.aws.amazon.com/console/logout!doLogout",
    "https://console.amazonaws.cn/console/home",
    "",
  ]) {
    const other = await windowOf(`w ${url}`.replaceAll(/[^a-z]/g, "").slice(0, 60), "staging");
    browser.addTab(url, { windowId: other });
    await switchInTerminal(await engine.windows.terminalOf(other) ?? "", "production");
    assert.equal(arrive(browser.activeIn(other)), HOME, `${url}`);
  }
});

test("switching back brings the tab to the front that is there, instead of one more", async () => {
  const own = await windowOf("w1", "staging");
  const first = browser.activeIn(own);
  await switchInTerminal("w1", "production");
  arrive(browser.activeIn(own));
  await switchInTerminal("w1", "staging");
  assert.equal(browser.activeIn(own).id, first.id);
  assert.equal(browser.tabsIn(own).length, 2);
  assert.equal(await engine.windows.currentOf(own), "staging-admin");
});

test("a session that has ended is signed in to again", async () => {
  const own = await windowOf("w1", "staging");
  await switchInTerminal("w1", "production");
  arrive(browser.activeIn(own));
  const entered = browser.storage.local["sessions"] as Record<string, { session: { ends: number } }>;
  entered["mkdev/222222222222/Admin"]!.session.ends = Date.now() / 1000 - 1;
  await switchInTerminal("w1", "staging");
  assert.equal(browser.tabsIn(own).length, 3);
});

test("two terminals and their two windows stay independent", async () => {
  const one = await windowOf("w1", "staging");
  const two = await windowOf("w2", "staging");
  assert.notEqual(one, two);
  await switchInTerminal("w2", "production");
  assert.deepEqual([await engine.windows.currentOf(one), await engine.windows.currentOf(two)], ["staging-admin", "production-admin"]);
  assert.equal(browser.tabsIn(one).length, 1);
  assert.equal(browser.tabsIn(two).length, 2);
});

test("a switch in a terminal takes the keyboard away from nobody", async () => {
  const own = await windowOf("w1", "staging");
  const other = browser.addWindow().id;
  await switchInTerminal("w1", "production");
  assert.equal(browser.focused, other);
  assert.notEqual(own, other);
});

test("a browser that is set apart for the account comes to the front, with no more windows for more terminals", async () => {
  usher.jar = sessionOf("staging");
  const first = browser.addTab(QUEUES, { windowId: browser.addWindow().id }).windowId;
  browser.windows[0]!.focused = false; // another browser's window has it
  for (const terminal of ["w1", "w2"]) await switchInTerminal(terminal, "staging");
  assert.deepEqual(browser.windows.map(({ id }) => id), [first]);
  assert.equal(browser.focused, first);
});

test("a switch in the popup moves that window, and the terminal that it belongs to", async () => {
  const own = await windowOf("w1", "staging");
  const other = await windowOf("w2", "staging");
  browser.activeIn(own).url = QUEUES;
  await engine.switch("production-admin", own, null);
  assert.equal(arrive(browser.activeIn(own)), QUEUES);
  assert.equal(browser.tabsIn(other).length, 1);
  const told = usher.asked.filter(({ op }) => op === "switch");
  assert.deepEqual(told.map(({ profile, window }) => ({ profile, window })), [{ profile: "production-admin", window: "w1" }]);
  await switchInTerminal("w1", "staging");
  assert.equal(browser.activeIn(own).windowId, own, "it is the terminal's window still");
});

test("a window of no terminal has a current account of its own, and tells nobody", async () => {
  const window = browser.addTab(QUEUES, { windowId: browser.addWindow().id }).windowId;
  await engine.switch("staging-admin", window, null);
  assert.equal(await engine.windows.currentOf(window), "staging-admin");
  assert.equal(usher.asked.some(({ op }) => op === "switch"), false);
});

test("a terminal that has gone its own way is told nothing more, and gets a new window", async () => {
  const own = await windowOf("w1", "staging");
  usher.instead["switch"] = { ok: false, error: { code: "not_found", message: "No terminal.", hint: "" } };
  await engine.switch("production-admin", own, null);
  assert.equal(await engine.windows.currentOf(own), "production-admin");
  assert.equal(await engine.windows.terminalOf(own), null);
  assert.notEqual(await windowOf("w1", "staging"), own);
});

test("what keeps the terminal from following is said", async () => {
  const own = await windowOf("w1", "staging");
  usher.instead["switch"] = { ok: false, error: { code: "failed", message: "The disk is full.", hint: "" } };
  await assert.rejects(engine.switch("production-admin", own, null), /The disk is full/);
  assert.equal(await engine.windows.terminalOf(own), "w1");
});

test("closing the window ends the pair", async () => {
  const own = await windowOf("w1", "staging");
  browser.closeWindow(own);
  await engine.windows.closed(own);
  const next = await windowOf("w1", "production");
  assert.notEqual(next, own);
  assert.equal(await engine.windows.terminalOf(own), null);
});

test("pairs are known again after the background was asleep, and not after the browser's restart", async () => {
  const own = await windowOf("w1", "staging");
  engine = awake(made);
  await switchInTerminal("w1", "production");
  assert.equal(browser.windows.length, 1);
  assert.equal(await engine.windows.terminalOf(own), "w1");
  browser.storage.session = {};
  assert.equal(await engine.windows.terminalOf(own), null);
});

test("the popup offers the window's current account first, unless its tab is of that account", () => {
  const [staging, production] = [sessionOf("staging"), sessionOf("production")];
  const nothing = { sessionsOpen: null, host: { state: "connected", usher: "0.1.0" }, recent: [] } as const;
  const open = [production, staging];
  const names = (here: Overview["here"]) =>
    flat(atRest({ ...nothing, here, open, current: "staging-admin" }, [])).map(({ profile }) => profile);
  assert.deepEqual(names(null), ["staging-admin", "production-admin"]);
  assert.deepEqual(names(production), ["staging-admin"]);
  assert.deepEqual(names(staging), ["production-admin"]);
});

test("the toolbar's button says which account the window is in, and what ends soon before that", async () => {
  const own = await windowOf("w1", "production");
  assert.equal(browser.badges.get(`window ${own}`), "PROD");
  assert.equal(browser.titles.get(`window ${own}`), "Usher: this window is in PRODUCTION production (Admin)");
  browser.badges.set("", "5m");
  await engine.windows.showAll();
  assert.equal(browser.badges.get(`window ${own}`), "5m");
  browser.badges.set("", "");
  await switchInTerminal("w1", "staging");
  assert.equal(browser.badges.get(`window ${own}`), "stag");
});
