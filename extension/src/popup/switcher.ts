// The popup at work: what it knows, what is shown of it, and what keys and clicks do. Everything outside of the page
// comes through its doors.
import type { Overview, PortalState, ProfileChoice, Result, Trouble } from "../shared/messages.ts";
import { ActionBar, isShown } from "./bar.ts";
import { atRest, type Choice, found, remembered, type Section } from "./choices.ts";
import { asked, type Doors, silent } from "./doors.ts";
import { byId, shown } from "./elements.ts";
import { type Errand, Errands, type Request } from "./errands.ts";
import { showCrowded, showHere } from "./here.ts";
import { type Action, intentOf } from "./keys.ts";
import { AccountList, colourOf } from "./list.ts";
import { Notices } from "./notices.ts";
import { showPortals } from "./portals.ts";
import type { Entered } from "./question.ts";
import { Search } from "./search.ts";
import { commandsOf } from "./trouble.ts";

type Profiles = Result<readonly ProfileChoice[]>;

export class Switcher {
  readonly #document: Document;
  readonly #doors: Doors;
  readonly #field: HTMLInputElement;
  readonly #list: AccountList;
  readonly #bar: ActionBar;
  readonly #search: Search<Profiles | null>;
  readonly #notices: Notices;
  readonly #errands: Errands;
  #overview: Overview = NOTHING_KNOWN;
  #portals: readonly PortalState[] = [];
  #known: readonly ProfileChoice[] = [];
  /** The search whose answer is shown. */
  #shownFor = "";

  constructor(document: Document, doors: Doors) {
    this.#document = document;
    this.#doors = doors;
    this.#field = byId<HTMLInputElement>(document, "query");
    this.#bar = new ActionBar(document, doors, (action) => this.#act(action, this.#list.chosen));
    this.#list = new AccountList(document, {
      chosen: (choice) => this.#bar.show(choice, this.#canReopen),
      acted: (action, choice) => this.#act(action, choice),
    });
    this.#search = new Search(
      (query) => this.#find(query),
      (query, answer) => this.#showFound(query, answer),
      (milliseconds) => doors.wait(milliseconds),
    );
    this.#notices = new Notices(document, doors);
    this.#errands = new Errands(document, doors, this.#notices, this.#bar, {
      portals: (portals) => this.#showPortals(portals),
      again: () => this.#refresh(),
    });
    this.#field.addEventListener("input", () => this.#typed());
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** Show what is known at once, and what the host tells as it comes. */
  async start(): Promise<void> {
    this.#takeFocus();
    // Firefox loads popups before it shows them, and takes no focus while they are hidden.
    this.#document.defaultView?.addEventListener("focus", () => this.#takeFocus());
    await this.#refresh();
    this.#takeFocus();
    await this.#errands.offerToGoOn(this.#portals, ({ action, choice }) => this.#errandOf(action, choice));
    await this.#lookForHost();
  }

  /** Show times anew: they pass while the popup stands open. */
  tick(): void {
    this.#showAround();
  }

  /** The field has the focus from the first moment on, unless something else was given it. */
  #takeFocus(): void {
    const { activeElement, body } = this.#document;
    if (activeElement === null || activeElement === body) this.#field.focus();
  }

  get #canReopen(): boolean {
    return this.#doors.place.tabId !== null && this.#doors.place.consolePage;
  }

  get #query(): string {
    return this.#field.value.trim();
  }

  async #refresh(): Promise<void> {
    await this.#readOverview();
    await Promise.all([this.#search.ask(this.#query), this.#hostIsThere && this.#readPortals()]);
    this.#showAround();
  }

  async #readOverview(): Promise<void> {
    const { tabId, windowId } = this.#doors.place;
    try {
      this.#overview = await this.#doors.ask("overview", { tabId, windowId });
    } catch (error) {
      this.#notices.complain(silent(error));
    }
    this.#showAround();
  }

  /** A host that is only starting, or was just set up, is there a moment later. */
  async #lookForHost(): Promise<void> {
    if (this.#hostIsThere) return;
    for (let look = 0; look < HOST_LOOKS && !this.#hostIsThere; look++) {
      await this.#doors.wait(HOST_LOOK_MILLISECONDS);
      await this.#readOverview();
    }
    if (this.#hostIsThere) await this.#refresh();
  }

  get #hostIsThere(): boolean {
    return this.#overview.host.state === "connected";
  }

  async #readPortals(): Promise<void> {
    const answer = await asked(this.#doors, "portals", {});
    if (answer.ok) this.#showPortals(answer.value);
    else this.#notices.complain(answer.error);
  }

  #showPortals(portals: readonly PortalState[]): void {
    this.#portals = portals;
    this.#showAround();
  }

  #showAround(): void {
    const now = this.#doors.now();
    showHere(this.#document, this.#overview.here, this.#doors.place.consolePage, now, () => void this.#renew());
    showCrowded(this.#document, this.#overview);
    showPortals(this.#document, this.#portals, now, (organization) => void this.#errands.signIn(organization, null));
    this.#showMissing();
    this.#bar.show(this.#list.chosen, this.#canReopen);
  }

  #showMissing(): void {
    const box = byId(this.#document, "missing");
    const { host } = this.#overview;
    box.hidden = host.state === "connected";
    if (host.state === "connected" || box.dataset["why"] === host.why) return; // said once, not at every look
    box.dataset["why"] = host.why;
    const known = commandsOf(host.why).length > 0;
    const what = known ? "Usher is not connected" : "Usher's native host is missing";
    const message = `${what}: only what is open and was entered before is listed`;
    const hint = known ? host.why : `${host.why} Run 'usher browser setup', then open this again.`;
    this.#notices.fill(box, { message, hint });
  }

  // Searching

  #typed(): void {
    this.#errands.giveUpWaiting();
    this.#notices.clear();
    void this.#search.ask(this.#query);
  }

  /** What the host finds; null where it is not there to be asked. */
  async #find(query: string): Promise<Profiles | null> {
    return this.#hostIsThere ? await asked(this.#doors, "profiles", { query }) : null;
  }

  #showFound(query: string, answer: Profiles | null): void {
    if (answer?.ok && query === "") this.#known = answer.value;
    if (answer && !answer.ok) this.#notices.complain(answer.error);
    const profiles = answer?.ok ? answer.value : null;
    this.#showSections(query, this.#sections(query, profiles));
  }

  #sections(query: string, profiles: readonly ProfileChoice[] | null): Section[] {
    if (query === "") return atRest(this.#overview, profiles ?? this.#known);
    return profiles ? found(query, this.#overview, profiles) : remembered(query, this.#overview);
  }

  #showSections(query: string, sections: readonly Section[]): void {
    this.#list.show(sections, this.#doors.now(), this.#shownFor === query);
    this.#shownFor = query;
    const nothing = byId(this.#document, "nothing");
    nothing.hidden = this.#list.size > 0;
    const why = query === "" ? this.#noAccounts : { message: `nothing is found for “${shown(query)}”`, hint: "" };
    this.#notices.fill(nothing, why);
    this.#notices.announce(this.#list.size === 0 ? (nothing.firstChild?.textContent ?? "") : counted(this.#list.size));
  }

  get #noAccounts(): Pick<Trouble, "message" | "hint"> {
    if (this.#hostIsThere) return { message: "There are no profiles yet", hint: "'usher profiles sync' makes them" };
    return { message: "Nothing was entered in this browser before", hint: "" };
  }

  // Keys and clicks

  #pressed(event: KeyboardEvent): void {
    const intent = intentOf(event);
    if (intent === null) return;
    event.preventDefault();
    if ("move" in intent) this.#search.whenShown(() => this.#list.move(intent.move));
    else if ("action" in intent) this.#search.whenShown(() => this.#act(intent.action, this.#list.chosen));
    else this.#leave();
  }

  /** Escape takes back what is there: the trouble, then what was typed, then the popup. */
  #leave(): void {
    if (this.#notices.isShown) {
      this.#errands.giveUpWaiting();
      return this.#notices.clear();
    }
    if (this.#field.value === "") return this.#doors.close();
    this.#field.value = "";
    this.#typed();
  }

  #act(action: Action, choice: Choice | null): void {
    if (choice === null || this.#errands.isBusy) return;
    if (action === "favourite") return void this.#favourite(choice);
    if (action === "reopen" && !this.#canReopen) {
      return this.#notices.complain({ message: "This tab shows no console page that could be opened there", hint: "" });
    }
    void this.#errands.run(this.#errandOf(action, choice));
  }

  #errandOf(action: Action, choice: Choice): Errand {
    if (action === "open" && isShown(choice)) return this.#showing(choice);
    return action === "current" ? this.#switching(choice) : this.#entering(action, choice);
  }

  #showing(choice: Choice): Errand {
    const request = () => asked(this.#doors, "show", { key: choice.session?.key ?? "" });
    return { doing: `Showing ${nameOf(choice)}`, entered: enteredOf(choice), request, purpose: null };
  }

  #entering(action: Action, choice: Choice): Errand {
    const { tabId, windowId } = this.#doors.place;
    const where = {
      ...(action === "beside" && { beside: true }),
      ...(action === "reopen" && tabId !== null && { reopen: tabId }),
    };
    const { profile } = choice;
    const request: Request = (confirmed) => asked(this.#doors, "enter", { profile, windowId, ...where, ...said(confirmed) });
    const entered = enteredOf(choice);
    return { doing: `Opening ${entered.name}`, entered, request, purpose: { action, choice } };
  }

  #switching(choice: Choice): Errand {
    const { windowId } = this.#doors.place;
    const { profile } = choice;
    const request: Request = (confirmed) => asked(this.#doors, "switch", { profile, windowId, ...said(confirmed) });
    const entered = enteredOf(choice);
    return { doing: `Switching to ${entered.name}`, entered, request, purpose: { action: "current", choice } };
  }

  async #renew(): Promise<void> {
    const { here } = this.#overview;
    const { tabId } = this.#doors.place;
    if (here === null || tabId === null) return;
    const request: Request = (confirmed) => asked(this.#doors, "renew", { tabId, ...said(confirmed) });
    const entered = enteredOf(here);
    await this.#errands.run({ doing: `Renewing ${entered.name}`, entered, request, purpose: null });
  }

  async #favourite({ profile, favourite, ...choice }: Choice): Promise<void> {
    const answer = await asked(this.#doors, "favourite", { profile, on: !favourite });
    if (!answer.ok) return this.#notices.complain(answer.error);
    await this.#search.ask(this.#query);
    this.#notices.announce(`${shown(choice.accountName)} is ${favourite ? "no favourite any more" : "a favourite"}.`);
  }
}

const HOST_LOOKS = 15;
const HOST_LOOK_MILLISECONDS = 2_000;
const NOTHING_KNOWN: Overview = {
  here: null,
  open: [],
  sessionsOpen: null,
  host: { state: "missing", why: "" },
  recent: [],
  current: null,
};

function nameOf(choice: Pick<Choice, "accountName" | "profile">): string {
  return shown(choice.accountName || choice.profile);
}

function enteredOf(choice: Pick<Choice, "accountName" | "profile" | "role" | "label" | "colour">): Entered {
  return { name: `${nameOf(choice)} / ${choice.role}`, label: choice.label, colour: colourOf(choice.colour) };
}

/** The answer to a question, where there was one. */
function said(confirmed: string | undefined): { confirmed?: string } {
  return confirmed === undefined ? {} : { confirmed };
}

function counted(rows: number): string {
  return rows === 1 ? "1 account" : `${rows} accounts`;
}
