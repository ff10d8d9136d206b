// The engine in a browser for tests, with usher at the other end, and what tests do with them.
import assert from "node:assert/strict";
import { Engine } from "../src/background/engine.ts";
import type { Session } from "../src/shared/visit.ts";
import { FakeBrowser, type FakeTab } from "./fake_browser.ts";
import { FakeUsher } from "./fake_usher.ts";

/** Time that passes when a test says so. */
export class FakeClock {
  readonly #waiting = new Map<() => void, number>();
  #now = 0;

  after(milliseconds: number, work: () => void): () => void {
    this.#waiting.set(work, this.#now + milliseconds);
    return () => void this.#waiting.delete(work);
  }

  /** Let so many seconds pass, and everything happen that follows. */
  async pass(seconds: number): Promise<void> {
    this.#now += seconds * 1000;
    for (const [work, when] of [...this.#waiting]) {
      if (when > this.#now) continue;
      this.#waiting.delete(work);
      work();
    }
    await settled();
  }
}

/** Waits until it is so: what keys are used for happens in other threads, and takes as long as it takes. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((later) => setImmediate(later));
}

/** Everything that can happen without time passing, and without keys, has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((later) => setImmediate(later));
}

export interface Room {
  readonly browser: FakeBrowser;
  readonly usher: FakeUsher;
  readonly clock: FakeClock;
  engine: Engine;
}

export function room(family: "firefox" | "chromium" = "firefox"): Room {
  const browser = new FakeBrowser(family).install();
  const clock = new FakeClock();
  return { browser, clock, usher: new FakeUsher(browser), engine: new Engine(clock) };
}

/** A room whose engine has greeted usher. */
export async function connected(family: "firefox" | "chromium" = "firefox"): Promise<Room> {
  const made = room(family);
  assert.equal((await made.engine.host.connect()).state, "connected");
  return made;
}

export const CONSOLE = "https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1";

/** The background was asleep and is awake again: nothing is left in its variables. */
export function awake(made: Room): Engine {
  made.engine = new Engine(made.clock);
  return made.engine;
}

/** The tab that was opened last has gone through its sign-in, and shows a page of the console. */
export async function arrives({ browser, engine }: Room, url = CONSOLE): Promise<{ tab: FakeTab; session: Session | null }> {
  const tab = browser.tabs.at(-1)!;
  tab.url = url;
  return { tab, session: await engine.sessions.of(tab as unknown as chrome.tabs.Tab) };
}

export async function sessionIn({ engine }: Room, tab: FakeTab): Promise<string | null> {
  return (await engine.sessions.of(tab as unknown as chrome.tabs.Tab))?.key ?? null;
}
