// Searching while somebody types: asked a moment after the last key, and an answer that is not to what the field says
// now is dropped. What is pressed meanwhile waits for the answer, so that Enter never opens what was there before.

const PAUSE_MILLISECONDS = 40;

export class Search<Answer> {
  readonly #look: (query: string) => Promise<Answer>;
  readonly #show: (query: string, answer: Answer) => void;
  readonly #wait: (milliseconds: number) => Promise<void>;
  #asked = 0;
  #answered = 0;
  #waiting: (() => void)[] = [];

  constructor(
    look: (query: string) => Promise<Answer>,
    show: (query: string, answer: Answer) => void,
    wait: (milliseconds: number) => Promise<void>,
  ) {
    this.#look = look;
    this.#show = show;
    this.#wait = wait;
  }

  /** The field says `query` now. */
  async ask(query: string): Promise<void> {
    const mine = ++this.#asked;
    await this.#wait(PAUSE_MILLISECONDS);
    if (mine !== this.#asked) return;
    const answer = await this.#look(query);
    if (mine !== this.#asked) return;
    this.#answered = mine;
    this.#show(query, answer);
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Do it once what is shown is the answer to what the field says. */
  whenShown(then: () => void): void {
    if (this.#answered === this.#asked) then();
    else this.#waiting.push(then);
  }
}
