// The page that sealed links lead to: `open.html#LINK`. The link leaves the address, and with it the tab's history,
// before anything else is done.
import { ask } from "../shared/messages.ts";

const link = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

async function open(): Promise<void> {
  const answer = await ask("open_link", { link });
  if (!answer.ok) explain("This link was not opened", answer.message);
}

function explain(heading: string, why: string): void {
  document.getElementById("heading")!.textContent = heading;
  document.getElementById("why")!.textContent = why;
}

if (window.top === window) document.addEventListener("DOMContentLoaded", () => void open());
