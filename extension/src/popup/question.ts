// The question before a protected account is entered, in the popup's own page: saying no is what Enter does first,
// and where a word must be typed, only that very word lets in. What counts is the host's own check of the answer.
import { paint } from "../shared/colours.ts";
import type { Trouble } from "../shared/messages.ts";
import type { Colour } from "../shared/visit.ts";
import { byId, make, shown, theirs } from "./elements.ts";

/** The question; `doubt` says what is not known of the account, where that is why it is asked. */
export type Asked = NonNullable<Trouble["confirm"]> & { readonly doubt: string };

/** What is entered: shown above the question. */
export interface Entered {
  readonly name: string;
  readonly label: string;
  readonly colour: Colour | null;
}

/** Ask; the answer to send on, or null when the person does not want it. */
export function askFirst(document: Document, asked: Asked, entered: Entered): Promise<string | null> {
  const form = byId<HTMLFormElement>(document, "question");
  const rest = [...document.body.children].filter((child) => child !== form && child.id !== "said");
  const focused = document.activeElement;
  const yes = make(document, "button", "", asked.how === "ask" ? "Yes" : "Enter");
  const no = make(document, "button", "quiet", asked.how === "ask" ? "No" : "Cancel");
  no.type = "button";
  const word = asked.how === "type" ? wordField(document, asked.word, yes) : null;
  form.replaceChildren(...headings(document, asked, entered), ...(word ? [word] : []), buttons(document, no, yes));
  paint(form, entered.colour);
  form.hidden = false;
  for (const child of rest) child.toggleAttribute("inert", true);
  (word ?? no).focus();
  return new Promise((answer) => {
    const close = (said: string | null) => {
      form.hidden = true;
      form.replaceChildren();
      form.onsubmit = form.onkeydown = null;
      for (const child of rest) child.toggleAttribute("inert", false);
      (focused as HTMLElement | null)?.focus();
      answer(said);
    };
    no.onclick = () => close(null);
    form.onsubmit = (event) => {
      event.preventDefault();
      if (word === null) close(asked.word);
      else if (word.value === asked.word) close(word.value);
    };
    form.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      close(null);
    };
  });
}

function headings(document: Document, asked: Asked, entered: Entered): HTMLElement[] {
  const name = make(document, "p", "entered", theirs(document, entered.name, "name"));
  if (entered.label) name.append(theirs(document, entered.label, "label"));
  const text = make(document, "h2", "", shown(asked.text));
  text.id = "asked";
  return asked.doubt ? [name, text, make(document, "p", "soft", shown(asked.doubt))] : [name, text];
}

function wordField(document: Document, wanted: string, yes: HTMLButtonElement): HTMLInputElement {
  const input = make(document, "input");
  input.type = "text";
  input.id = "word";
  input.autocomplete = "off";
  input.spellcheck = false;
  input.setAttribute("aria-labelledby", "asked"); // the question says which word
  yes.disabled = true;
  input.oninput = () => {
    yes.disabled = input.value !== wanted;
  };
  return input;
}

function buttons(document: Document, no: HTMLElement, yes: HTMLElement): HTMLElement {
  return make(document, "div", "answers", no, yes);
}
