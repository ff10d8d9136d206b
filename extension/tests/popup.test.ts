// The popup as people use it: by keys, by mouse, with reading software, without the host.
import assert from "node:assert/strict";
import { test } from "node:test";
import { commandsOf } from "../src/popup/trouble.ts";
import type { ProfileChoice, Result, Trouble } from "../src/shared/messages.ts";
import { CONNECTED, NOW, OK, Popup, portal, profile, promised, QUIET, session, settled } from "./popup_page.ts";

const PRODUCTION = profile("production", "AdministratorAccess", { label: "PRODUCTION", colour: "red", favourite: true });
const STAGING = profile("staging", "ReadOnlyAccess", { recent: true });
const SANDBOX = profile("sandbox");
const KNOWN = [PRODUCTION, STAGING, SANDBOX];

function answering(profiles: readonly ProfileChoice[]) {
  return () => ({ ok: true, value: profiles }) as const;
}

function failing(error: Partial<Trouble> & { code: string }): { ok: false; error: Trouble } {
  return { ok: false, error: { message: "it failed", hint: "", ...error } };
}

// Lists

test("open sessions come first, then favourites, then what was entered last, and nothing twice", async () => {
  const overview = { ...QUIET, open: [session(STAGING)], recent: [PRODUCTION, SANDBOX] };
  const popup = await Popup.open({ answers: { overview: () => overview, profiles: answering(KNOWN) } });
  const titles = [...popup.document.querySelectorAll(".title")].map((title) => title.textContent);
  assert.deepEqual(titles, ["Open", "Favourites", "Recent"]);
  assert.deepEqual(popup.rows, [
    "staging, ReadOnlyAccess, 333333333333, mkdev, open, 1 h left",
    "production, AdministratorAccess, PRODUCTION, 333333333333, mkdev, favourite",
    "sandbox, AdministratorAccess, 333333333333, mkdev",
  ]);
});

test("the tab's own session is at the top and not in the list of what else is open", async () => {
  const overview = { ...QUIET, here: session(PRODUCTION), open: [session(PRODUCTION), session(STAGING)], recent: [PRODUCTION] };
  const profiles = ({ query }: { query: string }) => answering(query ? [PRODUCTION] : [])();
  const popup = await Popup.open({ answers: { overview: () => overview, profiles } });
  assert.equal(popup.text("#here"), "productionPRODUCTION333333333333AdministratorAccessmkdev1 h leftRenew");
  assert.equal(popup.rows.length, 1);
  await popup.type("prod");
  assert.match(popup.chosen!, /^production/);
  assert.equal(popup.text("#open span"), "New tab");
  await popup.press("Enter");
  assert.deepEqual(popup.of("enter").map(({ profile }) => profile), [PRODUCTION.profile]);
});

test("of five thousand profiles fifty rows are shown", async () => {
  const many = Array.from({ length: 5_000 }, (_, number) => profile(`account-${number}`));
  const popup = await Popup.open({ answers: { profiles: answering(many) } });
  await popup.type("account");
  assert.equal(popup.rows.length, 50);
  assert.equal(popup.text("#said"), "50 accounts");
});

test("names with markup, turned direction and new lines are text, in isolation", async () => {
  const evil = `<img src=x onerror=alert(1)>\u202Eesrever\n\u0000${"x".repeat(500)}`;
  const hostile = profile(evil, evil, { label: evil, organization: evil });
  const overview = { ...QUIET, here: session(hostile), current: hostile.profile };
  const answers = { overview: () => overview, profiles: answering([hostile]), portals: () => ({ ok: true, value: [portal("ended", evil)] }) as const };
  const popup = await Popup.open({ answers });
  await popup.type("x");
  assert.equal(popup.document.querySelectorAll("img").length, 0);
  assert.doesNotMatch(popup.document.body.textContent!, /[\u202e\u0000]/);
  assert.doesNotMatch(popup.rows[0]!, /[\u202e\u0000\n]/);
  assert.equal(popup.element(".row .name").tagName, "BDI");
  assert.match(popup.element(".row .name").title, /^<img src=x.*x{500}$/);
});

// Keys

test("arrows, Home, End and Page keys choose a row while the field keeps the focus", async () => {
  const many = Array.from({ length: 20 }, (_, number) => profile(`account-${number}`));
  const popup = await Popup.open({ answers: { profiles: answering(many) } });
  const expected: [string, number][] = [
    ["ArrowDown", 1], ["ArrowUp", 0], ["ArrowUp", 19], ["ArrowDown", 0], ["PageDown", 6], ["End", 19], ["PageUp", 13], ["Home", 0],
  ];
  for (const [key, row] of expected) {
    assert.equal(await popup.press(key), true, key);
    assert.match(popup.chosen!, new RegExp(`^account-${row},`), key);
    assert.equal(popup.element("#query").getAttribute("aria-activedescendant"), `row-${row}`);
    assert.equal(popup.document.activeElement!.id, "query");
  }
});

test("the field takes the focus when the popup gets it, but takes it from nobody", async () => {
  const answers = { profiles: answering(KNOWN), overview: () => ({ ...QUIET, here: session(PRODUCTION) }) };
  const popup = await Popup.open({ answers });
  (popup.document.activeElement as HTMLElement).blur(); // as Firefox has it, which loads popups hidden
  popup.focused();
  assert.equal(popup.document.activeElement!.id, "query");
  popup.element("#renew").focus();
  popup.focused();
  assert.equal(popup.document.activeElement!.id, "renew");
});

test("the list is a listbox that says how many rows it has and which is chosen", async () => {
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN) } });
  const field = popup.element("#query");
  assert.equal(field.getAttribute("role"), "combobox");
  assert.equal(field.getAttribute("aria-expanded"), "true");
  assert.equal(popup.element("#list").id, field.getAttribute("aria-controls"));
  const rows = [...popup.document.querySelectorAll("#list [role=option]")];
  assert.deepEqual(rows.map((row) => row.getAttribute("aria-posinset")), ["1", "2", "3"]);
  assert.deepEqual(rows.map((row) => row.getAttribute("aria-selected")), ["true", "false", "false"]);
  for (const group of popup.document.querySelectorAll("#list [role=group]")) {
    assert.ok(popup.document.getElementById(group.getAttribute("aria-labelledby")!)?.textContent);
  }
  for (const mouse of popup.document.querySelectorAll(".mouse")) assert.equal(mouse.getAttribute("aria-hidden"), "true");
});

test("Enter opens, with Ctrl beside, with Alt this page, and the popup closes", async () => {
  const pressed: [Partial<KeyboardEventInit>, object][] = [
    [{}, {}],
    [{ ctrlKey: true }, { beside: true }],
    [{ metaKey: true }, { beside: true }],
    [{ altKey: true }, { reopen: 7 }],
  ];
  for (const [held, asked] of pressed) {
    const popup = await Popup.open({ answers: { profiles: answering(KNOWN) }, consolePage: true });
    await popup.press("Enter", held);
    assert.deepEqual(popup.of("enter"), [{ profile: PRODUCTION.profile, windowId: 1, ...asked }]);
    assert.equal(popup.closed, true);
  }
});

test("Enter again while a console is being opened does not open it twice", async () => {
  const slow = promised<Result<null>>();
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN), enter: () => slow.promise } });
  await popup.press("Enter");
  assert.equal(popup.text(".doing"), "Opening production / AdministratorAccess …");
  assert.equal(popup.element("#beside").getAttribute("aria-disabled"), "true");
  await popup.press("Enter");
  await popup.click("#beside");
  assert.equal(popup.of("enter").length, 1);
  slow.keep(OK);
  await settled();
  assert.equal(popup.closed, true);
});

test("Enter on a session that is open brings its tab to the front", async () => {
  const overview = { ...QUIET, open: [session(STAGING)] };
  const popup = await Popup.open({ answers: { overview: () => overview, profiles: answering(KNOWN) } });
  assert.equal(popup.text("#open span"), "Show");
  await popup.press("Enter");
  assert.deepEqual(popup.of("show"), [{ key: session(STAGING).key }]);
  assert.deepEqual(popup.of("enter"), []);
});

test("this page cannot be opened there when the tab shows no console", async () => {
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN) } });
  assert.equal(popup.element("#reopen").getAttribute("aria-disabled"), "true");
  await popup.press("Enter", { altKey: true });
  assert.deepEqual(popup.of("enter"), []);
  assert.match(popup.text("#trouble"), /no console page/);
});

test("what an input method composes is not taken for keys", async () => {
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN) } });
  assert.equal(await popup.press("Enter", { isComposing: true }), false);
  assert.deepEqual(popup.of("enter"), []);
});

/** What Windows says of the AltGr key, with which people write letters. */
const ALT_GR = { ctrlKey: true, altKey: true };

test("keys that mean nothing here are left to the field and the browser", async () => {
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN) } });
  for (const [key, held] of [["a", {}], ["s", {}], ["Home", { shiftKey: true }], ["a", { ctrlKey: true }], ["ArrowLeft", {}], ["ArrowDown", { altKey: true }], ["s", ALT_GR]] as const) {
    assert.equal(await popup.press(key, held), false, key);
  }
});

test("Escape takes back the trouble, then what was typed, then the popup", async () => {
  const answers = { profiles: answering(KNOWN), enter: () => failing({ code: "failed" }) };
  const popup = await Popup.open({ answers });
  await popup.type("prod");
  await popup.press("Enter");
  assert.equal(popup.element("#trouble").hidden, false);
  await popup.press("Escape");
  assert.equal(popup.element("#trouble").hidden, true);
  await popup.press("Escape");
  assert.equal(popup.element<HTMLInputElement>("#query").value, "");
  assert.equal(popup.closed, false);
  await popup.press("Escape");
  assert.equal(popup.closed, true);
});

test("Ctrl-S makes the chosen account the window's", async () => {
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN) } });
  assert.equal(await popup.press("s", { ctrlKey: true }), true);
  assert.deepEqual(popup.of("switch"), [{ profile: PRODUCTION.profile, windowId: 1 }]);
  assert.equal(popup.closed, true);
});

test("the window's current account says so", async () => {
  const overview = { ...QUIET, current: PRODUCTION.profile };
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN), overview: () => overview } });
  assert.match(popup.rows[0]!, /^production.*current account of this window/);
  assert.equal(popup.element("#current").getAttribute("aria-pressed"), "true");
  await popup.press("ArrowDown");
  assert.equal(popup.element("#current").getAttribute("aria-pressed"), "false");
});

test("Ctrl-D and the star make a favourite and take it back, and the row stays chosen", async () => {
  let favourite = false;
  const answers = {
    profiles: () => ({ ok: true, value: [STAGING, { ...SANDBOX, favourite }] }) as const,
    favourite: ({ on }: { on: boolean }) => ((favourite = on), OK),
  };
  const popup = await Popup.open({ answers });
  await popup.press("ArrowDown");
  await popup.press("d", { ctrlKey: true });
  assert.match(popup.chosen!, /^sandbox.*favourite$/);
  assert.equal(popup.element("#favourite").getAttribute("aria-pressed"), "true");
  await popup.click("[aria-selected=true] [data-action=favourite]");
  assert.deepEqual(popup.of("favourite").map(({ on }) => on), [true, false]);
  assert.match(popup.chosen!, /^sandbox/);
  assert.doesNotMatch(popup.chosen!, /favourite$/);
});

test("an Apple keyboard's hints name its keys", async () => {
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN) }, apple: true });
  assert.equal(popup.text("#beside"), "Beside ⌘ ↵");
  assert.equal(popup.text("#reopen"), "This page ⌥ ↵");
  assert.equal(popup.element("#beside").getAttribute("aria-keyshortcuts"), "Meta+Enter");
  assert.match(popup.element("#current").title, /⌘ S/);
});

// The mouse

test("a click opens the row that was clicked, and its button opens beside", async () => {
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN) } });
  await popup.click("#row-2 .name");
  assert.match(popup.chosen!, /^sandbox/);
  await popup.click("#row-1 [data-action=beside]");
  const asked = popup.of("enter").map(({ profile, beside }) => [profile, beside]);
  assert.deepEqual(asked, [[SANDBOX.profile, undefined], [STAGING.profile, true]]);
});

// Searching

test("an answer that is not to what the field says now is dropped", async () => {
  const slow = promised<Result<readonly ProfileChoice[]>>();
  const answers = {
    profiles: ({ query }: { query: string }) => (query === "s" ? slow.promise : answering([PRODUCTION])()),
  };
  const popup = await Popup.open({ answers });
  await popup.type("s");
  await popup.type("prod");
  slow.keep({ ok: true, value: [STAGING, SANDBOX] });
  await settled();
  assert.equal(popup.rows.length, 1);
  assert.match(popup.rows[0]!, /^production/);
});

test("Enter before the answer is there opens what was searched, not what was shown", async () => {
  const slow = promised<Result<readonly ProfileChoice[]>>();
  const answers = { profiles: ({ query }: { query: string }) => (query === "" ? answering(KNOWN)() : slow.promise) };
  const popup = await Popup.open({ answers });
  await popup.type("sand");
  await popup.press("Enter");
  assert.deepEqual(popup.of("enter"), []);
  slow.keep({ ok: true, value: [SANDBOX] });
  await settled();
  assert.deepEqual(popup.of("enter").map(({ profile }) => profile), [SANDBOX.profile]);
});

test("keys that come quickly are asked about once", async () => {
  const pauses: (() => void)[] = [];
  const wait = () => new Promise<void>((done) => pauses.push(done));
  const popup = new Popup({ answers: { profiles: answering(KNOWN) }, wait });
  const started = popup.switcher.start();
  await settled();
  for (const text of ["p", "pr", "pro"]) await popup.type(text);
  for (const go of pauses) go();
  await started;
  assert.deepEqual(popup.of("profiles").map(({ query }) => query), ["pro"]);
});

test("a search that finds nothing says so, to the eye and to the ear", async () => {
  const popup = await Popup.open({ answers: { profiles: answering([]) } });
  await popup.type("zzz");
  assert.equal(popup.text("#nothing"), "Nothing is found for “zzz”.");
  assert.equal(popup.text("#said"), "Nothing is found for “zzz”.");
  assert.equal(popup.element("#actions").hidden, true);
  assert.equal(popup.element("#query").hasAttribute("aria-activedescendant"), false);
  assert.equal(popup.element("#query").getAttribute("aria-expanded"), "false");
});

// Protected accounts

const ASK: Trouble["confirm"] = { how: "ask", word: "yes", text: "production is protected. Enter it?" };
const TYPE: Trouble["confirm"] = { how: "type", word: "PRODUCTION", text: "production is protected." };

async function protectedPopup(confirm: NonNullable<Trouble["confirm"]>): Promise<Popup> {
  const enter = ({ confirmed }: { confirmed?: string }) =>
    confirmed === confirm.word ? OK : failing({ code: "confirm", confirm });
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN), enter } });
  await popup.press("Enter");
  return popup;
}

test("a protected account is asked about, the answer no has the focus, and yes enters", async () => {
  const popup = await protectedPopup(ASK);
  const question = popup.element("#question");
  assert.equal(question.getAttribute("role"), "alertdialog");
  assert.equal(popup.text("#asked"), "production is protected. Enter it?");
  assert.equal(popup.document.activeElement!.textContent, "No");
  assert.equal(popup.element("#switcher").hasAttribute("inert"), true);
  await popup.click("#question .answers button:last-child");
  assert.deepEqual(popup.of("enter").map(({ confirmed }) => confirmed), [undefined, "yes"]);
  assert.equal(popup.closed, true);
});

test("no, and Escape, leave a protected account alone", async () => {
  for (const refuse of ["click", "Escape"]) {
    const popup = await protectedPopup(ASK);
    if (refuse === "click") await popup.click("#question .answers button:first-child");
    else await popup.press("Escape");
    assert.equal(popup.of("enter").length, 1);
    assert.equal(popup.closed, false);
    assert.equal(popup.element("#question").hidden, true);
    assert.equal(popup.element("#switcher").hasAttribute("inert"), false);
    assert.equal(popup.document.activeElement!.id, "query");
    assert.match(popup.text("#said"), /was not entered/);
  }
});

test("a word that must be typed is the only thing that enters", async () => {
  const popup = await protectedPopup(TYPE);
  const word = popup.element<HTMLInputElement>("#word");
  const enter = popup.element<HTMLButtonElement>("#question .answers button:last-child");
  assert.equal(popup.document.activeElement, word);
  assert.equal(enter.disabled, true);
  const event = () => new (popup.document.defaultView as unknown as typeof globalThis).Event("input");
  popup.element("#question").dispatchEvent(new (popup.document.defaultView as unknown as typeof globalThis).Event("submit"));
  await settled();
  assert.equal(popup.of("enter").length, 1, "an empty word");
  for (const [said, disabled] of [["production", true], ["PRODUCTION ", true], ["PRODUCTION", false]] as const) {
    word.value = said;
    word.dispatchEvent(event());
    assert.equal(enter.disabled, disabled, said);
  }
  await popup.click("#question .answers button:last-child");
  assert.deepEqual(popup.of("enter").map(({ confirmed }) => confirmed), [undefined, "PRODUCTION"]);
});

// Signing in

test("where a sign-in is needed a button starts it, and then the account is opened", async () => {
  let looks = 0;
  let open = false;
  const answers = {
    profiles: answering(KNOWN),
    enter: () => (open ? OK : failing({ code: "sign_in", organization: "mkdev", hint: "run 'usher login mkdev'" })),
    portals: () => {
      open = ++looks > 3;
      return { ok: true, value: [portal(open ? "open" : "ended")] } as const;
    },
  };
  const popup = await Popup.open({ answers });
  await popup.press("Enter");
  assert.equal(popup.document.activeElement!.textContent, "Sign in to mkdev");
  (popup.document.activeElement as HTMLElement).click();
  await settled();
  assert.deepEqual(popup.of("sign_in"), [{ organization: "mkdev" }]);
  assert.equal(popup.of("enter").length, 2);
  assert.equal(popup.closed, true);
  assert.equal(popup.purpose, null);
});

test("a sign-in that nobody ends is not waited for without end", async () => {
  const answers = { portals: () => ({ ok: true, value: [portal("ended")] }) as const };
  const popup = await Popup.open({ answers });
  await popup.click("#portals button");
  await settled();
  assert.match(popup.text("#trouble"), /^Nobody signed in to mkdev within three minutes/);
  assert.ok(popup.of("portals").length < 100);
});

test("what is done meanwhile gives a sign-in's waiting up", async () => {
  const pauses: (() => void)[] = [];
  const wait = (milliseconds: number) =>
    milliseconds < 1_000 ? Promise.resolve() : new Promise<void>((done) => pauses.push(done));
  const answers = { profiles: answering(KNOWN), portals: () => ({ ok: true, value: [portal("ended")] }) as const };
  const popup = await Popup.open({ answers, wait });
  await popup.click("#portals button");
  const looked = popup.of("portals").length;
  await popup.type("sand");
  for (const go of pauses.splice(0)) go();
  await settled();
  assert.equal(pauses.length, 0);
  assert.equal(popup.of("portals").length, looked + 1);
  assert.equal(popup.element("#trouble").hidden, true);
});

test("a popup that is opened after the sign-in offers what that was for", async () => {
  const choice = { ...PRODUCTION, session: null, here: false, current: false };
  const purpose = { organization: "mkdev", action: "beside", choice, made: NOW - 60 } as const;
  const answers = { portals: () => ({ ok: true, value: [portal("open")] }) as const };
  const popup = await Popup.open({ answers, purpose });
  assert.equal(popup.document.activeElement!.textContent, "Go on: production / AdministratorAccess");
  (popup.document.activeElement as HTMLElement).click();
  await settled();
  assert.deepEqual(popup.of("enter"), [{ profile: PRODUCTION.profile, windowId: 1, beside: true }]);
  const late = await Popup.open({ answers, purpose: { ...purpose, made: NOW - 3600 } });
  assert.equal(late.element("#trouble").hidden, true);
});

test("portals show who is signed in until when, those that ended first, many of them folded", async () => {
  const few = await Popup.open({
    answers: { portals: () => ({ ok: true, value: [portal("open"), portal("never", "acme")] }) as const },
  });
  const lines = [...few.document.querySelectorAll(".portal")].map((line) => line.textContent);
  assert.equal(lines[0], "acmenot signed inSign in");
  assert.match(lines[1]!, /^mkdevuntil \d/);
  const states = [portal("open"), portal("open", "b"), portal("ended", "c"), portal("ended", "d")];
  const many = await Popup.open({ answers: { portals: () => ({ ok: true, value: states }) as const } });
  assert.equal(many.text("summary"), "Signed in to 2 of 4 organizations");
});

// Without the host

test("without the host what is open can be shown, recent accounts are listed, and what to run is said", async () => {
  const host = { state: "missing", why: "Usher is not there for this browser: No such native application." } as const;
  const overview = { ...QUIET, host, open: [session(STAGING)], recent: [PRODUCTION] };
  const popup = await Popup.open({ answers: { overview: () => overview } });
  assert.match(popup.text("#missing"), /native host is missing.*No such native application/);
  assert.equal(popup.text("#missing code"), "usher browser setup");
  await popup.click("#missing .command button");
  assert.deepEqual(popup.copied, ["usher browser setup"]);
  assert.deepEqual(popup.of("profiles"), []);
  assert.equal(popup.rows.length, 2);
  await popup.type("PROD adm");
  assert.equal(popup.rows.length, 1);
  assert.match(popup.rows[0]!, /^production/);
  await popup.type("");
  await popup.press("Enter");
  assert.deepEqual(popup.of("show"), [{ key: session(STAGING).key }]);
});

test("a host that is there a moment later is used then, and looked for no longer than half a minute", async () => {
  let looks = 0;
  const host = () => (++looks < 3 ? ({ state: "missing", why: "It starts." } as const) : CONNECTED);
  const answers = { overview: () => ({ ...QUIET, host: host() }), profiles: answering(KNOWN) };
  const popup = await Popup.open({ answers });
  assert.equal(popup.element("#missing").hidden, true);
  assert.equal(popup.rows.length, 3);
  looks = -1_000;
  const never = await Popup.open({ answers });
  assert.equal(never.element("#missing").hidden, false);
  assert.ok(never.of("overview").length <= 16);
});

test("a host that says itself what is missing is not called missing", async () => {
  const why = "the vault is locked (unlock it with 'usher vault unlock')";
  const popup = await Popup.open({ answers: { overview: () => ({ ...QUIET, host: { state: "missing", why } }) } });
  assert.match(popup.text("#missing"), /^Usher is not connected/);
  assert.equal(popup.text("#missing code"), "usher vault unlock");
});

test("a background that does not answer is said, and nothing breaks", async () => {
  const gone = () => Promise.reject(new Error("Could not establish connection"));
  const popup = await Popup.open({ answers: { overview: gone } });
  assert.match(popup.text("#trouble"), /The extension did not answer: Could not establish connection/);
  const later = await Popup.open({ answers: { profiles: answering(KNOWN), enter: gone } });
  await later.press("Enter");
  assert.match(later.text("#trouble"), /did not answer/);
  assert.equal(later.element("#open").getAttribute("aria-disabled"), "false");
});

test("an error says what to run, and the command can be copied", async () => {
  const locked = failing({ code: "locked", message: "the vault is locked", hint: "unlock it with 'usher vault unlock', then open this again" });
  const popup = await Popup.open({ answers: { profiles: answering(KNOWN), enter: () => locked } });
  await popup.press("Enter");
  assert.equal(popup.element("#trouble").getAttribute("role"), "alert");
  assert.match(popup.text("#trouble"), /^The vault is locked\.Unlock it with/);
  await popup.click("#trouble .command button");
  assert.deepEqual(popup.copied, ["usher vault unlock"]);
  assert.equal(popup.closed, false);
});

// This tab

test("the commands of a hint are found as usher writes them", () => {
  const hints: [string, string[]][] = [
    ["run 'usher login mkdev', or 'usher browser setup'", ["usher login mkdev", "usher browser setup"]],
    ["Run in a terminal: usher console mkdev-production/Admin", ["usher console mkdev-production/Admin"]],
    ["run: usher console it's-here", ["usher console it's-here"]],
    ["ask who runs 'mkdev' for access", []],
  ];
  for (const [hint, commands] of hints) assert.deepEqual(commandsOf(hint), commands, hint);
});

test("the tab's session is renewed, and asked about where it is protected", async () => {
  const overview = { ...QUIET, here: session(PRODUCTION, NOW + 60) };
  const renew = ({ confirmed }: { confirmed?: string }) => (confirmed ? OK : failing({ code: "confirm", confirm: ASK! }));
  const popup = await Popup.open({ answers: { overview: () => overview, renew }, consolePage: true });
  assert.equal(popup.text(".left"), "1 min left");
  await popup.click("#renew");
  await popup.click("#question .answers button:last-child");
  assert.deepEqual(popup.of("renew"), [{ tabId: 7 }, { tabId: 7, confirmed: "yes" }]);
  assert.equal(popup.closed, true);
});

test("a tab that is no console, and a console that is not ours, are told apart", async () => {
  const none = await Popup.open({});
  assert.equal(none.text("#here"), "This tab is no console of yours.");
  const foreign = await Popup.open({ consolePage: true });
  assert.match(foreign.text("#here"), /not opened by Usher/);
});

test("time passing leaves the focus where it is", async () => {
  const overview = { ...QUIET, here: session(PRODUCTION) };
  const answers = { overview: () => overview, portals: () => ({ ok: true, value: [portal("ended")] }) as const };
  const popup = await Popup.open({ answers });
  for (const selector of ["#renew", "#portals button"]) {
    popup.element(selector).focus();
    popup.switcher.tick();
    assert.equal(popup.document.activeElement, popup.element(selector));
  }
});

test("with multi-session on the sessions are counted, and at five the next refusal is foretold", async () => {
  const open = [session(STAGING), session(SANDBOX)];
  const three = await Popup.open({ answers: { overview: () => ({ ...QUIET, open, sessionsOpen: 3 }) } });
  assert.equal(three.text(".title"), "Open (3 of 5 sessions)");
  assert.equal(three.element("#crowded").hidden, true);
  const five = await Popup.open({ answers: { overview: () => ({ ...QUIET, host: CONNECTED, open, sessionsOpen: 5 }) } });
  assert.equal(five.element("#crowded").hidden, false);
  assert.match(five.text("#crowded"), /AWS will refuse the next sign-in/);
});
