// What can be done with the chosen account, below the list: buttons that name their keys, reachable by Tab.
import type { Choice } from "./choices.ts";
import type { Doors } from "./doors.ts";
import { byId, make, shown } from "./elements.ts";
import type { Action } from "./keys.ts";

const ACTIONS: readonly Action[] = ["open", "beside", "reopen", "current", "favourite"];

export class ActionBar {
  readonly #document: Document;
  readonly #box: HTMLElement;
  readonly #primary: string;
  #doing: string | null = null;
  #choice: Choice | null = null;
  #canReopen = false;

  constructor(document: Document, doors: Pick<Doors, "apple">, act: (action: Action) => void) {
    this.#document = document;
    this.#box = byId(document, "actions");
    this.#primary = doors.apple ? "⌘ " : "Ctrl ";
    for (const action of ACTIONS) this.#button(action).onclick = () => act(action);
    if (doors.apple) this.#nameApplesKeys();
  }

  /** Show what can be done with `choice`. */
  show(choice: Choice | null, canReopen: boolean): void {
    this.#choice = choice;
    this.#canReopen = canReopen;
    this.#box.hidden = choice === null && this.#doing === null;
    if (choice === null) return;
    this.#words("open", isShown(choice) ? "Show" : choice.here ? "New tab" : "Open");
    this.#button("open").title = isShown(choice) ? "Bring its tab to the front" : "Open in a new tab, in its own place";
    this.#press("current", choice.current, choice.current ? "The current account of this window" : CURRENT, "S");
    const star = choice.favourite ? "No favourite any more" : "Make it a favourite";
    this.#press("favourite", choice.favourite, star, "D");
    for (const action of ACTIONS) this.#allow(action, this.#doing === null && (action !== "reopen" || canReopen));
    this.#button("reopen").title = canReopen ? REOPEN : "This tab shows no console page to open there";
  }

  /** Show that something is being done; null when it is over. */
  busy(doing: string | null): void {
    this.#doing = doing;
    this.#box.toggleAttribute("aria-busy", doing !== null);
    this.#box.querySelector(".doing")?.remove();
    if (doing === null) return this.show(this.#choice, this.#canReopen);
    this.#box.hidden = false;
    this.#box.append(make(this.#document, "p", "doing", shown(doing), " …"));
    for (const action of ACTIONS) this.#allow(action, false);
  }

  /** A button that does nothing now says so, but keeps the focus where it has it. */
  #allow(action: Action, allowed: boolean): void {
    this.#button(action).setAttribute("aria-disabled", String(!allowed));
  }

  #words(action: Action, words: string): void {
    this.#button(action).firstElementChild!.textContent = words;
  }

  #press(action: Action, on: boolean, title: string, key: string): void {
    const button = this.#button(action);
    button.setAttribute("aria-pressed", String(on));
    button.title = `${title} (${this.#primary}${key})`;
  }

  #nameApplesKeys(): void {
    for (const hint of this.#box.querySelectorAll<HTMLElement>("kbd[data-key]")) {
      hint.textContent = hint.dataset["key"] === "alt" ? "⌥ ↵" : "⌘ ↵";
    }
    for (const button of this.#box.querySelectorAll("[aria-keyshortcuts^=Control]")) {
      button.setAttribute("aria-keyshortcuts", button.getAttribute("aria-keyshortcuts")!.replace("Control", "Meta"));
    }
  }

  #button(action: Action): HTMLButtonElement {
    return byId<HTMLButtonElement>(this.#document, action);
  }
}

/** Whether what is open elsewhere is brought to the front, rather than opened once more. */
export function isShown(choice: Choice): boolean {
  return choice.session !== null && !choice.here;
}

const REOPEN = "Open the page of this tab in the chosen account";
const CURRENT = "Make it the current account of this window and of the terminals that follow it";
