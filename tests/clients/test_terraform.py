"""Terraform with the real hashicorp/aws provider: one configuration, one workspace per account.

The provider's profile and the S3 backend's are the same, `mkdev-<workspace>`, so each account's state
rests in that account and every call goes through one sign-in. Neither apt, PyPI nor npm carries
Terraform, so where it is missing this is skipped (loudly), in CI too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Person

pytestmark = [
    pytest.mark.client("terraform"),
    pytest.mark.client("aws-cli"),
    pytest.mark.client("chromium"),
    pytest.mark.timeout(600),
]

CONFIGURATION = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
  backend "s3" {
    key    = "terraform.tfstate"
    region = "eu-central-1"
  }
}

provider "aws" {
  profile = "mkdev-${terraform.workspace}"
}

data "aws_caller_identity" "me" {}

resource "aws_s3_bucket" "example" {
  bucket = "by-terraform-${terraform.workspace}-${data.aws_caller_identity.me.account_id}"
}
"""

OFFLINE = """
provider_installation {
  filesystem_mirror {
    path = "%s"
  }
}
"""


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform in a folder with one configuration, installing its provider from this machine."""

    program: Path
    folder: Path
    person: Person

    def run(self, *command: str, expect: int = 0) -> str:
        """Run one command; the words it printed."""
        done = self.person.run(
            self.program,
            *command,
            expect=expect,
            cwd=self.folder,
            TF_CLI_CONFIG_FILE=str(self.folder / "offline.tfrc"),
            TF_IN_AUTOMATION="1",
            TF_INPUT="0",
            CHECKPOINT_DISABLE="1",
        )
        return done.stdout


@pytest.fixture
def terraform(
    find_client: Callable[[str], Path],
    terraform_mirror: Path,
    aws_signed_in: Person,
    tmp_path: Path,
) -> Terraform:
    """Terraform beside a person who signed in with `aws sso login`."""
    folder = tmp_path / "infrastructure"
    folder.mkdir()
    (folder / "main.tf").write_text(CONFIGURATION)
    (folder / "offline.tfrc").write_text(OFFLINE % terraform_mirror)
    return Terraform(find_client("terraform"), folder, aws_signed_in)


def test_each_workspace_builds_in_its_own_account_and_keeps_its_state_there(
    terraform: Terraform, find_client: Callable[[str], Path]
) -> None:
    aws = find_client("aws-cli")
    for workspace in ("staging", "production"):
        profile = f"mkdev-{workspace}"
        own = terraform.person.run(aws, "s3", "ls", "--profile", profile).stdout.split()[2]
        terraform.run(
            "init", "-reconfigure", f"-backend-config=profile={profile}", f"-backend-config=bucket={own}"
        )
        terraform.run("workspace", "new", workspace)

        terraform.run("apply", "-auto-approve")
        terraform.run("plan", "-detailed-exitcode")

        account = own.rsplit("-", 1)[1]
        listed = terraform.person.run(aws, "s3", "ls", "--profile", profile).stdout
        assert f"by-terraform-{workspace}-{account}" in listed
        state = f"s3://{own}/env:/{workspace}/terraform.tfstate"
        kept = terraform.person.run(aws, "s3", "cp", state, "-", "--profile", profile).stdout
        assert f"by-terraform-{workspace}-{account}" in kept
        terraform.run("destroy", "-auto-approve")
