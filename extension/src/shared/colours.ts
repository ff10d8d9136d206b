// The eight colours that an account can have (src/usher/core/looks.py), as they are shown on pages: one source for
// the bar, the favicon and the popup. What holds of them is computed in tests/colours.test.ts: text on a fill has
// a contrast of at least 4.5 (WCAG AA), an edge stands out of a page by 3, and no two can be taken for each other.
import type { Colour } from "./visit.ts";

/** A colour in one scheme, as `#rrggbb`. */
export interface Shades {
  /** What an area is filled with. */
  readonly fill: string;
  /** Text and icons on the fill. */
  readonly ink: string;
  /** A line around the fill, where the page beside it may be as light, or as dark, as the fill is. */
  readonly edge: string;
}

export interface Palette {
  readonly light: Shades;
  readonly dark: Shades;
}

const PALETTES: Readonly<Record<Colour, Palette>> = {
  red: {
    light: { fill: "#c40d24", ink: "#ffffff", edge: "#c40d24" },
    dark: { fill: "#da1b2b", ink: "#ffffff", edge: "#ff6b6b" },
  },
  orange: {
    light: { fill: "#f5861f", ink: "#2b1300", edge: "#b35500" },
    dark: { fill: "#ff9a3d", ink: "#2b1300", edge: "#ff9a3d" },
  },
  yellow: {
    light: { fill: "#f7cf1d", ink: "#261d00", edge: "#8a6c00" },
    dark: { fill: "#ffdb3d", ink: "#261d00", edge: "#ffdb3d" },
  },
  green: {
    light: { fill: "#1a7f37", ink: "#ffffff", edge: "#1a7f37" },
    dark: { fill: "#3fb962", ink: "#00210c", edge: "#3fb962" },
  },
  turquoise: {
    light: { fill: "#10b5b5", ink: "#002526", edge: "#007d80" },
    dark: { fill: "#2bd4d0", ink: "#002526", edge: "#2bd4d0" },
  },
  blue: {
    light: { fill: "#1d5fd1", ink: "#ffffff", edge: "#1d5fd1" },
    dark: { fill: "#5c9dff", ink: "#001a3d", edge: "#5c9dff" },
  },
  purple: {
    light: { fill: "#7233c4", ink: "#ffffff", edge: "#7233c4" },
    dark: { fill: "#b388ff", ink: "#1d0045", edge: "#b388ff" },
  },
  pink: {
    light: { fill: "#ff7cc0", ink: "#3a0021", edge: "#c4307f" },
    dark: { fill: "#ff8ac8", ink: "#3a0021", edge: "#ff8ac8" },
  },
};

/** An account without a colour: grey, which is none of the eight. */
const UNCOLOURED: Palette = {
  light: { fill: "#4d5567", ink: "#ffffff", edge: "#4d5567" },
  dark: { fill: "#a3abbf", ink: "#12141c", edge: "#a3abbf" },
};

export function paletteOf(colour: Colour | null): Palette {
  return colour === null ? UNCOLOURED : PALETTES[colour];
}

/** Gives `element`, and what is in it, a colour: as `--fill-light`, `--ink-dark` and so on, for a style sheet to
    choose from by scheme. Set through the object model, which no content security policy forbids. */
export function paint(element: HTMLElement | SVGElement, colour: Colour | null): void {
  for (const [scheme, shades] of Object.entries(paletteOf(colour))) {
    for (const [part, value] of Object.entries(shades)) element.style.setProperty(`--${part}-${scheme}`, value as string);
  }
}
