// Chromium's tab groups: one for each session and window, in its colour. They look like containers and are none: cookies
// are kept apart by AWS itself (multi-session). So a tab that turns out to be of another session leaves the group.
import { type Colour, type Place, type Session, text } from "../shared/visit.ts";
import type { SessionTab } from "./sessions.ts";
import { storedTable, Turns } from "./stored.ts";

const COLOURS: Readonly<Record<Colour, `${chrome.tabGroups.Color}`>> = {
  red: "red",
  orange: "orange",
  yellow: "yellow",
  green: "green",
  turquoise: "cyan",
  blue: "blue",
  purple: "purple",
  pink: "pink",
};

export class Groups {
  /** The session of each group that we made; a person's own groups are left alone. Ids are new with the browser. */
  readonly #made = storedTable("session", "groups", (value) => text({ key: value }, "key"));

  readonly #joins = new Turns();

  /** Put `tab` into the group of `session` in its window. `siblings` finds the session's other tabs. */
  join(tab: chrome.tabs.Tab, session: Session, place: Place, siblings: () => Promise<readonly chrome.tabs.Tab[]>): Promise<void> {
    return this.#joins.take(async () => this.#join(tab, session, place, await siblings()));
  }

  async #join(tab: chrome.tabs.Tab, session: Session, place: Place, siblings: readonly chrome.tabs.Tab[]): Promise<void> {
    if (tab.id === undefined) return;
    const own = await this.#groupOf(tab.windowId, session, place, siblings);
    const where = own === null ? { createProperties: { windowId: tab.windowId } } : { groupId: own };
    const group = await chrome.tabs.group({ tabIds: tab.id, ...where });
    await this.#made.change((made) => ({ ...made, [group]: session.key }));
    const color = session.colour === null ? "grey" : COLOURS[session.colour];
    await chrome.tabGroups.update(group, { title: place.name, color });
  }

  /** Take the tabs out of our groups that are of another session: a group's name and colour must be true. */
  async tidy(tabs: readonly SessionTab[]): Promise<void> {
    const made = await this.#made.get();
    for (const { tab, session } of tabs) {
      const key = made[tab.groupId];
      if (tab.id !== undefined && key !== undefined && key !== session.key) await chrome.tabs.ungroup(tab.id);
    }
  }

  /** The session's group in that window. After a restart, groups that the browser brought back are known by their
      name and by the session's tabs in them. */
  async #groupOf(
    windowId: number,
    session: Session,
    place: Place,
    siblings: readonly chrome.tabs.Tab[],
  ): Promise<number | null> {
    const made = await this.#made.get();
    const groups = await chrome.tabGroups.query({ windowId });
    const isOwn = ({ id, title }: chrome.tabGroups.TabGroup): boolean =>
      made[id] === undefined
        ? title === place.name && siblings.some((tab) => tab.groupId === id)
        : made[id] === session.key;
    return groups.find(isOwn)?.id ?? null;
  }
}
