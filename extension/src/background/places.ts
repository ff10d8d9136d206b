// Opening visits: each in the place where its session lives, so that no other session's cookies are touched. The
// address signs in: it goes to the tab and nowhere else.
import { family } from "../shared/family.ts";
import { withoutSessionLabel } from "../shared/hosts.ts";
import { shellWord } from "../shared/printable.ts";
import type { Session, Visit } from "../shared/visit.ts";
import { Containers } from "./containers.ts";
import { Groups } from "./groups.ts";
import type { Sessions } from "./sessions.ts";
import { failed } from "./trouble.ts";
import { addressAt, pageShown, type Windows } from "./windows.ts";

export interface Where {
  /** The browser window that asks. */
  readonly windowId?: number;
  /** In a window of its own, beside that one. */
  readonly beside?: boolean;
  /** Whether the window is switched: the page that it shows is opened again. So it is for the window of a terminal. */
  readonly switches?: boolean;
}

type Opening = Pick<chrome.tabs.CreateProperties, "url" | "cookieStoreId">;

export class Places {
  readonly #containers = new Containers();
  readonly #groups = new Groups();

  constructor(
    private readonly sessions: Sessions,
    private readonly windows: Windows,
  ) {}

  /** Open `visit` in a new tab, in front. */
  async open(visit: Visit, where: Where = {}): Promise<void> {
    await this.#check(visit.session);
    if (where.switches === true || visit.window !== null) return this.#switch(visit, where);
    const windowId = await this.windows.windowFor({ terminal: null, ...where });
    const tab = await this.#enter(visit, visit.url, windowId, where.beside === true);
    await chrome.windows.update(tab.windowId, { focused: true });
  }

  /** Show the visit's session in the window, at the page that the window shows. A window that is there stays where it
      is: who switches in a terminal goes on typing there. */
  async #switch(visit: Visit, where: Where): Promise<void> {
    const isJar = (await this.sessions.jar()) !== null;
    const own = await this.windows.windowFor({ terminal: visit.window, ...where });
    // A browser that is set apart is one account's: its terminals need no windows of their own in it.
    const windowId = isJar && own === null ? await this.windows.windowFor({ terminal: null }) : own;
    const page = windowId === null ? null : await pageShown(visit, windowId);
    const there = windowId === null ? undefined : await this.#tabAt(visit.session, windowId, page);
    if (there !== undefined) await chrome.tabs.update(there.id!, { active: true });
    const tab = there ?? (await this.#enter(visit, addressAt(visit, page), windowId, false));
    await this.windows.switched(tab.windowId, visit.session, visit.window);
    if (isJar) await chrome.windows.update(tab.windowId, { focused: true }); // it stands behind another account's
  }

  /** A tab of the window that shows that page of the session, or any, where there is no page to show. */
  async #tabAt(session: Session, windowId: number, page: string | null): Promise<chrome.tabs.Tab | undefined> {
    const tabs = (await this.sessions.tabs()).filter(
      (each) => each.tab.windowId === windowId && each.session.key === session.key && !hasEnded(each.session),
    );
    const [latest] = tabs
      .map(({ tab }) => tab)
      .filter((tab) => page === null || withoutSessionLabel(tab.url ?? "") === page)
      .sort(latestFirst);
    return latest;
  }

  async #enter(visit: Visit, url: string, windowId: number | null, beside: boolean): Promise<chrome.tabs.Tab> {
    const opening = { url, ...(await this.#store(visit)) };
    const tab = await this.sessions.entering(visit.session, () =>
      windowId === null || beside ? inNewWindow(opening, windowId) : inWindow(opening, windowId),
    );
    // Nobody waits for the group: the console is on its way.
    if (family === "chromium" && visit.place.kind !== "plain") void this.#group(tab, visit);
    return tab;
  }

  /** Send `tab`, which is of the visit's session, through the visit's sign-in. */
  async renew(tab: chrome.tabs.Tab, visit: Visit): Promise<void> {
    await this.#check(visit.session);
    await this.sessions.entering(visit.session, async () => {
      const renewed = await chrome.tabs.update(tab.id!, { url: visit.url });
      if (renewed === undefined) throw failed("failed", "The tab is gone.");
      return renewed;
    });
  }

  /** Bring a session's tab to the front. Throws Failed where it has none. */
  async show(key: string): Promise<void> {
    const tabs = (await this.sessions.tabs()).filter(({ session }) => session.key === key).map(({ tab }) => tab);
    const [latest] = tabs.sort(latestFirst);
    if (latest?.id === undefined) throw failed("not_found", "None of its tabs is open any more.");
    await chrome.tabs.update(latest.id, { active: true });
    await chrome.windows.update(latest.windowId, { focused: true });
  }

  /** A tab's session may be another than before: no group says what is not so. */
  async tidy(): Promise<void> {
    if (family === "chromium") await this.#groups.tidy(await this.sessions.tabs());
  }

  /** A browser that Usher set apart for one session takes no other: it would sign that one out. */
  async #check(session: Session): Promise<void> {
    const jar = await this.sessions.jar();
    if (jar === null || jar.key === session.key) return;
    throw failed(
      "failed",
      `This browser is set apart for ${jar.accountName} (${jar.role}); ${session.accountName} (${session.role}) does not open in it.`,
      `Run in a terminal: usher console ${shellWord(session.profile)}`,
    );
  }

  async #store({ session, place }: Visit): Promise<{ cookieStoreId?: string }> {
    if (family === "chromium" || place.kind === "plain") return {};
    return { cookieStoreId: await this.#containers.of(session, place) };
  }

  async #group(tab: chrome.tabs.Tab, { session, place }: Visit): Promise<void> {
    try {
      await this.#groups.join(tab, session, place, () => this.sessions.tabsOf(session.key));
    } catch (error) {
      // The console is open; its group is only a hint, and not every window takes groups.
      console.warn("no tab group:", error);
    }
  }
}

function latestFirst(one: chrome.tabs.Tab, other: chrome.tabs.Tab): number {
  return (other.lastAccessed ?? 0) - (one.lastAccessed ?? 0);
}

function hasEnded({ ends }: Session): boolean {
  return ends !== null && ends * 1000 <= Date.now();
}

async function inWindow(opening: Opening, windowId: number): Promise<chrome.tabs.Tab> {
  return chrome.tabs.create({ ...opening, windowId, active: true });
}

async function inNewWindow(opening: Opening, besideId: number | null): Promise<chrome.tabs.Tab> {
  const bounds = besideId === null ? {} : await halfOf(besideId);
  const made = await chrome.windows.create({ ...opening, ...bounds, focused: true });
  const tab = made?.tabs?.[0];
  if (tab === undefined) throw failed("failed", "The browser made no window.");
  return tab;
}

/** Makes room beside a window: it keeps its left half, and the right one is returned. */
async function halfOf(windowId: number): Promise<chrome.windows.CreateData> {
  const { left, top, width, height } = await chrome.windows.get(windowId);
  if (left === undefined || top === undefined || width === undefined || height === undefined) return {};
  const half = Math.floor(width / 2);
  await chrome.windows.update(windowId, { state: "normal" });
  await chrome.windows.update(windowId, { left, top, width: half, height });
  return { left: left + half, top, width: width - half, height };
}
