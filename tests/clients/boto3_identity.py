"""Prints who boto3 is with a profile, and which buckets it sees: what any script of a user's would do."""

import json
import sys

import boto3

session = boto3.Session(profile_name=sys.argv[1])
identity = session.client("sts").get_caller_identity()
buckets = [bucket["Name"] for bucket in session.client("s3").list_buckets()["Buckets"]]
print(json.dumps({"account": identity["Account"], "arn": identity["Arn"], "buckets": buckets}))
