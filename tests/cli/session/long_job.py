"""A long job: asks botocore for its keys again and again, as SDK calls do, until it has had so many."""

import sys
import time

from botocore.session import Session

credentials = Session().get_credentials()
wanted, seen, deadline = int(sys.argv[1]), [], time.monotonic() + 60
while len(seen) < wanted:
    keys = credentials.get_frozen_credentials()
    if keys.access_key not in seen:
        seen.append(keys.access_key)
        print(keys.access_key, credentials.method, flush=True)
    if time.monotonic() > deadline:
        sys.exit("the keys are never renewed")
    time.sleep(0.2)
