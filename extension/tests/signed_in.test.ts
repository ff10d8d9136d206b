// Who the console says is signed in, from its cookie as browsers show it to scripts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isSomebodyElse } from "../src/content/signed_in.ts";
import { session } from "./console_page.ts";

const PAGE = "https://eu-west-1.console.aws.amazon.com/s3/buckets";
const LABELLED = "https://222222222222-abcd1234.eu-west-1.console.aws.amazon.com/s3/buckets";

function cookie(account: string, arn = `arn:aws:sts::${account}:assumed-role/AWSReservedSSO_Developer_0123/somebody`): string {
  return `aws-userInfo=${encodeURIComponent(JSON.stringify({ arn, alias: "", username: "assumed-role" }))}`;
}

test("the account of the session is nobody else", () => {
  assert.equal(isSomebodyElse(session(), PAGE, `noflush_locale=en; ${cookie("111111111111")}; regStatus=registered`), false);
});

test("another account is somebody else, in every partition and as an IAM user too", () => {
  assert.equal(isSomebodyElse(session(), PAGE, `noflush_locale=en; ${cookie("222222222222")}`), true);
  assert.equal(isSomebodyElse(session(), PAGE, cookie("", "arn:aws-us-gov:sts::222222222222:assumed-role/x/y")), true);
  assert.equal(isSomebodyElse(session(), PAGE, cookie("", "arn:aws-cn:iam::222222222222:user/somebody")), true);
});

test("nothing speaks against a session where the console says nothing that is understood", () => {
  const damaged = ["", "aws-userInfo=", "aws-userInfo=%", "aws-userInfo={}", cookie("", "nobody"), "other=arn"];
  for (const cookies of damaged) assert.equal(isSomebodyElse(session(), PAGE, cookies), false, cookies);
  assert.equal(isSomebodyElse(session(), PAGE, `x${cookie("222222222222")}`), false);
});

test("of two cookies, of two domains, one that is the session's is enough", () => {
  assert.equal(isSomebodyElse(session(), PAGE, `${cookie("222222222222")}; ${cookie("111111111111")}`), false);
});

test("a multi-session host says itself which account it is of, and the cookie is of whoever came last", () => {
  assert.equal(isSomebodyElse(session({ accountId: "222222222222" }), LABELLED, cookie("333333333333")), false);
});
