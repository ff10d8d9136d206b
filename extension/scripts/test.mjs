// Runs the unit tests: each is bundled and given to node's own test runner, so that no loader is needed. Tests named
// `*.chromium.test.ts` are of what is built for Chromium, all others of what is built for Firefox.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "dist", "tests");
await rm(out, { recursive: true, force: true });
const names = (await readdir(join(root, "tests"))).filter((name) => name.endsWith(".test.ts"));
const isChromium = (name) => name.endsWith(".chromium.test.ts");

async function bundle(family, chosen) {
  await build({
    entryPoints: chosen.map((name) => join(root, "tests", name)),
    outdir: out,
    bundle: true,
    platform: "node",
    packages: "external",
    format: "esm",
    outExtension: { ".js": ".mjs" },
    define: { FAMILY: JSON.stringify(family) },
    logLevel: "warning",
  });
}

await bundle("firefox", names.filter((name) => !isChromium(name)));
await bundle("chromium", names.filter(isChromium));
const files = names.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
const NODE_OPTIONS = `--require ${JSON.stringify(join(root, "scripts/node18.cjs"))}`;
const run = spawnSync(process.execPath, ["--test", ...files], {
  stdio: "inherit",
  cwd: root,
  env: { ...process.env, NODE_OPTIONS },
});
process.exit(run.status ?? 1);
