// What the extension does: the parts put together, and each operation that pages, scripts and the command line ask for.
import { isConsolePage, signsInOrOut, withoutSessionLabel } from "../shared/hosts.ts";
import type { Hints, Overview, PortalState, ProfileChoice } from "../shared/messages.ts";
import { text, type Visit } from "../shared/visit.ts";
import { type Greeting, readChoice, readPortal, readRows } from "./answers.ts";
import { Bars } from "./bars.ts";
import { type Clock, REAL_CLOCK } from "./clock.ts";
import { NativeHost, type Outcome } from "./host.ts";
import { Links } from "./links.ts";
import { Places, type Where } from "./places.ts";
import { refusalOf, Refusals } from "./refusals.ts";
import { Reminders } from "./reminders.ts";
import { distinct, Sessions } from "./sessions.ts";
import { Failed, failed } from "./trouble.ts";
import { Windows } from "./windows.ts";

const MOST_PROFILES = 50;

export class Engine {
  readonly bars = new Bars();
  readonly sessions = new Sessions(() => void this.#sessionsChanged());
  readonly windows = new Windows();
  readonly refusals = new Refusals();
  readonly reminders = new Reminders(this.sessions, () => this.windows.showAll());
  readonly host: NativeHost;
  readonly #links: Links;
  readonly #places = new Places(this.sessions, this.windows);

  constructor(clock: Clock = REAL_CLOCK) {
    const greeted = ({ jar }: Greeting): Promise<void> => this.sessions.setJar(jar);
    this.host = new NativeHost({ greeted, open: (link) => this.openForHost(link) }, clock);
    this.#links = new Links(this.host);
  }

  /** A link of the opening page, whose tab then has done its part. Throws LinkRefused, Failed. */
  async openForPage(link: string, page: chrome.tabs.Tab): Promise<void> {
    await this.#open(link, { windowId: page.windowId });
    if (page.id !== undefined) await chrome.tabs.remove(page.id);
  }

  /** A link that came through the native host: what is refused is said to it, and shown. */
  async openForHost(link: string): Promise<Outcome> {
    try {
      await this.#open(link, {});
      return { ok: true };
    } catch (error) {
      const refusal = refusalOf(error);
      await this.refusals.show(refusal);
      return { ok: false, error: { code: refusal.code, message: refusal.message } };
    }
  }

  async hints(tab: chrome.tabs.Tab): Promise<Hints | null> {
    const session = await this.sessions.of(tab);
    await this.reminders.wake();
    if (session === null || tab.id === undefined) return null;
    return { session, sessionsOpen: await this.sessions.count(tab), folded: await this.bars.isFolded(tab.id) };
  }

  async overview(tabId: number | null, windowId: number): Promise<Overview> {
    const here = tabId === null ? undefined : await chrome.tabs.get(tabId);
    const [host, tabs, recent, current] = await Promise.all([
      this.host.connectSoon(),
      this.sessions.tabs(),
      this.sessions.recent(),
      this.windows.currentOf(windowId),
    ]);
    return {
      here: here === undefined ? null : await this.sessions.of(here),
      open: distinct(tabs),
      sessionsOpen: here === undefined ? null : await this.sessions.count(here),
      host,
      recent,
      current,
    };
  }

  async profiles(query: string): Promise<readonly ProfileChoice[]> {
    return readRows(await this.host.ask("profiles", { query, limit: MOST_PROFILES }), "profiles", readChoice);
  }

  async portals(): Promise<readonly PortalState[]> {
    return readRows(await this.host.ask("status", {}), "sessions", readPortal);
  }

  /** Open a profile's console, at the page of the tab `reopen` where one is named. Throws Failed, LinkRefused. */
  async enter(profile: string, where: Where, reopen: number | null, confirmed: string | null): Promise<void> {
    const url = reopen === null ? null : consolePageOf(await chrome.tabs.get(reopen));
    const visit = await this.#visit(profile, url, confirmed, null);
    if (visit === null) return;
    await this.#places.open(visit, where);
    void this.reminders.refresh();
  }

  /** Make `profile` the current account of the window and of its terminal's shells. Throws Failed, LinkRefused. */
  async switch(profile: string, windowId: number, confirmed: string | null): Promise<void> {
    const terminal = await this.windows.terminalOf(windowId);
    const visit = await this.#visit(profile, null, confirmed, terminal);
    if (visit !== null) await this.#places.open(visit, { windowId, switches: true });
    void this.reminders.refresh();
    if (terminal !== null) await this.#switchTerminal(terminal, windowId, visit?.session.profile ?? profile);
  }

  /** Renew the session of `tab`, which comes back to the page that it shows. Throws Failed, LinkRefused. */
  async renew(tab: chrome.tabs.Tab, confirmed: string | null): Promise<void> {
    const session = await this.sessions.of(tab);
    if (session === null) throw failed("not_found", "It is not known which session this tab is of.");
    const visit = await this.#visit(session.profile, consolePageOf(tab), confirmed, null);
    if (visit === null) throw failed("failed", `Usher opened ${session.profile} in the browser that is set apart for it.`);
    if (visit.session.key !== session.key) {
      throw failed("failed", `${session.profile} leads to another account or role than this tab shows.`);
    }
    await this.#places.renew(tab, visit);
    void this.reminders.refresh();
  }

  async favourite(profile: string, on: boolean): Promise<void> {
    await this.host.ask("favourite", { profile, on });
  }

  async signIn(organization: string): Promise<void> {
    await this.host.ask("sign_in", { organization });
  }

  async show(key: string): Promise<void> {
    await this.#places.show(key);
  }

  async #open(link: string, where: Where): Promise<void> {
    await this.#places.open(await this.#links.open(link), where);
    void this.reminders.refresh();
  }

  /** The shells of the window's terminal follow. Throws Failed. */
  async #switchTerminal(terminal: string, windowId: number, profile: string): Promise<void> {
    try {
      await this.host.ask("switch", { profile, window: terminal });
    } catch (error) {
      if (!(error instanceof Failed && error.trouble.code === "not_found")) throw error;
      await this.windows.released(windowId); // the terminal has gone its own way
    }
  }

  async #sessionsChanged(): Promise<void> {
    await this.bars.tell();
    await this.#places.tidy();
  }

  /** What usher says to open for `profile`: a sealed link like any other, with the same checks. Null where usher has
      opened it itself, in a browser that is set apart for it. */
  async #visit(profile: string, url: string | null, confirmed: string | null, window: string | null): Promise<Visit | null> {
    const answer = await this.host.ask("open", { profile, url, confirmed, place: null, window });
    return answer["link"] === null ? null : this.#links.open(text(answer, "link"));
  }
}

/** The page that a tab shows, for whoever signs in next; null for the console's home where it is one that signs in or
    out. Throws Failed where it is none of the console's. */
function consolePageOf(tab: chrome.tabs.Tab): string | null {
  if (tab.url === undefined || !isConsolePage(tab.url)) throw failed("failed", "The tab shows no page of the console.");
  return signsInOrOut(tab.url) ? null : withoutSessionLabel(tab.url);
}
