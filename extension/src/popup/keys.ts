// What a key means in the popup. The search field keeps the focus, so that whatever else is pressed goes on searching.

export type Move = "next" | "previous" | "first" | "last" | "page down" | "page up";
export type Action = "open" | "beside" | "reopen" | "current" | "favourite";
export type Intent = { readonly move: Move } | { readonly action: Action } | { readonly leave: true };

const MOVES: Readonly<Record<string, Move>> = {
  ArrowDown: "next",
  ArrowUp: "previous",
  Home: "first",
  End: "last",
  PageDown: "page down",
  PageUp: "page up",
};
const PAGE_ROWS = 6;

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "isComposing">;

/** What the key asks for; null when it is for the field itself, or belongs to an input method. */
export function intentOf(pressed: Pressed): Intent | null {
  if (pressed.isComposing || pressed.shiftKey) return null;
  const primary = pressed.ctrlKey || pressed.metaKey;
  if (pressed.key === "Enter") return enter(primary, pressed.altKey);
  if (pressed.altKey) return null;
  if (primary) return withPrimary(pressed.key.toLowerCase());
  if (pressed.key === "Escape") return { leave: true };
  const move = Object.hasOwn(MOVES, pressed.key) ? MOVES[pressed.key] : undefined;
  return move ? { move } : null;
}

/** The row that a move leads to, of `rows` rows; arrows go round. */
export function moved(from: number, move: Move, rows: number): number {
  const last = rows - 1;
  switch (move) {
    case "next":
      return from >= last ? 0 : from + 1;
    case "previous":
      return from <= 0 ? last : from - 1;
    case "first":
      return 0;
    case "last":
      return last;
    case "page down":
      return Math.min(from + PAGE_ROWS, last);
    case "page up":
      return Math.max(from - PAGE_ROWS, 0);
  }
}

function enter(primary: boolean, alt: boolean): Intent | null {
  if (primary && alt) return null;
  if (primary) return { action: "beside" };
  return { action: alt ? "reopen" : "open" };
}

function withPrimary(key: string): Intent | null {
  if (key === "s") return { action: "current" };
  return key === "d" ? { action: "favourite" } : null;
}
