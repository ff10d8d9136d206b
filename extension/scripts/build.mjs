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
  "open/open": "src/open/open.ts",
  "popup/popup": "src/popup/popup.ts",
};
const PAGES = ["open/open.html", "open/open.css", "popup/popup.html", "popup/popup.css", "shared/page.css"];

// The console's hosts, from the same file that checks links; pages outside of them never see our script.
async function consolePatterns() {
  const hosts = JSON.parse(await readFile(join(root, "src/shared/hosts.json"), "utf8"));
  const consoles = Object.values(hosts).flatMap((partition) => partition.consoles);
  return [...new Set(consoles)].sort().flatMap((host) => [`https://${host}/*`, `https://*.${host}/*`]);
}

async function manifest(family) {
  const read = async (name) => JSON.parse(await readFile(join(root, "manifest", `${name}.json`), "utf8"));
  const [base, own, matches] = await Promise.all([read("base"), read(family), consolePatterns()]);
  return {
    ...base,
    ...own,
    permissions: [...base.permissions, ...own.permissions].sort(),
    host_permissions: matches,
    content_scripts: [{ matches, js: ["content.js"], run_at: "document_start", all_frames: false }],
  };
}

async function buildFamily(family) {
  const out = join(root, "dist", family);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await build({
    entryPoints: Object.entries(SCRIPTS).map(([name, file]) => ({ in: join(root, file), out: name })),
    outdir: out,
    bundle: true,
    format: "iife",
    target: family === "firefox" ? "firefox140" : "chrome120",
    define: { FAMILY: JSON.stringify(family) },
    legalComments: "none",
    charset: "utf8",
    logLevel: "warning",
  });
  for (const page of PAGES) await cp(join(root, "src", page), join(out, page));
  await cp(join(root, "icons"), join(out, "icons"), { recursive: true });
  await writeFile(join(out, "manifest.json"), `${JSON.stringify(await manifest(family), null, 2)}\n`);
}

for (const family of FAMILIES) await buildFamily(family);
