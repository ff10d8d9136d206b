// Builds both extensions, unpacked, into dist/firefox and dist/chromium: the same scripts, bundled, with the
// manifest that each family wants. Nothing is minified: what is reviewed in the source is what runs.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const FAMILIES = ["firefox", "chromium"];

const SCRIPTS = {
  background: "src/background/background.ts",
  content: "src/content/content.ts",
  open: "src/open/open.ts",
  "popup/popup": "src/popup/popup.ts",
};
// Links lead to open.html at the root: its address is what `usher` knows of this package.
const PAGES = {
  "open.html": "src/open/open.html",
  "open.css": "src/open/open.css",
  "popup/popup.html": "src/popup/popup.html",
  "popup/popup.css": "src/popup/popup.css",
  "shared/page.css": "src/shared/page.css",
};
const ICONS = ["16", "32", "48", "128"].map((size) => `icons/${size}.png`);

const read = async (name) => JSON.parse(await readFile(join(root, name), "utf8"));

// The console's hosts, from the same file that checks links; pages outside of them never see our script.
async function consolePatterns() {
  const hosts = await read("src/shared/hosts.json");
  const consoles = Object.values(hosts).flatMap((partition) => partition.consoles);
  return [...new Set(consoles)].sort().flatMap((host) => [`https://${host}/*`, `https://*.${host}/*`]);
}

async function manifest(family) {
  const [base, own, matches, { version }] = await Promise.all([
    read("manifest/base.json"),
    read(`manifest/${family}.json`),
    consolePatterns(),
    read("package.json"),
  ]);
  return {
    ...base,
    version,
    ...own,
    permissions: [...base.permissions, ...own.permissions].sort(),
    host_permissions: matches,
    content_scripts: [{ matches, js: ["content.js"], run_at: "document_start", all_frames: false }],
  };
}

/** Builds `family` into `out`, which is made anew. */
export async function buildFamily(family, out = join(root, "dist", family)) {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await build({
    entryPoints: Object.entries(SCRIPTS).map(([name, file]) => ({ in: join(root, file), out: name })),
    absWorkingDir: root,
    outdir: out,
    bundle: true,
    format: "iife",
    target: family === "firefox" ? "firefox142" : "chrome120",
    define: { FAMILY: JSON.stringify(family) },
    legalComments: "none",
    charset: "utf8",
    logLevel: "warning",
  });
  for (const [page, source] of Object.entries(PAGES)) await cp(join(root, source), join(out, page));
  for (const icon of ICONS) await cp(join(root, icon), join(out, icon));
  await writeFile(join(out, "manifest.json"), `${JSON.stringify(await manifest(family), null, 2)}\n`);
  return out;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const family of FAMILIES) await buildFamily(family);
}
