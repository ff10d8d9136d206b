// What the popup says: what is wrong or going on, to see, and what has changed, to hear.
import type { Trouble } from "../shared/messages.ts";
import type { Doors } from "./doors.ts";
import { byId, make } from "./elements.ts";
import { type Cure, explained } from "./trouble.ts";

type Words = Pick<Trouble, "message" | "hint">;

export class Notices {
  readonly #document: Document;
  readonly #doors: Doors;
  readonly #box: HTMLElement;

  constructor(document: Document, doors: Doors) {
    this.#document = document;
    this.#doors = doors;
    this.#box = byId(document, "trouble");
  }

  /** Whether there is something that can be taken back. */
  get isShown(): boolean {
    return !this.#box.hidden;
  }

  /** Show what is wrong, and what to press about it. */
  complain(trouble: Words, cure?: Cure): void {
    this.#show("notice bad", trouble, cure);
  }

  /** Show what is going on, or can go on now. */
  tell(message: string, cure?: Cure): void {
    this.#show("notice", { message, hint: "" }, cure);
  }

  clear(): void {
    this.#box.hidden = true;
    this.#box.replaceChildren();
  }

  /** Words in place of a list that is empty. */
  fill(box: HTMLElement, words: Words): void {
    box.replaceChildren(...this.#explained(words));
  }

  /** Say it to reading software alone. */
  announce(words: string): void {
    byId(this.#document, "said").replaceChildren(make(this.#document, "span", "", words));
  }

  #show(look: string, words: Words, cure?: Cure): void {
    this.#box.hidden = false;
    this.#box.className = look;
    this.#box.replaceChildren(...this.#explained(words, cure));
    if (cure) this.#box.querySelector("button")?.focus();
  }

  #explained(words: Words, cure?: Cure): HTMLElement[] {
    return explained(this.#document, words, (text) => this.#doors.copy(text), cure);
  }
}
