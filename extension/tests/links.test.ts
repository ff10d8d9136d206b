// Links, as the engine opens and refuses them: once, in their place, and never unseen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { awake, connected, room } from "./engine_room.ts";
import { linkTo, sealed, sessionOf, visitOf } from "./fake_usher.ts";

const refused = (answer: Record<string, unknown>): string => {
  assert.equal(answer["ok"], false);
  return (answer["error"] as { code: string }).code;
};

test("a link opens once, though it comes twice at the same moment", async () => {
  const { browser, usher } = await connected();
  const link = await linkTo("staging");
  const answers = await Promise.all([usher.open(link), usher.open(link), usher.open(link)]);
  assert.deepEqual(answers.map((each) => each["ok"]).sort(), [false, false, true]);
  assert.equal(browser.tabs.filter(({ url }) => url.includes("signin")).length, 1);
});

test("a link that was opened is known when others were opened since", async () => {
  const { usher } = await connected();
  const link = await linkTo("staging");
  await usher.open(link);
  await usher.open(await linkTo("production"));
  assert.equal(refused(await usher.open(link)), "replayed");
});

test("a link that was opened is known after the background, and the browser, were started again", async () => {
  const made = await connected();
  const link = await linkTo("staging");
  await made.usher.open(link);
  made.browser.restart();
  await awake(made).host.connect();
  assert.equal(refused(await made.usher.open(link)), "replayed");
});

test("links that were used are forgotten when they are too old to open anyway", async () => {
  const { browser, usher } = await connected();
  browser.storage.local["usedLinks"] = { "long-ago": 1000, nonsense: "?" };
  await usher.open(await linkTo("staging"));
  assert.equal(Object.keys(browser.storage.local["usedLinks"] as object).length, 1);
  assert.ok(!("long-ago" in (browser.storage.local["usedLinks"] as object)));
});

test("what is refused is shown, on one page for all of it", async () => {
  const { browser, engine, usher } = await connected();
  assert.equal(refused(await usher.open("1.AAAA")), "forged");
  assert.equal(refused(await usher.open("no link")), "malformed");
  const leadsAway = visitOf(sessionOf("staging"), { url: "https://evil.example/federation" });
  assert.equal(refused(await usher.open(await sealed(leadsAway))), "host");
  assert.deepEqual(browser.tabs.map(({ url }) => url), [`${browser.origin}open.html?refused`]);
  const latest = await engine.refusals.latest();
  assert.equal(latest?.code, "host");
  assert.match(latest?.message ?? "", /evil\.example/);

  browser.addWindow();
  assert.equal(refused(await usher.open("1.DDDD")), "forged");
  assert.equal(browser.focused, browser.tabs[0]?.windowId, "it comes to the front with its window");

  browser.tabs.length = 0; // the person closes it, and then the last window
  assert.equal(refused(await usher.open("1.BBBB")), "forged");
  assert.equal(browser.tabs.length, 1);
  browser.tabs.length = browser.windows.length = 0;
  assert.equal(refused(await usher.open("1.CCCC")), "forged");
  assert.equal(browser.tabs[0]?.windowId, browser.windows[0]?.id);
});

test("without a key nothing is opened", async () => {
  const { browser, engine } = room();
  browser.usher = null;
  const { ok, error } = (await engine.openForHost(await linkTo("staging"))) as { ok: boolean; error?: { code: string } };
  assert.deepEqual([ok, error?.code], [false, "no_key"]);
});

test("the opening page goes when its link is opened, and stays where it is not", async () => {
  const { browser, engine } = await connected();
  const page = browser.addTab(`${browser.origin}open.html`);
  await assert.rejects(engine.openForPage("1.AAAA", page as never));
  assert.equal(browser.tabs.length, 1);
  await engine.openForPage(await linkTo("staging"), page as never);
  assert.deepEqual(browser.tabs.map(({ url }) => new URL(url).host), ["signin.aws.amazon.com"]);
});

test("the address that signs in is written down nowhere", async () => {
  const { browser, usher } = await connected();
  await usher.open(await linkTo("staging"));
  assert.doesNotMatch(JSON.stringify(browser.storage), /SigninToken|federation/);
});
