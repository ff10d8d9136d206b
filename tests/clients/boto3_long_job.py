"""A long job of boto3: works until its keys have been renewed so many times, and prints their ids."""

import json
import sys
import time

import boto3

session = boto3.Session()
client, credentials = session.client("s3"), session.get_credentials()
wanted, seen, deadline = int(sys.argv[1]), [], time.monotonic() + 60
while len(seen) < wanted:
    client.list_buckets()
    key = credentials.get_frozen_credentials().access_key
    if key not in seen:
        seen.append(key)
    if time.monotonic() > deadline:
        sys.exit("the keys are never renewed")
    time.sleep(0.25)
print(json.dumps(seen))
