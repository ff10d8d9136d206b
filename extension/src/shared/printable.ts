// Text of others (account names, roles, labels) as one line that cannot hide, reorder or flood what stands beside it.
// As on the command line (src/usher/core/printable.py), what is taken out leaves a mark.

/** Controls, formatting (bidirectional overrides, zero widths), lone surrogates, private and unassigned characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu;
/** Marks that pile up on one letter until they reach into the lines around it. */
const PILED_MARKS = /(\p{M}{3})\p{M}+/gu;

/** `text` in one line of at most `longest` characters; what is longer ends in an ellipsis. */
export function printable(text: string, longest = 200): string {
  const head = text.slice(0, longest * 4);
  const line = head.replace(/\s+/gu, " ").replace(UNPRINTABLE, "\u{fffd}").replace(PILED_MARKS, "$1").trim();
  const characters = [...line];
  return characters.length <= longest ? line : `${characters.slice(0, longest - 1).join("").trimEnd()}…`;
}

/** `text` as one word of a command that people copy into a shell, whatever is in it. */
export function shellWord(text: string): string {
  const word = printable(text);
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
