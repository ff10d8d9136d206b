// Opening sealed links: `1.` and the base64url of nonce and AES-256-GCM of a visit. Only who has the key of this
// installation can make one, and nobody else can read one; it holds for 30 seconds and for one opening.
// Its other half is src/usher/console/sealed_links.py.
import { whyNotOpened } from "./hosts.ts";
import { MalformedError, readVisit, type Visit } from "./visit.ts";

export const LIFETIME_SECONDS = 30;
/** How far ahead a link's clock may be: both ends are one machine, so that only rounding counts. */
const CLOCK_SLACK_SECONDS = 2;
const LONGEST_LINK = 32_768;
const NONCE_BYTES = 12;
const FORM = /^1\.([A-Za-z0-9_-]+)$/;
const ASSOCIATED = new TextEncoder().encode("usher console link 1");

export type RefusalCode = "no_key" | "malformed" | "forged" | "expired" | "replayed" | "host";

/** A link that is not opened, and why in words for people. */
export class LinkRefused extends Error {
  constructor(
    readonly code: RefusalCode,
    message: string,
  ) {
    super(message);
  }
}

/** Remembers which links were opened. `claim` says false for one that was, and is true only once for each. */
export interface UsedLinks {
  claim(id: string, until: number): Promise<boolean>;
}

/** The visit that `link` asks for, which is then used up. `now` is in Unix seconds. Throws LinkRefused. */
export async function openLink(link: string, key: CryptoKey, now: number, used: UsedLinks): Promise<Visit> {
  const visit = await unsealed(link, key);
  if (visit.made > now + CLOCK_SLACK_SECONDS || now - visit.made > LIFETIME_SECONDS) {
    throw new LinkRefused("expired", `Links hold for ${LIFETIME_SECONDS} seconds; this one is older.`);
  }
  const why = whyNotOpened(visit.url, visit.partition, visit.emulatedOrigin);
  if (why !== null) throw new LinkRefused("host", `It does not lead to an AWS console: ${why}.`);
  if (!(await used.claim(visit.id, visit.made + LIFETIME_SECONDS + CLOCK_SLACK_SECONDS))) {
    throw new LinkRefused("replayed", "It has been opened before, and a link opens once.");
  }
  return visit;
}

/** The key of this installation from its base64url text, for opening links only. */
export async function importKey(text: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytesOf(text), "AES-GCM", false, ["decrypt"]);
}

async function unsealed(link: string, key: CryptoKey): Promise<Visit> {
  const found = link.length <= LONGEST_LINK ? FORM.exec(link) : null;
  if (found?.[1] === undefined) throw new LinkRefused("malformed", "This is not a link that usher made.");
  try {
    const sealed = bytesOf(found[1]);
    const algorithm = { name: "AES-GCM", iv: sealed.subarray(0, NONCE_BYTES), additionalData: ASSOCIATED };
    const plain = await crypto.subtle.decrypt(algorithm, key, sealed.subarray(NONCE_BYTES));
    return readVisit(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain)));
  } catch (error) {
    if (error instanceof MalformedError) throw new LinkRefused("malformed", `The link is damaged: ${error.message}.`);
    throw new LinkRefused("forged", "It was not made by the usher of this machine.");
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}
