// `usher switch` and the popup's: a terminal and its browser window are in one account, and others keep theirs.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Engine } from "../src/background/engine.ts";
import { atRest, flat } from "../src/popup/choices.ts";
import type { Overview } from "../src/shared/messages.ts";
import { type AskedOfHost, StandInBrowser } from "./stand_in_browser.ts";

const HOME = "https://console.aws.amazon.com/console/home";
const QUEUES = "https://eu-west-1.console.aws.amazon.com/sqs/v3/home?region=eu-west-1#/queues";
const SESSIONS: Record<string, object> = {
  staging: session("staging", "222222222222", "", "green"),
  production: session("production", "333333333333", "PRODUCTION", "red"),
};

let browser: StandInBrowser;
let engine: Engine;

beforeEach(() => {
  browser = new StandInBrowser();
  browser.answers["open"] = async ({ profile, window }: AskedOfHost) => ({
    ok: true,
    link: await StandInBrowser.sealed(visit(String(profile), window as string | null)),
  });
  engine = new Engine();
});

function session(name: string, accountId: string, label: string, colour: string): object {
  return {
    key: `mkdev/${accountId}/Admin`,
    profile: name,
    organization: "mkdev",
    accountId,
    accountName: name,
    role: "Admin",
    region: "eu-west-1",
    label,
    colour,
    ends: Date.now() / 1000 + 3600,
  };
}

function visit(profile: string, window: string | null): object {
  const url = new URL("https://signin.aws.amazon.com/federation?Action=login&SigninToken=t");
  url.searchParams.set("Destination", HOME);
  return {
    id: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url"),
    made: Date.now() / 1000,
    url: url.href,
    partition: "aws",
    emulatedOrigin: null,
    session: SESSIONS[profile],
    place: { kind: "container", name: profile, icon: "fingerprint" },
    window,
  };
}

/** `usher switch PROFILE` in a terminal: the sealed link that the native host hands over. */
async function switchInTerminal(terminal: string, profile: string): Promise<void> {
  await engine.host.connect();
  const link = await StandInBrowser.sealed(visit(profile, terminal));
  assert.deepEqual(await engine.openForHost(link), { ok: true });
}

/** The window that shows a terminal's account, whose tab has arrived. */
async function windowOf(terminal: string, profile: string): Promise<number> {
  await switchInTerminal(terminal, profile);
  const tab = browser.tabs.at(-1)!;
  browser.arrive(tab);
  return tab.windowId;
}

test("a terminal's first switch gives it a window of its own, in its account's container", async () => {
  const others = browser.tab(browser.window(), QUEUES);
  const own = await windowOf("w1", "staging");
  assert.notEqual(own, others.windowId);
  assert.equal(others.active, true);
  assert.equal(browser.active(own).url, HOME);
  assert.equal(browser.active(own).cookieStoreId, "firefox-container-1");
  assert.equal(await engine.windows.currentOf(own), "staging");
  assert.equal(await engine.windows.currentOf(others.windowId), null);
});

test("the next switch opens the page that the window shows again, in the other account's container", async () => {
  const own = await windowOf("w1", "staging");
  browser.active(own).url = QUEUES;
  await switchInTerminal("w1", "production");
  assert.equal(browser.windows.size, 1);
  assert.equal(browser.arrive(browser.active(own)), QUEUES);
  assert.equal(browser.active(own).cookieStoreId, "firefox-container-2");
  assert.equal(browser.in(own).length, 2, "the page before stays");
  assert.equal(await engine.windows.currentOf(own), "production");
});

test("a page with a session's label is opened without it, and what is no page of the console is not", async () => {
  const own = await windowOf("w1", "staging");
  browser.active(own).url = QUEUES.replace("https://", "https://222222222222-abcd2fgh.");
  await switchInTerminal("w1", "production");
  assert.equal(browser.arrive(browser.active(own)), QUEUES);
  for (const url of [
    "https://evil.example/",
    "https://console.aws.amazon.com.evil.example/x",
    "https://console.aws.amazon.com/console/logout!doLogout",
    "https://console.amazonaws.cn/console/home",
    undefined,
  ]) {
    const other = await windowOf(`w ${url}`.replaceAll(/[^a-z]/g, "").slice(0, 60), "staging");
    browser.tab(other, url);
    await switchInTerminal(await engine.windows.terminalOf(other) ?? "", "production");
    assert.equal(browser.arrive(browser.active(other)), HOME, `${url}`);
  }
});

test("switching back brings the tab to the front that is there, instead of one more", async () => {
  const own = await windowOf("w1", "staging");
  const first = browser.active(own);
  await switchInTerminal("w1", "production");
  browser.arrive(browser.active(own));
  await switchInTerminal("w1", "staging");
  assert.equal(browser.active(own).id, first.id);
  assert.equal(browser.in(own).length, 2);
  assert.equal(await engine.windows.currentOf(own), "staging");
});

test("a session that has ended is signed in to again", async () => {
  const own = await windowOf("w1", "staging");
  await switchInTerminal("w1", "production");
  browser.arrive(browser.active(own));
  const entered = browser.storage.local.get("sessions") as Record<string, { session: { ends: number } }>;
  entered["mkdev/222222222222/Admin"]!.session.ends = Date.now() / 1000 - 1;
  await switchInTerminal("w1", "staging");
  assert.equal(browser.in(own).length, 3);
});

test("two terminals and their two windows stay independent", async () => {
  const one = await windowOf("w1", "staging");
  const two = await windowOf("w2", "staging");
  assert.notEqual(one, two);
  await switchInTerminal("w2", "production");
  assert.deepEqual([await engine.windows.currentOf(one), await engine.windows.currentOf(two)], ["staging", "production"]);
  assert.equal(browser.in(one).length, 1);
  assert.equal(browser.in(two).length, 2);
});

test("a switch in a terminal takes the keyboard away from nobody", async () => {
  const own = await windowOf("w1", "staging");
  const other = browser.window();
  browser.focused.push(other);
  await switchInTerminal("w1", "production");
  assert.equal(browser.focused.at(-1), other);
  assert.notEqual(own, other);
});

test("a browser that is set apart for the account comes to the front, with no more windows for more terminals", async () => {
  browser.answers["hello"] = () => ({ jar: SESSIONS["staging"] });
  const first = browser.tab(browser.window(), QUEUES).windowId;
  browser.focused.push(-1); // another browser's window
  for (const terminal of ["w1", "w2"]) await switchInTerminal(terminal, "staging");
  assert.deepEqual([...browser.windows], [first]);
  assert.equal(browser.focused.at(-1), first);
});

test("a switch in the popup moves that window, and the terminal that it belongs to", async () => {
  const own = await windowOf("w1", "staging");
  const other = await windowOf("w2", "staging");
  browser.active(own).url = QUEUES;
  await engine.switch("production", own, null);
  assert.equal(browser.arrive(browser.active(own)), QUEUES);
  assert.equal(browser.in(other).length, 1);
  const told = browser.asked.filter(({ op }) => op === "switch");
  assert.deepEqual(told.map(({ profile, window }) => ({ profile, window })), [{ profile: "production", window: "w1" }]);
  await switchInTerminal("w1", "staging");
  assert.equal(browser.active(own).windowId, own, "it is the terminal's window still");
});

test("a window of no terminal has a current account of its own, and tells nobody", async () => {
  const window = browser.tab(browser.window(), QUEUES).windowId;
  await engine.switch("staging", window, null);
  assert.equal(await engine.windows.currentOf(window), "staging");
  assert.equal(browser.asked.some(({ op }) => op === "switch"), false);
});

test("a terminal that has gone its own way is told nothing more, and gets a new window", async () => {
  const own = await windowOf("w1", "staging");
  browser.answers["switch"] = () => ({ ok: false, error: { code: "not_found", message: "No terminal.", hint: "" } });
  await engine.switch("production", own, null);
  assert.equal(await engine.windows.currentOf(own), "production");
  assert.equal(await engine.windows.terminalOf(own), null);
  assert.notEqual(await windowOf("w1", "staging"), own);
});

test("what keeps the terminal from following is said", async () => {
  const own = await windowOf("w1", "staging");
  browser.answers["switch"] = () => ({ ok: false, error: { code: "failed", message: "The disk is full.", hint: "" } });
  await assert.rejects(engine.switch("production", own, null), /The disk is full/);
  assert.equal(await engine.windows.terminalOf(own), "w1");
});

test("closing the window ends the pair", async () => {
  const own = await windowOf("w1", "staging");
  browser.close(own);
  await engine.windows.closed(own);
  const next = await windowOf("w1", "production");
  assert.notEqual(next, own);
  assert.equal(await engine.windows.terminalOf(own), null);
});

test("pairs are known again after the background was asleep, and not after the browser's restart", async () => {
  const own = await windowOf("w1", "staging");
  engine = new Engine();
  await switchInTerminal("w1", "production");
  assert.equal(browser.windows.size, 1);
  assert.equal(await engine.windows.terminalOf(own), "w1");
  browser.storage.session.clear();
  assert.equal(await engine.windows.terminalOf(own), null);
});

test("the popup offers the window's current account first, unless its tab is of that account", () => {
  const [staging, production] = [SESSIONS["staging"], SESSIONS["production"]] as Overview["open"];
  const nothing = { sessionsOpen: null, host: { state: "connected", usher: "0.1.0" }, recent: [] } as const;
  const open = [production!, staging!];
  const names = (here: Overview["here"]) =>
    flat(atRest({ ...nothing, here, open, current: "staging" }, [])).map(({ profile }) => profile);
  assert.deepEqual(names(null), ["staging", "production"]);
  assert.deepEqual(names(production!), ["staging"]);
  assert.deepEqual(names(staging!), ["production"]);
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
