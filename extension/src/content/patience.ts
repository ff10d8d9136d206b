// How often we put back what a page changed. A page that removes our bar, or sets its title, a few times is only
// being itself; one that answers every repair with another removal would spin the tab for ever.

const WINDOW_MS = 60_000;

/** Allows `most` repairs in a minute, and none beyond. */
export class Patience {
  #began = Number.NEGATIVE_INFINITY;
  #spent = 0;

  constructor(
    readonly most: number,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  spend(): boolean {
    const now = this.clock();
    if (now - this.#began >= WINDOW_MS) {
      this.#began = now;
      this.#spent = 0;
    }
    this.#spent += 1;
    return this.#spent <= this.most;
  }
}
