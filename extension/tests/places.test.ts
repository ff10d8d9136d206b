// Firefox: each session in a container of its own, which nobody else's is ever taken for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { awake, connected } from "./engine_room.ts";
import { linkTo, sealed, sessionOf, visitOf } from "./fake_usher.ts";

test("each session has its own container, in its colour, for all of its tabs", async () => {
  const { browser, usher } = await connected();
  for (const account of ["staging", "production", "staging"]) await usher.open(await linkTo(account));
  const stores = browser.tabs.map(({ cookieStoreId }) => cookieStoreId);
  assert.equal(stores[0], stores[2]);
  assert.notEqual(stores[0], stores[1]);
  assert.deepEqual(browser.containers.map(({ name, color, icon }) => [name, color, icon]), [
    ["staging/Admin", "green", "briefcase"],
    ["production/Admin", "red", "briefcase"],
  ]);
});

test("two sessions that are called the same have two containers", async () => {
  const { browser, usher } = await connected();
  await usher.open(await linkTo("staging"));
  await usher.open(await sealed(visitOf(sessionOf("staging", { key: "other/111111111111/Admin" }))));
  assert.equal(browser.containers.length, 2);
});

test("a container that happens to have the name is not taken over", async () => {
  const { browser, usher } = await connected();
  const theirs = { cookieStoreId: "firefox-container-1", name: "staging/Admin", color: "blue", icon: "dollar" };
  browser.containers.push({ ...theirs });
  await usher.open(await linkTo("staging"));
  assert.notEqual(browser.tabs[0]?.cookieStoreId, theirs.cookieStoreId);
  assert.deepEqual(browser.containers[0], theirs);
});

test("a container is found again after the browser was restarted, and follows its rule", async () => {
  const made = await connected();
  const { browser, usher } = made;
  await usher.open(await linkTo("staging"));
  browser.restart();
  await awake(made).host.connect();
  const place = { kind: "container", name: "stage", icon: "no-such-icon".replaceAll("-", "") } as const;
  await usher.open(await sealed(visitOf(sessionOf("staging", { colour: "pink" }), { place })));
  assert.deepEqual(browser.containers.map(({ name, color, icon }) => [name, color, icon]), [["stage", "pink", "fingerprint"]]);
  assert.equal(browser.tabs[0]?.cookieStoreId, browser.tabs[1]?.cookieStoreId);
});

test("a container that is gone is made anew; one that was renamed, or given away, is left alone", async () => {
  const { browser, usher } = await connected();
  await usher.open(await linkTo("staging"));
  browser.containers = [];
  await usher.open(await linkTo("staging"));
  assert.equal(browser.containers.length, 1);
  browser.containers[0]!.name = "My bank";
  await usher.open(await linkTo("staging"));
  assert.deepEqual(browser.containers.map(({ name }) => name), ["My bank", "staging/Admin"]);
  assert.notEqual(browser.tabs[2]?.cookieStoreId, browser.tabs[1]?.cookieStoreId);
});

test("a container that needs no change is not touched, though Firefox calls its grey otherwise", async () => {
  const { browser, usher } = await connected();
  const plain = visitOf(sessionOf("staging", { colour: null }));
  await usher.open(await sealed(plain));
  assert.equal(browser.containers[0]?.color, "toolbar");
  browser.containers[0]!.color = "gray";
  await usher.open(await sealed({ ...plain, id: "AAAAAAAAAAAAAAAAAAAAAA" }));
  assert.equal(browser.containers[0]?.color, "gray");
});

test("where Firefox makes no container nothing is opened beside another session's cookies", async () => {
  const { browser, usher } = await connected();
  const { contextualIdentities } = chrome as unknown as { contextualIdentities: { create: () => Promise<never> } };
  contextualIdentities.create = () => Promise.reject(new Error("Contextual identities are currently disabled"));
  const answer = await usher.open(await linkTo("staging"));
  assert.match(JSON.stringify(answer["error"]), /currently disabled.*Containers must be on/);
  assert.ok(browser.tabs.every(({ url }) => !url.includes("signin")));
});

test("a plain place is a plain tab", async () => {
  const { browser, usher } = await connected();
  await usher.open(await linkTo("staging", { place: { kind: "plain", name: "", icon: "" } }));
  assert.equal(browser.tabs[0]?.cookieStoreId, "firefox-default");
  assert.equal(browser.containers.length, 0);
});

test("a console comes to the front, in the window that asks; without any window one is made", async () => {
  const { browser, usher, engine } = await connected();
  const [first] = browser.windows;
  browser.addWindow();
  await engine.enter("staging-admin", { windowId: first!.id }, null, null);
  assert.equal(browser.tabs[0]?.windowId, first!.id);
  assert.equal(first!.focused, true);

  browser.windows.length = 0;
  await usher.open(await linkTo("production"));
  assert.equal(browser.tabs.at(-1)?.windowId, browser.windows[0]?.id);
  assert.notEqual(browser.tabs.at(-1)?.cookieStoreId, browser.tabs[0]?.cookieStoreId);
});

test("side by side is a window of its own on the other half", async () => {
  const { browser, engine } = await connected();
  const [left] = browser.windows;
  await engine.enter("staging-admin", { windowId: left!.id, beside: true }, null, null);
  const right = browser.windows[1]!;
  assert.deepEqual([left!.left, left!.width], [0, 640]);
  assert.deepEqual([right.left, right.width, right.height], [640, 640, 800]);
  assert.equal(browser.tabs[0]?.windowId, right.id);
});
