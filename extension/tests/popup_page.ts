// The popup's own page in a DOM, with doors of the test's: what is asked is written down, and answered as the test says.
import { Window } from "happy-dom";
import { readFileSync } from "node:fs";
import type { Kind, Message, Overview, PortalState, ProfileChoice, Requests } from "../src/shared/messages.ts";
import type { Session } from "../src/shared/visit.ts";
import type { Doors, Purpose } from "../src/popup/doors.ts";
import { Switcher } from "../src/popup/switcher.ts";

export const NOW = 1_800_000_000;
const PAGE = readFileSync("src/popup/popup.html", "utf8").replace(/<(?:script|link)[^>]*>(?:<\/script>)?/g, "");

export function profile(accountName: string, role = "AdministratorAccess", more: Partial<ProfileChoice> = {}): ProfileChoice {
  const accountId = "333333333333";
  const known = { accountId, accountName, role, organization: "mkdev", label: "", colour: null };
  return { profile: `mkdev-${accountName}/${role}`, ...known, favourite: false, recent: false, ...more };
}

export function session(of: ProfileChoice, ends: number | null = NOW + 3600): Session {
  const { profile, organization, accountId, accountName, role, label } = of;
  return { key: `key of ${profile}`, profile, organization, accountId, accountName, role, region: "eu-west-1", label, colour: "red", ends };
}

export function portal(state: PortalState["state"], organization = "mkdev"): PortalState {
  return { organization, startUrl: "https://mkdev.example/start", state, ends: state === "open" ? NOW + 3600 : null };
}

export const CONNECTED: Overview["host"] = { state: "connected", usher: "0.1.0" };
export const QUIET: Overview = { here: null, open: [], sessionsOpen: null, host: CONNECTED, recent: [], current: null };
export const OK = { ok: true, value: null } as const;

type Answers = { [K in Kind]?: (content: Requests[K]["ask"]) => Requests[K]["answer"] | Promise<Requests[K]["answer"]> };

export interface Outside {
  answers?: Answers;
  consolePage?: boolean;
  apple?: boolean;
  purpose?: Purpose | null;
  wait?: (milliseconds: number) => Promise<void>;
}

/** An open popup and what it did outside. */
export class Popup {
  readonly document: Document;
  readonly asked: Message[] = [];
  readonly copied: string[] = [];
  purpose: Purpose | null;
  closed = false;
  readonly switcher: Switcher;

  constructor(outside: Outside) {
    const window = new Window({ url: "https://popup.example/" });
    window.document.write(PAGE);
    this.document = window.document as unknown as Document;
    this.purpose = outside.purpose ?? null;
    this.switcher = new Switcher(this.document, this.#doors(outside));
  }

  static async open(outside: Outside): Promise<Popup> {
    const popup = new Popup(outside);
    await popup.switcher.start();
    return popup;
  }

  /** What was asked of that kind. */
  of<K extends Kind>(kind: K): Requests[K]["ask"][] {
    return this.asked.filter((message) => message.kind === kind).map(({ kind: _, ...content }) => content as Requests[K]["ask"]);
  }

  element<T extends HTMLElement = HTMLElement>(selector: string): T {
    const found = this.document.querySelector<T>(selector);
    if (found === null) throw new Error(`the popup shows no ${selector}`);
    return found;
  }

  text(selector: string): string {
    return this.element(selector).textContent!.replace(/\s+/g, " ").trim();
  }

  /** The names of the rows, in order. */
  get rows(): string[] {
    return [...this.document.querySelectorAll("[role=option]")].map((row) => row.getAttribute("aria-label")!);
  }

  get chosen(): string | null {
    return this.document.querySelector("[aria-selected=true]")?.getAttribute("aria-label") ?? null;
  }

  async type(text: string): Promise<void> {
    const field = this.element<HTMLInputElement>("#query");
    field.value = text;
    field.dispatchEvent(new (this.#of("Event"))("input"));
    await settled();
  }

  async press(key: string, held: Partial<KeyboardEventInit> = {}, where = this.document.activeElement!): Promise<boolean> {
    const event = new (this.#of("KeyboardEvent"))("keydown", { key, bubbles: true, cancelable: true, ...held });
    where.dispatchEvent(event);
    await settled();
    return event.defaultPrevented;
  }

  /** The browser gives the popup's window the focus. */
  focused(): void {
    this.document.defaultView!.dispatchEvent(new (this.#of("Event"))("focus"));
  }

  async click(selector: string): Promise<void> {
    this.element(selector).click();
    await settled();
  }

  #of<N extends "Event" | "KeyboardEvent">(name: N): (typeof globalThis)[N] {
    return (this.document.defaultView as unknown as typeof globalThis)[name];
  }

  #doors(outside: Outside): Doors {
    const usual: Answers = { overview: () => QUIET, profiles: () => ({ ok: true, value: [] }), portals: () => ({ ok: true, value: [] }) };
    const answers: Answers = { ...usual, ...outside.answers };
    return {
      place: { tabId: 7, windowId: 1, consolePage: outside.consolePage ?? false },
      apple: outside.apple ?? false,
      shortcut: "Alt+Shift+U",
      ask: async (kind, content) => {
        this.asked.push({ kind, ...content } as unknown as Message);
        const answer = answers[kind];
        return answer ? await answer(content) : (OK as never);
      },
      now: () => NOW,
      wait: outside.wait ?? (() => Promise.resolve()),
      copy: async (text) => void this.copied.push(text),
      remember: async (purpose) => void (this.purpose = purpose),
      remembered: async () => this.purpose,
      changeShortcut: () => Promise.resolve(),
      close: () => (this.closed = true),
    };
  }
}

/** Until everything that was started and needs no one else is done. */
export function settled(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}

/** A promise that the test keeps when it wants. */
export function promised<T>(): { readonly promise: Promise<T>; readonly keep: (value: T) => void } {
  let keep: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (keep = done));
  return { promise, keep };
}
