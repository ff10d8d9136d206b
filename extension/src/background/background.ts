// Where the browser wakes the extension: everything is listened to from here, at once and synchronously, because a
// background that was asleep is started for an event and given it only if it listens by then. Nothing listens to other
// extensions or to pages (onMessageExternal, onConnectExternal).
import { Engine } from "./engine.ts";
import { HOST_ALARM } from "./host.ts";
import { REMINDER_ALARM } from "./reminders.ts";
import { answerTo } from "./requests.ts";

const engine = new Engine();

// Content scripts share a process with their page, and ask for what they show; what is stored is not for them. Firefox
// has no such rule for `local`.
void chrome.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

chrome.runtime.onStartup.addListener(() => void engine.reminders.refresh());
chrome.runtime.onInstalled.addListener(() => void engine.reminders.refresh());

chrome.runtime.onMessage.addListener((message: unknown, sender, answer) => {
  const answered = answerTo(engine, message, sender);
  if (answered === null) return false;
  answered.then(answer, () => answer(undefined));
  return true; // the answer comes later
});

chrome.alarms.onAlarm.addListener(({ name }) => {
  if (name === HOST_ALARM) void engine.host.connect();
  if (name === REMINDER_ALARM) void engine.reminders.refresh();
});

chrome.tabs.onRemoved.addListener((tabId) => void engine.bars.fold(tabId, false));

chrome.windows.onRemoved.addListener((windowId) => void engine.windows.closed(windowId));
chrome.tabs.onActivated.addListener(({ windowId }) => void engine.windows.tabShown(windowId));
chrome.tabs.onUpdated.addListener((_tabId, { status }, { active, windowId }) => {
  if (active && status !== undefined) void engine.windows.tabShown(windowId);
});

// Awake for whatever reason: the host is wanted in any case.
void engine.host.connect();
