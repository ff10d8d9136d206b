// Sealed links, made by the command line (scripts/make_vectors.py), as the extension opens and refuses them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { importKey, LinkRefused, openLink, type RefusalCode, type UsedLinks } from "../src/shared/link.ts";
import vectors from "./link_vectors.json" with { type: "json" };

function remembering(): UsedLinks {
  const used = new Set<string>();
  return {
    claim: async (id) => !used.has(id) && Boolean(used.add(id)),
  };
}

async function refusal(link: string, now = vectors.made + 1, used = remembering()): Promise<RefusalCode> {
  try {
    await openLink(link, await importKey(vectors.key), now, used);
  } catch (error) {
    assert.ok(error instanceof LinkRefused, String(error));
    return error.code;
  }
  throw new Error("the link was opened");
}

test("a link that the command line made is opened, with everything it says", async () => {
  const visit = await openLink(vectors.good, await importKey(vectors.key), vectors.made + 29, remembering());
  assert.equal(visit.session.key, "mkdev/333333333333/AdministratorAccess");
  assert.equal(visit.session.label, "PRODUCTION");
  assert.equal(visit.session.colour, "red");
  assert.equal(visit.place.name, "production/AdministratorAccess");
  assert.match(visit.url, /^https:\/\/signin\.aws\.amazon\.com\/federation\?/);
});

test("a link opens once", async () => {
  const used = remembering();
  await openLink(vectors.good, await importKey(vectors.key), vectors.made, used);
  assert.equal(await refusal(vectors.good, vectors.made, used), "replayed");
});

test("a link holds for thirty seconds, and not before it was made", async () => {
  assert.equal(await refusal(vectors.good, vectors.made + 31), "expired");
  assert.equal(await refusal(vectors.good, vectors.made - 5), "expired");
});

test("a link that is refused is not used up", async () => {
  const used = remembering();
  assert.equal(await refusal(vectors.good, vectors.made + 31, used), "expired");
  await openLink(vectors.good, await importKey(vectors.key), vectors.made, used);
});

test("every change of a link, and every other key, makes it forged or malformed", async () => {
  const middle = vectors.good.length >> 1;
  const other = vectors.good[middle] === "A" ? "B" : "A";
  const changed = vectors.good.slice(0, middle) + other + vectors.good.slice(middle + 1);
  assert.equal(await refusal(changed), "forged");
  assert.equal(await refusal(vectors.good.slice(0, -4)), "forged");
  assert.equal(await refusal("1.AAAA"), "forged");
  for (const link of ["", "2" + vectors.good.slice(1), vectors.good + "!", "1." + "A".repeat(40_000)]) {
    assert.equal(await refusal(link), "malformed", link.slice(0, 20));
  }
});

test("a link leads to the partition's own hosts, or to the emulated AWS that it names", async () => {
  assert.equal(await refusal(vectors.elsewhere), "host");
  assert.equal(await refusal(vectors.leadsElsewhere), "host");
  const visit = await openLink(vectors.emulated, await importKey(vectors.key), vectors.made, remembering());
  assert.equal(visit.emulatedOrigin, "http://127.0.0.1:5000");
});
