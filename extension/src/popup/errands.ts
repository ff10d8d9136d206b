// Errands: what a person asked for, from the key to its end. A protected account is asked about before, and where a
// sign-in is needed it is started, waited for, and the errand goes on by itself.
import type { PortalState, Result, Trouble } from "../shared/messages.ts";
import type { ActionBar } from "./bar.ts";
import { asked, type Doors, type Purpose } from "./doors.ts";
import { shown } from "./elements.ts";
import type { Notices } from "./notices.ts";
import { isOpen, signedIn } from "./portals.ts";
import { askFirst, type Entered } from "./question.ts";

/** A request that may be asked about before: `confirmed` is the person's answer. */
export type Request = (confirmed: string | undefined) => Promise<Result<null>>;

export interface Errand {
  /** What is going on, while it is: `Opening production`. */
  readonly doing: string;
  readonly entered: Entered;
  readonly request: Request;
  /** What to remember while a sign-in takes the popup away; null for what is not worth it. */
  readonly purpose: Pick<Purpose, "action" | "choice"> | null;
}

interface Surroundings {
  /** Portals have changed while a sign-in was waited for. */
  portals(portals: readonly PortalState[]): void;
  /** Somebody has signed in, and no errand goes on. */
  again(): Promise<void>;
}

/** For how long a popup that is opened again goes on with what a sign-in was for. */
const REMEMBERED_SECONDS = 600;

export class Errands {
  #busy = false;
  /** The sign-in that is waited for; anything else that is done gives it up. */
  #awaited: object | null = null;

  constructor(
    private readonly document: Document,
    private readonly doors: Doors,
    private readonly notices: Notices,
    private readonly bar: ActionBar,
    private readonly around: Surroundings,
  ) {}

  get isBusy(): boolean {
    return this.#busy;
  }

  /** Do it, and close the popup when it is done. */
  async run(errand: Errand): Promise<void> {
    if (this.#busy) return;
    this.giveUpWaiting();
    this.notices.clear();
    void this.doors.remember(null);
    const answer = await this.#whileBusy(errand, undefined);
    if (answer.ok || answer.error.confirm === undefined) return this.#settle(errand, answer);
    const question = { ...answer.error.confirm, doubt: answer.error.hint };
    const said = await askFirst(this.document, question, errand.entered);
    if (said === null) return this.notices.announce(`${shown(errand.entered.name)} was not entered.`);
    this.#settle(errand, await this.#whileBusy(errand, said));
  }

  /** Sign in, and go on with what it was for. */
  async signIn(organization: string, errand: Errand | null): Promise<void> {
    if (this.#busy) return;
    const purpose = errand?.purpose ?? null;
    await this.doors.remember(purpose && { ...purpose, organization, made: this.doors.now() });
    const started = await asked(this.doors, "sign_in", { organization });
    if (!started.ok) return this.notices.complain(started.error);
    this.notices.tell(`Signing in to ${shown(organization)}: go on in the tab that opens.`);
    const mine = (this.#awaited = {});
    const givenUp = () => this.#awaited !== mine;
    const open = await signedIn(this.doors, organization, (portals) => this.around.portals(portals), givenUp);
    if (givenUp()) return;
    this.giveUpWaiting();
    if (!open) return this.notices.complain(notSignedIn(organization));
    this.notices.clear();
    await (errand ? this.run(errand) : this.around.again());
  }

  /** The person does something else: a sign-in that is waited for leads to nothing any more. */
  giveUpWaiting(): void {
    this.#awaited = null;
  }

  /** What a sign-in was started for, once that is done and nobody waits for it: `go` makes it an errand again. */
  async offerToGoOn(portals: readonly PortalState[], go: (purpose: Purpose) => Errand): Promise<void> {
    const purpose = await this.doors.remembered();
    const now = this.doors.now();
    if (purpose === null || now - purpose.made > REMEMBERED_SECONDS || this.notices.isShown) return;
    const portal = portals.find((each) => each.organization === purpose.organization);
    if (portal === undefined || !isOpen(portal, now)) return;
    const errand = go(purpose);
    const words = `Go on: ${shown(errand.entered.name)}`;
    this.notices.tell(`You are signed in to ${shown(purpose.organization)}.`, { words, press: () => void this.run(errand) });
  }

  #settle(errand: Errand, answer: Result<null>): void {
    if (answer.ok) return this.doors.close();
    const { code, organization } = answer.error;
    if (code !== "sign_in" || organization === undefined) return this.notices.complain(answer.error);
    const words = `Sign in to ${shown(organization)}`;
    this.notices.complain(answer.error, { words, press: () => void this.signIn(organization, errand) });
  }

  async #whileBusy({ doing, request }: Errand, confirmed: string | undefined): Promise<Result<null>> {
    this.#busy = true;
    this.bar.busy(doing);
    this.notices.announce(`${shown(doing)} …`);
    try {
      return await request(confirmed);
    } finally {
      this.#busy = false;
      this.bar.busy(null);
    }
  }
}

function notSignedIn(organization: string): Trouble {
  const hint = `look at its tab, or run 'usher login ${organization}'`;
  return { code: "sign_in", message: `nobody signed in to ${organization} within three minutes`, hint, organization };
}
