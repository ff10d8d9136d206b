// The bar on console pages: what it says, when it is loud, and what the page can not do to it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Actions, Bar, HOST_MARK } from "../src/content/bar.ts";
import type { Result } from "../src/shared/messages.ts";
import { consolePage, hints, HOSTILE_NAMES, NOW, soon, watchShadows } from "./console_page.ts";
import { takeTimers } from "./timers.ts";

const HOST = `[${HOST_MARK}]`;

interface Shown {
  readonly page: Document;
  readonly bar: Bar;
  readonly root: ShadowRoot;
  readonly renewals: number[];
  readonly folds: boolean[];
  answer: Result<null>;
}

function shown(first = hints()): Shown {
  const page = consolePage();
  const roots = watchShadows(page);
  const state = { answer: { ok: true, value: null } as Result<null>, renewals: [] as number[], folds: [] as boolean[] };
  const actions: Actions = {
    renew: async () => {
      state.renewals.push(state.renewals.length + 1);
      return state.answer;
    },
    fold: (folded) => void state.folds.push(folded),
  };
  const bar = new Bar(page, actions);
  bar.show(first, NOW);
  const [root] = roots;
  assert.ok(root);
  return Object.assign(state, { page, bar, root });
}

/** The texts that are to be seen, in their order. */
function words(root: ShadowRoot): string[] {
  const parts = [...root.querySelectorAll<HTMLElement>(".bar > :not(.fold)")];
  return parts.filter((part) => !part.hidden).map((part) => part.textContent ?? "");
}

function press(root: ShadowRoot, selector: string, isTrusted = true): void {
  const button = root.querySelector<HTMLElement>(selector);
  assert.ok(button && !button.hidden, `${selector} is there`);
  const click = new (button.ownerDocument.defaultView as unknown as { Event: typeof Event }).Event("click");
  Object.defineProperty(click, "isTrusted", { value: isTrusted });
  button.dispatchEvent(click);
}

function frame(root: ShadowRoot): string[] {
  return (root.querySelector(".frame")?.className ?? "").split(" ");
}

test("the bar says the account's name, id, role and organization, and the time left", () => {
  const { root } = shown();
  assert.deepEqual(words(root), ["development", "111111111111", "Developer", "mkdev", "1 h 12 min left"]);
  assert.ok(!frame(root).includes("loud"));
});

test("an account with a label is loud, and its label comes first", () => {
  const { root } = shown(hints({ label: "PRODUCTION", accountName: "shop", colour: "red" }));
  assert.deepEqual(words(root).slice(0, 2), ["PRODUCTION", "shop"]);
  assert.ok(frame(root).includes("loud"));
  assert.equal(root.querySelector<HTMLElement>(".frame")?.style.getPropertyValue("--fill-light"), "#c40d24");
});

test("accounts of the same name are told apart", () => {
  const first = words(shown(hints({ accountName: "production", role: "ReadOnly" })).root);
  const second = words(shown(hints({ accountName: "production", role: "Admin" })).root);
  const third = words(shown(hints({ accountName: "production", role: "Admin", organization: "client" })).root);
  assert.equal(new Set([first, second, third].map((each) => each.join())).size, 3);
});

test("the browser's sessions are counted, and the last of the five is pressing", () => {
  const { root, bar } = shown(hints({}, 3));
  assert.ok(words(root).includes("3 of 5 sessions"));
  assert.equal(root.querySelector(".sessions.pressing"), null);
  bar.show(hints({}, 5), NOW);
  assert.equal(root.querySelector(".sessions.pressing")?.textContent, "5 of 5 sessions");
});

test("renewing is offered from ten minutes on, and signing in after the end", () => {
  const { root, bar } = shown(hints({ ends: NOW + 11 * 60 }));
  const renew = root.querySelector<HTMLElement>(".renew");
  assert.equal(renew?.hidden, true);
  bar.tick(NOW + 60);
  assert.deepEqual(words(root).slice(-2), ["10 min left", "Renew"]);
  assert.equal(root.querySelector(".time.pressing"), null);
  bar.tick(NOW + 9 * 60);
  assert.equal(root.querySelector(".time.pressing")?.textContent, "2 min left");
  bar.tick(NOW + 11 * 60);
  assert.deepEqual(words(root).slice(-2), ["session ended", "Sign in again"]);
});

test("a session of which the end is not known shows no time and no button", () => {
  assert.deepEqual(words(shown(hints({ ends: null })).root), ["development", "111111111111", "Developer", "mkdev"]);
});

test("only a person's own press renews, and once until there is an answer", async () => {
  const { root, renewals } = shown(hints({ ends: NOW + 60 }));
  press(root, ".renew", false);
  assert.deepEqual(renewals, []);
  press(root, ".renew");
  press(root, ".renew");
  assert.deepEqual(renewals, [1]);
  await soon();
  press(root, ".renew");
  assert.equal(renewals.length, 2);
});

test("a renewal that fails says why and what to do next", async () => {
  const state = shown(hints({ ends: NOW + 60 }));
  const error = { code: "sign_in", message: "The sign-in to mkdev has ended.", hint: "Sign in with: usher login mkdev" };
  state.answer = { ok: false, error };
  press(state.root, ".renew");
  await soon();
  const trouble = state.root.querySelector<HTMLElement>(".trouble");
  assert.equal(trouble?.textContent, "The sign-in to mkdev has ended. Sign in with: usher login mkdev");
  state.bar.show(hints({ ends: NOW + 3600 }), NOW);
  assert.equal(trouble?.hidden, true);
});

test("an account that asks before it is entered is renewed in the popup: pages see keys", async () => {
  const state = shown(hints({ ends: NOW + 60 }));
  const confirm = { how: "type", word: "production", text: "Type production to enter it." } as const;
  state.answer = { ok: false, error: { code: "confirm", message: "production asks first.", hint: "", confirm } };
  press(state.root, ".renew");
  await soon();
  assert.match(state.root.querySelector(".trouble")?.textContent ?? "", /^production asks first\. Renew it in Usher's popup/);
});

test("the bar folds by a person's press, and says so to the background", () => {
  const { root, folds } = shown();
  press(root, ".fold", false);
  assert.deepEqual(folds, []);
  press(root, ".fold");
  assert.ok(frame(root).includes("folded"));
  assert.equal(root.querySelector(".fold")?.getAttribute("aria-expanded"), "false");
  press(root, ".fold");
  assert.deepEqual(folds, [true, false]);
});

test("a screen reader says the account once, and the time only when it becomes pressing", (context) => {
  const timers = takeTimers(context);
  const { root, bar } = shown(hints({ ends: NOW + 20 * 60, label: "PRODUCTION", accountName: "shop" }));
  const spoken = root.querySelector('[role="status"]');
  assert.ok(spoken);
  timers.tick(1000);
  assert.equal(spoken.textContent, "Usher: PRODUCTION shop, account 111111111111, role Developer, mkdev, 20 min left.");
  const label = root.querySelector('[role="note"]')?.getAttribute("aria-label");
  assert.equal(label, "Usher: PRODUCTION shop, account 111111111111, role Developer, mkdev");
  const said: string[] = [];
  for (let minute = 1; minute <= 20; minute += 1) {
    spoken.textContent = "";
    bar.tick(NOW + minute * 60);
    timers.tick(1000);
    if (spoken.textContent) said.push(spoken.textContent);
  }
  assert.deepEqual(said, ["shop: 10 min left.", "shop: 2 min left.", "shop: session ended."]);
});

test("the page finds nothing of the account in its own DOM, and no way into the bar", () => {
  const { page } = shown(hints({ label: "PRODUCTION" }));
  const host = page.querySelector(HOST);
  assert.ok(host);
  assert.equal(host.shadowRoot, null);
  assert.equal(host.outerHTML, `<div ${HOST_MARK}=""></div>`);
  assert.doesNotMatch(page.body.outerHTML, /111111111111|PRODUCTION/);
});

test("a page that removes the bar gets it back, but not for ever", () => {
  const { page, bar } = shown();
  let repairs = 0;
  for (let round = 0; round < 200; round += 1) {
    page.querySelector(HOST)?.remove();
    bar.keep();
    if (page.querySelector(HOST) !== null) repairs += 1;
  }
  assert.ok(repairs >= 5 && repairs <= 20, String(repairs));
});

test("without a session there is no bar", () => {
  const { page, bar } = shown();
  bar.show(null, NOW);
  bar.keep();
  assert.equal(page.querySelector(HOST), null);
});

test("hostile names are text, in one line, without control characters", () => {
  for (const name of HOSTILE_NAMES) {
    const { root } = shown(hints({ accountName: name, role: name, organization: name, label: name }));
    assert.equal(root.querySelector("img"), null);
    for (const each of words(root)) {
      assert.ok([...each].length <= 80, each);
      assert.doesNotMatch(each, /[\p{Cc}\p{Cf}\p{Zl}\p{Cs}]/u);
    }
  }
});
