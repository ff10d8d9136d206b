// Building elements, and showing text that others wrote: account names, roles and labels come from organizations we
// know nothing of. They are only ever text, stand in isolation, and carry no invisible or reordering characters.

/** An element with a class and children; a string child is text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  document: Document,
  tag: K,
  className = "",
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Somebody else's text, cut by CSS where there is no room; the whole of it is in the title. */
export function theirs(document: Document, text: string, className = ""): HTMLElement {
  const element = make(document, "bdi", className, shown(text));
  element.title = shown(text);
  return element;
}

/** Text without what cannot be seen or turns the order of what is: a space for each run of white space. */
export function shown(text: string): string {
  return text.replace(/[\s\u2028\u2029]+/gu, " ").replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, "\u{fffd}");
}

/** The element of the page with that id. */
export function byId<T extends HTMLElement>(document: Document, id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** Replaces what is in `box`; a button there that had the focus has it again, found by its `data-key`. */
export function redraw(box: HTMLElement, ...children: readonly Node[]): void {
  const focused = box.ownerDocument.activeElement;
  const key = box.contains(focused) ? (focused as HTMLElement).dataset["key"] : undefined;
  box.replaceChildren(...children);
  if (key === undefined) return;
  for (const button of box.querySelectorAll<HTMLElement>("[data-key]")) {
    if (button.dataset["key"] === key) button.focus();
  }
}
