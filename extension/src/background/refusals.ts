// A link that was not opened is shown: whoever sent it may have meant harm, and a person who waits for a console should
// not wait in vain. One page shows the latest.
import type { Refusal } from "../shared/messages.ts";
import { LinkRefused } from "../shared/link.ts";
import { fields, number, text } from "../shared/visit.ts";
import { Stored, Turns } from "./stored.ts";
import { troubleOf } from "./trouble.ts";

/** What the page asks for with this is not a link, and the latest refusal is what it shows. */
export const REFUSED_PAGE = "open.html?refused";

export class Refusals {
  readonly #turns = new Turns();
  readonly #latest = new Stored<Refusal | null>("session", "refusal", null, readRefusal);
  /** The tab that shows it. */
  readonly #tab = new Stored<number | null>("session", "refusalTab", null, (value) => Number(value));

  latest(): Promise<Refusal | null> {
    return this.#latest.get();
  }

  /** Show that a link was refused because of `refusal`. */
  show(refusal: Refusal): Promise<void> {
    return this.#turns.take(async () => {
      await this.#latest.set(refusal);
      const shown = await this.#tab.get();
      const tab = (shown === null ? null : await shownAgain(shown)) ?? (await newTab());
      await this.#tab.set(tab?.id ?? null);
      if (tab !== undefined) await chrome.windows.update(tab.windowId, { focused: true });
    });
  }
}

/** `error` as a refusal. */
export function refusalOf(error: unknown): Refusal {
  const { message, hint } = troubleOf(error);
  const code = error instanceof LinkRefused ? error.code : "failed";
  return { code, message: hint === "" ? message : `${message} ${hint}`, at: Date.now() };
}

async function shownAgain(tabId: number): Promise<chrome.tabs.Tab | undefined> {
  try {
    return await chrome.tabs.update(tabId, { url: pageUrl(), active: true });
  } catch {
    return undefined; // it was closed
  }
}

async function newTab(): Promise<chrome.tabs.Tab | undefined> {
  try {
    return await chrome.tabs.create({ url: pageUrl(), active: true });
  } catch {
    const window = await chrome.windows.create({ url: pageUrl() }); // there was none
    return window?.tabs?.[0];
  }
}

function pageUrl(): string {
  return chrome.runtime.getURL(REFUSED_PAGE);
}

function readRefusal(value: unknown): Refusal | null {
  if (value === null) return null;
  const refusal = fields(value, "refusal");
  return { code: text(refusal, "code") as Refusal["code"], message: text(refusal, "message"), at: number(refusal, "at") };
}
