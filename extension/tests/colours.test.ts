// The accounts' colours, by the arithmetic of WCAG 2 (relative luminance, contrast) and CIE 1976 (difference).
import assert from "node:assert/strict";
import { test } from "node:test";
import { paletteOf } from "../src/shared/colours.ts";
import { COLOURS } from "../src/shared/visit.ts";

const SCHEMES = ["light", "dark"] as const;
const EVERY = [...COLOURS, null];
/** Pages that colours stand on: white and dark consoles, and the popup's own page and cards (shared/page.css). */
const PAGES = { light: ["#ffffff", "#f5f6fa"], dark: ["#0f141a", "#161d26", "#12141c", "#1b1e29"] };

function linear(colour: string): [number, number, number] {
  assert.match(colour, /^#[0-9a-f]{6}$/);
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return [red, green, blue];
}

function luminance(colour: string): number {
  const [red, green, blue] = linear(colour);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function lab(colour: string): [number, number, number] {
  const [red, green, blue] = linear(colour);
  const curve = (part: number): number => (part > 0.008856 ? Math.cbrt(part) : 7.787 * part + 16 / 116);
  const x = curve((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047);
  const y = curve(luminance(colour));
  const z = curve((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function difference(one: string, other: string): number {
  const [first, second] = [lab(one), lab(other)];
  return Math.hypot(...first.map((part, index) => part - (second[index] ?? 0)));
}

test("text on every colour has the contrast of WCAG AA, in both schemes", () => {
  for (const colour of EVERY) {
    for (const scheme of SCHEMES) {
      const { fill, ink } = paletteOf(colour)[scheme];
      assert.ok(contrast(ink, fill) >= 4.5, `${colour} ${scheme}: ${contrast(ink, fill)}`);
    }
  }
});

test("every edge stands out of the page by three to one", () => {
  for (const colour of EVERY) {
    for (const scheme of SCHEMES) {
      for (const page of PAGES[scheme]) {
        const found = contrast(paletteOf(colour)[scheme].edge, page);
        assert.ok(found >= 3, `${colour} ${scheme} on ${page}: ${found}`);
      }
    }
  }
});

test("no two colours can be taken for each other", () => {
  for (const scheme of SCHEMES) {
    for (const [index, one] of EVERY.entries()) {
      for (const other of EVERY.slice(index + 1)) {
        const found = difference(paletteOf(one)[scheme].fill, paletteOf(other)[scheme].fill);
        assert.ok(found >= 30, `${one} and ${other}, ${scheme}: ${found}`);
      }
    }
  }
});
