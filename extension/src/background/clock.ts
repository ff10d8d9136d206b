// Time limits and retries wait by this, so that tests need not.

export interface Clock {
  /** Do `work` after so many milliseconds, unless what is returned is called before. */
  after(milliseconds: number, work: () => void): () => void;
}

export const REAL_CLOCK: Clock = {
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
};
