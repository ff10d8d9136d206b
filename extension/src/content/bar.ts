// The bar: which account, role and organization a console page is of, and how long the session lasts. It hangs at the
// lower edge, in a gap of the console's own footer: the console fixes its navigation to the upper edge and its panels
// to both, so that a bar above would cover it, and pushing the page down moves only half of it.
//
// The page's code runs beside us. It can see that something of ours is there, and can cover it; it can not read
// it (closed shadow root), restyle it, or press its buttons (only a person's own clicks count).
import { paint } from "../shared/colours.ts";
import type { Hints, Result, Trouble } from "../shared/messages.ts";
import { printable } from "../shared/printable.ts";
import { timeLeft, type TimeLeft, type Urgency } from "../shared/time.ts";
import type { Session } from "../shared/visit.ts";
import { BAR_STYLE } from "./bar_style.ts";
import { Patience } from "./patience.ts";

/** What our element is found by. An ordinary `div`: a page could define an element of our own name, and run in it. */
export const HOST_MARK = "data-usher-bar";
/** AWS keeps so many sessions side by side in one browser. */
const MOST_SESSIONS = 5;
const REPAIRS_A_MINUTE = 20;
/** Screen readers notice what is written into a live region once it has been there for a moment. */
const SPEECH_MS = 250;
const IN_THE_POPUP = "Renew it in Usher's popup: the button in the browser's toolbar.";

export interface Actions {
  renew(): Promise<Result<null>>;
  fold(folded: boolean): void;
}

export class Bar {
  readonly #patience = new Patience(REPAIRS_A_MINUTE);
  readonly #host: HTMLElement;
  readonly #frame = element("div", "frame");
  readonly #label = element("span", "label");
  readonly #name = element("span", "name");
  readonly #id = element("span", "id");
  readonly #role = element("span", "role");
  readonly #organization = element("span", "organization");
  readonly #sessions = element("span", "sessions");
  readonly #time = element("span", "time");
  readonly #renew = element("button", "renew");
  readonly #fold = element("button", "fold");
  readonly #bar = element("div", "bar");
  readonly #trouble = element("div", "trouble");
  readonly #spoken = element("div", "spoken");
  #hints: Hints | null = null;
  #urgency: Urgency | null = null;
  #renewing = false;

  constructor(
    private readonly page: Document,
    private readonly actions: Actions,
  ) {
    this.#host = page.createElement("div");
    this.#host.setAttribute(HOST_MARK, "");
    const root = this.#host.attachShadow({ mode: "closed" });
    const style = element("style", "");
    style.textContent = BAR_STYLE;
    const foot = element("div", "foot");
    this.#bar.setAttribute("role", "note");
    this.#spoken.setAttribute("role", "status");
    this.#trouble.hidden = true;
    this.#bar.append(
      ...[this.#label, this.#name, this.#id, this.#role, this.#organization, this.#sessions, this.#time],
      ...[this.#renew, this.#fold],
    );
    this.#fold.append(chevron());
    foot.append(this.#trouble, this.#bar);
    this.#frame.append(element("div", "edge"), foot, this.#spoken);
    root.append(style, this.#frame);
    this.#renew.addEventListener("click", (event) => event.isTrusted && void this.#pressRenew());
    this.#fold.addEventListener("click", (event) => event.isTrusted && this.#pressFold());
  }

  /** Shows `hints`, as of `now` in Unix seconds; nothing without. */
  show(hints: Hints | null, now: number): void {
    const other = hints?.session.key !== this.#hints?.session.key || hints?.session.ends !== this.#hints?.session.ends;
    this.#hints = hints;
    if (hints === null) return this.#host.remove();
    if (other) fill(this.#trouble, "");
    this.#write(hints);
    this.tick(now);
    if (!this.#host.isConnected) {
      this.keep();
      this.#say(`${[sentence(hints.session), this.#time.textContent].filter(Boolean).join(", ")}.`);
    }
  }

  /** Time has passed: `now` is in Unix seconds. */
  tick(now: number): void {
    const ends = this.#hints?.session.ends ?? null;
    const left = ends === null ? null : timeLeft(ends, now);
    this.#time.hidden = left === null;
    this.#time.textContent = left === null ? "" : inBar(left);
    this.#time.classList.toggle("pressing", left?.urgency === "now" || left?.urgency === "ended");
    this.#renew.hidden = left === null || left.urgency === "calm";
    const before = this.#urgency;
    this.#urgency = left?.urgency ?? null;
    this.#nameRenew();
    if (left !== null && before !== null && before !== left.urgency && left.urgency !== "calm") {
      this.#say(`${this.#name.textContent}: ${inBar(left)}.`);
    }
  }

  /** After a change of the page: the bar is there. */
  keep(): void {
    if (this.#hints === null || this.#host.isConnected || !this.#patience.spend()) return;
    this.page.documentElement?.append(this.#host);
  }

  #write({ session, sessionsOpen, folded }: Hints): void {
    const loud = session.label !== "";
    paint(this.#frame, session.colour);
    this.#frame.classList.toggle("loud", loud);
    this.#frame.classList.toggle("folded", folded);
    this.#bar.setAttribute("aria-label", sentence(session));
    fill(this.#label, printable(session.label, 24));
    fill(this.#name, printable(session.accountName, 80) || "unnamed");
    fill(this.#id, session.accountId);
    fill(this.#role, printable(session.role, 64));
    fill(this.#organization, printable(session.organization, 40));
    fill(this.#sessions, sessionsOpen === null ? "" : `${sessionsOpen} of ${MOST_SESSIONS} sessions`);
    this.#sessions.classList.toggle("pressing", (sessionsOpen ?? 0) >= MOST_SESSIONS);
    this.#fold.setAttribute("aria-expanded", String(!folded));
    this.#fold.setAttribute("aria-label", folded ? "Show Usher's bar" : "Fold Usher's bar in this tab");
    this.#fold.title = folded ? "Show the bar" : "Fold the bar in this tab";
  }

  #pressFold(): void {
    if (this.#hints === null) return;
    this.#hints = { ...this.#hints, folded: !this.#hints.folded };
    this.#write(this.#hints);
    fill(this.#trouble, "");
    this.actions.fold(this.#hints.folded);
  }

  async #pressRenew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    fill(this.#trouble, "");
    this.#nameRenew();
    const answer = await this.actions.renew();
    this.#renewing = false;
    this.#nameRenew();
    if (!answer.ok) this.#explain(answer.error);
  }

  #nameRenew(): void {
    const name = this.#urgency === "ended" ? "Sign in again" : "Renew";
    this.#renew.textContent = this.#renewing ? "Renewing…" : name;
    this.#renew.setAttribute("aria-disabled", String(this.#renewing));
  }

  /** Says what went wrong. What has to be confirmed is confirmed in the popup, where no page sees the keys. */
  #explain({ message, hint, confirm }: Trouble): void {
    const parts = confirm === undefined ? [message, hint] : [message || confirm.text, IN_THE_POPUP];
    const words = parts.map((part) => printable(part, 300)).filter(Boolean).join(" ");
    fill(this.#trouble, words);
    this.#say(words);
  }

  #say(words: string): void {
    setTimeout(() => {
      this.#spoken.textContent = words;
    }, SPEECH_MS);
  }
}

/** What a screen reader says of the bar. */
function sentence({ label, accountName, accountId, role, organization }: Session): string {
  const account = `Usher: ${printable(label, 24)} ${printable(accountName, 80)}`.trim();
  const parts = [account, `account ${accountId}`, `role ${printable(role, 64)}`, printable(organization, 40)];
  return parts.filter(Boolean).join(", ");
}

function inBar({ words, urgency }: TimeLeft): string {
  return urgency === "ended" ? "session ended" : `${words} left`;
}

/** Writes `words` into `part`, which is not there when there are none. */
function fill(part: HTMLElement, words: string): void {
  part.textContent = words;
  part.hidden = words === "";
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, className: string): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(tag), { className });
}

function chevron(): SVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(namespace, "svg");
  const path = document.createElementNS(namespace, "path");
  drawing.setAttribute("viewBox", "0 0 14 14");
  drawing.setAttribute("aria-hidden", "true");
  path.setAttribute("d", "m3 5 4 4 4-4");
  drawing.append(path);
  return drawing;
}
