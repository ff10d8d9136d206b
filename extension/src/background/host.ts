// The native host: `usher`, which the browser starts for us and which stays for as long as its port is open. It gives
// the key of links, answers what pages ask, and hands over links from the command line. The browser works without it:
// it is looked for again and again, more and more rarely, and at once when a person asks for something.
import { family } from "../shared/family.ts";
import { importKey, type RefusalCode } from "../shared/link.ts";
import type { Overview, Trouble } from "../shared/messages.ts";
import { MalformedError, text } from "../shared/visit.ts";
import { type Greeting, readGreeting, readTrouble } from "./answers.ts";
import { type Clock, REAL_CLOCK } from "./clock.ts";
import { Stored } from "./stored.ts";
import { Failed, failed } from "./trouble.ts";

export const NATIVE_HOST = "io.usher.host";
export const HOST_ALARM = "host";

export type HostState = Overview["host"];
export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: { readonly code: RefusalCode | "failed"; readonly message: string } };

/** How long each operation may take, in seconds: one that opens a console asks AWS, the others only this machine. */
const SECONDS = { hello: 10, profiles: 10, status: 10, favourite: 10, switch: 10, sign_in: 15, open: 60 } as const;
export type Operation = keyof typeof SECONDS;

const LARGEST_BYTES = 65_536;
/** From the first failure on: at once, then ever later. The background sleeps after half a minute without events, and
    alarms are at least that far apart. */
const RETRY_SECONDS = [1, 2, 4, 8, 30, 60, 120, 300] as const;
const SHORTEST_ALARM_SECONDS = 30;
const STEADY_SECONDS = 60;
/** How often an usher whose vault is locked is asked again. */
const LOCKED_SECONDS = 5;
const PATIENCE_MS = 1_500;

interface Waiting {
  readonly resolve: (answer: Record<string, unknown>) => void;
  readonly reject: (error: Error) => void;
  /** Takes back the time limit. */
  readonly inTime: () => void;
}

interface Events {
  /** The host is there, and this is what it said. */
  greeted(greeting: Greeting): Promise<void>;
  /** A program of this user wants `link` opened. */
  open(link: string): Promise<Outcome>;
}

export class NativeHost {
  #port: chrome.runtime.Port | null = null;
  #state: HostState = { state: "missing", why: "Usher was not looked for yet." };
  #connecting: Promise<HostState> | null = null;
  #imported: CryptoKey | null = null;
  #forgetPlan = (): void => undefined;
  #since = 0;
  #number = 0;
  #failures: Stored<number>;
  #install: Stored<string>;
  #key: Stored<string>;
  readonly #waiting = new Map<number, Waiting>();

  constructor(
    private readonly events: Events,
    private readonly clock: Clock = REAL_CLOCK,
  ) {
    this.#install = new Stored("local", "install", "", (value) => text({ install: value }, "install", /^[0-9a-f]{32}$/));
    // In memory only, and never where content scripts can read it.
    this.#key = new Stored("session", "key", "", (value) => text({ key: value }, "key"));
    this.#failures = new Stored("session", "failures", 0, (value) => Number(value));
  }

  /** Look for the host, if it is not there. */
  connect(): Promise<HostState> {
    if (this.#state.state === "connected") return Promise.resolve(this.#state);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  /** What is known after a moment, for a page that waits to show it. */
  connectSoon(): Promise<HostState> {
    return new Promise((resolve) => {
      const inTime = this.clock.after(PATIENCE_MS, () => resolve(this.#state));
      void this.connect().then(resolve).finally(inTime);
    });
  }

  /** The key of links; null where usher was not there since the browser started. */
  async key(): Promise<CryptoKey | null> {
    if (this.#imported === null) {
      const known = (await this.#key.get()) || ((await this.connect()) && (await this.#key.get()));
      if (known !== "") this.#imported = await importKey(known);
    }
    return this.#imported;
  }

  /** Ask usher for `operation`. Throws Failed with what it, or the browser, says. */
  async ask(operation: Operation, content: object): Promise<Record<string, unknown>> {
    const state = await this.connect();
    if (this.#port === null || state.state === "missing") {
      const why = state.state === "missing" ? state.why : "Usher has just ended.";
      throw failed("unavailable", why, "Run in a terminal: usher browser doctor");
    }
    return this.#ask(this.#port, operation, content);
  }

  async #connect(): Promise<HostState> {
    const port = this.#port ?? this.#open();
    try {
      const greeting = readGreeting(await this.#ask(port, "hello", await this.#introduction()));
      await this.#key.set(greeting.key);
      this.#imported = await importKey(greeting.key);
      await this.events.greeted(greeting);
      if (this.#port !== port) return this.#state; // it has ended meanwhile
      this.#state = { state: "connected", usher: greeting.usher };
      this.#since = Date.now();
    } catch (error) {
      this.#notGreeted(port, error);
    }
    return this.#state;
  }

  #open(): chrome.runtime.Port {
    const port = chrome.runtime.connectNative(NATIVE_HOST);
    port.onDisconnect.addListener((gone) => {
      // Chromium says why in lastError, Firefox in the port's own error.
      const why = chrome.runtime.lastError?.message ?? (gone as { error?: Error }).error?.message;
      this.#lost(port, `Usher is not there for this browser${why === undefined ? "." : `: ${why}`}`);
    });
    port.onMessage.addListener((message: unknown) => void this.#received(port, message));
    this.#port = port;
    return port;
  }

  #notGreeted(port: chrome.runtime.Port, error: unknown): void {
    if (!(error instanceof Failed)) {
      this.#lost(port, "Usher and this extension are of different versions.");
    } else if (error.trouble.code === "locked" && port === this.#port) {
      // It stays, and is asked again over the same port: a person unlocks the vault to open a console right then.
      this.#state = { state: "missing", why: words(error.trouble) };
      void this.#againIn(LOCKED_SECONDS);
    } else {
      this.#lost(port, words(error.trouble));
    }
  }

  async #introduction(): Promise<object> {
    const install = await this.#install.change((known) => known || newInstall());
    const { version } = chrome.runtime.getManifest();
    return { install, family, version, baseUrl: chrome.runtime.getURL("") };
  }

  #ask(port: chrome.runtime.Port, operation: Operation, content: object): Promise<Record<string, unknown>> {
    const id = ++this.#number;
    const message = { id, op: operation, ...content };
    if (sizeOf(message) > LARGEST_BYTES) throw failed("failed", "That is too long to hand to usher.");
    return new Promise((resolve, reject) => {
      const inTime = this.clock.after(SECONDS[operation] * 1000, () => {
        this.#waiting.delete(id);
        reject(failed("unavailable", `Usher did not answer within ${SECONDS[operation]} seconds.`, "Try again."));
      });
      this.#waiting.set(id, { resolve, reject, inTime });
      port.postMessage(message);
    });
  }

  async #received(port: chrome.runtime.Port, message: unknown): Promise<void> {
    if (port !== this.#port) return;
    if (!isObject(message) || sizeOf(message) > LARGEST_BYTES) {
      this.#lost(port, "Usher sent what this extension does not understand: they are of different versions.");
    } else if (typeof message["id"] === "string") {
      const outcome = await this.#asked(message);
      if (port === this.#port) port.postMessage({ id: message["id"], ...outcome });
    } else {
      this.#settle(message);
    }
  }

  #settle(message: Record<string, unknown>): void {
    const waiting = this.#waiting.get(Number(message["id"]));
    if (waiting === undefined) return; // it came too late
    this.#waiting.delete(Number(message["id"]));
    waiting.inTime();
    if (message["ok"] === true) waiting.resolve(message);
    else waiting.reject(refusalIn(message));
  }

  async #asked(message: Record<string, unknown>): Promise<Outcome> {
    const link = message["link"];
    if (message["op"] === "open" && typeof link === "string") return this.events.open(link);
    return { ok: false, error: { code: "failed", message: "The extension does not know this: it is of another version." } };
  }

  #lost(port: chrome.runtime.Port, why: string): void {
    if (port !== this.#port) return;
    this.#port = null;
    this.#state = { state: "missing", why };
    for (const { reject, inTime } of this.#waiting.values()) {
      inTime();
      reject(failed("unavailable", why, "Run in a terminal: usher browser doctor"));
    }
    this.#waiting.clear();
    port.disconnect();
    void this.#retryLater();
  }

  async #retryLater(): Promise<void> {
    const steady = this.#since > 0 && Date.now() - this.#since > STEADY_SECONDS * 1000;
    this.#since = 0;
    const failures = await this.#failures.change((before) => (steady ? 1 : before + 1));
    const seconds = RETRY_SECONDS[Math.min(failures, RETRY_SECONDS.length) - 1] ?? SHORTEST_ALARM_SECONDS;
    await this.#againIn(seconds);
  }

  /** Look for the host again then, and not before because of an earlier plan. */
  async #againIn(seconds: number): Promise<void> {
    this.#forgetPlan();
    if (seconds < SHORTEST_ALARM_SECONDS) {
      this.#forgetPlan = this.clock.after(seconds * 1000, () => void this.connect());
    }
    // For the case that the background sleeps until then.
    const minutes = Math.max(seconds, SHORTEST_ALARM_SECONDS) / 60;
    await chrome.alarms.create(HOST_ALARM, { delayInMinutes: minutes });
  }
}

function refusalIn(message: Record<string, unknown>): Error {
  try {
    return new Failed(readTrouble(message["error"]));
  } catch (error) {
    if (error instanceof MalformedError) return failed("failed", "Usher refused without saying why.");
    throw error;
  }
}

function words({ message, hint }: Trouble): string {
  return hint === "" ? message : `${message} (${hint})`;
}

function newInstall(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sizeOf(message: unknown): number {
  return new TextEncoder().encode(JSON.stringify(message)).length;
}
