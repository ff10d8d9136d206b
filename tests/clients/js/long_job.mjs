// A long job of the AWS SDK for JavaScript: works until its keys have been renewed so many times.
// usage: node long_job.mjs KEYS
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";

const wanted = Number(process.argv[2]);
const client = new S3Client({ forcePathStyle: true });
const seen = new Set();
const deadline = Date.now() + 60_000;
while (seen.size < wanted) {
  await client.send(new ListBucketsCommand({}));
  seen.add((await client.config.credentials()).accessKeyId);
  if (Date.now() > deadline) throw new Error("the keys are never renewed");
  await new Promise((resolve) => setTimeout(resolve, 250));
}
console.log(JSON.stringify([...seen]));
