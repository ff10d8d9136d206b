// Firefox's containers: one for each session, with its own cookies. A container is a session's because we made it for
// that session and wrote it down, never because of its name: another's container is left alone, whatever it is called.
import { fields, type Place, type Session, text } from "../shared/visit.ts";
import { storedTable, type Table } from "./stored.ts";
import { failed } from "./trouble.ts";

interface Made {
  readonly cookieStoreId: string;
  /** The name that we gave it last. */
  readonly name: string;
}

const ICONS = [
  "fingerprint", "briefcase", "dollar", "cart", "circle", "gift", "vacation", "food", "fruit", "pet", "tree", "chill",
  "fence",
];
/** Of no rule: the colour of the browser's own toolbar, which stands for nothing. Newer Firefoxes call it grey. */
const UNCOLOURED = "toolbar";
const GREY = "gray";

export class Containers {
  readonly #made = storedTable("local", "containers", readMade);

  /** The cookie store of `session`, looking as `place` says; made if it is not there. Throws Failed. */
  async of(session: Session, place: Place): Promise<string> {
    const looks = {
      name: place.name,
      color: session.colour ?? UNCOLOURED,
      icon: ICONS.includes(place.icon) ? place.icon : "fingerprint",
    };
    const made = await this.#made.change((known) => withContainer(known, session.key, looks));
    return made[session.key]!.cookieStoreId;
  }
}

async function withContainer(
  known: Table<Made>,
  key: string,
  looks: chrome.contextualIdentities.Details,
): Promise<Table<Made>> {
  const there = await ours(known[key]);
  if (there === null) {
    const { cookieStoreId } = await madeContainer(looks);
    return { ...known, [key]: { cookieStoreId, name: looks.name } };
  }
  const { cookieStoreId } = there;
  const color = there.color === GREY ? UNCOLOURED : there.color;
  if (there.name === looks.name && color === looks.color && there.icon === looks.icon) return known;
  await chrome.contextualIdentities.update(cookieStoreId, looks);
  return { ...known, [key]: { cookieStoreId, name: looks.name } };
}

/** The container that we made, if it is there. Firefox may give its id to another one after a person has restored or
    reset the browser's containers; then its name is not ours, just as when a person took it over. */
async function ours(made: Made | undefined): Promise<chrome.contextualIdentities.ContextualIdentity | null> {
  if (made === undefined) return null;
  const all = await chrome.contextualIdentities.query({});
  return all.find((each) => each.cookieStoreId === made.cookieStoreId && each.name === made.name) ?? null;
}

async function madeContainer(
  looks: chrome.contextualIdentities.Details,
): Promise<chrome.contextualIdentities.ContextualIdentity> {
  try {
    return await chrome.contextualIdentities.create(looks);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw failed("failed", `Firefox made no container: ${words}`, "Containers must be on in Firefox's settings, under Tabs.");
  }
}

function readMade(value: unknown): Made {
  const made = fields(value, "container");
  return { cookieStoreId: text(made, "cookieStoreId"), name: text(made, "name") };
}
