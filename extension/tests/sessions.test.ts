// Which tab is which session, in Firefox; and what is done with it: overview, renewal, reminders, bars.
import assert from "node:assert/strict";
import { test } from "node:test";
import { REMINDER_ALARM } from "../src/background/reminders.ts";
import { Failed } from "../src/background/trouble.ts";
import { arrives, awake, connected, CONSOLE, sessionIn, type Room } from "./engine_room.ts";
import { ACCOUNTS, linkTo, sealed, sessionOf, visitOf } from "./fake_usher.ts";

async function opened(made: Room, account: string, ends?: number | null): Promise<chrome.tabs.Tab> {
  const session = ends === undefined ? sessionOf(account) : sessionOf(account, { ends });
  assert.equal((await made.usher.open(await sealed(visitOf(session))))["ok"], true);
  return (await arrives(made)).tab as never;
}

const soon = (minutes: number): number => Date.now() / 1000 + minutes * 60;

test("a tab is its container's session, on console pages alone", async () => {
  const made = await connected();
  const tab = await opened(made, "staging");
  const other = made.browser.addTab(CONSOLE, { cookieStoreId: tab.cookieStoreId! });
  assert.equal(await sessionIn(made, other), sessionOf("staging").key);
  for (const url of ["https://evil.example/", "https://console.aws.amazon.com.evil.example/", "about:blank"]) {
    other.url = url;
    assert.equal(await sessionIn(made, other), null);
  }
  assert.equal(await sessionIn(made, made.browser.addTab(CONSOLE)), null, "the browser's own cookies are somebody else's");
});

test("containers are known after the browser was started again", async () => {
  const made = await connected();
  const tab = await opened(made, "staging");
  made.browser.restart();
  awake(made);
  assert.equal(await sessionIn(made, tab as never), sessionOf("staging").key);
});

test("in a container the account of AWS's own label settles who it is", async () => {
  const made = await connected();
  const tab = made.browser.tab((await opened(made, "staging")).id!);
  made.browser.restart();
  const at = (account: string) => CONSOLE.replace("https://", `https://${ACCOUNTS[account]}-abcd2fgh.`);
  tab.url = at("staging");
  assert.equal(await sessionIn(made, tab), sessionOf("staging").key);
  tab.url = at("production");
  assert.equal(await sessionIn(made, tab), null);
});

test("damaged storage is as if nothing had been stored", async () => {
  const made = await connected();
  Object.assign(made.browser.storage.local, { sessions: { x: 1 }, stores: null, jar: 7, containers: "?", labels: [1] });
  assert.equal(await sessionIn(made, await opened(made, "staging") as never), sessionOf("staging").key);
});

test("the popup sees what is open, what was entered last, and whether usher is there", async () => {
  const made = await connected();
  await opened(made, "staging");
  await opened(made, "staging");
  const here = await opened(made, "production");
  const overview = await made.engine.overview(here.id!, here.windowId);
  assert.equal(overview.here?.accountName, "production");
  assert.deepEqual(overview.open.map(({ accountName }) => accountName), ["staging", "production"]);
  assert.equal(overview.sessionsOpen, null);
  assert.deepEqual(overview.host, { state: "connected", usher: "0.1.0" });
  assert.deepEqual(new Set(overview.recent.map(({ profile }) => profile)), new Set(["production-admin", "staging-admin"]));
  assert.equal((await made.engine.overview(null, here.windowId)).here, null);
});

test("a session is renewed in its own tab and container, and comes back to the same page", async () => {
  const made = await connected();
  const tab = await opened(made, "staging");
  const { cookieStoreId } = tab;
  const page = "https://eu-west-1.console.aws.amazon.com/lambda/home#/functions/thumbnails";
  made.browser.tab(tab.id!).url = page;
  await made.engine.renew(await chrome.tabs.get(tab.id!), "yes");
  const asked = { id: 2, op: "open", profile: "staging-admin", url: page, confirmed: "yes", place: null, window: null };
  assert.deepEqual(made.usher.asked, [asked]);
  assert.equal(made.browser.tabs.length, 1);
  assert.match(made.browser.tab(tab.id!).url, /^https:\/\/signin\.aws\.amazon\.com/);
  assert.equal(made.browser.tab(tab.id!).cookieStoreId, cookieStoreId);
});

test("a session that was signed out is signed in at its home, not signed out again", async () => {
  const made = await connected();
  const tab = await opened(made, "staging");
  made.browser.tab(tab.id!).url = "https://console.aws.amazon.com/console/logout!doLogout";
  await made.engine.renew(await chrome.tabs.get(tab.id!), null);
  assert.equal(made.usher.asked[0]!["url"], null);
});

test("a renewal that would lead to another session is not followed", async () => {
  const made = await connected();
  const tab = await opened(made, "staging");
  made.usher.instead["open"] = { link: await linkTo("production") };
  await assert.rejects(made.engine.renew(tab, null), /another account or role/);
  assert.equal(made.browser.tab(tab.id!).url, CONSOLE);
  await assert.rejects(made.engine.renew(made.browser.addTab(CONSOLE) as never, null), Failed);
});

test("a renewal that went to a browser of its own is said to be there", async () => {
  const made = await connected();
  const tab = await opened(made, "staging");
  made.usher.instead["open"] = { link: null };
  await assert.rejects(made.engine.renew(tab, null), /opened staging-admin in the browser that is set apart for it/);
});

test("a link from usher is checked like any other", async () => {
  const made = await connected();
  const leadsAway = visitOf(sessionOf("staging"), { url: "https://evil.example/federation" });
  made.usher.instead["open"] = { link: await sealed(leadsAway) };
  await assert.rejects(made.engine.enter("staging-admin", { windowId: 1 }, null, null), /does not lead to an AWS console/);
  assert.equal(made.browser.tabs.length, 0);
});

test("only a page of the console is opened again elsewhere", async () => {
  const made = await connected();
  const page = made.browser.addTab("https://example.com/?token=1");
  await assert.rejects(made.engine.enter("staging-admin", { windowId: 1 }, page.id, null), /no page of the console/);
  assert.deepEqual(made.usher.asked, []);
});

test("showing a session brings the tab that was used last to the front", async () => {
  const made = await connected();
  const used = await opened(made, "staging");
  await opened(made, "staging");
  made.browser.tab(used.id!).lastAccessed = 1_000;
  made.browser.tab(used.id!).active = false;
  made.browser.addWindow();
  await made.engine.show(sessionOf("staging").key);
  assert.equal(made.browser.tab(used.id!).active, true);
  assert.equal(made.browser.windows[0]?.focused, true);
  await assert.rejects(made.engine.show("no such session"), Failed);
});

test("the button counts a session's last minutes, and is quiet otherwise", async () => {
  const made = await connected();
  const { browser, engine } = made;
  await opened(made, "staging", soon(120));
  await engine.reminders.refresh();
  assert.equal(browser.badges.get(""), "");
  const { when } = browser.alarms.get(REMINDER_ALARM)!;
  assert.ok(Math.abs(when - (Date.now() + 110 * 60_000)) < 5_000, "it looks again ten minutes before the end");

  const ending = await opened(made, "production", soon(4.5));
  await engine.reminders.refresh();
  assert.deepEqual([browser.badges.get(""), browser.titles.get("")], ["5m", "Usher: a console session ends in 5 minutes"]);
  assert.ok(browser.alarms.get(REMINDER_ALARM)!.when - Date.now() <= 60_000);

  browser.storage.local["sessions"] = {};
  await opened(made, "production", soon(0.5));
  await engine.reminders.refresh();
  assert.equal(browser.titles.get(""), "Usher: a console session ends in 1 minute");
  await opened(made, "production", soon(-1));
  await engine.reminders.refresh();
  assert.deepEqual([browser.badges.get(""), browser.titles.get("")], ["!", "Usher: a console session has ended"]);

  await chrome.tabs.remove(ending.id!);
  browser.tabs.length = 0;
  await engine.reminders.refresh();
  assert.deepEqual([browser.badges.get(""), browser.titles.get("")], ["", "Usher"]);
  assert.equal(browser.alarms.has(REMINDER_ALARM), false);
});

test("sessions without an end remind of nothing", async () => {
  const made = await connected();
  await opened(made, "staging", null);
  await made.engine.reminders.refresh();
  assert.equal(made.browser.badges.get(""), "");
  assert.equal(made.browser.alarms.has(REMINDER_ALARM), false);
});

test("a page's bar is given its session, and told when that changes; what was folded stays folded", async () => {
  const made = await connected();
  const tab = await opened(made, "staging");
  assert.deepEqual(await made.engine.hints(tab), { session: (await made.engine.hints(tab))?.session, sessionsOpen: null, folded: false });
  assert.equal((await made.engine.hints(tab))?.session.profile, "staging-admin");
  await made.engine.bars.fold(tab.id!, true);
  assert.equal((await made.engine.hints(tab))?.folded, true);
  await made.engine.bars.fold(tab.id!, false);
  assert.equal((await made.engine.hints(tab))?.folded, false);
  assert.equal(await made.engine.hints(made.browser.addTab("about:blank") as never), null);

  made.browser.told.length = 0;
  await made.usher.open(await linkTo("staging"));
  assert.deepEqual(made.browser.told.at(-1), [tab.id, { kind: "hints_changed" }]);
});

test("a window's account is switched by opening it there", async () => {
  const made = await connected();
  const [window] = made.browser.windows;
  made.browser.addWindow();
  await made.engine.switch("staging-admin", window!.id, "yes");
  assert.equal(made.usher.asked[0]?.["confirmed"], "yes");
  assert.equal(made.browser.tabs[0]?.windowId, window!.id);
});
