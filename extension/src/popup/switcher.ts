// The popup at work: what it knows, what is shown of it, and what keys and clicks do. Everything outside of the page
// comes through its doors.
import type { Overview, PortalState, ProfileChoice, Result, Trouble } from "../shared/messages.ts";
import { atRest, type Choice, found, remembered, type Section } from "./choices.ts";
import { asked, type Doors, silent } from "./doors.ts";
import { byId, make, shown } from "./elements.ts";
import { showCrowded, showHere } from "./here.ts";
import { type Action, intentOf } from "./keys.ts";
import { AccountList, colourOf } from "./list.ts";
import { isOpen, showPortals, signedIn } from "./portals.ts";
import { askFirst, type Entered } from "./question.ts";
import { Search } from "./search.ts";
import { commandsOf, type Cure, explained } from "./trouble.ts";
import { ActionBar, isShown } from "./bar.ts";

type Profiles = Result<readonly ProfileChoice[]>;
/** A request that may be asked about before: `confirmed` is the person's answer. */
type Request = (confirmed: string | undefined) => Promise<Result<null>>;

interface Errand {
  /** What is going on, while it is: `Opening production`. */
  readonly doing: string;
  readonly entered: Entered;
  readonly request: Request;
  readonly done: () => void | Promise<void>;
  /** What to remember while a sign-in takes the popup away. */
  readonly purpose?: { readonly action: Action; readonly choice: Choice };
}

export class Switcher {
  readonly #document: Document;
  readonly #doors: Doors;
  readonly #field: HTMLInputElement;
  readonly #list: AccountList;
  readonly #bar: ActionBar;
  readonly #search: Search<Profiles | null>;
  #overview: Overview = NOTHING_KNOWN;
  #portals: readonly PortalState[] = [];
  #known: readonly ProfileChoice[] = [];
  #busy = false;
  /** The sign-in that is waited for; anything else that is done gives it up. */
  #awaited: object | null = null;

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
    await this.#goOn();
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
    const { tabId, windowId } = this.#doors.place;
    try {
      this.#overview = await this.#doors.ask("overview", { tabId, windowId });
    } catch (error) {
      this.#say(silent(error));
    }
    this.#showAround();
    await Promise.all([this.#search.ask(this.#query), this.#hostIsThere && this.#readPortals()]);
    this.#showAround();
  }

  get #hostIsThere(): boolean {
    return this.#overview.host.state === "connected";
  }

  async #readPortals(): Promise<void> {
    const answer = await asked(this.#doors, "portals", {});
    if (!answer.ok) return this.#say(answer.error);
    this.#portals = answer.value;
    this.#showAround();
  }

  #showAround(): void {
    const now = this.#doors.now();
    showHere(this.#document, this.#overview.here, this.#doors.place.consolePage, now, () => void this.#renew());
    showCrowded(this.#document, this.#overview);
    showPortals(this.#document, this.#portals, now, (organization) => void this.#signIn(organization));
    this.#showMissing();
    this.#bar.show(this.#list.chosen, this.#canReopen);
  }

  #showMissing(): void {
    const box = byId(this.#document, "missing");
    const { host } = this.#overview;
    box.hidden = host.state === "connected";
    if (host.state === "connected" || box.childElementCount > 0) return;
    const known = commandsOf(host.why).length > 0;
    const what = known ? "Usher is not connected" : "Usher's native host is missing";
    const message = `${what}: only what is open and was entered before is listed`;
    const hint = known ? host.why : `${host.why} Run 'usher browser setup', then open this again.`;
    box.replaceChildren(...explained(this.#document, { message, hint }, (text) => this.#doors.copy(text)));
  }

  // Searching

  #typed(): void {
    this.#say(null);
    void this.#search.ask(this.#query);
  }

  /** What the host finds; null where it is not there to be asked. */
  async #find(query: string): Promise<Profiles | null> {
    return this.#hostIsThere ? await asked(this.#doors, "profiles", { query }) : null;
  }

  #showFound(query: string, answer: Profiles | null): void {
    if (answer?.ok && query === "") this.#known = answer.value;
    if (answer && !answer.ok) this.#say(answer.error);
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
    nothing.replaceChildren(...explained(this.#document, why, (text) => this.#doors.copy(text)));
    this.#announce(this.#list.size === 0 ? (nothing.firstChild?.textContent ?? "") : counted(this.#list.size));
  }
  #shownFor = "";

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
    if (!byId(this.#document, "trouble").hidden) return this.#say(null);
    if (this.#field.value === "") return this.#doors.close();
    this.#field.value = "";
    this.#typed();
  }

  #act(action: Action, choice: Choice | null): void {
    if (choice === null || this.#busy) return;
    if (action === "favourite") return void this.#favourite(choice);
    if (action === "current") return void this.#makeCurrent(choice);
    if (action === "reopen" && !this.#canReopen) {
      return this.#say({ code: "wrong", message: "This tab shows no console page that could be opened there.", hint: "" });
    }
    const shows = action === "open" && isShown(choice);
    void this.#run(shows ? this.#showing(choice) : this.#entering(action, choice));
  }

  #showing(choice: Choice): Errand {
    const request = () => asked(this.#doors, "show", { key: choice.session?.key ?? "" });
    return { doing: `Showing ${nameOf(choice)}`, entered: enteredOf(choice), request, done: () => this.#doors.close() };
  }

  #entering(action: Action, { profile, ...choice }: Choice): Errand {
    const { tabId, windowId } = this.#doors.place;
    const where = {
      ...(action === "beside" && { beside: true }),
      ...(action === "reopen" && tabId !== null && { reopen: tabId }),
    };
    const request: Request = (confirmed) =>
      asked(this.#doors, "enter", { profile, windowId, ...where, ...(confirmed !== undefined && { confirmed }) });
    const entered = enteredOf({ profile, ...choice });
    const purpose = { action, choice: { profile, ...choice } };
    return { doing: `Opening ${entered.name}`, entered, request, done: () => this.#doors.close(), purpose };
  }

  async #makeCurrent(choice: Choice): Promise<void> {
    const { profile } = choice;
    const { windowId } = this.#doors.place;
    const request: Request = (confirmed) =>
      asked(this.#doors, "switch", { profile, windowId, ...(confirmed !== undefined && { confirmed }) });
    const done = () => this.#doors.close(); // its console is in front now, and the tab below is another
    await this.#run({ doing: `Switching to ${nameOf(choice)}`, entered: enteredOf(choice), request, done });
  }

  async #renew(): Promise<void> {
    const { here } = this.#overview;
    const { tabId } = this.#doors.place;
    if (here === null || tabId === null || this.#busy) return;
    const request: Request = (confirmed) =>
      asked(this.#doors, "renew", { tabId, ...(confirmed !== undefined && { confirmed }) });
    const entered = { name: here.accountName || here.profile, label: here.label, colour: here.colour };
    await this.#run({ doing: `Renewing ${entered.name}`, entered, request, done: () => this.#doors.close() });
  }

  async #favourite({ profile, favourite, ...choice }: Choice): Promise<void> {
    const answer = await asked(this.#doors, "favourite", { profile, on: !favourite });
    if (!answer.ok) return this.#say(answer.error);
    await this.#search.ask(this.#query);
    this.#announce(`${shown(choice.accountName)} is ${favourite ? "no favourite any more" : "a favourite"}.`);
  }

  // Errands: ask before what is protected, sign in where that is needed, then go on

  async #run(errand: Errand): Promise<void> {
    this.#say(null);
    await this.#doors.remember(null);
    const answer = await this.#whileBusy(errand.doing, () => errand.request(undefined));
    if (answer.ok || answer.error.confirm === undefined) return this.#settle(errand, answer);
    const question = { ...answer.error.confirm, doubt: answer.error.hint };
    const said = await askFirst(this.#document, question, errand.entered);
    if (said === null) return this.#announce(`${shown(errand.entered.name)} was not entered.`);
    await this.#settle(errand, await this.#whileBusy(errand.doing, () => errand.request(said)));
  }

  async #settle(errand: Errand, answer: Result<null>): Promise<void> {
    if (answer.ok) return errand.done();
    const { organization } = answer.error;
    if (answer.error.code !== "sign_in" || organization === undefined) return this.#say(answer.error);
    this.#say(answer.error, {
      words: `Sign in to ${shown(organization)}`,
      press: () => void this.#signIn(organization, errand),
    });
  }

  /** Sign in, and go on with what it was for. */
  async #signIn(organization: string, errand?: Errand): Promise<void> {
    if (this.#busy) return;
    const now = this.#doors.now();
    await this.#doors.remember(errand?.purpose ? { ...errand.purpose, organization, made: now } : null);
    const started = await asked(this.#doors, "sign_in", { organization });
    if (!started.ok) return this.#say(started.error);
    this.#tell(`Signing in to ${shown(organization)}: go on in the tab that opens.`);
    const mine = (this.#awaited = {});
    const watch = (portals: readonly PortalState[]) => {
      this.#portals = portals;
      this.#showAround();
    };
    const open = await signedIn(this.#doors, organization, watch, () => this.#awaited !== mine);
    if (this.#awaited !== mine) return;
    if (!open) return this.#say(notSignedIn(organization));
    this.#say(null);
    if (errand) await this.#run(errand);
    else await this.#refresh();
  }

  /** What a sign-in was started for, once it is done: offered, since nobody waits for it any more. */
  async #goOn(): Promise<void> {
    const purpose = await this.#doors.remembered();
    const now = this.#doors.now();
    if (purpose === null || now - purpose.made > REMEMBERED_SECONDS) return;
    const portal = this.#portals.find((each) => each.organization === purpose.organization);
    if (portal === undefined || !isOpen(portal, now) || !byId(this.#document, "trouble").hidden) return;
    const { name } = enteredOf(purpose.choice);
    const press = () => void this.#run(this.#entering(purpose.action, purpose.choice));
    this.#tell(`You are signed in to ${shown(purpose.organization)}.`, { words: `Open ${shown(name)}`, press });
  }

  async #whileBusy<T>(doing: string, what: () => Promise<T>): Promise<T> {
    this.#busy = true;
    this.#bar.busy(doing);
    this.#announce(`${shown(doing)} …`);
    try {
      return await what();
    } finally {
      this.#busy = false;
      this.#bar.busy(null);
      this.#bar.show(this.#list.chosen, this.#canReopen);
    }
  }

  /** Show what is wrong, and what to press about it; null takes it back, and gives up waiting for a sign-in. */
  #say(trouble: Trouble | null, cure?: Cure): void {
    this.#awaited = null;
    this.#notice("notice bad", trouble, cure);
  }

  #tell(words: string, cure?: Cure): void {
    this.#notice("notice", { message: words, hint: "" }, cure);
  }

  #notice(look: string, said: Pick<Trouble, "message" | "hint"> | null, cure?: Cure): void {
    const box = byId(this.#document, "trouble");
    box.hidden = said === null;
    box.className = look;
    if (said === null) return box.replaceChildren();
    box.replaceChildren(...explained(this.#document, said, (text) => this.#doors.copy(text), cure));
    if (cure) box.querySelector("button")?.focus();
  }

  #announce(words: string): void {
    byId(this.#document, "said").replaceChildren(make(this.#document, "span", "", words));
  }
}

/** For how long a popup that is opened again goes on with what a sign-in was for. */
const REMEMBERED_SECONDS = 600;
const NOTHING_KNOWN: Overview = {
  here: null,
  open: [],
  sessionsOpen: null,
  host: { state: "missing", why: "" },
  recent: [],
  current: null,
};

function notSignedIn(organization: string): Trouble {
  const hint = `look at its tab, or run 'usher login ${organization}'`;
  return { code: "sign_in", message: `nobody signed in to ${organization} within three minutes`, hint, organization };
}

function nameOf(choice: Pick<Choice, "accountName" | "profile">): string {
  return shown(choice.accountName || choice.profile);
}

function enteredOf(choice: Pick<Choice, "accountName" | "profile" | "role" | "label" | "colour">): Entered {
  return { name: `${nameOf(choice)} / ${choice.role}`, label: choice.label, colour: colourOf(choice.colour) };
}

function counted(rows: number): string {
  return rows === 1 ? "1 account" : `${rows} accounts`;
}
