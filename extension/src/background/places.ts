// Opening visits: each in the place where its session lives, so that no other session's cookies are touched. The
// address signs in: it goes to the tab and nowhere else.
import { family } from "../shared/family.ts";
import type { Session, Visit } from "../shared/visit.ts";
import { Containers } from "./containers.ts";
import { joinGroup } from "./groups.ts";
import type { Sessions } from "./sessions.ts";
import { failed } from "./trouble.ts";
import type { Windows } from "./windows.ts";

export interface Where {
  /** The browser window that asks. */
  readonly windowId?: number;
  /** In a window of its own, beside that one. */
  readonly beside?: boolean;
}

type Opening = Pick<chrome.tabs.CreateProperties, "url" | "cookieStoreId">;

export class Places {
  readonly #containers = new Containers();

  constructor(
    private readonly sessions: Sessions,
    private readonly windows: Windows,
  ) {}

  /** Open `visit` in a new tab, in front. */
  async open(visit: Visit, where: Where = {}): Promise<void> {
    await this.#check(visit.session);
    const opening = { url: visit.url, ...(await this.#store(visit)) };
    const windowId = await this.windows.windowFor({ terminal: visit.window, ...where });
    const tab = await this.sessions.entering(visit.session, () =>
      windowId === null || where.beside === true ? inNewWindow(opening, windowId) : inWindow(opening, windowId),
    );
    await chrome.windows.update(tab.windowId, { focused: true });
    await this.windows.opened(tab.windowId, visit.window);
    if (family === "chromium" && visit.place.kind !== "plain") await this.#group(tab, visit);
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
    const [latest] = tabs.sort((one, other) => (other.lastAccessed ?? 0) - (one.lastAccessed ?? 0));
    if (latest?.id === undefined) throw failed("not_found", "None of its tabs is open any more.");
    await chrome.tabs.update(latest.id, { active: true });
    await chrome.windows.update(latest.windowId, { focused: true });
  }

  /** A browser that Usher set apart for one session takes no other: it would sign that one out. */
  async #check(session: Session): Promise<void> {
    const jar = await this.sessions.jar();
    if (jar === null || jar.key === session.key) return;
    throw failed(
      "failed",
      `This browser is set apart for ${jar.accountName} (${jar.role}); ${session.accountName} (${session.role}) does not open in it.`,
      `Run in a terminal: usher console ${session.profile}`,
    );
  }

  async #store({ session, place }: Visit): Promise<{ cookieStoreId?: string }> {
    if (family === "chromium" || place.kind === "plain") return {};
    return { cookieStoreId: await this.#containers.of(session, place) };
  }

  async #group(tab: chrome.tabs.Tab, { session, place }: Visit): Promise<void> {
    try {
      await joinGroup(tab, session, place, await this.sessions.tabsOf(session.key));
    } catch (error) {
      // The console is open; its group is only a hint, and not every window takes groups.
      console.warn("no tab group:", error);
    }
  }
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
