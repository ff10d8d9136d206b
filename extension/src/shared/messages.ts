// What the extension's parts say to each other. The background answers pages and content scripts; a content
// script may ask only what concerns its own tab, because it runs beside a page's own code.
import type { RefusalCode } from "./link.ts";
import type { Session } from "./visit.ts";

/** A way into an account, as the native host lists it. */
export interface ProfileChoice {
  readonly profile: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly role: string;
  readonly organization: string;
  readonly label: string;
  readonly colour: string | null;
  readonly favourite: boolean;
  readonly recent: boolean;
}

/** A portal session: who is signed in where. `ends` is in Unix seconds. */
export interface PortalState {
  readonly organization: string;
  readonly startUrl: string;
  readonly state: "open" | "ended" | "never";
  readonly ends: number | null;
}

/** An error for people. `confirm` is there with the code `confirm`: what must be said to enter. */
export interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly organization?: string;
  readonly confirm?: { readonly how: "ask" | "type"; readonly word: string; readonly text: string };
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Trouble };

/** What the bar, the title and the favicon show of a tab; null where the tab is of no known session. */
export interface Hints {
  readonly session: Session;
  /** Sessions of this browser that count against AWS's five, with multi-session on; null without. */
  readonly sessionsOpen: number | null;
  /** Whether the person folded the bar of this tab: the colour stays, the words go. */
  readonly folded: boolean;
}

/** What is open now, for the popup. `here` is the session of the tab that the popup stands over. */
export interface Overview {
  readonly here: Session | null;
  readonly open: readonly Session[];
  readonly sessionsOpen: number | null;
  readonly host: { readonly state: "connected"; readonly usher: string } | { readonly state: "missing"; readonly why: string };
  /** What was entered last in this browser; known without the host. */
  readonly recent: readonly ProfileChoice[];
  /** The profile that is the window's current account (`switch`); null where none was chosen. */
  readonly current: string | null;
}

/** A link that was not opened: why, and when (in milliseconds). */
export interface Refusal {
  readonly code: RefusalCode | "failed";
  readonly message: string;
  readonly at: number;
}

export interface Requests {
  /** From a content script: the hints of its own tab. */
  hints: { ask: object; answer: Hints | null };
  /** From a content script or the popup: renew the session of this tab (the popup names it), same page. */
  renew: { ask: { tabId?: number; confirmed?: string }; answer: Result<null> };
  /** From a content script: its tab's bar was folded, or unfolded; it stays so on the tab's next pages. */
  fold: { ask: { folded: boolean }; answer: null };
  /** From the opening page: open a sealed link. When it is opened the page is closed. */
  open_link: { ask: { link: string }; answer: { ok: true } | { ok: false; code: RefusalCode | "failed"; message: string } };
  /** The last link that was refused without the opening page: one that came through the native host. */
  refusal: { ask: object; answer: Refusal | null };
  /** Whether usher is there for this browser; it is looked for if not. */
  connection: { ask: object; answer: Overview["host"] };
  /** From the popup, which names the tab and the window that it stands over. */
  overview: { ask: { tabId: number | null; windowId: number }; answer: Overview };
  profiles: { ask: { query: string }; answer: Result<readonly ProfileChoice[]> };
  portals: { ask: object; answer: Result<readonly PortalState[]> };
  /**
   * Open a profile's console in a new tab of the window `windowId`, or in a new window `beside` it: at its home, or at
   * the page of the tab `reopen` ("this page, there").
   */
  enter: {
    ask: { profile: string; windowId: number; reopen?: number; confirmed?: string; beside?: boolean };
    answer: Result<null>;
  };
  /** Make a profile the current account of this browser window and of the terminals that follow it. */
  switch: { ask: { profile: string; windowId: number; confirmed?: string }; answer: Result<null> };
  favourite: { ask: { profile: string; on: boolean }; answer: Result<null> };
  sign_in: { ask: { organization: string }; answer: Result<null> };
  /** Bring an open session's tab to the front. */
  show: { ask: { key: string }; answer: Result<null> };
}

export type Kind = keyof Requests;
export type Message = { [K in Kind]: { readonly kind: K } & Requests[K]["ask"] }[Kind];

/** What the background tells the content script of a tab: ask for the hints again, they may have changed. */
export interface Told {
  readonly kind: "hints_changed";
}

/** Ask the background. */
export async function ask<K extends Kind>(kind: K, content: Requests[K]["ask"]): Promise<Requests[K]["answer"]> {
  return (await chrome.runtime.sendMessage({ kind, ...content })) as Requests[K]["answer"];
}
