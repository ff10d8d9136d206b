// The doors between the popup and everything outside of it: the background, the browser, the clock. A test opens
// the same popup with doors of its own.
import { ask, type Kind, type Requests, type Result, type Trouble } from "../shared/messages.ts";
import { isConsolePage } from "../shared/hosts.ts";
import { family } from "../shared/family.ts";
import type { Choice } from "./choices.ts";
import type { Action } from "./keys.ts";

/** What the popup stands over. `consolePage` says whether the tab shows a console, ours or not. */
export interface Place {
  readonly tabId: number | null;
  readonly windowId: number;
  readonly consolePage: boolean;
}

/** What a sign-in was started for. Its tab comes to the front and closes the popup: the next one goes on. */
export interface Purpose {
  readonly organization: string;
  readonly action: Action;
  readonly choice: Choice;
  /** Unix seconds. */
  readonly made: number;
}

export interface Doors {
  readonly place: Place;
  /** Whether the keyboard is Apple's: what is Ctrl elsewhere is Command there. */
  readonly apple: boolean;
  /** What opens the popup from anywhere (`Alt+Shift+U`); empty when nothing does. */
  readonly shortcut: string;
  ask<K extends Kind>(kind: K, content: Requests[K]["ask"]): Promise<Requests[K]["answer"]>;
  /** Unix seconds. */
  now(): number;
  wait(milliseconds: number): Promise<void>;
  copy(text: string): Promise<void>;
  /** Keep, until the browser ends, what a sign-in was started for; null when it is done. */
  remember(purpose: Purpose | null): Promise<void>;
  remembered(): Promise<Purpose | null>;
  /** Show where the browser lets people choose the shortcut. */
  changeShortcut(): Promise<void>;
  close(): void;
}

/** The real doors. */
export async function browserDoors(): Promise<Doors> {
  const [tab, commands, platform] = await Promise.all([
    standingOver(),
    chrome.commands.getAll(),
    chrome.runtime.getPlatformInfo(),
  ]);
  return {
    place: {
      tabId: tab?.id ?? null,
      windowId: tab?.windowId ?? chrome.windows.WINDOW_ID_CURRENT,
      consolePage: tab?.url !== undefined && isConsolePage(tab.url),
    },
    apple: platform.os === "mac",
    shortcut: commands.find((command) => command.name === "_execute_action")?.shortcut ?? "",
    ask,
    now: () => Date.now() / 1000,
    wait: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    copy: (text) => navigator.clipboard.writeText(text),
    remember: (purpose) => chrome.storage.session.set({ [PURPOSE]: purpose }),
    remembered: async () => ((await chrome.storage.session.get(PURPOSE))[PURPOSE] as Purpose | undefined) ?? null,
    changeShortcut,
    close: () => window.close(),
  };
}

/** `ask` for questions that are answered with a result: a background that does not answer is trouble as well. */
export async function asked<K extends ResultKind>(
  doors: Doors,
  kind: K,
  content: Requests[K]["ask"],
): Promise<Requests[K]["answer"] | { readonly ok: false; readonly error: Trouble }> {
  try {
    return await doors.ask(kind, content);
  } catch (error) {
    return { ok: false, error: silent(error) };
  }
}

type ResultKind = { [K in Kind]: Requests[K]["answer"] extends Result<unknown> ? K : never }[Kind];

/** What to say when the extension's own background does not answer. */
export function silent(error: unknown): Trouble {
  const why = error instanceof Error ? error.message : String(error);
  return { code: "failed", message: `The extension did not answer: ${why}`, hint: "Close this and open it again." };
}

const PURPOSE = "popup purpose";

/** The tab that the popup was opened over. */
async function standingOver(): Promise<chrome.tabs.Tab | undefined> {
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  return tab;
}

async function changeShortcut(): Promise<void> {
  if (family === "firefox") await chrome.commands.openShortcutSettings();
  else await chrome.tabs.create({ url: "chrome://extensions/shortcuts" });
}
