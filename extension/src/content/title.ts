// The account before a page's title, where tab strips, window lists and the history show it: `production · …`, and
// with a label `[PRODUCTION] shop · …`. The page may change its title as it likes; the prefix is kept, once.
import { printable } from "../shared/printable.ts";
import type { Session } from "../shared/visit.ts";
import { Patience } from "./patience.ts";

const LONGEST_NAME = 40;
const LONGEST_LABEL = 20;
const REPAIRS_A_MINUTE = 60;
const WORD_START = /^[\p{L}\p{N}]/u;
const WORD_END = /[\p{L}\p{N}]$/u;

/** What stands before the titles of a session's pages. */
export function titlePrefix(session: Session): string {
  const name = printable(session.accountName, LONGEST_NAME) || session.accountId;
  const label = printable(session.label, LONGEST_LABEL);
  if (label === "") return `${name} · `;
  return label.toLowerCase() === name.toLowerCase() ? `[${label}] ` : `[${label}] ${name} · `;
}

/**
 * `title` as the page meant it. Pages read their title and write it back with something added, so the prefix may
 * stand anywhere, but only where a word begins: the account `a` is not in `Lambda · functions`.
 */
export function withoutPrefix(title: string, prefix: string): string {
  if (prefix === "") return title;
  if (title === alone(prefix)) return "";
  let bare = title;
  for (let at = bare.indexOf(prefix); at >= 0; at = bare.indexOf(prefix, at)) {
    if (WORD_START.test(prefix) && WORD_END.test(bare.slice(0, at))) at += 1;
    else bare = bare.slice(0, at) + bare.slice(at + prefix.length);
  }
  return bare;
}

export class Title {
  readonly #patience = new Patience(REPAIRS_A_MINUTE);
  #prefix = "";
  /** The element that we made, on a page that has none. */
  #made: Element | null = null;

  constructor(private readonly page: Document) {}

  /** Puts the session's account before the title; takes it away when there is no session. */
  show(session: Session | null): void {
    const bare = withoutPrefix(this.page.title, this.#prefix);
    if (this.page.title !== bare) this.page.title = bare;
    this.#prefix = session === null ? "" : titlePrefix(session);
    this.keep();
  }

  /** After a change of the page: the prefix is where it belongs. */
  keep(): void {
    if (this.#prefix === "") return;
    const titles = this.page.head?.querySelectorAll("title") ?? [];
    // A title that we made before the page's own is parsed would stand before it, and hide it for ever.
    if (titles.length === 0 && this.page.readyState === "loading") return;
    if (titles.length > 1 && this.#made?.isConnected) this.#made.remove();
    const bare = withoutPrefix(this.page.title, this.#prefix);
    const wanted = bare === "" ? alone(this.#prefix) : this.#prefix + bare;
    if (this.page.title === wanted || !this.#patience.spend()) return;
    this.page.title = wanted;
    if (titles.length === 0) this.#made = this.page.head?.querySelector("title") ?? null;
  }
}

function alone(prefix: string): string {
  return prefix.replace(/ (· )?$/, "");
}
