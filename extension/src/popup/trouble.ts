// What went wrong, for people: the words, and what to do about it as something to press or to copy.
import type { Trouble } from "../shared/messages.ts";
import { make, shown } from "./elements.ts";

/** The commands within a hint: between quotes or backticks, or all that follows a colon. */
const QUOTED = /[`']((?:usher|aws|pip|pipx|uv) [^`']*)[`']/gu;
const FOLLOWING = /: ((?:usher|aws|pip|pipx|uv) \S.*)$/u;
/** A hint that says no more than its command does. */
const ONLY_COMMAND = /^(?:[Rr]un(?: in a terminal)?:? )?(?:[`'][^`']*[`']|usher .*)$/u;

export interface Cure {
  readonly words: string;
  readonly press: () => void;
}

/** The message and its hint, each command with a button that copies it, and `cure` as the first thing to press. */
export function explained(
  document: Document,
  trouble: Pick<Trouble, "message" | "hint">,
  copy: (text: string) => Promise<void>,
  cure?: Cure,
): HTMLElement[] {
  const lines = [make(document, "p", "message", sentence(shown(trouble.message)))];
  const commands = commandsOf(trouble.hint);
  const hint = shown(trouble.hint);
  if (hint && !ONLY_COMMAND.test(hint)) lines.push(make(document, "p", "", sentence(hint)));
  const rows = commands.map((command) => copyable(document, command, copy));
  if (!cure) return [...lines, ...rows];
  const button = make(document, "button", "", cure.words);
  button.type = "button";
  button.onclick = cure.press;
  return [...lines, make(document, "div", "answers", button), ...rows];
}

/** The commands that a hint names, each once. */
export function commandsOf(hint: string): string[] {
  const following = FOLLOWING.exec(hint);
  const found = following ? [following] : [...hint.matchAll(QUOTED)];
  return [...new Set(found.map((match) => match[1] ?? ""))];
}

/** A command to run in a terminal, and a button that copies it. */
export function copyable(document: Document, command: string, copy: (text: string) => Promise<void>): HTMLElement {
  const button = make(document, "button", "quiet small", "Copy");
  button.type = "button";
  button.setAttribute("aria-label", `Copy: ${command}`);
  button.onclick = async () => {
    try {
      await copy(command);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied"; // a browser may refuse; the command is there to be marked by hand
    }
  };
  return make(document, "div", "command", make(document, "code", "", command), button);
}

/** The house's errors begin small and end without a full stop; on a page they are sentences. */
function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?:…]$/u.test(first) ? first : `${first}.`;
}
