// What a signed link asks for, and what is known of a console session. Both come from `usher` as JSON and are
// checked here, field by field, before anything is done with them.

export const COLOURS = ["red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink"] as const;
export type Colour = (typeof COLOURS)[number];

/** A console session of one account and role. `key` names it: the same key is the same session. */
export interface Session {
  readonly key: string;
  readonly profile: string;
  readonly organization: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly role: string;
  readonly region: string;
  /** A rule's short label (`PRODUCTION`); empty when no rule is for the account. */
  readonly label: string;
  readonly colour: Colour | null;
  /** When the console session ends, in Unix seconds, where that is known. */
  readonly ends: number | null;
}

/** Where a session's tabs live. `icon` is one of Firefox's container icons. */
export interface Place {
  readonly kind: "container" | "group" | "plain";
  readonly name: string;
  readonly icon: string;
}

/** What a link asks for: open `url`, which signs in to `session`, in `place`. */
export interface Visit {
  readonly id: string;
  /** Unix seconds. */
  readonly made: number;
  readonly url: string;
  readonly partition: string;
  /** The origin of an AWS that is emulated on this machine; then `url` must be of it. */
  readonly emulatedOrigin: string | null;
  readonly session: Session;
  readonly place: Place;
  /** The terminal that asked, so that its browser window stays its own; null when it does not matter. */
  readonly window: string | null;
}

export class MalformedError extends Error {}

/** A visit from JSON. Throws MalformedError naming the field that is wrong. */
export function readVisit(value: unknown): Visit {
  const visit = fields(value, "link");
  return {
    id: text(visit, "id", /^[A-Za-z0-9_-]{22}$/),
    made: number(visit, "made"),
    url: text(visit, "url"),
    partition: text(visit, "partition"),
    emulatedOrigin: visit["emulatedOrigin"] === null ? null : text(visit, "emulatedOrigin"),
    session: readSession(visit["session"]),
    place: readPlace(visit["place"]),
    window: visit["window"] === null ? null : text(visit, "window", /^[A-Za-z0-9_-]{1,64}$/),
  };
}

/** A session from JSON. Throws MalformedError. */
export function readSession(value: unknown): Session {
  const session = fields(value, "session");
  return {
    key: text(session, "key"),
    profile: text(session, "profile"),
    organization: text(session, "organization"),
    accountId: text(session, "accountId", /^[0-9]{12}$/),
    accountName: text(session, "accountName"),
    role: text(session, "role"),
    region: text(session, "region"),
    label: text(session, "label"),
    colour: session["colour"] === null ? null : oneOf(session, "colour", COLOURS),
    ends: session["ends"] === null ? null : number(session, "ends"),
  };
}

function readPlace(value: unknown): Place {
  const place = fields(value, "place");
  return {
    kind: oneOf(place, "kind", ["container", "group", "plain"] as const),
    name: text(place, "name"),
    icon: text(place, "icon", /^[a-z]{0,20}$/),
  };
}

const LONGEST_TEXT = 16_384;

export function fields(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedError(`${what} is not an object`);
  }
  return value as Record<string, unknown>;
}

export function text(object: Record<string, unknown>, name: string, form?: RegExp): string {
  const value = object[name];
  if (typeof value !== "string" || value.length > LONGEST_TEXT || (form && !form.test(value))) {
    throw new MalformedError(`${name} is not what it must be`);
  }
  return value;
}

export function number(object: Record<string, unknown>, name: string): number {
  const value = object[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw new MalformedError(`${name} is not a number`);
  return value;
}

export function oneOf<T extends string>(object: Record<string, unknown>, name: string, known: readonly T[]): T {
  const value = object[name];
  const found = known.find((each) => each === value);
  if (found === undefined) throw new MalformedError(`${name} is none of ${known.join(", ")}`);
  return found;
}
