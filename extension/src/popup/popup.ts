// The toolbar button's page.
import { ask } from "../shared/messages.ts";

async function show(): Promise<void> {
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  if (tab === undefined) return;
  const { open } = await ask("overview", { tabId: tab.id ?? null, windowId: tab.windowId });
  const names = open.map((session) => `${session.accountName} / ${session.role}`);
  document.getElementById("popup")?.append(names.join(", ") || "No console is open.");
}

void show();
