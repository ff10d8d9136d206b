// Usher at the other end of the native port, for tests: it has the key, so it seals links as the command line does.
import type { Session, Visit } from "../src/shared/visit.ts";
import { type FakeBrowser, type FakePort, type Message } from "./fake_browser.ts";

const KEY = new Uint8Array(32).fill(7);
const AUDIENCE = new TextEncoder().encode("usher console link 1");

export const ACCOUNTS: Readonly<Record<string, string>> = {
  development: "111111111111",
  staging: "222222222222",
  production: "333333333333",
};

/** The session of an account's administrator. */
export function sessionOf(account: string, more: Partial<Session> = {}): Session {
  const accountId = ACCOUNTS[account]!;
  return {
    key: `mkdev/${accountId}/Admin`,
    profile: `${account}-admin`,
    organization: "mkdev",
    accountId,
    accountName: account,
    role: "Admin",
    region: "eu-west-1",
    label: account === "production" ? "PRODUCTION" : "",
    colour: account === "production" ? "red" : "green",
    ends: Date.now() / 1000 + 3600,
    ...more,
  };
}

export function visitOf(session: Session, more: Partial<Visit> = {}): Visit {
  const destination = encodeURIComponent("https://eu-west-1.console.aws.amazon.com/console/home");
  return {
    id: base64url(crypto.getRandomValues(new Uint8Array(16))),
    made: Date.now() / 1000,
    url: `https://signin.aws.amazon.com/federation?Action=login&Destination=${destination}&SigninToken=secret`,
    partition: "aws",
    emulatedOrigin: null,
    session,
    place: { kind: "container", name: `${session.accountName}/${session.role}`, icon: "briefcase" },
    window: null,
    ...more,
  };
}

export async function sealed(visit: unknown, key = KEY): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: AUDIENCE };
  const text = new TextEncoder().encode(JSON.stringify(visit));
  const content = new Uint8Array(await crypto.subtle.encrypt(algorithm, imported, text));
  return `1.${base64url(Uint8Array.from([...nonce, ...content]))}`;
}

export async function linkTo(account: string, more: Partial<Visit> = {}): Promise<string> {
  return sealed(visitOf(sessionOf(account), more));
}

export class FakeUsher {
  /** What was asked, but for `hello`. */
  readonly asked: Message[] = [];
  jar: Session | null = null;
  /** Answers given instead of its own, by operation. */
  readonly instead: Record<string, Message> = {};
  #sent = 0;

  constructor(private readonly browser: FakeBrowser) {
    browser.usher = (message, port) => void this.#answer(message, port);
  }

  /** Hand over a link, as the command line does over the host's socket, and get the extension's answer. */
  async open(link: unknown): Promise<Message> {
    return this.say({ op: "open", link });
  }

  async say(message: Message): Promise<Message> {
    const id = `h${++this.#sent}`;
    const { port } = this.browser;
    port.say({ id, ...message });
    for (;;) {
      const answer = port.received.find((each) => each["id"] === id);
      if (answer !== undefined) return answer;
      await new Promise((later) => setImmediate(later));
    }
  }

  async #answer(message: Message, port: FakePort): Promise<void> {
    if (typeof message["id"] !== "number") return;
    const op = String(message["op"]);
    if (op !== "hello") this.asked.push(message);
    port.say({ id: message["id"], ok: true, ...(this.instead[op] ?? (await this.#own(op, message))) });
  }

  async #own(op: string, message: Message): Promise<Message> {
    if (op === "hello") return { key: base64url(KEY), usher: "0.1.0", jar: this.jar };
    if (op !== "open") return {};
    const window = message["window"] as string | null;
    return { link: await linkTo(String(message["profile"]).replace("-admin", ""), { window }) };
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
