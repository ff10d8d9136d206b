// Which addresses a signed link may lead to: the sign-in endpoint of a partition, and a destination on its
// consoles. The hosts are written by `scripts/hosts.py` from what the command line knows, and compared in tests.
import known from "./hosts.json" with { type: "json" };

interface PartitionHosts {
  readonly signIn: readonly string[];
  readonly consoles: readonly string[];
}

const PARTITIONS: Readonly<Record<string, PartitionHosts>> = known;
const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}$/;

/** Why `url` is no address that a link of `partition` may open; null when it is one. */
export function whyNotOpened(url: string, partition: string, emulatedOrigin: string | null): string | null {
  const address = parsed(url);
  if (address === null) return "it is no address";
  if (emulatedOrigin !== null) return whyNotEmulated(address, emulatedOrigin);
  const hosts = Object.hasOwn(PARTITIONS, partition) ? PARTITIONS[partition] : undefined;
  if (hosts === undefined) return `the partition ${partition} is not known`;
  if (!isPlainHttps(address)) return "it is not plain https";
  if (isBelow(address.hostname, hosts.consoles)) return null;
  if (!hosts.signIn.includes(address.hostname)) return `${address.host} is no host of the AWS console`;
  return whyNotSignIn(address, hosts);
}

/** Whether `url` is a page of some partition's console: where the bar and the colours are shown. */
export function isConsolePage(url: string): boolean {
  const address = parsed(url);
  if (address === null || !isPlainHttps(address)) return false;
  return Object.values(PARTITIONS).some((hosts) => isBelow(address.hostname, hosts.consoles));
}

/** With multi-session on, AWS puts an account and an identity before the console's hosts: `123456789012-abcd2fgh.…`. */
const SESSION_LABEL = /^([0-9]{12})-[0-9a-z]+$/;

/** The multi-session label of a console page's host; null where there is none. */
export function sessionLabel(url: string): { readonly label: string; readonly accountId: string } | null {
  const label = isConsolePage(url) ? new URL(url).hostname.split(".", 1)[0] : undefined;
  const accountId = label === undefined ? undefined : SESSION_LABEL.exec(label)?.[1];
  return label === undefined || accountId === undefined ? null : { label, accountId };
}

/** Whether a page signs somebody in or out: nobody wants to come back to it. */
export function signsInOrOut(url: string): boolean {
  const { pathname } = new URL(url);
  return pathname === "/federation" || pathname.includes("logout");
}

/** The same page without a multi-session label: as whoever signs in next. */
export function withoutSessionLabel(url: string): string {
  const found = sessionLabel(url);
  if (found === null) return url;
  const address = new URL(url);
  address.hostname = address.hostname.slice(found.label.length + 1);
  return address.href;
}

function whyNotSignIn(address: URL, hosts: PartitionHosts): string | null {
  if (address.pathname !== "/federation") return `${address.pathname} is not where consoles are signed in to`;
  const [destination, ...more] = address.searchParams.getAll("Destination");
  if (destination === undefined || more.length > 0) return "it does not lead to one destination";
  const target = parsed(destination);
  if (target === null || !isPlainHttps(target) || !isBelow(target.hostname, hosts.consoles)) {
    return `its destination ${target?.host ?? ""} is no host of the AWS console`;
  }
  return null;
}

function whyNotEmulated(address: URL, origin: string): string | null {
  if (!LOOPBACK.test(origin)) return `${origin} is not this machine`;
  if (address.origin !== origin || address.username !== "" || address.password !== "") {
    return `${address.origin} is not ${origin}`;
  }
  for (const destination of address.searchParams.getAll("Destination")) {
    if (parsed(destination)?.origin !== origin) return `its destination is not ${origin}`;
  }
  return null;
}

function isPlainHttps(address: URL): boolean {
  return address.protocol === "https:" && address.port === "" && address.username === "" && address.password === "";
}

function isBelow(host: string, parents: readonly string[]): boolean {
  return parents.some((parent) => host === parent || host.endsWith(`.${parent}`));
}

function parsed(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}
