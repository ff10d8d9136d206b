// A console's page in a DOM without a browser, for the tests of what we mark on it.
import { Window } from "happy-dom";
import type { Hints } from "../src/shared/messages.ts";
import type { Session } from "../src/shared/visit.ts";

export const NOW = 1_800_000_000;

/** A page with `head` and `body`, which our modules see as theirs. */
export function consolePage(head = "<title>S3 buckets</title>", body = ""): Document {
  const window = new Window({ url: "https://eu-west-1.console.aws.amazon.com/s3/buckets", width: 1280, height: 800 });
  window.document.write(`<!doctype html><html><head>${head}</head><body>${body}</body></html>`);
  const page = window.document as unknown as Document;
  Object.assign(globalThis, { document: page, MutationObserver: window.MutationObserver });
  return page;
}

/** What a page can not do, but a test must: look into the closed shadow roots that are made after this. */
export function watchShadows(page: Document): ShadowRoot[] {
  const roots: ShadowRoot[] = [];
  const prototype = (page.defaultView as unknown as { Element: typeof Element }).Element.prototype;
  const attach = prototype.attachShadow;
  prototype.attachShadow = function (this: Element, options: ShadowRootInit): ShadowRoot {
    const root = attach.call(this, options);
    roots.push(root);
    return root;
  };
  return roots;
}

export function session(changes: Partial<Session> = {}): Session {
  return {
    key: "mkdev/111111111111/Developer",
    profile: "development",
    organization: "mkdev",
    accountId: "111111111111",
    accountName: "development",
    role: "Developer",
    region: "eu-west-1",
    label: "",
    colour: "green",
    ends: NOW + 72 * 60,
    ...changes,
  };
}

export function hints(changes: Partial<Session> = {}, sessionsOpen: number | null = null): Hints {
  return { session: session(changes), sessionsOpen, folded: false };
}

/** Lets what was begun go on: mutation observers, promises and short timers. */
export async function soon(milliseconds = 5): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Names that people must not be tricked by. */
export const HOSTILE_NAMES = [
  '<img src=x onerror="alert(1)">',
  "pro\u202enoitcud\u202c",
  "production\u200b\u200d\ufeff",
  "line\none\r\ttwo\u0000\u001b[31m\u2028",
  "x".repeat(10_000),
  "e" + "\u0301".repeat(500),
  "\ud800",
];
