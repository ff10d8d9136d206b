// The list of accounts: a listbox whose chosen row the search field names (aria-activedescendant), so that reading
// software follows while the focus stays in the field. What can be done with a row stands below the list; the small
// buttons within rows are for the mouse alone.
import { paint } from "../shared/colours.ts";
import { timeLeft } from "../shared/time.ts";
import { COLOURS, type Colour } from "../shared/visit.ts";
import { type Choice, flat, type Section } from "./choices.ts";
import { byId, make, shown, theirs } from "./elements.ts";
import { type Action, moved, type Move } from "./keys.ts";

export interface ListEvents {
  /** Another row is chosen, or none. */
  chosen(choice: Choice | null): void;
  /** A row, or a button in it, was clicked. */
  acted(action: Action, choice: Choice): void;
}

export class AccountList {
  readonly #document: Document;
  readonly #box: HTMLElement;
  readonly #field: HTMLElement;
  readonly #events: ListEvents;
  #choices: readonly Choice[] = [];
  #rows: readonly HTMLElement[] = [];
  #at = -1;

  constructor(document: Document, events: ListEvents) {
    this.#document = document;
    this.#events = events;
    this.#box = byId(document, "list");
    this.#field = byId(document, "query");
  }

  get chosen(): Choice | null {
    return this.#choices[this.#at] ?? null;
  }

  get size(): number {
    return this.#choices.length;
  }

  /** Show these sections. The row that was chosen stays chosen when `keep` says so and it is still there. */
  show(sections: readonly Section[], now: number, keep: boolean): void {
    const before = keep ? this.chosen?.profile : undefined;
    this.#choices = flat(sections);
    this.#rows = this.#choices.map((choice, index) => this.#row(choice, index, now));
    this.#box.replaceChildren(...this.#groups(sections));
    this.#box.hidden = this.#choices.length === 0;
    this.#field.setAttribute("aria-expanded", String(this.#choices.length > 0));
    const there = this.#choices.findIndex((choice) => choice.profile === before);
    this.#choose(this.#choices.length === 0 ? -1 : Math.max(there, 0));
  }

  move(move: Move): void {
    if (this.size > 0) this.#choose(moved(this.#at, move, this.size));
  }

  #choose(index: number): void {
    this.#rows[this.#at]?.setAttribute("aria-selected", "false");
    this.#at = index;
    const row = this.#rows[index];
    if (row === undefined) {
      this.#field.removeAttribute("aria-activedescendant");
    } else {
      row.setAttribute("aria-selected", "true");
      this.#field.setAttribute("aria-activedescendant", row.id);
      // The first row brings its section's title along.
      if (index === 0) this.#box.scrollTop = 0;
      else row.scrollIntoView({ block: "nearest" });
    }
    this.#events.chosen(this.chosen);
  }

  #groups(sections: readonly Section[]): HTMLElement[] {
    let next = 0;
    return sections.map((section, index) => {
      const rows = this.#rows.slice(next, (next += section.choices.length));
      const group = make(this.#document, "div", "group", ...rows);
      if (section.title === "") return group;
      const title = make(this.#document, "h2", "title", section.title);
      title.id = `section-${index}`;
      title.setAttribute("role", "presentation");
      group.setAttribute("role", "group");
      group.setAttribute("aria-labelledby", title.id);
      group.prepend(title);
      return group;
    });
  }

  #row(choice: Choice, index: number, now: number): HTMLElement {
    const row = make(this.#document, "div", "row", this.#what(choice, now), this.#mouse(choice));
    row.id = `row-${index}`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    row.setAttribute("aria-setsize", String(this.#choices.length));
    row.setAttribute("aria-posinset", String(index + 1));
    row.setAttribute("aria-label", spoken(choice, now));
    paint(row, colourOf(choice.colour));
    row.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    row.addEventListener("click", (event) => {
      const target = event.target instanceof this.#document.defaultView!.Element ? event.target : null;
      const button = target?.closest<HTMLElement>("[data-action]");
      if (this.#at !== index) this.#choose(index);
      this.#events.acted((button?.dataset["action"] as Action | undefined) ?? "open", choice);
    });
    return row;
  }

  #what(choice: Choice, now: number): HTMLElement {
    const page = this.#document;
    const first = make(page, "span", "line", theirs(page, choice.accountName || choice.profile, "name"));
    first.append(theirs(page, choice.role, "role"));
    if (choice.label) first.append(theirs(page, choice.label, "label"));
    const second = make(page, "span", "line soft", make(page, "span", "id", shown(choice.accountId)));
    second.append(theirs(page, choice.organization, "organization"));
    if (choice.favourite) second.append(make(page, "span", "star", "★"));
    if (choice.current) second.append(make(page, "span", "mark", "this window"));
    if (choice.session) second.append(make(page, "span", "mark live", openFor(choice, now)));
    return make(page, "span", "what", first, second);
  }

  /** For the mouse: what is open or not a favourite yet shows on the row that the pointer is over. */
  #mouse(choice: Choice): HTMLElement {
    const buttons = make(this.#document, "span", "mouse");
    buttons.setAttribute("aria-hidden", "true");
    buttons.append(
      this.#button("beside", "Open in a new window beside this one", BESIDE),
      this.#button("favourite", choice.favourite ? "No favourite any more" : "Make it a favourite", STAR),
    );
    buttons.lastElementChild!.classList.toggle("on", choice.favourite);
    return buttons;
  }

  #button(action: Action, title: string, path: string): HTMLElement {
    const picture = this.#document.createElementNS(SVG, "svg");
    picture.setAttribute("viewBox", "0 0 16 16");
    const line = this.#document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    picture.append(line);
    const button = make(this.#document, "span", "icon", picture);
    button.dataset["action"] = action;
    button.title = title;
    return button;
  }
}

/** The colour of that name; none for one that we do not know. */
export function colourOf(name: string | null): Colour | null {
  return COLOURS.find((colour) => colour === name) ?? null;
}

/** How long its console session is open, in words; `open` where the end is not known. */
export function openFor(choice: Choice, now: number): string {
  const ends = choice.session?.ends ?? null;
  return ends === null ? "open" : timeLeft(ends, now).words;
}

const SVG = "http://www.w3.org/2000/svg";
const BESIDE = "M2 3h12v10H2zM8 3v10";
const STAR = "m8 1.8 1.9 4 4.4.6-3.2 3 .8 4.4L8 11.7l-3.9 2.1.8-4.4-3.2-3 4.4-.6z";

function spoken(choice: Choice, now: number): string {
  const parts = [choice.accountName || choice.profile, choice.role, choice.label, choice.accountId, choice.organization];
  if (choice.session) parts.push(choice.session.ends === null ? "open" : `open, ${openFor(choice, now)} left`);
  if (choice.current) parts.push("current account of this window");
  if (choice.favourite) parts.push("favourite");
  return parts.filter(Boolean).map(shown).join(", ");
}
