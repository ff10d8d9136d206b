// Which accounts the popup lists, in which order: the window's current one, what is open, then favourites, then what
// was entered last; or what a search found. Never more than a screen or two, however many profiles there are.
import type { Overview, ProfileChoice } from "../shared/messages.ts";
import type { Session } from "../shared/visit.ts";

export const MOST_ROWS = 50;
/** Sessions that AWS keeps open at once in one browser with multi-session on. */
export const MOST_SESSIONS = 5;

/** A row: a way into an account, and its console session where one is open. */
export interface Choice extends ProfileChoice {
  readonly session: Session | null;
  /** Whether it is the session of the tab that the popup stands over. */
  readonly here: boolean;
  /** Whether it is the current account of the popup's window. */
  readonly current: boolean;
}

export interface Section {
  readonly title: string;
  readonly choices: readonly Choice[];
}

/**
 * What is listed before anything is typed: `known` is what the host tells, in its own order. The tab's own session is
 * at the popup's top already, so that the first row is always another one.
 */
export function atRest(overview: Overview, known: readonly ProfileChoice[]): Section[] {
  const recent = [...overview.recent, ...known.filter((profile) => profile.recent)];
  const open = overview.open.map(ofSession);
  const current = [...open, ...recent, ...known].filter(({ profile }) => profile === overview.current);
  const listed = new Set([overview.here?.profile ?? ""]);
  const titled: Titled[] = [
    ["This window", current],
    [openTitle(overview), open],
    ["Favourites", known.filter((profile) => profile.favourite)],
    ["Recent", recent],
    ["Accounts", known],
  ];
  return sections(overview, known, titled, listed);
}

/** What is listed for a search: what the host found, in its order, and what is open but unknown to it. */
export function found(query: string, overview: Overview, answer: readonly ProfileChoice[]): Section[] {
  return sections(overview, answer, [["", [...answer, ...overview.open.map(ofSession).filter(matching(query))]]]);
}

/** What is listed for a search while the host is missing: of what the browser itself remembers. */
export function remembered(query: string, overview: Overview): Section[] {
  const all = [...overview.open.map(ofSession), ...overview.recent];
  return sections(overview, overview.recent, [["", all.filter(matching(query))]]);
}

/** The sections' choices as one list, as the keys walk through them. */
export function flat(all: readonly Section[]): Choice[] {
  return all.flatMap((section) => section.choices);
}

/** With multi-session on, AWS counts; what it counts is said where the open ones are listed. */
function openTitle({ sessionsOpen }: Overview): string {
  return sessionsOpen === null ? "Open" : `Open (${sessionsOpen} of ${MOST_SESSIONS} sessions)`;
}

type Titled = readonly [title: string, profiles: readonly ProfileChoice[]];

function sections(
  overview: Overview,
  known: readonly ProfileChoice[],
  titled: readonly Titled[],
  listed = new Set<string>(),
): Section[] {
  const open = new Map(overview.open.map((session) => [session.profile, session]));
  const told = new Map(known.map((profile) => [profile.profile, profile]));
  let rows = 0;
  const all: Section[] = [];
  for (const [title, profiles] of titled) {
    const choices: Choice[] = [];
    for (const { profile } of profiles) {
      if (rows >= MOST_ROWS || listed.has(profile)) continue;
      listed.add(profile);
      rows++;
      const facts = told.get(profile) ?? profiles.find((each) => each.profile === profile)!;
      const here = overview.here?.profile === profile;
      choices.push({ ...facts, session: open.get(profile) ?? null, here, current: overview.current === profile });
    }
    if (choices.length > 0) all.push({ title, choices });
  }
  return all;
}

function ofSession(session: Session): ProfileChoice {
  const { profile, accountId, accountName, role, organization, label, colour } = session;
  return { profile, accountId, accountName, role, organization, label, colour, favourite: false, recent: true };
}

/** Every word is somewhere in it, in any case: what the host does better, for when it is not there. */
function matching(query: string): (profile: ProfileChoice) => boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return (profile) => {
    const { accountName, accountId, role, organization, label } = profile;
    const text = [profile.profile, accountName, accountId, role, organization, label].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
}
