// Packs both builds into what `usher browser setup` hands over: `node scripts/package.mjs [FOLDER]`. The same source
// gives the same bytes on every machine: entries are sorted, their dates are fixed, and the compression is fflate's
// own and not that of this Node.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { buildFamily } from "./build.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PACKAGES = { firefox: "usher-firefox.xpi", chromium: "usher-chromium.zip" };
// The first moment that a zip can name. As local time, because zips know no other.
const MOMENT = new Date(1980, 0, 1);
const REGULAR_FILE = 0o100644 << 16;
const UNIX = 3;

async function packed(folder) {
  const entries = {};
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const names = files.map((file) => relative(folder, file).split(sep).join("/")).sort();
  const options = { level: 9, mtime: MOMENT, os: UNIX, attrs: REGULAR_FILE };
  for (const name of names) entries[name] = [await readFile(join(folder, name)), options];
  return zipSync(entries);
}

const target = resolve(process.argv[2] ?? join(root, "../src/usher/console/packages"));
await mkdir(target, { recursive: true });
for (const [family, name] of Object.entries(PACKAGES)) {
  await writeFile(join(target, name), await packed(await buildFamily(family)));
}
