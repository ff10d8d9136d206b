// What a console page shows of its account, kept as it should be: asks the background which session the tab is of, hands
// that to the bar, the title and the favicon, and calls them again when the page or the time changes it.
import { ask, type Hints, type Result, type Told } from "../shared/messages.ts";
import { untilNextWords } from "../shared/time.ts";
import { Bar, HOST_MARK } from "./bar.ts";
import { Favicon } from "./favicon.ts";
import { isSomebodyElse } from "./signed_in.ts";
import { Title } from "./title.ts";

export class Marks {
  readonly #title: Title;
  readonly #favicon: Favicon;
  readonly #bar: Bar;
  readonly #observer = new MutationObserver(() => this.#keep());
  #hints: Hints | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watched: readonly (Node | null)[] = [];

  constructor(private readonly page: Document) {
    this.#title = new Title(page);
    this.#favicon = new Favicon(page);
    this.#bar = new Bar(page, { renew, fold });
  }

  start(): void {
    // What a copy of us left behind that was updated or removed while this page was open.
    for (const left of this.page.querySelectorAll(`[${HOST_MARK}]`)) left.remove();
    chrome.runtime.onMessage.addListener((told: Told, sender) => {
      if (sender.tab === undefined && told.kind === "hints_changed") void this.refresh();
    });
    this.page.addEventListener("visibilitychange", () => void this.#seen());
    this.page.addEventListener("DOMContentLoaded", () => this.#keep());
    this.page.defaultView?.addEventListener("pageshow", (event) => event.persisted && void this.refresh());
    void this.refresh();
  }

  async refresh(): Promise<void> {
    try {
      const hints = (await ask("hints", {})) ?? null;
      const isOther = hints !== null && isSomebodyElse(hints.session, this.page.URL, this.page.cookie);
      this.#show(isOther ? null : hints);
    } catch {
      // A background that is just being restarted is asked again at the next occasion. One that was updated or removed
      // is gone for this script: nobody would correct what it shows.
      if (chrome.runtime?.id === undefined) this.#show(null);
    }
  }

  async #seen(): Promise<void> {
    this.#tick();
    if (!this.page.hidden) await this.refresh();
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
    if (ends === null || this.page.hidden) return;
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
    const watched = this.#hints === null ? [] : [this.page, this.page.documentElement, this.page.head];
    if (watched.length === this.#watched.length && watched.every((node, index) => node === this.#watched[index])) return;
    this.#watched = watched;
    this.#observer.disconnect();
    for (const node of watched) {
      if (node === this.page.head) this.#observer.observe(node, HEAD);
      else if (node !== null) this.#observer.observe(node, { childList: true });
    }
  }
}

const HEAD = { childList: true, subtree: true, characterData: true, attributeFilter: ["href", "rel"] };

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
