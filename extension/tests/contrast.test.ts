// WCAG AA, computed from the tokens that our pages really have: 4.5 for text, 3 for what must be seen to be used.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const CSS = readFileSync("src/shared/page.css", "utf8");
const [LIGHT, DARK] = CSS.split("@media (prefers-color-scheme: dark)").map(tokens) as [Tokens, Tokens];

type Tokens = ReadonlyMap<string, string>;

const TEXTS: readonly [text: string, on: readonly string[]][] = [
  ["text", ["page", "card", "tint"]],
  ["soft", ["page", "card", "tint"]],
  ["accent", ["page", "card", "tint"]],
  ["on-accent", ["accent", "accent-strong"]],
  ["warn", ["warn-tint", "card"]],
  ["danger", ["danger-tint", "card"]],
  ["good", ["good-tint", "card", "tint"]],
];
const MARKS: readonly [mark: string, on: readonly string[]][] = [
  ["edge", ["page", "card"]],
  ["accent", ["page", "card", "tint"]],
  ["good", ["page"]],
];

for (const [scheme, known] of [["light", LIGHT], ["dark", DARK]] as const) {
  test(`text on our pages can be read: ${scheme}`, () => check(known, TEXTS, 4.5));
  test(`what must be seen to be used can be seen: ${scheme}`, () => check(known, MARKS, 3));
}

test("both schemes have the same colours", () => {
  const coloured = (known: Tokens) => [...known.keys()].sort();
  assert.deepEqual(coloured(DARK), coloured(LIGHT));
});

function check(known: Tokens, pairs: typeof TEXTS, least: number): void {
  for (const [front, backs] of pairs) {
    for (const back of backs) {
      const found = contrast(known.get(front)!, known.get(back)!);
      assert.ok(found >= least, `--${front} on --${back} is ${found.toFixed(2)}`);
    }
  }
}

/** The colours of the first `:root` in `css`. */
function tokens(css: string): Tokens {
  const root = /:root\s*\{([^}]*)\}/.exec(css)?.[1] ?? "";
  return new Map([...root.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6});/g)].map((found) => [found[1]!, found[2]!]));
}

function contrast(one: string, other: string): number {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const channels = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red, green, blue] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
