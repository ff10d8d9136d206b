// The opening page: the link leaves the address first, and a frame opens nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";
import { readFileSync } from "node:fs";
import { run } from "../src/open/page.ts";
import type { Kind, Message, Requests } from "../src/shared/messages.ts";

const PAGE = readFileSync("src/open/open.html", "utf8").replace(/<(?:script|link)[^>]*>(?:<\/script>)?/g, "");

interface Opened {
  readonly asked: Message[];
  readonly window: Window;
  /** The address when the first question was asked. */
  readonly addressThen: string | undefined;
  words(id: string): string;
}

async function opened(address: string, answers: Record<string, unknown>, framed = false): Promise<Opened> {
  const window = new Window({ url: `https://extension.example/open.html${address}` });
  window.document.write(PAGE);
  const asked: Message[] = [];
  let addressThen: string | undefined;
  const ask = async <K extends Kind>(kind: K, content: Requests[K]["ask"]): Promise<Requests[K]["answer"]> => {
    asked.push({ kind, ...content } as Message);
    addressThen ??= window.location.href;
    return answers[kind] as Requests[K]["answer"];
  };
  const { document, history, location } = window;
  await run({ document, history, location, window, top: framed ? {} : window } as never, ask);
  return { asked, window, addressThen, words: (id) => window.document.getElementById(id)?.textContent ?? "" };
}

test("a link is opened, and is in the address no more by then", async () => {
  const { asked, addressThen, window } = await opened("#1.LINK", { open_link: { ok: true }, connection: { state: "connected", usher: "1" } });
  assert.deepEqual(asked[0], { kind: "open_link", link: "1.LINK" });
  assert.equal(addressThen, "https://extension.example/open.html");
  assert.equal(window.history.length, 1);
});

test("a link that is refused is explained", async () => {
  const refusal = { ok: false, code: "forged", message: "It was not made by the usher of this machine." };
  const { words, window } = await opened("#1.LINK", { open_link: refusal });
  assert.equal(words("heading"), "This link is not from your usher");
  assert.equal(words("why"), refusal.message);
  assert.equal(window.document.querySelector("#advice code")?.textContent, "usher browser doctor");
  assert.equal(window.document.title, "This link is not from your usher · Usher");
});

test("what was refused elsewhere is shown, and asks to open nothing", async () => {
  const refusal = { code: "host", message: "It leads to <b>evil</b>.", at: 0 };
  const { asked, words, window } = await opened("?refused", { refusal });
  assert.deepEqual(asked, [{ kind: "refusal" }]);
  assert.equal(words("why"), refusal.message);
  assert.equal(window.document.querySelector("#why b"), null);
});

test("without a link the page says whether usher is there", async () => {
  const { asked, words } = await opened("", { connection: { state: "missing", why: "No such native application" } });
  assert.deepEqual(asked, [{ kind: "connection" }]);
  assert.equal(words("why"), "No such native application");
});

test("within a frame nothing is asked and nothing is shown", async () => {
  const { asked, words } = await opened("#1.LINK", {}, true);
  assert.deepEqual(asked, []);
  assert.equal(words("heading"), "");
});
