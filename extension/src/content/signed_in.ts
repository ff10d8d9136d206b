// Who is signed in as the console itself has it: its cookie `aws-userInfo` holds the ARN, for the console's own scripts.
// Somebody may sign in to another account by hand in a tab that Usher opened; a bar of the account before would then be
// worse than none.
import { sessionLabel } from "../shared/hosts.ts";
import type { Session } from "../shared/visit.ts";

const COOKIE = "aws-userInfo=";
const OWNER = /"arn"\s*:\s*"arn:[a-z-]{1,20}:(?:sts|iam)::([0-9]{12}):/;

/**
 * Whether the console says that another account than the session's is signed in. Where it says nothing, nothing speaks
 * against the session; with AWS's multi-session the host names the account, and the cookie is of whoever came last.
 */
export function isSomebodyElse(session: Session, url: string, cookies: string): boolean {
  if (sessionLabel(url) !== null) return false;
  const accounts = cookies
    .split("; ")
    .filter((cookie) => cookie.startsWith(COOKIE))
    .map((cookie) => OWNER.exec(decoded(cookie.slice(COOKIE.length)))?.[1])
    .filter((account) => account !== undefined);
  return accounts.length > 0 && !accounts.includes(session.accountId);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
