// Portal sessions: who is signed in where, until when; and signing in, which goes on in a tab of its own while we look
// a few times whether it is done.
import type { PortalState } from "../shared/messages.ts";
import { byId, make, redraw, theirs } from "./elements.ts";
import { asked, type Doors } from "./doors.ts";

/** Three minutes. */
const LOOKS = 90;
const LOOK_EVERY_MILLISECONDS = 2_000;
/** How many are shown without unfolding. */
const MOST_LINES = 3;

/** Show the portals; `signIn` is what a portal's button does. */
export function showPortals(
  document: Document,
  portals: readonly PortalState[],
  now: number,
  signIn: (organization: string) => void,
): void {
  const lines = [...portals]
    .sort((one, other) => Number(isOpen(one, now)) - Number(isOpen(other, now)))
    .map((portal) => line(document, portal, now, signIn));
  const box = byId(document, "portals");
  if (lines.length <= MOST_LINES) return redraw(box, ...lines);
  const open = portals.filter((portal) => isOpen(portal, now)).length;
  const summary = make(document, "summary", "", `Signed in to ${open} of ${portals.length} organizations`);
  summary.dataset["key"] = "summary";
  const before = box.querySelector("details")?.open ?? false;
  const details = make(document, "details", "", summary, ...lines);
  details.open = before;
  redraw(box, details);
}

/**
 * Wait until somebody has signed in: true once the portal is open, false when it took too long or was given up.
 * `watch` hears every state meanwhile.
 */
export async function signedIn(
  doors: Doors,
  organization: string,
  watch: (portals: readonly PortalState[]) => void,
  givenUp: () => boolean,
): Promise<boolean> {
  for (let look = 0; look < LOOKS && !givenUp(); look++) {
    await doors.wait(LOOK_EVERY_MILLISECONDS);
    const answer = await asked(doors, "portals", {});
    if (!answer.ok) continue; // the host may be starting anew; the looks are counted all the same
    watch(answer.value);
    const portal = answer.value.find((each) => each.organization === organization);
    if (portal && isOpen(portal, doors.now())) return true;
  }
  return false;
}

export function isOpen(portal: PortalState, now: number): boolean {
  return portal.state === "open" && (portal.ends === null || portal.ends > now);
}

function line(
  document: Document,
  portal: PortalState,
  now: number,
  signIn: (organization: string) => void,
): HTMLElement {
  const open = isOpen(portal, now);
  const row = make(document, "div", open ? "portal open" : "portal", theirs(document, portal.organization, "name"));
  row.title = portal.startUrl;
  row.append(make(document, "span", "soft", state(portal, open, now)));
  if (open) return row;
  const button = make(document, "button", "quiet small", "Sign in");
  button.type = "button";
  button.dataset["key"] = portal.organization;
  button.setAttribute("aria-label", `Sign in to ${portal.organization}`);
  button.onclick = () => signIn(portal.organization);
  row.append(button);
  return row;
}

function state(portal: PortalState, open: boolean, now: number): string {
  if (!open) return portal.state === "never" ? "not signed in" : "ended";
  return portal.ends === null ? "signed in" : `until ${clock(portal.ends, now)}`;
}

/** The moment as people say it: the hour, and the weekday when it is not within a day. */
function clock(at: number, now: number): string {
  const hour: Intl.DateTimeFormatOptions = { hour: "numeric", minute: "2-digit" };
  const form = at - now > 86_400 ? { weekday: "short" as const, ...hour } : hour;
  return new Date(at * 1000).toLocaleTimeString([], form);
}
