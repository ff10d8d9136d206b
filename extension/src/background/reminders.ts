// The reminder before a session ends: the toolbar's button counts its last minutes.
import { distinct, type Sessions } from "./sessions.ts";

export const REMINDER_ALARM = "reminder";
const REMIND_MS = 10 * 60_000;
const MINUTE_MS = 60_000;
/** After that a session that was not renewed is not on anybody's mind any more. */
const ENDED_MS = 5 * 60_000;

/** Its ink on its fill has a contrast of 6.5 (WCAG AA asks for 4.5). */
export const REMINDER = { fill: "#b3261e", ink: "#ffffff" } as const;

export class Reminders {
  /** `shown` is told when the button may show another reminder than before, or none. */
  constructor(
    private readonly sessions: Sessions,
    private readonly shown: () => Promise<void>,
  ) {}

  /** Begin to look, where nobody does: browsers forget alarms when they are closed. */
  async wake(): Promise<void> {
    if ((await chrome.alarms.get(REMINDER_ALARM)) === undefined) await this.refresh();
  }

  /** Show what ends soon among the sessions that have a tab, and come back when that changes. */
  async refresh(): Promise<void> {
    const now = Date.now();
    const open = distinct(await this.sessions.tabs());
    const ends = open.flatMap(({ ends }) => (ends === null || ends * 1000 < now - ENDED_MS ? [] : [ends * 1000]));
    const soonest = Math.min(...ends);
    const left = soonest - now;
    await show(left);
    await this.shown();
    if (ends.length === 0) await chrome.alarms.clear(REMINDER_ALARM);
    else await chrome.alarms.create(REMINDER_ALARM, { when: now + (left > REMIND_MS ? left - REMIND_MS : MINUTE_MS) });
  }
}

async function show(left: number): Promise<void> {
  const minutes = Math.max(0, Math.ceil(left / MINUTE_MS));
  const isSoon = left <= REMIND_MS;
  await chrome.action.setBadgeText({ text: isSoon ? (minutes === 0 ? "!" : `${minutes}m`) : "" });
  await chrome.action.setTitle({ title: isSoon ? titleOf(minutes) : "Usher" });
  if (!isSoon) return;
  await chrome.action.setBadgeBackgroundColor({ color: REMINDER.fill });
  await chrome.action.setBadgeTextColor({ color: REMINDER.ink });
}

function titleOf(minutes: number): string {
  if (minutes === 0) return "Usher: a console session has ended";
  return `Usher: a console session ends in ${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
}
