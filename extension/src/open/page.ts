// What the opening page does: `open.html#LINK` has its link opened, `?refused` shows what was refused elsewhere, and
// without either it says whether usher is there. The link leaves the address, and with it the tab's history, before
// anything else is done.
import type { ask as askBackground } from "../shared/messages.ts";
import { connectionSaying, refusalSaying, type Saying } from "./sayings.ts";

type Page = Pick<Window, "document" | "history" | "location" | "top" | "window">;
type Ask = typeof askBackground;

export async function run(page: Page, ask: Ask): Promise<void> {
  const { document, history, location } = page;
  const link = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  // A frame could hide what a person is shown; the manifest forbids it too.
  if (page.top !== page.window) return;
  const said = await saying(link, location.search === "?refused", ask);
  if (document.readyState === "loading") {
    await new Promise((ready) => document.addEventListener("DOMContentLoaded", ready, { once: true }));
  }
  show(document, said);
}

async function saying(link: string, refused: boolean, ask: Ask): Promise<Saying> {
  const refusal = refused ? await ask("refusal", {}) : null;
  if (refusal !== null) return refusalSaying(refusal);
  if (link === "") return connectionSaying(await ask("connection", {}));
  const answer = await ask("open_link", { link }); // when it is opened this page is closed
  return answer.ok ? connectionSaying(await ask("connection", {})) : refusalSaying({ ...answer, at: Date.now() });
}

function show(document: Document, { tone, heading, why, advice, note }: Saying): void {
  const parts = { heading, why, advice, note };
  for (const [id, words] of Object.entries(parts)) {
    document.getElementById(id)!.replaceChildren(...marked(document, words));
  }
  document.querySelector("main")!.classList.add("says", tone);
  document.title = `${heading} · Usher`;
}

/** `words` with what stands between backticks as code. */
function marked(document: Document, words: string): Node[] {
  return words.split("`").map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part);
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
}
