// What the opening page says of refusals and of usher.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionSaying, refusalSaying } from "../src/open/sayings.ts";
import type { Refusal } from "../src/shared/messages.ts";

const CODES: readonly Refusal["code"][] = ["no_key", "malformed", "forged", "expired", "replayed", "host", "failed"];

test("every refusal has its own heading, its reason, and what to do", () => {
  const sayings = CODES.map((code) => refusalSaying({ code, message: `because of ${code}`, at: Date.now() }));
  assert.equal(new Set(sayings.map(({ heading }) => heading)).size, CODES.length);
  for (const [index, { why, advice, tone, note }] of sayings.entries()) {
    assert.equal(why, `because of ${CODES[index]}`);
    assert.equal(tone, "refused");
    assert.ok(advice.length > 20);
    assert.match(note, /Nothing was opened/);
  }
});

test("a link that somebody else made says so, and what to look at", () => {
  const { advice } = refusalSaying({ code: "forged", message: "", at: 0 });
  assert.match(advice, /somebody tried to make this browser sign in/);
  assert.match(advice, /`usher browser doctor`/);
});

test("without a link the page says whether usher is there, and what is missing", () => {
  assert.match(connectionSaying({ state: "connected", usher: "1.2" }).why, /1\.2/);
  const missing = connectionSaying({ state: "missing", why: "No such native application" });
  assert.match(missing.why, /No such native application/);
  assert.match(missing.advice, /usher browser setup/);
});
