// One value in the browser's storage. The background may be put to sleep at any moment, so nothing that has to last is
// kept in variables: it is read when it is needed, and changed by one at a time.

type Area = "local" | "session";

/** Work that is done one after the other, in the order in which it came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<R>(work: () => Promise<R>): Promise<R> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined); // who asked is told; the next in line does not care
    return turn;
  }
}

/** A value under `name`. What was stored and cannot be read with `read` (it throws) counts as `empty`. */
export class Stored<T> {
  readonly #turns = new Turns();

  constructor(
    private readonly area: Area,
    private readonly name: string,
    private readonly empty: T,
    private readonly read: (value: unknown) => T,
  ) {}

  async get(): Promise<T> {
    const found: unknown = (await chrome.storage[this.area].get(this.name))[this.name];
    if (found === undefined) return this.empty;
    try {
      return this.read(found);
    } catch {
      return this.empty;
    }
  }

  /** Change the value; nobody else changes it meanwhile, though `change` may take its time. */
  change(change: (value: T) => T | Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      const before = await this.get();
      const after = await change(before);
      if (after !== before) await chrome.storage[this.area].set({ [this.name]: after });
      return after;
    });
  }

  async set(value: T): Promise<void> {
    await this.change(() => value);
  }
}

export type Table<T> = Readonly<Record<string, T>>;

/** A table of values that are read with `read`; those that cannot be read are left out. */
export function storedTable<T>(area: Area, name: string, read: (value: unknown) => T): Stored<Table<T>> {
  return new Stored<Table<T>>(area, name, {}, (value) => {
    const rows: [string, T][] = [];
    for (const [key, row] of Object.entries(value as object)) {
      try {
        rows.push([key, read(row)]);
      } catch {
        continue;
      }
    }
    return Object.fromEntries(rows);
  });
}

/** `table` without the rows that `keep` says no to; the same table where all are kept. */
export function kept<T>(table: Table<T>, keep: (row: T, key: string) => boolean): Table<T> {
  const rows = Object.entries(table);
  const left = rows.filter(([key, row]) => keep(row, key));
  return left.length === rows.length ? table : Object.fromEntries(left);
}
