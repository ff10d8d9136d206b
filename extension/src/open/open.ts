// The page that sealed links lead to: `open.html#LINK`. The link leaves the address, and with it the tab's history,
// before anything else is done. The page also shows what was refused elsewhere (`?refused`), and without a link whether
// usher is there.
import { ask } from "../shared/messages.ts";
import { connectionSaying, refusalSaying, type Saying } from "./sayings.ts";

const link = location.hash.slice(1);
history.replaceState(null, "", location.pathname + location.search);

async function saying(): Promise<Saying> {
  const refusal = location.search === "?refused" ? await ask("refusal", {}) : null;
  if (refusal !== null) return refusalSaying(refusal);
  if (link === "") return connectionSaying(await ask("connection", {}));
  const answer = await ask("open_link", { link }); // when it is opened this page is closed
  return answer.ok ? connectionSaying(await ask("connection", {})) : refusalSaying({ ...answer, at: Date.now() });
}

function show({ tone, heading, why, advice, note }: Saying): void {
  const parts = { heading, why, advice, note };
  for (const [id, words] of Object.entries(parts)) document.getElementById(id)!.replaceChildren(...marked(words));
  document.querySelector("main")!.classList.add("says", tone);
  document.title = `${heading} · Usher`;
}

/** `words` with what stands between backticks as code. */
function marked(words: string): Node[] {
  return words.split("`").map((part, index) => {
    const node = index % 2 === 0 ? new Text(part) : document.createElement("code");
    node.textContent = part;
    return node;
  });
}

async function start(): Promise<void> {
  const said = await saying();
  if (document.readyState === "loading") await new Promise((ready) => document.addEventListener("DOMContentLoaded", ready));
  show(said);
}

// A frame could hide what a person is shown; the manifest forbids it too.
if (window.top === window) void start();
