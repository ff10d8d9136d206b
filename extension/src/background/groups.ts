// Chromium's tab groups: one for each session and window, in its colour. They look like containers and are none:
// cookies are kept apart by AWS itself (multi-session), so a group is found by its tabs and needs no memory.
import type { Colour, Place, Session } from "../shared/visit.ts";

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

/** Put `tab` into the group of `session` in its window. `siblings` are the session's other tabs. */
export async function joinGroup(
  tab: chrome.tabs.Tab,
  session: Session,
  place: Place,
  siblings: readonly chrome.tabs.Tab[],
): Promise<void> {
  if (tab.id === undefined) return;
  const own = await groupOf(tab.windowId, place.name, siblings);
  const where = own === null ? { createProperties: { windowId: tab.windowId } } : { groupId: own };
  const group = await chrome.tabs.group({ tabIds: tab.id, ...where });
  const color = session.colour === null ? "grey" : COLOURS[session.colour];
  await chrome.tabGroups.update(group, { title: place.name, color });
}

/** The group with the session's name that holds one of its tabs; a person's own groups are left alone. */
async function groupOf(windowId: number, title: string, siblings: readonly chrome.tabs.Tab[]): Promise<number | null> {
  const named = await chrome.tabGroups.query({ windowId, title });
  return named.find((group) => siblings.some((tab) => tab.groupId === group.id))?.id ?? null;
}
