// What a console page goes through: a session that is found, changes and goes; a page that changes; a tab that is hidden.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { HOST_MARK } from "../src/content/bar.ts";
import { Marks } from "../src/content/marks.ts";
import type { Hints, Told } from "../src/shared/messages.ts";
import { consolePage, hints, NOW, soon, watchShadows } from "./console_page.ts";
import { takeTimers } from "./timers.ts";

const HOST = `[${HOST_MARK}]`;

type Listener = (told: Told, sender: { tab?: object }) => void;

/** The background, as far as a content script sees it. */
const background = {
  id: "usher@usher.example" as string | undefined,
  answer: null as Hints | null | undefined | Error,
  asked: 0,
  listeners: [] as Listener[],
  onMessage: { addListener: (listener: Listener) => background.listeners.push(listener) },
  sendMessage: async () => {
    background.asked += 1;
    if (background.answer instanceof Error) throw background.answer;
    return background.answer;
  },
  tell: (sender: { tab?: object } = {}) => background.listeners.forEach((each) => each({ kind: "hints_changed" }, sender)),
};

beforeEach(() => {
  Object.assign(background, { id: "usher@usher.example", answer: hints(later()), asked: 0, listeners: [] });
  Object.assign(globalThis, { chrome: { runtime: background } });
});

const pages: Document[] = [];

// Nobody looks any more: no timer is left to wait for.
afterEach(async () => {
  for (const page of pages.splice(0)) await turn(page, true);
});

function later(seconds = 3600): { ends: number } {
  return { ends: Date.now() / 1000 + seconds };
}

async function marked(page = consolePage()): Promise<Document> {
  pages.push(page);
  new Marks(page).start();
  await soon();
  return page;
}

function seen(page: Document): { title: string; bars: number } {
  return { title: page.title, bars: page.querySelectorAll(HOST).length };
}

async function turn(page: Document, hidden: boolean): Promise<void> {
  Object.defineProperty(page, "hidden", { value: hidden, configurable: true });
  page.dispatchEvent(new (page.defaultView as unknown as { Event: typeof Event }).Event("visibilitychange"));
  await soon();
}

test("a page of a session is marked, and a page that somebody opened by hand is left alone", async () => {
  assert.deepEqual(seen(await marked()), { title: "development · S3 buckets", bars: 1 });
  for (const nothing of [null, undefined]) {
    background.answer = nothing;
    const page = await marked();
    const before = page.documentElement.outerHTML;
    page.title = "EC2";
    page.head.append(page.createElement("style"));
    await soon();
    assert.deepEqual(seen(page), { title: "EC2", bars: 0 });
    assert.equal(page.documentElement.outerHTML.replace("EC2", "S3 buckets").replace("<style></style>", ""), before);
  }
});

test("the background says that the session came, changed or went, and the page shows it", async () => {
  background.answer = null;
  const page = await marked();
  background.answer = hints({ ...later(), label: "PRODUCTION", accountName: "shop" });
  background.tell();
  await soon();
  assert.deepEqual(seen(page), { title: "[PRODUCTION] shop · S3 buckets", bars: 1 });
  background.answer = null;
  background.tell();
  await soon();
  assert.deepEqual(seen(page), { title: "S3 buckets", bars: 0 });
});

test("where the console says that somebody else is signed in, the session's marks go, and come back with it", async () => {
  const page = await marked();
  page.cookie = `aws-userInfo=${encodeURIComponent('{"arn":"arn:aws:sts::222222222222:assumed-role/x/y"}')}`;
  background.tell();
  await soon();
  assert.deepEqual(seen(page), { title: "S3 buckets", bars: 0 });
  page.cookie = `aws-userInfo=${encodeURIComponent('{"arn":"arn:aws:sts::111111111111:assumed-role/x/y"}')}`;
  background.tell();
  await soon();
  assert.deepEqual(seen(page), { title: "development · S3 buckets", bars: 1 });
});

test("only the background is listened to, not another content script", async () => {
  await marked();
  background.tell({ tab: {} });
  await soon();
  assert.equal(background.asked, 1);
});

test("what the page changes is put back: title, bar, even after a new head or a new root", async () => {
  const page = await marked();
  page.title = "EC2 instances";
  page.querySelector(HOST)?.remove();
  await soon();
  assert.deepEqual(seen(page), { title: "development · EC2 instances", bars: 1 });
  const head = page.createElement("head");
  head.append(Object.assign(page.createElement("title"), { textContent: "Lambda" }));
  page.head.replaceWith(head);
  await soon();
  head.querySelector("title")!.textContent = "Functions";
  await soon();
  assert.deepEqual(seen(page), { title: "development · Functions", bars: 1 });
  const root = page.createElement("html");
  root.innerHTML = "<head><title>IAM</title></head><body></body>";
  page.documentElement.remove();
  page.append(root);
  await soon();
  assert.deepEqual(seen(page), { title: "development · IAM", bars: 1 });
});

test("the session's last minute passes while the page is open", async (context) => {
  const timers = takeTimers(context, NOW * 1000);
  const said: string[] = [];
  const page = consolePage();
  const roots = watchShadows(page);
  background.answer = hints({ ends: NOW + 130 });
  new Marks(page).start();
  for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
  for (let step = 0; step < 5; step += 1) {
    said.push(roots[0]?.querySelector(".time")?.textContent ?? "");
    timers.tick(40_000);
  }
  assert.deepEqual(said, ["3 min left", "2 min left", "1 min left", "1 min left", "session ended"]);
});

test("a hidden tab runs no timers, and is right again when it is looked at", async (context) => {
  const page = await marked();
  await turn(page, true);
  const asked = background.asked;
  const started = context.mock.method(globalThis, "setTimeout");
  page.title = "EC2";
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(page.title, "development · EC2");
  assert.equal(started.mock.callCount(), 0);
  started.mock.restore();
  assert.equal(background.asked, asked);
  background.answer = null;
  await turn(page, false);
  assert.deepEqual(seen(page), { title: "EC2", bars: 0 });
});

test("while the background is restarted the page stays marked; once it is gone for good it does not", async () => {
  const page = await marked();
  background.answer = new Error("Could not establish connection. Receiving end does not exist.");
  await turn(page, false);
  assert.deepEqual(seen(page), { title: "development · S3 buckets", bars: 1 });
  background.id = undefined;
  await turn(page, false);
  assert.deepEqual(seen(page), { title: "S3 buckets", bars: 0 });
});

test("a newer copy of the script takes away what an older one left", async () => {
  const page = consolePage();
  const left = page.createElement("div");
  left.setAttribute(HOST_MARK, "");
  page.documentElement.append(left);
  await marked(page);
  assert.deepEqual(seen(page), { title: "development · S3 buckets", bars: 1 });
});
