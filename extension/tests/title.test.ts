// Titles of console pages: the account before them, once, as long as the page is of a session.
import assert from "node:assert/strict";
import { test } from "node:test";
import { printable, shellWord } from "../src/shared/printable.ts";
import { Title, titlePrefix, withoutPrefix } from "../src/content/title.ts";
import { consolePage, HOSTILE_NAMES, session } from "./console_page.ts";

const PRODUCTION = session({ accountName: "shop", label: "PRODUCTION" });

function titled(head?: string): { page: Document; title: Title } {
  const page = consolePage(head);
  return { page, title: new Title(page) };
}

test("a page's title begins with the account's name, and with its label first when it has one", () => {
  const { page, title } = titled();
  title.show(session());
  assert.equal(page.title, "development · S3 buckets");
  title.show(PRODUCTION);
  assert.equal(page.title, "[PRODUCTION] shop · S3 buckets");
  title.show(session({ accountName: "Production", label: "PRODUCTION" }));
  assert.equal(page.title, "[PRODUCTION] S3 buckets");
  title.show(session({ accountName: "" }));
  assert.equal(page.title, "111111111111 · S3 buckets");
});

test("the account stays when the console changes its title, and goes with the session", () => {
  const { page, title } = titled();
  title.show(PRODUCTION);
  page.title = "EC2 instances";
  title.keep();
  assert.equal(page.title, "[PRODUCTION] shop · EC2 instances");
  title.show(null);
  assert.equal(page.title, "EC2 instances");
  page.title = "Lambda";
  title.keep();
  assert.equal(page.title, "Lambda");
});

test("a page that reads its title and writes it back with something added does not double the account", () => {
  const { page, title } = titled();
  title.show(PRODUCTION);
  for (const change of [(t: string) => `(1) ${t}`, (t: string) => `${t} | eu-west-1`, (t: string) => t + t]) {
    page.title = change(page.title);
    title.keep();
    assert.equal(page.title.split("[PRODUCTION]").length, 2, page.title);
    assert.ok(page.title.startsWith("[PRODUCTION] shop · "), page.title);
  }
});

test("only the prefix is taken from a title, not letters that look like it", () => {
  assert.equal(withoutPrefix("Lambda · functions", "a · "), "Lambda · functions");
  assert.equal(withoutPrefix("(2) a · Lambda · functions", "a · "), "(2) Lambda · functions");
});

test("a page without a title gets the account alone, and its own title as soon as it has one", () => {
  const { page, title } = titled("");
  title.show(PRODUCTION);
  assert.equal(page.title, "[PRODUCTION] shop");
  title.keep();
  assert.equal(page.title, "[PRODUCTION] shop");
  page.head.append(Object.assign(page.createElement("title"), { textContent: "S3" }));
  title.keep();
  assert.equal(page.title, "[PRODUCTION] shop · S3");
  assert.equal(page.querySelectorAll("title").length, 1);
});

test("no title is made before the page's own is read: it would stand before it", () => {
  const { page, title } = titled("");
  Object.defineProperty(page, "readyState", { value: "loading" });
  title.show(PRODUCTION);
  assert.equal(page.querySelectorAll("title").length, 0);
});

test("a page that sets its title back every time is left alone after a while", () => {
  const { page, title } = titled();
  title.show(PRODUCTION);
  let repairs = 0;
  for (let change = 0; change < 500; change += 1) {
    page.title = `S3 ${change}`;
    title.keep();
    if (page.title.startsWith("[")) repairs += 1;
  }
  assert.ok(repairs > 20 && repairs < 100, String(repairs));
});

test("hostile names are one short line, with nothing in it that hides or reorders the title", () => {
  for (const accountName of HOSTILE_NAMES) {
    const prefix = titlePrefix(session({ accountName, label: accountName }));
    assert.ok([...prefix].length < 80, prefix);
    assert.doesNotMatch(prefix, /[\p{Cc}\p{Cf}\p{Zl}\p{Cs}]/u);
    const { page, title } = titled();
    title.show(session({ accountName }));
    assert.equal(page.title.split("S3 buckets").length, 2);
    assert.equal(page.querySelectorAll("img").length, 0);
  }
});

test("names in every script of the world are left as they are", () => {
  for (const name of ["Продакшн", "本番環境", "ייצור", "ação", "Zürich"]) assert.equal(printable(name), name);
  assert.equal(printable("a".repeat(50), 10), `${"a".repeat(9)}…`);
});

test("a name that people copy in a command stays one word for their shell", () => {
  assert.equal(shellWord("mkdev-production/ReadOnlyAccess"), "mkdev-production/ReadOnlyAccess");
  assert.equal(shellWord("two words"), "'two words'");
  assert.equal(shellWord("x'; touch y; '"), `'x'"'"'; touch y; '"'"''`);
});
