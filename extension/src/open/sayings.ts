// What the opening page says, in plain words: what was refused and why, and what to do.
import type { Overview, Refusal } from "../shared/messages.ts";

export interface Saying {
  readonly tone: "refused" | "fine";
  readonly heading: string;
  readonly why: string;
  /** Commands stand between backticks. */
  readonly advice: string;
  readonly note: string;
}

const AGAIN = "If you wanted a console, ask for it again: `usher console` in a terminal, or Usher's button in the toolbar.";
const NOT_YOURS =
  "If you asked for a console just now, run `usher browser doctor`. If you did not, somebody tried to make this browser sign in to something.";

const SAYINGS: Readonly<Record<Refusal["code"], { heading: string; advice: string }>> = {
  no_key: {
    heading: "Usher is not there",
    advice: "Run `usher browser doctor` in a terminal: it says what is missing. Then ask for the console again.",
  },
  malformed: { heading: "This is not a link of Usher's", advice: AGAIN },
  forged: { heading: "This link is not from your usher", advice: NOT_YOURS },
  expired: { heading: "This link is too old", advice: AGAIN },
  replayed: { heading: "This link was used before", advice: AGAIN },
  host: { heading: "This link leads away from AWS", advice: NOT_YOURS },
  failed: { heading: "The console was not opened", advice: "Try again. If it stays like this, run `usher browser doctor` in a terminal." },
};

/** How a link that was not opened is shown. */
export function refusalSaying({ code, message, at }: Refusal): Saying {
  const time = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const { heading, advice } = SAYINGS[code] ?? SAYINGS.failed;
  return { tone: "refused", heading, why: message, advice, note: `Nothing was opened, and no account was entered. ${time}` };
}

/** What the page says when it was opened without a link. */
export function connectionSaying(host: Overview["host"]): Saying {
  if (host.state === "connected") {
    const why = `This browser opens consoles that usher (${host.usher}) asks for.`;
    return { tone: "fine", heading: "Usher is here", why, advice: "You can close this tab.", note: "" };
  }
  return {
    tone: "refused",
    heading: "Usher is not there",
    why: host.why,
    advice: "Run `usher browser setup` in a terminal, then reload this page.",
    note: "Consoles that are open stay open.",
  };
}
