// What went wrong, as it is shown to people.
import { LinkRefused } from "../shared/link.ts";
import type { Result, Trouble } from "../shared/messages.ts";
import { MalformedError } from "../shared/visit.ts";

/** Something that could not be done, in words for people. */
export class Failed extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.message);
  }
}

export function failed(code: string, message: string, hint = ""): Failed {
  return new Failed({ code, message, hint });
}

/** What `work` came to, for a page. Every error is answered: a page that waits for ever says nothing to anybody. */
export async function resultOf<T>(work: () => Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: troubleOf(error) };
  }
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof Failed) return error.trouble;
  if (error instanceof LinkRefused) return { code: error.code, message: error.message, hint: "" };
  if (error instanceof MalformedError) {
    const message = `Usher and its extension do not understand each other: ${error.message}.`;
    return { code: "wrong", message, hint: "'usher browser setup' brings both to the same version" };
  }
  const words = error instanceof Error ? error.message : String(error);
  return { code: "failed", message: `The browser refused: ${words}`, hint: "" };
}
