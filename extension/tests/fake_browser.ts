// A small browser for tests: tabs, windows, containers, groups, storage, alarms and native hosts that behave as far as the
// extension uses them. It keeps state and answers; tests look at what it has become. Values that go into storage and
// messages are copied, as in a browser.
type Listener = (...values: never[]) => unknown;

class Event {
  readonly listeners: Listener[] = [];
  addListener(listener: Listener): void {
    this.listeners.push(listener);
  }
  fire(...values: unknown[]): void {
    for (const listener of this.listeners) (listener as (...all: unknown[]) => unknown)(...values);
  }
}

export interface FakeTab {
  id: number;
  windowId: number;
  url: string;
  active: boolean;
  groupId: number;
  lastAccessed: number;
  cookieStoreId?: string;
}

export interface FakeWindow {
  id: number;
  focused: boolean;
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface FakeContainer {
  cookieStoreId: string;
  name: string;
  color: string;
  icon: string;
}

interface OnToolbar {
  windowId?: number;
  tabId?: number;
}

function nameOf({ windowId, tabId }: OnToolbar): string {
  if (windowId !== undefined) return `window ${windowId}`;
  return tabId === undefined ? "" : `tab ${tabId}`;
}

export type Message = Record<string, unknown>;

/** One connection to a native host, from the browser's side. */
export class FakePort {
  readonly onMessage = new Event();
  readonly onDisconnect = new Event();
  readonly received: Message[] = [];
  error: Error | null = null;
  closed = false;

  constructor(private readonly browser: FakeBrowser) {}

  postMessage(message: Message): void {
    if (this.closed) throw new Error("Attempting to use a disconnected port object");
    const copy = structuredClone(message);
    this.received.push(copy);
    queueMicrotask(() => this.browser.usher?.(copy, this));
  }

  disconnect(): void {
    this.closed = true; // whoever closes a port is not told
  }

  /** The host says something. */
  say(message: unknown): void {
    if (!this.closed) this.onMessage.fire(structuredClone(message), this);
  }

  /** The host ends, or was never there. */
  end(why: string): void {
    if (this.closed) return;
    this.closed = true;
    this.error = new Error(why);
    this.onDisconnect.fire(this);
  }
}

const ORIGIN = "moz-extension://0a1b2c3d-0000-4000-8000-000000000001/";

export class FakeBrowser {
  readonly id = "usher@usher.example";
  readonly origin = ORIGIN;
  readonly tabs: FakeTab[] = [];
  readonly windows: FakeWindow[] = [];
  containers: FakeContainer[] = [];
  readonly groups = new Map<number, { id: number; windowId: number; title: string; color: string }>();
  readonly storage: Record<"local" | "session", Message> = { local: {}, session: {} };
  /** Who may read what is stored for good. */
  localAccess = "TRUSTED_AND_UNTRUSTED_CONTEXTS";
  readonly alarms = new Map<string, { when: number }>();
  readonly ports: FakePort[] = [];
  readonly told: [number, unknown][] = [];
  /** What the toolbar's button shows, by `window ID` or `tab ID`; everywhere else under the empty name. */
  readonly badges = new Map<string, string>();
  readonly titles = new Map<string, string>();
  /** What answers at the other end of a native port; null where no host is installed. */
  usher: ((message: Message, port: FakePort) => void) | null = null;
  readonly onMessage = new Event();
  readonly onAlarm = new Event();
  readonly onRemoved = new Event();
  #next = 1;

  constructor(readonly family: "firefox" | "chromium") {
    this.addWindow();
  }

  /** Make this the browser that the extension runs in. */
  install(): this {
    Object.assign(globalThis, { chrome: this.chrome });
    return this;
  }

  /** As after the browser was closed and started again: what was in memory is gone. */
  restart(): void {
    this.storage.session = {};
    this.alarms.clear();
    for (const port of this.ports) port.closed = true;
  }

  addWindow(): FakeWindow {
    for (const each of this.windows) each.focused = false;
    const made = { id: this.#next++, focused: true, left: 0, top: 0, width: 1280, height: 800 };
    this.windows.push(made);
    return made;
  }

  addTab(url: string, more: Partial<FakeTab> = {}): FakeTab {
    const windowId = more.windowId ?? this.windows.find((each) => each.focused)?.id ?? this.windows[0]!.id;
    const id = this.#next++;
    const store = this.family === "firefox" ? { cookieStoreId: "firefox-default" } : {};
    const made = { id, windowId, url, active: true, groupId: -1, lastAccessed: id, ...store, ...more };
    this.tabs.push(made);
    if (made.active) this.#activate(made);
    return made;
  }

  #activate(tab: FakeTab): void {
    for (const each of this.tabsIn(tab.windowId)) each.active = each === tab;
    tab.lastAccessed = this.#next++;
  }

  tabsIn(windowId: number): FakeTab[] {
    return this.tabs.filter((tab) => tab.windowId === windowId);
  }

  activeIn(windowId: number): FakeTab {
    return this.tabsIn(windowId).find((tab) => tab.active)!;
  }

  get focused(): number | undefined {
    return this.windows.find((each) => each.focused)?.id;
  }

  closeWindow(windowId: number): void {
    for (const tab of this.tabsIn(windowId)) this.tabs.splice(this.tabs.indexOf(tab), 1);
    this.windows.splice(this.windows.findIndex((each) => each.id === windowId), 1);
  }

  tab(id: number): FakeTab {
    const found = this.tabs.find((each) => each.id === id);
    if (found === undefined) throw new Error(`No tab with id: ${id}.`);
    return found;
  }

  get port(): FakePort {
    return this.ports.at(-1)!;
  }

  #area(name: "local" | "session") {
    return {
      get: async (key: string) => structuredClone(key in this.storage[name] ? { [key]: this.storage[name][key] } : {}),
      set: async (items: Message) => void Object.assign(this.storage[name], structuredClone(items)),
    };
  }

  get chrome(): unknown {
    return {
      runtime: {
        id: this.id,
        lastError: undefined,
        onMessage: this.onMessage,
        onStartup: new Event(),
        onInstalled: new Event(),
        getManifest: () => ({ version: "0.1.0" }),
        getURL: (path: string) => ORIGIN + path,
        connectNative: () => this.#connectNative(),
      },
      storage: {
        local: { ...this.#area("local"), setAccessLevel: async (to: { accessLevel: string }) => void (this.localAccess = to.accessLevel) },
        session: this.#area("session"),
      },
      alarms: {
        onAlarm: this.onAlarm,
        get: async (name: string) => this.alarms.get(name),
        clear: async (name: string) => this.alarms.delete(name),
        create: async (name: string, { when, delayInMinutes }: { when?: number; delayInMinutes?: number }) =>
          void this.alarms.set(name, { when: when ?? Date.now() + (delayInMinutes ?? 0) * 60_000 }),
      },
      action: {
        getBadgeText: async (place: OnToolbar) => this.badges.get(nameOf(place)) ?? "",
        setBadgeText: async ({ text, ...place }: OnToolbar & { text: string }) => void this.badges.set(nameOf(place), text),
        setTitle: async ({ title, ...place }: OnToolbar & { title: string }) => void this.titles.set(nameOf(place), title),
        setBadgeBackgroundColor: async () => undefined,
        setBadgeTextColor: async () => undefined,
      },
      tabs: this.#tabs(),
      windows: this.#windows(),
      tabGroups: this.#tabGroups(),
      contextualIdentities: this.#contextualIdentities(),
    };
  }

  #connectNative(): FakePort {
    const port = new FakePort(this);
    this.ports.push(port);
    if (this.usher === null) queueMicrotask(() => port.end("No such native application io.usher.host"));
    return port;
  }

  #tabs() {
    return {
      onRemoved: this.onRemoved,
      onActivated: new Event(),
      onUpdated: new Event(),
      query: async (wanted: Partial<FakeTab>) =>
        structuredClone(this.tabs.filter((tab) => Object.entries(wanted).every(([name, value]) => tab[name as keyof FakeTab] === value))),
      get: async (id: number) => structuredClone(this.tab(id)),
      create: async ({ url, ...more }: { url: string } & Partial<FakeTab>) => {
        const known = this.containers.map((each) => each.cookieStoreId);
        if (this.windows.length === 0) throw new Error("No current window");
        if (more.cookieStoreId !== undefined && !known.includes(more.cookieStoreId)) throw new Error("No cookie store");
        return structuredClone(this.addTab(url, more));
      },
      update: async (id: number, change: Partial<FakeTab>) => {
        const tab = Object.assign(this.tab(id), change);
        if (change.active === true) this.#activate(tab);
        return structuredClone(tab);
      },
      ungroup: async (id: number) => void (this.tab(id).groupId = -1),
      remove: async (id: number) => void this.tabs.splice(this.tabs.indexOf(this.tab(id)), 1),
      sendMessage: async (id: number, message: unknown) => void this.told.push([id, structuredClone(message)]),
      group: async ({ tabIds, groupId }: { tabIds: number; groupId?: number }) => {
        const tab = this.tab(tabIds);
        const id = groupId ?? this.#next++;
        if (groupId === undefined) this.groups.set(id, { id, windowId: tab.windowId, title: "", color: "grey" });
        tab.groupId = id;
        return id;
      },
    };
  }

  #windows() {
    return {
      onRemoved: new Event(),
      getAll: async () => structuredClone(this.windows),
      getLastFocused: async () => structuredClone(this.windows.find((each) => each.focused) ?? this.windows[0]!),
      get: async (id: number) => structuredClone(this.windows.find((each) => each.id === id)),
      update: async (id: number, change: Partial<FakeWindow>) => {
        if (change.focused === true) for (const each of this.windows) each.focused = each.id === id;
        Object.assign(this.windows.find((each) => each.id === id)!, change);
      },
      create: async ({ url, cookieStoreId, ...bounds }: { url: string; cookieStoreId?: string }) => {
        const made = Object.assign(this.addWindow(), bounds);
        const tab = this.addTab(url, { windowId: made.id, ...(cookieStoreId === undefined ? {} : { cookieStoreId }) });
        return structuredClone({ ...made, tabs: [tab] });
      },
    };
  }

  #tabGroups() {
    return {
      query: async ({ windowId }: { windowId: number }) =>
        structuredClone([...this.groups.values()].filter((each) => each.windowId === windowId)),
      update: async (id: number, change: { title: string; color: string }) =>
        void Object.assign(this.groups.get(id)!, change),
    };
  }

  #contextualIdentities() {
    return {
      query: async () => structuredClone(this.containers),
      create: async (details: Omit<FakeContainer, "cookieStoreId">) => {
        const made = { cookieStoreId: `firefox-container-${this.#next++}`, ...details };
        this.containers.push(made);
        return structuredClone(made);
      },
      update: async (id: string, details: Partial<FakeContainer>) =>
        void Object.assign(this.containers.find((each) => each.cookieStoreId === id)!, details),
    };
  }
}
