// Time left of a session, in words: whole minutes, rounded up, so that the last one shows until the session ends.

/** From how many minutes on a session's end is worth a word, and when it is pressing. */
export const SOON_MINUTES = 10;
export const NOW_MINUTES = 2;

export type Urgency = "calm" | "soon" | "now" | "ended";

export interface TimeLeft {
  /** `1 h 12 min`, `4 min`, `ended`. */
  readonly words: string;
  readonly urgency: Urgency;
}

/** What is left at `now` until `ends`, both in Unix seconds. */
export function timeLeft(ends: number, now: number): TimeLeft {
  const minutes = Math.ceil((ends - now) / 60);
  if (minutes <= 0) return { words: "ended", urgency: "ended" };
  return { words: inWords(minutes), urgency: urgencyOf(minutes) };
}

/** Seconds from `now` until the words change: never more than a minute; 0 when they will not. */
export function untilNextWords(ends: number, now: number): number {
  const left = ends - now;
  return left <= 0 ? 0 : left % 60 || 60;
}

function inWords(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return [hours > 0 ? `${hours} h` : "", rest > 0 ? `${rest} min` : ""].filter(Boolean).join(" ");
}

function urgencyOf(minutes: number): Urgency {
  if (minutes <= NOW_MINUTES) return "now";
  return minutes <= SOON_MINUTES ? "soon" : "calm";
}
