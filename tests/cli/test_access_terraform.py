"""What `usher access export` writes, in the hands of the real Terraform against a directory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.client("terraform"), pytest.mark.timeout(600)]

EXAMPLE = (Path(__file__).parents[2] / "src" / "usher" / "sandbox" / "mkdev.yaml").read_text()
MORE = """\
  auditors: {description: "Read ${all} of it", members: [developer@mkdev.example]}
permission_sets:
  Auditor:
    description: Looks at everything
    managed_policies: [SecurityAudit, job-function/ViewOnlyAccess]
    customer_policies: [{name: Team, path: /web/}, Edge]
    boundary: {customer_policy: {name: Limit, path: /p/}}
    session: 90m
    relay_state: https://console.aws.amazon.com/s3
    tags: {team: web}
    inline_policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Deny
          Action: ["s3:Delete*", "ec2:*"]
          Resource: "arn:aws:s3:::${aws:username}/*"
          Condition: {"Null": {"aws:TokenIssueTime": "true"}}
"""
PROVIDER = """
provider "aws" {{
  region                      = "eu-central-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  endpoints {{
    ssoadmin      = "{origin}"
    identitystore = "{origin}"
  }}
}}
"""
OFFLINE = """
provider_installation {{
  filesystem_mirror {{
    path = "{mirror}"
  }}
}}
"""


@dataclass(frozen=True)
class Terraform:
    """Terraform in the folder that was exported to, with its provider from this machine."""

    program: Path
    folder: Path

    def run(self, *command: str, expect: int = 0) -> str:
        """Run one command; what it printed."""
        environ = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(self.folder / "offline.tfrc"),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        done = subprocess.run(
            [self.program, *command],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def terraform(find_client: Callable[[str], Path], terraform_mirror: Path, access_directory: Any) -> Terraform:
    """Terraform beside the exported files, speaking to the directory."""
    folder = access_directory.folder / "terraform"
    folder.mkdir()
    (folder / "provider.tf").write_text(PROVIDER.format(origin=access_directory.origin))
    (folder / "offline.tfrc").write_text(OFFLINE.format(mirror=terraform_mirror))
    return Terraform(find_client("terraform"), folder)


@pytest.fixture
def everything(access_directory: Any) -> str:
    """mkdev with a permission set that has all there is."""
    head, _, rest = EXAMPLE.partition("permission_sets:\n")
    text = f"{head.rstrip()}\n{MORE}{rest}  - {{group: auditors, permission_set: Auditor, accounts: all}}\n"
    access_directory.write(text)
    return text


def test_terraform_makes_from_nothing_what_the_access_file_asks_for(
    access_directory: Any, everything: str, terraform: Terraform
) -> None:
    assert access_directory.usher("export", "--to", "terraform") == 0
    terraform.run("fmt", "-check")
    terraform.run("init", "-no-color")
    terraform.run("apply", "-auto-approve", "-no-color")
    assert access_directory.usher("plan", "--exit-code") == 0
    terraform.run("plan", "-detailed-exitcode", "-no-color")

    state = terraform.run("show", "-json")
    (access_directory.folder / "state.json").write_text(state)
    assert access_directory.usher("import", "--terraform", "state.json", "--out", "from-state") == 0
    assert access_directory.usher("plan", "from-state", "--exit-code") == 0
    raw = terraform.folder / "terraform.tfstate"
    assert access_directory.usher("import", "--terraform", str(raw), "--out", "from-raw-state") == 0
    written = (access_directory.folder / "from-state" / "access.yaml").read_text()
    assert (access_directory.folder / "from-raw-state" / "access.yaml").read_text().splitlines()[1:] == (
        written.splitlines()[1:]
    )


def test_terraform_takes_over_what_exists_and_makes_nothing_again(
    access_directory: Any, everything: str, terraform: Terraform
) -> None:
    assert access_directory.usher("apply", "--yes") == 0
    assert access_directory.usher("export", "--to", "terraform") == 0
    terraform.run("fmt", "-check")
    terraform.run("init", "-no-color")
    planned = terraform.run("plan", "-no-color", "-out", "plan")
    assert " 0 to add, " in planned
    assert " 0 to destroy." in planned
    terraform.run("apply", "-no-color", "plan")
    terraform.run("plan", "-detailed-exitcode", "-no-color")
