// Marks a console page with the account that it is of: the bar, the title and the favicon. Runs in every top page of
// the consoles' hosts, asks the background which session its tab is of, and shows nothing where none is known.
import { ask, type Hints, type Result, type Told } from "../shared/messages.ts";
import { untilNextWords } from "../shared/time.ts";
import { Bar, HOST_NAME } from "./bar.ts";
import { Favicon } from "./favicon.ts";
import { Title } from "./title.ts";

class Marks {
  readonly #title = new Title(document);
  readonly #favicon = new Favicon(document);
  readonly #bar = new Bar(document, { renew, fold });
  readonly #observer = new MutationObserver(() => this.#keep());
  #hints: Hints | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watched: readonly (Node | null)[] = [];

  start(): void {
    // What a copy of us left behind that was updated or removed while this page was open.
    for (const left of document.querySelectorAll(HOST_NAME)) left.remove();
    chrome.runtime.onMessage.addListener((told: Told, sender) => {
      if (sender.tab === undefined && told.kind === "hints_changed") void this.refresh();
    });
    document.addEventListener("visibilitychange", () => void this.#seen());
    document.addEventListener("DOMContentLoaded", () => this.#keep());
    addEventListener("pageshow", (event) => event.persisted && void this.refresh());
    void this.refresh();
  }

  async refresh(): Promise<void> {
    this.#show(await known());
  }

  async #seen(): Promise<void> {
    this.#tick();
    if (!document.hidden) await this.refresh();
  }

  #show(hints: Hints | null): void {
    if (JSON.stringify(hints) === JSON.stringify(this.#hints)) return;
    this.#hints = hints;
    this.#title.show(hints?.session ?? null);
    this.#favicon.show(hints?.session ?? null);
    this.#bar.show(hints, seconds());
    this.#tick();
    this.#keep();
  }

  /** Shows the time that is left, and comes back when its words change; never while nobody looks. */
  #tick(): void {
    clearTimeout(this.#timer);
    const ends = this.#hints?.session.ends ?? null;
    if (ends === null || document.hidden) return;
    this.#bar.tick(seconds());
    this.#keep();
    const wait = untilNextWords(ends, seconds());
    if (wait > 0) this.#timer = setTimeout(() => this.#tick(), wait * 1000 + 50);
  }

  /** The page changed: what we show of it is put back. */
  #keep(): void {
    if (this.#hints !== null) {
      this.#title.keep();
      this.#favicon.keep();
      this.#bar.keep();
    }
    this.#watch();
  }

  /** Watches only what we write to: the head, and the children of the root, where the bar is. */
  #watch(): void {
    const watched = this.#hints === null ? [] : [document, document.documentElement, document.head];
    if (watched.length === this.#watched.length && watched.every((node, index) => node === this.#watched[index])) return;
    this.#watched = watched;
    this.#observer.disconnect();
    for (const node of watched) {
      if (node === document.head) this.#observer.observe(node, HEAD);
      else if (node !== null) this.#observer.observe(node, { childList: true });
    }
  }
}

const HEAD = { childList: true, subtree: true, characterData: true, attributeFilter: ["href", "rel"] };

/** The hints of this tab; null too when the extension was updated or removed, and this script is left behind. */
async function known(): Promise<Hints | null> {
  try {
    return await ask("hints", {});
  } catch {
    return null;
  }
}

async function renew(): Promise<Result<null>> {
  try {
    return await ask("renew", {});
  } catch {
    const hint = "Reload this page, or open the account from the terminal.";
    return { ok: false, error: { code: "unavailable", message: "Usher's extension does not answer.", hint } };
  }
}

function fold(folded: boolean): void {
  ask("fold", { folded }).catch(() => undefined);
}

function seconds(): number {
  return Date.now() / 1000;
}

// Only pages: consoles also serve JSON and drawings at addresses of their own.
if (document.contentType === "text/html") new Marks().start();
