// The one way in which links are opened, wherever they come from: a link that was opened is known even after the
// browser was closed, and of two tabs that bring the same one at once only one opens it.
import { LinkRefused, openLink, type UsedLinks } from "../shared/link.ts";
import { number, type Visit } from "../shared/visit.ts";
import { kept, storedTable } from "./stored.ts";

interface KeyHolder {
  key(): Promise<CryptoKey | null>;
}

export class Links {
  readonly #used = new StoredUsedLinks();

  constructor(private readonly holder: KeyHolder) {}

  /** The visit that `link` asks for; it is used up. Throws LinkRefused. */
  async open(link: string): Promise<Visit> {
    const key = await this.holder.key();
    if (key === null) {
      throw new LinkRefused("no_key", "Usher is not there for this browser, and only it can say who made the link.");
    }
    return openLink(link, key, secondsNow(), this.#used);
  }
}

class StoredUsedLinks implements UsedLinks {
  /** Until when each link would hold, in Unix seconds. */
  readonly #table = storedTable("local", "usedLinks", (value) => number({ until: value }, "until"));

  async claim(id: string, until: number): Promise<boolean> {
    let isFirst = false;
    await this.#table.change((used) => {
      isFirst = !Object.hasOwn(used, id);
      const now = secondsNow();
      return isFirst ? { ...kept(used, (last) => last >= now), [id]: until } : used;
    });
    return isFirst;
  }
}

function secondsNow(): number {
  return Date.now() / 1000;
}
