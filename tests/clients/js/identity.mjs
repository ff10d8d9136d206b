// Prints who the AWS SDK for JavaScript is with a profile, and which buckets it sees.
// usage: node identity.mjs fromSSO|fromIni PROFILE
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromIni, fromSSO } from "@aws-sdk/credential-providers";

const [, , provider, profile] = process.argv;
const credentials = { fromIni, fromSSO }[provider]({ profile });
const settings = { credentials, profile };

const identity = await new STSClient(settings).send(new GetCallerIdentityCommand({}));
const listed = await new S3Client(settings).send(new ListBucketsCommand({}));
const buckets = listed.Buckets.map((bucket) => bucket.Name);
console.log(JSON.stringify({ account: identity.Account, arn: identity.Arn, buckets }));
