// Each browser window's current account, and the terminal that it belongs to: `usher switch` in a terminal moves that
// terminal's window, and switching in the window moves that terminal, and nobody else. It is remembered for as long as
// the browser runs; a window that is closed belongs to nobody.
import { paletteOf } from "../shared/colours.ts";
import { family } from "../shared/family.ts";
import { signsInOrOut, whyNotOpened, withoutSessionLabel } from "../shared/hosts.ts";
import { fields, readSession, type Session, text, type Visit } from "../shared/visit.ts";
import { REMINDER } from "./reminders.ts";
import { kept, storedTable } from "./stored.ts";

export interface Wish {
  /** The terminal that asks; null when it does not matter. */
  readonly terminal: string | null;
  /** The browser window that a page of ours asks for. */
  readonly windowId?: number;
}

/** A window's current account. `terminal` is whose window it is; null where it is nobody's. */
interface Current {
  readonly session: Session;
  readonly terminal: string | null;
}

/** What fits on the toolbar's button. */
const BADGE_LENGTH = 4;

export class Windows {
  /** By the window's id. Window ids are new when the browser starts, so they are kept no longer. */
  readonly #current = storedTable("session", "windows", readCurrent);

  /** The window to open in; null where one must be made: the browser has none, or the terminal none of its own. */
  async windowFor(wish: Wish): Promise<number | null> {
    const windows = await chrome.windows.getAll({ windowTypes: ["normal"] });
    if (wish.terminal !== null) {
      const own = await this.#windowOf(wish.terminal);
      return windows.some((each) => each.id === own) ? own : null;
    }
    const wished = windows.find((each) => each.id === wish.windowId);
    if (wished?.id !== undefined) return wished.id;
    const last = await chrome.windows.getLastFocused().catch(() => undefined); // there may be no window at all
    const best = windows.find((each) => each.focused) ?? windows.find((each) => each.id === last?.id) ?? windows[0];
    return best?.id ?? null;
  }

  /** The terminal that the window belongs to. */
  async terminalOf(windowId: number): Promise<string | null> {
    return (await this.#of(windowId))?.terminal ?? null;
  }

  /** The profile that is a window's current account; null where none was chosen. */
  async currentOf(windowId: number): Promise<string | null> {
    return (await this.#of(windowId))?.session.profile ?? null;
  }

  /** `session` is the window's current account from now on, and `terminal` is whose window it is. */
  async switched(windowId: number, session: Session, terminal: string | null): Promise<void> {
    await this.#current.change((known) => ({
      // A terminal has one window: where another was its own, that one is nobody's now.
      ...kept(known, (current) => terminal === null || current.terminal !== terminal),
      [windowId]: { session, terminal },
    }));
    await this.#show(windowId);
  }

  /** The window's terminal is gone, or has another window; its account stays. */
  async released(windowId: number): Promise<void> {
    await this.#current.change((known) => {
      const current = known[windowId];
      return current === undefined ? known : { ...known, [windowId]: { ...current, terminal: null } };
    });
  }

  async closed(windowId: number): Promise<void> {
    await this.#current.change((known) => kept(known, (_, id) => id !== String(windowId)));
  }

  /** A tab of the window came to the front, or to another page: Chromium's button is the tab's, and forgets. */
  async tabShown(windowId: number): Promise<void> {
    if (family === "chromium") await this.#show(windowId);
  }

  /** Show on the toolbar's button which account each window is in: what it shows of the whole browser has changed. */
  async showAll(): Promise<void> {
    for (const windowId of Object.keys(await this.#current.get())) await this.#show(Number(windowId));
  }

  async #show(windowId: number): Promise<void> {
    const current = await this.#of(windowId);
    if (current === null) return;
    for (const place of await placesOnToolbar(windowId)) await showSession(place, current.session);
  }

  async #of(windowId: number): Promise<Current | null> {
    return (await this.#current.get())[windowId] ?? null;
  }

  async #windowOf(terminal: string): Promise<number | null> {
    const found = Object.entries(await this.#current.get()).find(([, current]) => current.terminal === terminal);
    return found === undefined ? null : Number(found[0]);
  }
}

/** The page that the window shows, for whoever signs in next; null where it is none of the visit's console. */
export async function pageShown(visit: Visit, windowId: number): Promise<string | null> {
  const [tab] = await chrome.tabs.query({ windowId, active: true });
  if (tab?.url === undefined || whyNotOpened(tab.url, visit.partition, visit.emulatedOrigin) !== null) return null;
  return signsInOrOut(tab.url) ? null : withoutSessionLabel(tab.url);
}

/** The visit's address, leading to `page` where there is one and the address says where it leads. */
export function addressAt(visit: Visit, page: string | null): string {
  const address = new URL(visit.url);
  if (page === null || !address.searchParams.has("Destination")) return visit.url;
  address.searchParams.set("Destination", page);
  return whyNotOpened(address.href, visit.partition, visit.emulatedOrigin) === null ? address.href : visit.url;
}

interface OnToolbar {
  readonly windowId?: number;
  readonly tabId?: number;
}

/** Where the button can be told what to show: for a window in Firefox, for a tab in Chromium. */
async function placesOnToolbar(windowId: number): Promise<readonly OnToolbar[]> {
  if (family === "firefox") return [{ windowId }];
  const tabs = await chrome.tabs.query({ windowId, active: true });
  return tabs.flatMap(({ id }) => (id === undefined ? [] : [{ tabId: id }]));
}

async function showSession(place: OnToolbar, session: Session): Promise<void> {
  const account = session.accountName || session.accountId;
  const label = session.label === "" ? "" : `${session.label} `;
  const { fill, ink } = paletteOf(session.colour).light;
  try {
    await chrome.action.setTitle({ ...place, title: `Usher: this window is in ${label}${account} (${session.role})` });
    // What ends soon matters more.
    const reminder = await chrome.action.getBadgeText({});
    const colours = reminder === "" ? { fill, ink } : REMINDER;
    const text = reminder || (session.label || account).slice(0, BADGE_LENGTH);
    await chrome.action.setBadgeText({ ...place, text });
    await chrome.action.setBadgeBackgroundColor({ ...place, color: colours.fill });
    await chrome.action.setBadgeTextColor({ ...place, color: colours.ink });
  } catch (error) {
    console.warn("nothing on the toolbar:", error); // the tab or the window has just gone
  }
}

function readCurrent(value: unknown): Current {
  const current = fields(value, "window");
  return {
    session: readSession(current["session"]),
    terminal: current["terminal"] === null ? null : text(current, "terminal", /^[A-Za-z0-9_-]{1,64}$/),
  };
}
