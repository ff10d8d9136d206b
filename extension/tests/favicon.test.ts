// Favicons of console pages: the account's mark over the site's icon, as long as the page is of a session.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Draw, Favicon } from "../src/content/favicon.ts";
import { consolePage, session, soon } from "./console_page.ts";

const SITE = "https://cdn.example/s3.ico";
const TWO = `<link rel="icon" href="${SITE}"><link rel="shortcut icon" href="${SITE}?png" type="image/png">`;
const drawn: Draw = async (source, { shades, loud }) => `data:,${source}|${shades.fill}|${loud}`;

function icons(page: Document): string[] {
  return [...page.querySelectorAll<HTMLLinkElement>("link")].map((link) => link.href);
}

function violation(page: Document, disposition: "report" | "enforce"): Event {
  const view = page.defaultView as unknown as { Event: typeof Event };
  const details = { blockedURI: "data", effectiveDirective: "img-src", disposition };
  return Object.assign(new view.Event("securitypolicyviolation"), details);
}

test("every icon of the page shows the mark over the site's own, in the account's colour", async () => {
  const page = consolePage(TWO);
  new Favicon(page, drawn).show(session({ colour: "green" }));
  await soon();
  assert.deepEqual(icons(page), Array(2).fill(`data:,${SITE}|#1a7f37|false`));
});

test("an account with a label has another mark than one without", async () => {
  const page = consolePage(TWO);
  const favicon = new Favicon(page, drawn);
  favicon.show(session({ label: "PRODUCTION", colour: "red" }));
  await soon();
  assert.deepEqual(icons(page), Array(2).fill(`data:,${SITE}|#c40d24|true`));
});

test("the site changes its icon: the mark is drawn over the new one", async () => {
  const page = consolePage(TWO);
  const favicon = new Favicon(page, drawn);
  favicon.show(session());
  await soon();
  const [first] = page.querySelectorAll("link");
  first?.setAttribute("href", "https://cdn.example/busy.ico");
  favicon.keep();
  await soon();
  assert.deepEqual(icons(page), Array(2).fill("data:,https://cdn.example/busy.ico|#1a7f37|false"));
});

test("the session changes its colour, or goes: so does the mark", async () => {
  const page = consolePage(TWO);
  const favicon = new Favicon(page, drawn);
  favicon.show(session());
  await soon();
  favicon.show(session({ colour: "blue" }));
  await soon();
  assert.deepEqual(icons(page), Array(2).fill(`data:,${SITE}|#1d5fd1|false`));
  favicon.show(null);
  assert.deepEqual(icons(page), [SITE, `${SITE}?png`]);
});

test("a page without an icon gets the mark alone, until it has one of its own", async () => {
  const page = consolePage("");
  const favicon = new Favicon(page);
  favicon.show(session({ colour: "pink" }));
  await soon();
  const [icon] = icons(page);
  assert.match(decodeURIComponent(icon ?? ""), /^data:image\/svg\+xml,<svg .*<circle .* fill="#ff7cc0"\/><\/svg>$/);
  page.head.append(Object.assign(page.createElement("link"), { rel: "icon", href: SITE }));
  const watched = new Favicon(page, drawn);
  favicon.show(null);
  assert.deepEqual(icons(page), [SITE]);
  watched.show(session());
  await soon();
  assert.equal(icons(page).length, 1);
});

test("where the page's policy forbids our icon, the site's own comes back and stays", async () => {
  const page = consolePage(TWO);
  const favicon = new Favicon(page, drawn);
  favicon.show(session());
  await soon();
  page.dispatchEvent(violation(page, "report"));
  assert.notDeepEqual(icons(page), [SITE, `${SITE}?png`]);
  page.dispatchEvent(violation(page, "enforce"));
  favicon.keep();
  await soon();
  assert.deepEqual(icons(page), [SITE, `${SITE}?png`]);
});

test("a page that sets its icon back every time is left alone after a while", async () => {
  const page = consolePage(TWO);
  const favicon = new Favicon(page, drawn);
  favicon.show(session());
  await soon();
  let repairs = 0;
  for (let change = 0; change < 200; change += 1) {
    for (const link of page.querySelectorAll("link")) link.href = SITE;
    favicon.keep();
    if (icons(page)[0]?.startsWith("data:")) repairs += 1;
  }
  assert.ok(repairs > 10 && repairs < 60, String(repairs));
});
