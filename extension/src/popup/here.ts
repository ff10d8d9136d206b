// Who this tab is: the account's name first and in its colour, then where and as what, and how long still.
import { paint } from "../shared/colours.ts";
import type { Overview } from "../shared/messages.ts";
import { timeLeft } from "../shared/time.ts";
import type { Session } from "../shared/visit.ts";
import { MOST_SESSIONS } from "./choices.ts";
import { byId, make, redraw, shown, theirs } from "./elements.ts";

/** Show whose tab this is. `renew` is what its button does. */
export function showHere(
  document: Document,
  session: Session | null,
  consolePage: boolean,
  now: number,
  renew: () => void,
): void {
  const box = byId(document, "here");
  box.classList.toggle("ours", session !== null);
  if (session === null) {
    const words = consolePage
      ? "This console was not opened by Usher. “This page” opens it in an account of yours."
      : "This tab is no console of yours.";
    return redraw(box, make(document, "p", "soft", words));
  }
  paint(box, session.colour);
  const who = make(document, "p", "line", theirs(document, session.accountName || session.profile, "name"));
  if (session.label) who.append(theirs(document, session.label, "label"));
  const facts = make(document, "p", "line soft", make(document, "span", "id", shown(session.accountId)));
  facts.append(theirs(document, session.role, "role"), theirs(document, session.organization, "organization"));
  redraw(box, make(document, "div", "what", who, facts), remaining(document, session, now, renew));
}

/** Warn before AWS refuses: with multi-session on, a sixth sign-in is turned away. */
export function showCrowded(document: Document, overview: Overview): void {
  const box = byId(document, "crowded");
  const open = overview.sessionsOpen ?? 0;
  box.hidden = open < MOST_SESSIONS;
  const words = `${open} of ${MOST_SESSIONS} sessions are open: AWS will refuse the next sign-in until you sign out of one.`;
  box.replaceChildren(make(document, "p", "", words));
}

function remaining(document: Document, session: Session, now: number, renew: () => void): HTMLElement {
  const box = make(document, "div", "remaining");
  if (session.ends !== null) {
    const left = timeLeft(session.ends, now);
    const words = left.urgency === "ended" ? left.words : `${left.words} left`;
    box.append(make(document, "span", `left ${left.urgency}`, words));
    box.append(renewing(document, left.urgency !== "calm", renew));
  } else {
    box.append(renewing(document, false, renew));
  }
  return box;
}

function renewing(document: Document, pressing: boolean, renew: () => void): HTMLElement {
  const button = make(document, "button", pressing ? "small" : "quiet small", "Renew");
  button.type = "button";
  button.id = "renew";
  button.dataset["key"] = "renew";
  button.title = "Sign in to this console again and come back to this page";
  button.onclick = renew;
  return button;
}
