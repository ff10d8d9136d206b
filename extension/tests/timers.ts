// Timers, and a time of day, that pass when a test says so. Node's own of this kind differ between its versions 18 and 20.
import type { TestContext } from "node:test";

export interface Timers {
  /** Let so many milliseconds pass; what was waited for happens in its order. */
  tick(milliseconds: number): void;
}

/** Take over `setTimeout` and, from `now` on (in milliseconds), `Date.now`, until the test ends. */
export function takeTimers(context: TestContext, now?: number): Timers {
  const real = { setTimeout, clearTimeout, now: Date.now };
  const waiting = new Map<number, { when: number; work: () => void }>();
  let [passed, last] = [0, 0];
  const fake = {
    setTimeout: (work: () => void, milliseconds = 0) => {
      waiting.set(++last, { when: passed + milliseconds, work });
      return last;
    },
    clearTimeout: (timer: number) => void waiting.delete(timer),
  };
  Object.assign(globalThis, fake);
  if (now !== undefined) Date.now = () => now + passed;
  context.after(() => {
    Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
    Date.now = real.now;
  });
  return {
    tick: (milliseconds) => {
      const end = passed + milliseconds;
      for (let due = nextUntil(end); due !== null; due = nextUntil(end)) {
        waiting.delete(due.timer);
        passed = due.when;
        due.work();
      }
      passed = end;
    },
  };

  function nextUntil(end: number): { timer: number; when: number; work: () => void } | null {
    const all = [...waiting].map(([timer, entry]) => ({ timer, ...entry })).filter(({ when }) => when <= end);
    return all.sort((one, other) => one.when - other.when)[0] ?? null;
  }
}
