// The account's colour on a page's favicon: a dot over the site's own, a marked square for accounts with a label.
// Where the site's icon cannot be read (other origins do not let us), the mark stands alone.
import { paletteOf, type Shades } from "../shared/colours.ts";
import type { Session } from "../shared/visit.ts";
import { Patience } from "./patience.ts";

const SIZE = 32;
const REPAIRS_A_MINUTE = 30;
const LOADING_MS = 5_000;

export interface Mark {
  readonly shades: Shades;
  /** For an account with a label. */
  readonly loud: boolean;
}

/** Draws `mark` over the icon at `source`, or alone where there is none. The answer is a `data:` address. */
export type Draw = (source: string | null, mark: Mark) => Promise<string>;

export class Favicon {
  readonly #patience = new Patience(REPAIRS_A_MINUTE);
  /** The links that show our icon, and where they led. */
  #links = new Map<HTMLLinkElement, string>();
  /** The link that we made, on a page that has none. */
  #made: HTMLLinkElement | null = null;
  #mark: Mark | null = null;
  /** What the icon was drawn of, or is being drawn of. */
  #drawn: { readonly mark: Mark; readonly source: string | null } | null = null;
  #icon = "";
  /** The page's policy forbids `data:` images, so that it would have no icon at all. */
  #forbidden = false;

  constructor(
    private readonly page: Document,
    private readonly draw: Draw = drawMark,
  ) {
    page.addEventListener("securitypolicyviolation", (event) => {
      const { blockedURI, effectiveDirective, disposition } = event;
      if (blockedURI !== "data" || effectiveDirective !== "img-src" || disposition !== "enforce") return;
      this.#forbidden = true;
      this.#restore();
    });
  }

  /** Marks the favicon with the session's colour; puts the site's own back when there is no session. */
  show(session: Session | null): void {
    const dark = this.page.defaultView?.matchMedia("(prefers-color-scheme: dark)").matches ?? false;
    this.#mark = session && { shades: paletteOf(session.colour)[dark ? "dark" : "light"], loud: session.label !== "" };
    if (this.#mark === null) this.#restore();
    else this.keep();
  }

  /** After a change of the page: the icon that shows is ours, over the one that the site has now. */
  keep(): void {
    if (this.#mark === null || this.#forbidden || this.page.head === null || this.page.readyState === "loading") return;
    const links = this.#siteLinks();
    const source = [...links.values()][0] ?? null;
    if (this.#drawn?.mark !== this.#mark || this.#drawn.source !== source) void this.#redraw(this.#mark, source);
    else if (this.#icon !== "") this.#put(links);
  }

  async #redraw(mark: Mark, source: string | null): Promise<void> {
    const drawing = { mark, source };
    this.#drawn = drawing;
    const icon = await this.draw(source, mark);
    if (this.#drawn !== drawing || this.#mark !== mark || this.#forbidden) return;
    const links = this.#siteLinks();
    this.#icon = icon;
    this.#put(links);
  }

  /** The site's icon links and where they lead; of those that show ours, where they led. */
  #siteLinks(): Map<HTMLLinkElement, string> {
    const links = new Map<HTMLLinkElement, string>();
    for (const link of this.page.head.querySelectorAll<HTMLLinkElement>('link[rel~="icon" i][href]')) {
      if (link === this.#made) continue;
      const before = this.#links.get(link);
      links.set(link, before !== undefined && link.href === this.#icon ? before : link.href);
    }
    return links;
  }

  #put(links: Map<HTMLLinkElement, string>): void {
    this.#links = links;
    const behind = [...links.keys()].filter((link) => link.href !== this.#icon);
    const missing = links.size === 0 && !(this.#made?.isConnected && this.#made.href === this.#icon);
    if (links.size > 0) this.#unmake();
    if ((behind.length === 0 && !missing) || !this.#patience.spend()) return;
    for (const link of behind) link.href = this.#icon;
    if (missing) this.#make();
  }

  #make(): void {
    this.#made ??= Object.assign(this.page.createElement("link"), { rel: "icon" });
    this.#made.href = this.#icon;
    this.page.head.append(this.#made);
  }

  #unmake(): void {
    this.#made?.remove();
    this.#made = null;
  }

  #restore(): void {
    for (const [link, before] of this.#links) if (link.href === this.#icon) link.href = before;
    this.#links.clear();
    this.#unmake();
    this.#drawn = null;
    this.#icon = "";
  }
}

async function drawMark(source: string | null, mark: Mark): Promise<string> {
  const site = source === null ? null : await loaded(source);
  return (site && over(site, mark)) ?? markAlone(mark);
}

/** The image at `source`, readable; null when it does not come, or not for us. */
async function loaded(source: string): Promise<HTMLImageElement | null> {
  const image = new Image(SIZE, SIZE);
  image.crossOrigin = "anonymous";
  const late = new Promise<null>((resolve) => setTimeout(resolve, LOADING_MS, null));
  image.src = source;
  return Promise.race([image.decode().then(() => image, () => null), late]);
}

function over(site: HTMLImageElement, mark: Mark): string | null {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
  const brush = canvas.getContext("2d");
  if (brush === null) return null;
  try {
    brush.drawImage(site, 0, 0, SIZE, SIZE);
    brush.globalCompositeOperation = "destination-out";
    brush.fill(shape(mark, 2));
    brush.globalCompositeOperation = "source-over";
    brush.fillStyle = mark.shades.fill;
    brush.fill(shape(mark, 0));
    brush.fillStyle = mark.shades.ink;
    if (mark.loud) brush.fill(new Path2D("M20.4 14.5h3.2l-.5 8h-2.2zM20.4 25h3.2v3.2h-3.2z"));
    return canvas.toDataURL();
  } catch (error) {
    if (error instanceof DOMException) return null; // a tainted canvas, or an image without a size
    throw error;
  }
}

/** The outline of the mark in the lower right corner, `wider` by so many pixels. */
function shape(mark: Mark, wider: number): Path2D {
  const path = new Path2D();
  if (mark.loud) path.roundRect(12 - wider, 11 - wider, 20 + 2 * wider, 21 + 2 * wider, 5);
  else path.arc(22, 22, 10 + wider, 0, 2 * Math.PI);
  return path;
}

function markAlone({ shades, loud }: Mark): string {
  const drawing = loud
    ? `<rect x="1" y="1" width="30" height="30" rx="7" fill="${shades.fill}"/>` +
      `<path d="M13.5 6h5l-.8 13h-3.4zM13.5 22h5v4.5h-5z" fill="${shades.ink}"/>`
    : `<circle cx="16" cy="16" r="14" fill="${shades.fill}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}">${drawing}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
