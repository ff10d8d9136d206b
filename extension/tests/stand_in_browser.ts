// A browser for the background's tests: windows and tabs that do what the extension tells them, storage, and a native
// host that answers as `usher` does, with links that are really sealed.
import { webcrypto } from "node:crypto";

export interface StandInTab {
  id: number;
  windowId: number;
  active: boolean;
  url?: string;
  cookieStoreId: string;
  lastAccessed: number;
}

export interface AskedOfHost {
  readonly id: number;
  readonly op: string;
  readonly [field: string]: unknown;
}

interface OnToolbar {
  windowId?: number;
  tabId?: number;
}

export type HostAnswer = Record<string, unknown>;

const KEY = new Uint8Array(32).fill(7);

export class StandInBrowser {
  readonly storage = { local: new Map<string, unknown>(), session: new Map<string, unknown>() };
  readonly windows = new Set<number>();
  readonly focused: number[] = [];
  readonly tabs: StandInTab[] = [];
  readonly containers: { cookieStoreId: string; name: string; color: string; icon: string }[] = [];
  /** What the toolbar's button shows, by `window ID` or `tab ID`; the whole browser's under the empty name. */
  readonly badges = new Map<string, string>();
  readonly titles = new Map<string, string>();
  readonly asked: AskedOfHost[] = [];
  /** What the host says to an operation; nothing known is answered with yes. */
  answers: Record<string, (asked: AskedOfHost) => HostAnswer | Promise<HostAnswer>> = {};
  #next = 1;
  #clock = 1;

  constructor() {
    Object.assign(globalThis, { chrome: this.#api() });
  }

  window(): number {
    const id = this.#next++;
    this.windows.add(id);
    return id;
  }

  tab(windowId: number, url?: string, cookieStoreId = "firefox-default"): StandInTab {
    const tab = { id: this.#next++, windowId, active: false, cookieStoreId, lastAccessed: 0, ...(url && { url }) };
    this.tabs.push(tab);
    this.activate(tab);
    return tab;
  }

  activate(tab: StandInTab): void {
    for (const each of this.in(tab.windowId)) each.active = each === tab;
    tab.lastAccessed = this.#clock++;
  }

  in(windowId: number): StandInTab[] {
    return this.tabs.filter((tab) => tab.windowId === windowId);
  }

  active(windowId: number): StandInTab {
    return this.in(windowId).find((tab) => tab.active)!;
  }

  /** The tab has gone through its sign-in and shows where that leads. */
  arrive(tab: StandInTab): string {
    tab.url = new URL(tab.url!).searchParams.get("Destination")!;
    return tab.url;
  }

  close(windowId: number): void {
    this.windows.delete(windowId);
    for (const tab of this.in(windowId)) this.tabs.splice(this.tabs.indexOf(tab), 1);
  }

  /** A sealed link to `visit`, as the command line makes it. */
  static async sealed(visit: object): Promise<string> {
    const key = await webcrypto.subtle.importKey("raw", KEY, "AES-GCM", false, ["encrypt"]);
    const nonce = webcrypto.getRandomValues(new Uint8Array(12));
    const additionalData = new TextEncoder().encode("usher console link 1");
    const plain = new TextEncoder().encode(JSON.stringify(visit));
    const sealed = await webcrypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, key, plain);
    return `1.${Buffer.concat([nonce, Buffer.from(sealed)]).toString("base64url")}`;
  }

  #made(details: { url?: string; cookieStoreId?: string }, windowId: number): StandInTab {
    return this.tab(windowId, details.url, details.cookieStoreId);
  }

  #api(): object {
    const area = (values: Map<string, unknown>) => ({
      get: async (name: string) => (values.has(name) ? { [name]: structuredClone(values.get(name)) } : {}),
      set: async (given: object) => {
        for (const [name, value] of Object.entries(given)) values.set(name, structuredClone(value));
      },
    });
    const place = ({ windowId, tabId }: OnToolbar) =>
      windowId !== undefined ? `window ${windowId}` : tabId !== undefined ? `tab ${tabId}` : "";
    return {
      storage: { local: area(this.storage.local), session: area(this.storage.session) },
      runtime: {
        connectNative: () => this.#port(),
        getManifest: () => ({ version: "0.1.0" }),
        getURL: (path: string) => `moz-extension://00000000-0000-0000-0000-000000000000/${path}`,
      },
      alarms: { get: async () => undefined, create: async () => undefined, clear: async () => true },
      action: {
        setBadgeText: async (given: OnToolbar & { text: string }) => void this.badges.set(place(given), given.text),
        getBadgeText: async (given: OnToolbar) => this.badges.get(place(given)) ?? "",
        setTitle: async (given: OnToolbar & { title: string }) => void this.titles.set(place(given), given.title),
        setBadgeBackgroundColor: async () => undefined,
        setBadgeTextColor: async () => undefined,
      },
      contextualIdentities: {
        query: async () => this.containers,
        create: async (looks: { name: string; color: string; icon: string }) => {
          const made = { ...looks, cookieStoreId: `firefox-container-${this.containers.length + 1}` };
          this.containers.push(made);
          return made;
        },
        update: async () => undefined,
      },
      tabs: {
        query: async ({ windowId, active }: { windowId?: number; active?: boolean }) =>
          this.tabs
            .filter((tab) => (windowId === undefined || tab.windowId === windowId) && (!active || tab.active))
            .map((tab) => ({ ...tab })),
        get: async (id: number) => ({ ...this.tabs.find((tab) => tab.id === id)! }),
        create: async (details: { url: string; windowId: number }) => ({ ...this.#made(details, details.windowId) }),
        update: async (id: number, { active }: { active?: boolean }) => {
          if (active) this.activate(this.tabs.find((tab) => tab.id === id)!);
        },
        sendMessage: async () => undefined,
      },
      windows: {
        getAll: async () => [...this.windows].map((id) => ({ id, focused: id === this.focused.at(-1) })),
        getLastFocused: async () => ({ id: this.focused.at(-1) ?? [...this.windows][0] }),
        create: async (details: { url: string }) => ({ tabs: [{ ...this.#made(details, this.window()) }] }),
        update: async (id: number, { focused }: { focused?: boolean }) => {
          if (focused) this.focused.push(id);
        },
      },
    };
  }

  #port(): object {
    const listeners: ((message: unknown) => void)[] = [];
    const answer = async (asked: AskedOfHost): Promise<void> => {
      this.asked.push(asked);
      const greeting = { ok: true, key: Buffer.from(KEY).toString("base64url"), usher: "0.1.0", jar: null };
      const said = (await this.answers[asked.op]?.(asked)) ?? { ok: true };
      for (const listener of listeners) listener({ id: asked.id, ...(asked.op === "hello" && greeting), ...said });
    };
    return {
      onMessage: { addListener: (listener: (message: unknown) => void) => listeners.push(listener) },
      onDisconnect: { addListener: () => undefined },
      postMessage: (asked: AskedOfHost) => void answer(asked),
      disconnect: () => undefined,
    };
  }
}
