"""A long job: asks botocore for its keys again and again, as SDK calls do, and prints each new key id."""

import sys
import time

from botocore.session import Session

session = Session()
credentials = session.get_credentials()
seen = []
deadline = time.monotonic() + float(sys.argv[1])
while time.monotonic() < deadline:
    keys = credentials.get_frozen_credentials()
    if keys.access_key not in seen:
        seen.append(keys.access_key)
        print(keys.access_key, credentials.method, flush=True)
    time.sleep(0.05)
