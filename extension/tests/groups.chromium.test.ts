// Chromium: coloured tab groups; AWS's multi-session keeps the cookies apart, and its labels say who a tab is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arrives, awake, connected, CONSOLE, sessionIn, settled, type Room } from "./engine_room.ts";
import { ACCOUNTS, linkTo, sealed, sessionOf, visitOf } from "./fake_usher.ts";

const GROUP = { kind: "group", name: "staging/Admin", icon: "" } as const;

/** The console's page at the label of an account's session. */
function labelled(account: string, tail = "abcd2fgh"): string {
  return CONSOLE.replace("https://", `https://${ACCOUNTS[account]}-${tail}.`);
}

async function opened(made: Room, account: string, url = labelled(account)): Promise<number> {
  const place = { ...GROUP, name: `${account}/Admin` };
  assert.equal((await made.usher.open(await linkTo(account, { place })))["ok"], true);
  await settled();
  return (await arrives(made, url)).tab.id;
}

test("a session's tabs are one group of its colour in each window, and a person's own groups are left alone", async () => {
  const made = await connected("chromium");
  const { browser, usher } = made;
  const mine = browser.addTab(labelled("staging"));
  browser.groups.set(900, { id: 900, windowId: mine.windowId, title: "My work", color: "blue" });
  mine.groupId = 900;

  const first = await opened(made, "staging");
  const second = await opened(made, "staging");
  await opened(made, "production");
  assert.equal(browser.tab(first).groupId, browser.tab(second).groupId);
  await usher.open(await sealed(visitOf(sessionOf("development", { colour: "turquoise" }), { place: { ...GROUP, name: "development/Admin" } })));
  await usher.open(await sealed(visitOf(sessionOf("development", { key: "o/1/r", colour: null }), { place: { ...GROUP, name: "other" } })));
  await settled();
  assert.deepEqual([...browser.groups.values()].map(({ title, color }) => [title, color]), [
    ["My work", "blue"],
    ["staging/Admin", "green"],
    ["production/Admin", "red"],
    ["development/Admin", "cyan"],
    ["other", "grey"],
  ]);

  browser.addWindow();
  const elsewhere = await opened(made, "staging");
  assert.notEqual(browser.tab(elsewhere).groupId, browser.tab(first).groupId);
});

test("groups that the browser brought back after a restart are joined, by their name and the session's tabs", async () => {
  const made = await connected("chromium");
  await opened(made, "staging");
  made.browser.restart();
  awake(made);
  await made.engine.host.connect();
  await opened(made, "staging");
  assert.equal(made.browser.groups.size, 1);
});

test("a tab that turns out to be of another session leaves the group: without multi-session there is one sign-in", async () => {
  const made = await connected("chromium");
  const first = await opened(made, "staging", CONSOLE);
  const second = await opened(made, "production", CONSOLE);
  await settled();
  assert.equal(made.browser.tab(first).groupId, -1);
  assert.notEqual(made.browser.tab(second).groupId, -1);
});

test("a second tab joins the group while the first is still signing in", async () => {
  const { browser, usher } = await connected("chromium");
  await usher.open(await linkTo("staging", { place: GROUP }));
  await usher.open(await linkTo("staging", { place: GROUP }));
  await settled();
  assert.equal(browser.groups.size, 1);
});

test("a console opens where tabs take no groups, and plain where it is asked for", async () => {
  const { browser, usher } = await connected("chromium");
  await usher.open(await linkTo("staging", { place: { kind: "plain", name: "x", icon: "" } }));
  assert.equal(browser.groups.size, 0);
  const { tabs } = chrome as unknown as { tabs: { group: () => Promise<never> } };
  tabs.group = () => Promise.reject(new Error("Tabs can only be moved to and from normal windows."));
  const warned: unknown[] = [];
  const { warn } = console;
  console.warn = (...words: unknown[]) => void warned.push(words);
  assert.equal((await usher.open(await linkTo("staging", { place: GROUP })))["ok"], true);
  await settled();
  console.warn = warn;
  assert.equal(warned.length, 1);
});

test("a tab is the session of its label, wherever it was opened from", async () => {
  const made = await connected("chromium");
  await opened(made, "staging");
  await opened(made, "production");
  const other = made.browser.addTab(labelled("staging") + "#later");
  assert.equal(await sessionIn(made, other), sessionOf("staging").key);
});

test("labels are known after the browser was started again", async () => {
  const made = await connected("chromium");
  await opened(made, "staging");
  await opened(made, "production");
  made.browser.restart();
  awake(made);
  assert.equal(await sessionIn(made, made.browser.addTab(labelled("staging"))), sessionOf("staging").key);
});

test("a label that nobody was sent to is of no session, even of the same account", async () => {
  const made = await connected("chromium");
  const id = await opened(made, "staging");
  const { browser } = made;
  browser.tab(id).url = labelled("staging", "other222"); // the person chose another identity on the page
  assert.equal(await sessionIn(made, browser.tab(id)), null);
  browser.tab(id).url = labelled("production");
  assert.equal(await sessionIn(made, browser.tab(id)), null);
  browser.tab(id).url = labelled("staging");
  assert.equal(await sessionIn(made, browser.tab(id)), sessionOf("staging").key);
});

test("a sign-in that ends at another account's label teaches nothing", async () => {
  const made = await connected("chromium");
  const id = await opened(made, "staging", labelled("production"));
  assert.equal(await sessionIn(made, made.browser.tab(id)), null);
  assert.equal(await sessionIn(made, made.browser.addTab(labelled("production"))), null);
  assert.equal(await sessionIn(made, made.browser.addTab(CONSOLE)), null);
});

test("a page that is there before the browser has told which tab it is in is not taken for another session", async () => {
  const made = await connected("chromium");
  await opened(made, "staging", CONSOLE);
  const { tabs } = chrome as unknown as { tabs: { create: (details: { url: string }) => Promise<unknown> } };
  const { create } = tabs;
  let early: Promise<string | null> | undefined;
  tabs.create = async (details) => {
    const tab = await create({ ...details, url: CONSOLE });
    early = sessionIn(made, made.browser.tabs.at(-1)!);
    await settled();
    return tab;
  };
  await made.usher.open(await linkTo("production", { place: GROUP }));
  assert.equal(await early, sessionOf("production").key);
});

test("the label is learnt after pages without one: a sign-in passes through them", async () => {
  const made = await connected("chromium");
  const id = await opened(made, "staging", CONSOLE);
  made.browser.tab(id).url = labelled("staging");
  assert.equal(await sessionIn(made, made.browser.tab(id)), sessionOf("staging").key);
  assert.equal(await sessionIn(made, made.browser.addTab(labelled("staging"))), sessionOf("staging").key);
});

test("without multi-session all tabs are whoever signed in last", async () => {
  const made = await connected("chromium");
  const first = made.browser.tab(await opened(made, "staging", CONSOLE));
  assert.equal(await sessionIn(made, first), sessionOf("staging").key);
  const place = { kind: "plain", name: "", icon: "" } as const;
  await made.usher.open(await linkTo("production", { place }));
  assert.equal(await sessionIn(made, first), sessionOf("staging").key, "the sign-in is not through yet");
  await arrives(made);
  assert.equal(await sessionIn(made, first), sessionOf("production").key);
});

test("AWS's five are counted by labels, those that have not ended among them", async () => {
  const made = await connected("chromium");
  const first = await opened(made, "staging", CONSOLE);
  const tabOf = (id: number) => made.browser.tab(id) as never;
  assert.equal(await made.engine.sessions.count(tabOf(first)), null);
  const second = await opened(made, "production");
  made.browser.addTab(labelled("production", "mine2222"));
  assert.equal(await made.engine.sessions.count(tabOf(second)), 2);
  const third = await opened(made, "development");
  await chrome.tabs.remove(third);
  assert.equal(await made.engine.sessions.count(tabOf(second)), 3, "its tab is closed, and it is signed in");
});

test("a browser that is set apart is its session's, and takes no other", async () => {
  const made = await connected("chromium");
  made.usher.jar = sessionOf("production");
  made.browser.restart();
  awake(made);
  await made.engine.host.connect();
  assert.equal(await sessionIn(made, made.browser.addTab(CONSOLE)), sessionOf("production").key);
  assert.equal(await sessionIn(made, made.browser.addTab(labelled("production"))), sessionOf("production").key);
  assert.equal(await sessionIn(made, made.browser.addTab(labelled("staging"))), null);
  const refused = await made.usher.open(await linkTo("staging"));
  assert.match(JSON.stringify(refused["error"]), /set apart for production/);
  const place = { kind: "plain", name: "", icon: "" } as const;
  assert.equal((await made.usher.open(await linkTo("production", { place })))["ok"], true);
});

test("a page is opened again without the label of who it was opened as", async () => {
  const made = await connected("chromium");
  const id = await opened(made, "staging");
  await made.engine.enter("production-admin", { windowId: made.browser.windows[0]!.id }, id, null);
  assert.equal(made.usher.asked.at(-1)?.["url"], CONSOLE);
});
