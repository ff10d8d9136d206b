"""A directory's background work in a process that may be killed at any point.

It is told where the state is, then forks a worker for each line it reads and says the worker's process id.
Forked from a process that has everything imported and no threads, a worker begins to work at once.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from usher.aws.clients import AwsKeys, AwsSettings
from usher.aws.organizations import read_accounts
from usher.core.secrets import Secret
from usher.server.accounts import AccountList
from usher.server.config import ServerConfig
from usher.server.idp.saml.keys import SigningKeys
from usher.server.provisioning.jobs import ProvisioningJobs
from usher.server.sealing import open_sealing_key
from usher.server.store.database import open_sqlite
from usher.server.store.instance import read_instance
from usher.server.store.operations import owed_requests


def work(told: dict[str, str]) -> None:
    """Work until nothing is owed."""
    aws = AwsSettings(
        told["region"],
        endpoint_url=told["endpoint_url"],
        keys=AwsKeys(told["access_key_id"], Secret(told["secret_access_key"])),
    )
    config = ServerConfig(Path(told["folder"]), "https://sso.mkdev.example", told["region"])
    database = open_sqlite(config.database_file, time.time)
    with database.read() as connection:
        instance = read_instance(connection)
    if instance is None:
        raise SystemExit("the database holds no instance")
    jobs = ProvisioningJobs(
        config,
        instance,
        database,
        AccountList(lambda: read_accounts(aws, with_tags=False), time.time),
        SigningKeys(database, open_sealing_key(config.sealing_key_file)),
        aws,
        retry_delays=(0.05,) * 8,
    )
    jobs.start()
    while True:
        with database.read() as connection:
            if not owed_requests(connection):
                break
        time.sleep(0.01)
    jobs.stop()
    database.close()


def main() -> None:
    """Fork a worker per line; say its process id, and how it ended."""
    told = json.loads(sys.stdin.readline())
    for _ in sys.stdin:
        process_id = os.fork()
        if process_id == 0:
            os.dup2(2, 1)  # standard output is for the parent; what is logged goes to standard error
            work(told)
            os._exit(0)
        print(process_id, flush=True)
        _, status = os.waitpid(process_id, 0)
        print(status, flush=True)


if __name__ == "__main__":
    main()
