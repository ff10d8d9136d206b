// Who may ask the background what: our own pages everything, content scripts what concerns their tab, nobody else anything.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerTo } from "../src/background/requests.ts";
import { arrives, connected, CONSOLE, type Room } from "./engine_room.ts";
import { linkTo, sessionOf } from "./fake_usher.ts";

type Sender = chrome.runtime.MessageSender;

const page = ({ browser }: Room, tab?: object): Sender =>
  ({ id: browser.id, url: `${browser.origin}popup/popup.html`, ...(tab && { tab, frameId: 0 }) }) as Sender;
const script = ({ browser }: Room, tab: { url: string }): Sender =>
  ({ id: browser.id, url: tab.url, tab, frameId: 0 }) as unknown as Sender;

async function staging(): Promise<Room & { tab: { id: number; windowId: number; url: string } }> {
  const made = await connected();
  await made.usher.open(await linkTo("staging"));
  return { ...made, tab: (await arrives(made)).tab };
}

test("a content script is told of its own tab, whatever it names", async () => {
  const made = await staging();
  const hints = (await answerTo(made.engine, { kind: "hints", tabId: 99 }, script(made, made.tab))) as { session: object };
  assert.equal((hints.session as { key: string }).key, sessionOf("staging").key);
});

test("a content script is answered for the page that asks, though its tab is on its way elsewhere", async () => {
  const made = await staging();
  const leaving = { ...made.tab, url: "https://example.com/" };
  const sender = { ...script(made, leaving), url: CONSOLE };
  assert.notEqual(await answerTo(made.engine, { kind: "hints" }, sender), null);
});

test("a content script renews its own tab and no other, and confirms nothing", async () => {
  const made = await staging();
  const other = made.browser.addTab(CONSOLE);
  const asked = { kind: "renew", tabId: other.id, confirmed: "production" };
  assert.deepEqual(await answerTo(made.engine, asked, script(made, made.tab)), { ok: true, value: null });
  assert.equal(made.usher.asked[0]?.["confirmed"], null);
  assert.equal(other.url, CONSOLE);
  assert.match(made.browser.tab(made.tab.id).url, /signin/);
});

test("a content script folds its own bar", async () => {
  const made = await staging();
  await answerTo(made.engine, { kind: "fold", folded: true }, script(made, made.tab));
  assert.equal(await made.engine.bars.isFolded(made.tab.id), true);
});

test("a content script gets no answer to anything else", async () => {
  const made = await staging();
  const others = ["open_link", "refusal", "connection", "overview", "profiles", "portals", "enter", "switch", "favourite",
    "sign_in", "show", "toString", "__proto__", "constructor"];
  for (const kind of others) assert.equal(answerTo(made.engine, { kind }, script(made, made.tab)), null, kind);
});

test("nobody else is answered: other extensions, other sites, frames, and who sends nonsense", async () => {
  const made = await staging();
  const ours = page(made);
  const strangers: Sender[] = [
    { ...ours, id: "another@extension" },
    { id: made.browser.id } as Sender,
    { ...script(made, made.tab), frameId: 3 },
    { ...page(made, made.tab), frameId: 2 },
    script(made, { ...made.tab, url: "https://evil.example/" }),
    script(made, { ...made.tab, url: "http://console.aws.amazon.com/" }),
    script(made, { ...made.tab, url: `https://evil.example/${made.browser.origin}` }),
  ];
  for (const sender of strangers) assert.equal(answerTo(made.engine, { kind: "hints" }, sender), null);
  for (const message of [null, 7, "hints", [], {}, { kind: 7 }]) assert.equal(answerTo(made.engine, message, ours), null);
});

test("pages ask for everything that the popup shows", async () => {
  const made = await staging();
  const ask = (message: object) => answerTo(made.engine, message, page(made));
  made.usher.instead["profiles"] = { profiles: [{ profile: "p", accountId: "1", accountName: "a", role: "r",
    organization: "o", label: "", colour: null, favourite: true, recent: false }] };
  made.usher.instead["status"] = { sessions: [{ organization: "mkdev", startUrl: "https://mkdev.example/", state: "open", ends: 5 }] };
  const { windowId, id } = made.tab;
  assert.equal(((await ask({ kind: "overview", tabId: id, windowId })) as { here: object }).here !== null, true);
  assert.equal(((await ask({ kind: "profiles", query: "a" })) as { value: object[] }).value.length, 1);
  assert.equal(((await ask({ kind: "portals" })) as { value: object[] }).value.length, 1);
  assert.deepEqual(await ask({ kind: "connection" }), { state: "connected", usher: "0.1.0" });
  assert.equal(await ask({ kind: "refusal" }), null);
  for (const message of [
    { kind: "favourite", profile: "p", on: true },
    { kind: "sign_in", organization: "mkdev" },
    { kind: "show", key: sessionOf("staging").key },
    { kind: "renew", tabId: id, confirmed: "x" },
    { kind: "enter", profile: "production-admin", windowId },
    { kind: "switch", profile: "development-admin", windowId },
  ]) {
    assert.deepEqual(await ask(message), { ok: true, value: null }, message.kind);
  }
  assert.deepEqual(made.usher.asked.map(({ op }) => op), ["profiles", "status", "favourite", "sign_in", "open", "open", "open"]);
});

test("what goes wrong is answered, never left open", async () => {
  const made = await staging();
  const ask = (message: object) => answerTo(made.engine, message, page(made)) as Promise<{ ok: boolean; error: { code: string } }>;
  made.usher.instead["profiles"] = { profiles: "none" };
  for (const message of [
    { kind: "profiles", query: "a" },
    { kind: "enter", profile: 7, windowId: 1 },
    { kind: "renew", tabId: 999 },
    { kind: "show", key: "nothing" },
  ]) {
    assert.equal((await ask(message)).ok, false, message.kind);
  }
});

test("links are opened for the opening page's tab, and refused in words", async () => {
  const made = await connected();
  const tab = made.browser.addTab(`${made.browser.origin}open.html`);
  const ask = (link: unknown, sender = page(made, tab)) => answerTo(made.engine, { kind: "open_link", link }, sender);
  for (const [link, code] of [["x".repeat(40_000), "malformed"], [7, "malformed"], ["1.AAAA", "forged"]]) {
    const answer = (await ask(link)) as { code: string; message: string };
    assert.equal(answer.code, code);
    assert.ok(answer.message.length > 10);
  }
  assert.equal(((await ask(await linkTo("staging"), page(made))) as { ok: boolean }).ok, false, "not without a tab");
  assert.deepEqual(await ask(await linkTo("staging")), { ok: true });
});
