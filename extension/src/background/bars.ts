// The bars on console pages, as far as they concern more than their own page.
import type { Told } from "../shared/messages.ts";
import { isConsolePage } from "../shared/hosts.ts";
import { kept, storedTable } from "./stored.ts";

export class Bars {
  readonly #folded = storedTable("session", "folded", (value) => value === true);

  async isFolded(tabId: number): Promise<boolean> {
    return (await this.#folded.get())[String(tabId)] === true;
  }

  /** The bar of a tab was folded, or unfolded. */
  async fold(tabId: number, folded: boolean): Promise<void> {
    await this.#folded.change((tabs) => ({ ...kept(tabs, (_, id) => id !== String(tabId)), ...(folded && { [tabId]: true }) }));
  }

  /** Tell every bar that what it shows may have changed. */
  async tell(): Promise<void> {
    const told: Told = { kind: "hints_changed" };
    const tabs = (await chrome.tabs.query({})).filter(({ url }) => url !== undefined && isConsolePage(url));
    // A page that is still loading, or was open before the extension came, has nobody to listen.
    await Promise.allSettled(tabs.map(({ id }) => chrome.tabs.sendMessage(id!, told)));
  }
}
