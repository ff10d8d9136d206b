// Marks console pages with the account that they are of.
import { ask } from "../shared/messages.ts";

async function show(): Promise<void> {
  const hints = await ask("hints", {});
  if (hints !== null) document.title = `${hints.session.accountName} · ${document.title}`;
}

void show();
