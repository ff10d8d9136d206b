// Answers what pages and content scripts ask. Who asks is taken from the browser, never from the message: our own pages
// may ask everything, a content script only about the tab that it runs in, because a page's own code runs beside it.
import { isConsolePage } from "../shared/hosts.ts";
import type { Kind, Requests } from "../shared/messages.ts";
import { fields, MalformedError, number, text } from "../shared/visit.ts";
import type { Engine } from "./engine.ts";
import { refusalOf } from "./refusals.ts";
import { failed, resultOf } from "./trouble.ts";

type Sender = chrome.runtime.MessageSender;
type Asked = Record<string, unknown>;
type Answerer<K extends Kind> = (engine: Engine, asked: Asked, tab: chrome.tabs.Tab | undefined) => Promise<Requests[K]["answer"]>;

const FOR_SCRIPTS: { [K in "hints" | "fold" | "renew"]: Answerer<K> } = {
  hints: async (engine, _asked, tab) => (tab === undefined ? null : engine.hints(tab)),
  fold: async (engine, asked, tab) => {
    if (tab?.id !== undefined) await engine.bars.fold(tab.id, asked["folded"] === true);
    return null;
  },
  // No confirmation: what has to be confirmed is confirmed in the popup, which no page can reach.
  renew: async (engine, _asked, tab) =>
    done(async () => {
      if (tab === undefined) throw failed("failed", "The tab is gone.");
      await engine.renew(await chrome.tabs.get(tab.id!), null);
    }),
};

const FOR_PAGES: { [K in Kind]: Answerer<K> } = {
  hints: FOR_SCRIPTS.hints,
  fold: FOR_SCRIPTS.fold,
  renew: async (engine, asked) =>
    done(async () => engine.renew(await chrome.tabs.get(number(asked, "tabId")), optionalText(asked, "confirmed"))),
  open_link: async (engine, asked, tab) => {
    try {
      if (tab === undefined) throw failed("failed", "Links are opened in tabs.");
      const { link } = asked;
      await engine.openForPage(typeof link === "string" ? link : "", tab);
      return { ok: true };
    } catch (error) {
      const { code, message } = refusalOf(error);
      return { ok: false, code, message };
    }
  },
  refusal: async (engine) => engine.refusals.latest(),
  connection: async (engine) => engine.host.connectSoon(),
  overview: async (engine, asked) => engine.overview(optionalNumber(asked, "tabId"), number(asked, "windowId")),
  profiles: async (engine, asked) => resultOf(() => engine.profiles(text(asked, "query"))),
  portals: async (engine) => resultOf(() => engine.portals()),
  enter: async (engine, asked) =>
    done(() =>
      engine.enter(
        text(asked, "profile"),
        { windowId: number(asked, "windowId"), beside: asked["beside"] === true },
        optionalNumber(asked, "reopen"),
        optionalText(asked, "confirmed"),
      ),
    ),
  switch: async (engine, asked) =>
    done(() => engine.switch(text(asked, "profile"), number(asked, "windowId"), optionalText(asked, "confirmed"))),
  favourite: async (engine, asked) => done(() => engine.favourite(text(asked, "profile"), asked["on"] === true)),
  sign_in: async (engine, asked) => done(() => engine.signIn(text(asked, "organization"))),
  show: async (engine, asked) => done(() => engine.show(text(asked, "key"))),
};

/** The answer to `message`; null where nobody may ask that from there. */
export function answerTo(engine: Engine, message: unknown, sender: Sender): Promise<unknown> | null {
  const answerer = answererFor(message, sender);
  return answerer === null ? null : answerer(engine, message as Asked, tabOf(sender));
}

/** The tab that asks, at the address that asks: the tab itself may already be on its way to another. */
function tabOf({ tab, url }: Sender): chrome.tabs.Tab | undefined {
  return tab === undefined || url === undefined ? tab : { ...tab, url };
}

function answererFor(message: unknown, sender: Sender): Answerer<Kind> | null {
  if (sender.id !== chrome.runtime.id || sender.url === undefined || (sender.frameId ?? 0) !== 0) return null;
  const kind = kindOf(message);
  const isOurs = sender.url.startsWith(chrome.runtime.getURL(""));
  const known = isOurs ? FOR_PAGES : isConsolePage(sender.url) ? FOR_SCRIPTS : {};
  return kind !== null && Object.hasOwn(known, kind) ? (known as Record<string, Answerer<Kind>>)[kind]! : null;
}

function kindOf(message: unknown): string | null {
  try {
    return text(fields(message, "message"), "kind");
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

function done(work: () => Promise<void>): Promise<Requests["renew"]["answer"]> {
  return resultOf(async () => {
    await work();
    return null;
  });
}

function optionalText(asked: Asked, name: string): string | null {
  return asked[name] === undefined ? null : text(asked, name);
}

function optionalNumber(asked: Asked, name: string): number | null {
  return asked[name] === undefined || asked[name] === null ? null : number(asked, name);
}
