// The extension's engine: answers its pages and scripts.
import type { Message, Overview } from "../shared/messages.ts";

chrome.runtime.onMessage.addListener((message: Message, _sender, answer) => {
  answer(answered(message));
});

function answered(message: Message): unknown {
  if (message.kind === "hints") return null;
  if (message.kind !== "overview") return { ok: false, error: { code: "unavailable", message: "", hint: "" } };
  const nothing: Overview = {
    here: null,
    current: null,
    open: [],
    sessionsOpen: null,
    host: { state: "missing", why: "Not connected." },
    recent: [],
  };
  return nothing;
}
