"""Jobs of real clients that run longer than one role session: `usher exec --renew` and they do not notice.

The portal's role sessions last seconds here. SDKs ask for new keys from a quarter of an hour before the old
ones end, so each of their needs leads to the agent, which renews half-way.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pyrage
import pytest
from moto.server import ThreadedMotoServer

HERE = Path(__file__).parent
_SPEC = importlib.util.spec_from_file_location("portal_server", HERE.parent / "session" / "portal_server.py")
portal_server = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(portal_server)

STAGING = "mkdev-staging/AdministratorAccess"
ROLE_SECONDS = 5

TERRAFORM = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
  backend "s3" {
    bucket                      = "state"
    key                         = "terraform.tfstate"
    region                      = "eu-central-1"
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_s3_checksum            = true
  }
}

provider "aws" {
  region                      = "eu-central-1"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

resource "aws_s3_object" "first" {
  bucket  = "state"
  key     = "first"
  content = "made with the first keys"
}

resource "terraform_data" "long_work" {
  depends_on = [aws_s3_object.first]
  provisioner "local-exec" {
    command = "sleep 6"
  }
}

resource "aws_s3_object" "last" {
  depends_on = [terraform_data.long_work]
  bucket     = "state"
  key        = "last"
  content    = "made with keys of a later session"
}
"""

OFFLINE = """
provider_installation {
  filesystem_mirror {
    path = "%s"
  }
}
"""


@dataclass
class Worker:
    """Somebody who is signed in, beside an AWS that is emulated."""

    portal: Any
    cloud: str
    home: Path
    environ: dict[str, str]

    def usher(self, *arguments: str | Path, **more: str) -> str:
        """Run usher; what it printed."""
        code = "import sys; from usher._entry import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            env={**self.environ, **more},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
        )
        if done.returncode != 0:
            pytest.fail(f"usher {arguments}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}", pytrace=False)
        return done.stdout

    def job(self, *command: str | Path, **more: str) -> str:
        """Run a command with keys that renew themselves."""
        return self.usher("exec", "--renew", STAGING, "--", *command, **more)

    def sessions(self) -> int:
        """How many role sessions the portal has opened."""
        return self.portal.count("credentials")


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A home that is signed in to mkdev; an S3 with one bucket stands in for AWS."""
    folder = tmp_path_factory.mktemp("worker")
    (folder / "run").mkdir(mode=0o700)
    (folder / "identity.txt").write_text(f"{pyrage.x25519.Identity.generate()}\n")
    cloud = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    cloud.start()
    host, port = cloud.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket="state")
    for portal in portal_server.running_portal():
        portal.interval = 0.01
        portal.role_seconds = ROLE_SECONDS
        worker = Worker(portal, url, folder, _environment(folder))
        where = ["--start-url", f"{portal.url}/start", "--region", "eu-central-1", "--aws-endpoint-url", url]
        worker.usher("login", "mkdev", *where, "--device")
        worker.usher("profiles", "sync")
        worker.usher("agent", "start")
        yield worker
        worker.usher("agent", "stop")
    cloud.stop()


def _environment(folder: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "USHER_", "XDG_")) and "proxy" not in name.lower()
    }
    return kept | {
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "USHER_VAULT": "file",
        "USHER_VAULT_IDENTITY": str(folder / "identity.txt"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


@pytest.mark.once
def test_boto3_works_on(worker: Worker) -> None:
    seen = json.loads(worker.job(sys.executable, HERE / "boto3_long_job.py", "3"))
    assert len(set(seen)) == 3


@pytest.mark.client("javascript-sdk")
def test_the_javascript_sdk_works_on(worker: Worker, find_client: Callable[[str], Path]) -> None:
    seen = json.loads(worker.job(find_client("javascript-sdk"), HERE / "js" / "long_job.mjs", "3"))
    assert len(set(seen)) == 3


@pytest.mark.client("aws-cli")
def test_a_script_of_aws_cli_calls_works_on(worker: Worker, find_client: Callable[[str], Path]) -> None:
    before = worker.sessions()
    aws = find_client("aws-cli")
    script = (
        'for i in 1 2 3; do "$0" s3api list-buckets --query "Buckets[].Name" --output text; sleep 4; done'
    )
    printed = worker.job("sh", "-c", script, aws)
    assert printed.split() == ["state"] * 3
    assert worker.sessions() >= before + 2


@pytest.mark.client("terraform")
def test_terraform_applies_and_stores_its_state_across_sessions(
    worker: Worker, find_client: Callable[[str], Path], terraform_mirror: Path
) -> None:
    (worker.home / "main.tf").write_text(TERRAFORM)
    (worker.home / "offline.tfrc").write_text(OFFLINE % terraform_mirror)
    quiet = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    quiet["TF_CLI_CONFIG_FILE"] = str(worker.home / "offline.tfrc")
    before, terraform = worker.sessions(), find_client("terraform")
    worker.job("sh", "-c", '"$0" init && "$0" apply -auto-approve', terraform, **quiet)
    assert worker.sessions() >= before + 2
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    s3 = boto3.client("s3", endpoint_url=worker.cloud, **keys)
    found = {item["Key"] for item in s3.list_objects_v2(Bucket="state")["Contents"]}
    assert found == {"first", "last", "terraform.tfstate"}
