// Which tab is which session. A sign-in belongs to a cookie store (a container; Chromium has one for all tabs), and with
// AWS's multi-session to a label before the console's hosts. A tab that was sent through a sign-in says which session
// its store, and its label, are from then on; where that is not known for certain, a tab is of no session.
import { isConsolePage, sessionLabel } from "../shared/hosts.ts";
import type { ProfileChoice } from "../shared/messages.ts";
import { fields, number, readSession, type Session, text } from "../shared/visit.ts";
import { kept, Stored, storedTable, Turns } from "./stored.ts";

const DEFAULT_STORES = ["default", "firefox-default"];
/** A sign-in passes through some redirects; a label that is first seen much later is somebody's own sign-in. */
const SIGN_IN_MS = 120_000;
const FORGET_SESSIONS_MS = 30 * 86_400_000;
const FORGET_LABELS_MS = 2 * 86_400_000;
const RECENT = 8;

interface Entered {
  readonly session: Session;
  /** When it was entered last, in milliseconds. */
  readonly at: number;
}

/** A tab that was sent through a sign-in to the session `key`. */
interface Arriving {
  readonly key: string;
  readonly at: number;
  readonly arrived: boolean;
  /** Whether the sign-in has come to its label: another one in the same tab is another session. */
  readonly labelled: boolean;
}

interface Labelled {
  readonly key: string;
  readonly at: number;
}

/** A tab on a console page, and the session that it is of. */
export interface SessionTab {
  readonly tab: chrome.tabs.Tab;
  readonly session: Session;
}

export class Sessions {
  readonly #entries = new Turns();
  readonly #entered = storedTable("local", "sessions", readEntered);
  /** The session that each cookie store is signed in to. */
  readonly #stores = storedTable("local", "stores", (value) => text({ key: value }, "key"));
  /** The session of each multi-session label, as `STORE LABEL`. */
  readonly #labels = storedTable("local", "labels", readLabelled);
  readonly #arriving = storedTable("session", "arriving", readArriving);
  /** The session that the whole browser is for, where Usher set the browser apart for one. */
  readonly #jar = new Stored<Session | null>("local", "jar", null, (value) => (value === null ? null : readSession(value)));

  /** `changed` is told when a tab's session may be another than before, or more is known of it. */
  constructor(private readonly changed: () => void) {}

  async setJar(jar: Session | null): Promise<void> {
    if (JSON.stringify(await this.#jar.get()) === JSON.stringify(jar)) return;
    await this.#jar.set(jar);
    this.changed();
  }

  jar(): Promise<Session | null> {
    return this.#jar.get();
  }

  /** `send` puts a tab on its way through a sign-in to `session`. Until it has, no tab is asked about: the sign-in may
      be at the console before the browser has told us which tab it runs in. */
  entering(session: Session, send: () => Promise<chrome.tabs.Tab>): Promise<chrome.tabs.Tab> {
    return this.#entries.take(async () => {
      const at = Date.now();
      const noted = this.#entered.change((before) => ({
        ...kept(before, (entered) => at - entered.at < FORGET_SESSIONS_MS),
        [session.key]: { session, at },
      }));
      const [tab] = await Promise.all([send(), noted]);
      const arriving = { key: session.key, at, arrived: false, labelled: false };
      await this.#arriving.change((tabs) => ({
        ...kept(tabs, (other) => at - other.at < SIGN_IN_MS),
        [String(tab.id)]: arriving,
      }));
      this.changed();
      return tab;
    });
  }

  /** The session that `tab` shows a console page of; null where it shows another page or it is not known. */
  async of(tab: chrome.tabs.Tab): Promise<Session | null> {
    if (tab.url === undefined || !isConsolePage(tab.url)) return null;
    await this.#entries.take(async () => undefined);
    const found = sessionLabel(tab.url);
    const jar = await this.#jar.get();
    if (jar !== null) return found === null || found.accountId === jar.accountId ? this.#latest(jar) : null;
    await this.#arrived(tab, tab.url);
    const store = storeOf(tab);
    const signedIn = await this.#session((await this.#stores.get())[store]);
    if (found === null) return signedIn;
    const labelled = await this.#session((await this.#labels.get())[`${store} ${found.label}`]?.key);
    if (labelled !== null) return labelled;
    // A container is one session's, so the account settles it; in the browser's own cookie store it does not.
    const isOwn = !DEFAULT_STORES.includes(store) && signedIn?.accountId === found.accountId;
    return isOwn ? signedIn : null;
  }

  /** Every tab that shows a console page of a known session. */
  async tabs(): Promise<readonly SessionTab[]> {
    const found: SessionTab[] = [];
    for (const tab of await chrome.tabs.query({})) {
      const session = await this.of(tab);
      if (session !== null) found.push({ tab, session });
    }
    return found;
  }

  /** The tabs of the session `key`, and those that are on their way to it. */
  async tabsOf(key: string): Promise<readonly chrome.tabs.Tab[]> {
    const arriving = await this.#arriving.get();
    const arrived = (await this.tabs()).filter(({ session }) => session.key === key).map(({ tab }) => tab.id);
    const all = await chrome.tabs.query({});
    return all.filter((tab) => arrived.includes(tab.id) || isOnItsWay(arriving[String(tab.id)], key));
  }

  /** How many sessions of `tab`'s cookie store count against AWS's five: those on pages, and those that have not
      ended. One that was signed in to again may have another label since, and is one session. Null where multi-session
      is not on. */
  async count(tab: chrome.tabs.Tab): Promise<number | null> {
    const store = storeOf(tab);
    const labels = new Set<string>();
    const labelled = await this.#labels.get();
    for (const each of await chrome.tabs.query({})) {
      const found = each.url === undefined || storeOf(each) !== store ? null : sessionLabel(each.url);
      if (found !== null) labels.add(found.label);
    }
    if (labels.size === 0) return null;
    const known = await this.#entered.get();
    for (const [place, { key }] of Object.entries(labelled)) {
      const [where, label] = place.split(" ");
      const ends = known[key]?.session.ends ?? null;
      if (where === store && label !== undefined && ends !== null && ends * 1000 > Date.now()) labels.add(label);
    }
    return new Set([...labels].map((label) => labelled[`${store} ${label}`]?.key ?? label)).size;
  }

  /** What was entered last in this browser. */
  async recent(): Promise<readonly ProfileChoice[]> {
    const entered = Object.values(await this.#entered.get()).sort((one, other) => other.at - one.at);
    return entered.slice(0, RECENT).map(({ session }) => ({
      profile: session.profile,
      accountId: session.accountId,
      accountName: session.accountName,
      role: session.role,
      organization: session.organization,
      label: session.label,
      colour: session.colour,
      favourite: false,
      recent: true,
    }));
  }

  /** Learn from a tab that has come to the console through a sign-in. */
  async #arrived(tab: chrome.tabs.Tab, url: string): Promise<void> {
    const arriving = (await this.#arriving.get())[String(tab.id)];
    if (arriving === undefined || Date.now() - arriving.at > SIGN_IN_MS) return;
    const session = await this.#session(arriving.key);
    const found = sessionLabel(url);
    if (session === null || (found !== null && found.accountId !== session.accountId)) return;
    const store = storeOf(tab);
    if (!arriving.arrived) await this.#stores.change((stores) => ({ ...stores, [store]: session.key }));
    const learns = found !== null && !arriving.labelled;
    if (learns) await this.#learn(`${store} ${found.label}`, session.key);
    if (arriving.arrived && !learns) return;
    const now = { ...arriving, arrived: true, labelled: arriving.labelled || learns };
    await this.#arriving.change((tabs) => ({ ...tabs, [String(tab.id)]: now }));
    this.changed();
  }

  async #learn(place: string, key: string): Promise<void> {
    const at = Date.now();
    await this.#labels.change((labels) => ({
      ...kept(labels, (label) => at - label.at < FORGET_LABELS_MS),
      [place]: { key, at },
    }));
  }

  async #session(key: string | undefined): Promise<Session | null> {
    return key === undefined ? null : ((await this.#entered.get())[key]?.session ?? null);
  }

  /** `session` as it was entered last, which knows when it ends. */
  async #latest(session: Session): Promise<Session> {
    return (await this.#session(session.key)) ?? session;
  }
}

function isOnItsWay(arriving: Arriving | undefined, key: string): boolean {
  return arriving?.key === key && !arriving.arrived;
}

/** The cookie store that a tab uses. */
export function storeOf(tab: chrome.tabs.Tab): string {
  return tab.cookieStoreId ?? "default";
}

/** The sessions of `tabs`, each once. */
export function distinct(tabs: readonly SessionTab[]): readonly Session[] {
  return [...new Map(tabs.map(({ session }) => [session.key, session])).values()];
}

function readEntered(value: unknown): Entered {
  const entered = fields(value, "session");
  return { session: readSession(entered["session"]), at: number(entered, "at") };
}

function readLabelled(value: unknown): Labelled {
  const labelled = fields(value, "label");
  return { key: text(labelled, "key"), at: number(labelled, "at") };
}

function readArriving(value: unknown): Arriving {
  const arriving = fields(value, "tab");
  return {
    key: text(arriving, "key"),
    at: number(arriving, "at"),
    arrived: arriving["arrived"] === true,
    labelled: arriving["labelled"] === true,
  };
}
