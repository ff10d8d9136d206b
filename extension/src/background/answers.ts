// What the native host says, checked field by field before anything is done with it.
import type { PortalState, ProfileChoice, Trouble } from "../shared/messages.ts";
import { fields, MalformedError, number, oneOf, readSession, text, type Session } from "../shared/visit.ts";

/** The host's answer to `hello`. `jar` is the session that a browser set apart is for. */
export interface Greeting {
  readonly key: string;
  readonly usher: string;
  readonly jar: Session | null;
}

export function readGreeting(answer: Record<string, unknown>): Greeting {
  return {
    key: text(answer, "key", /^[A-Za-z0-9_-]{43}$/),
    usher: text(answer, "usher", /^[0-9A-Za-z.+-]{1,40}$/),
    jar: answer["jar"] === null ? null : readSession(answer["jar"]),
  };
}

export function readChoice(value: unknown): ProfileChoice {
  const choice = fields(value, "profile");
  return {
    profile: text(choice, "profile"),
    accountId: text(choice, "accountId"),
    accountName: text(choice, "accountName"),
    role: text(choice, "role"),
    organization: text(choice, "organization"),
    label: text(choice, "label"),
    colour: choice["colour"] === null ? null : text(choice, "colour"),
    favourite: choice["favourite"] === true,
    recent: choice["recent"] === true,
  };
}

export function readPortal(value: unknown): PortalState {
  const portal = fields(value, "session");
  return {
    organization: text(portal, "organization"),
    startUrl: text(portal, "startUrl"),
    state: oneOf(portal, "state", ["open", "ended", "never"] as const),
    ends: portal["ends"] === null ? null : number(portal, "ends"),
  };
}

/** The rows of `answer` under `name`. */
export function readRows<T>(answer: Record<string, unknown>, name: string, read: (value: unknown) => T): readonly T[] {
  const rows = answer[name];
  if (!Array.isArray(rows)) throw new MalformedError(`${name} is no list`);
  return rows.map(read);
}

export function readTrouble(value: unknown): Trouble {
  const trouble = fields(value, "error");
  return {
    code: text(trouble, "code"),
    message: text(trouble, "message"),
    hint: text(trouble, "hint"),
    ...(trouble["organization"] === undefined ? {} : { organization: text(trouble, "organization") }),
    ...(trouble["confirm"] === undefined ? {} : { confirm: readConfirm(trouble["confirm"]) }),
  };
}

function readConfirm(value: unknown): NonNullable<Trouble["confirm"]> {
  const confirm = fields(value, "confirm");
  return {
    how: oneOf(confirm, "how", ["ask", "type"] as const),
    word: text(confirm, "word"),
    text: text(confirm, "text"),
  };
}
