"""boto3 and the AWS SDK for JavaScript use the same profiles, plain and native, without knowing Usher."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Person

HERE = Path(__file__).parent
OPERATOR = "operator@mkdev.example"

pytestmark = [pytest.mark.client("aws-cli"), pytest.mark.client("chromium")]


def _in_its_account(printed: str, account: str) -> bool:
    found = json.loads(printed)
    role, session = found["arn"].split("/")[1:]
    expected = ("UsherSSO_AdministratorAccess", OPERATOR, [f"mkdev-{account}-{found['account']}"])
    return (role.rpartition("_")[0], session, found["buckets"]) == expected


@pytest.mark.parametrize("account", ["staging", "production"])
def test_boto3_with_a_native_profile_after_aws_sso_login(aws_signed_in: Person, account: str) -> None:
    script = HERE / "boto3_identity.py"
    printed = aws_signed_in.run(sys.executable, script, f"mkdev-{account}").stdout
    assert _in_its_account(printed, account)


@pytest.mark.parametrize("account", ["staging", "production"])
def test_boto3_with_a_plain_profile_after_usher_login(usher_signed_in: Person, account: str) -> None:
    script = HERE / "boto3_identity.py"
    profile = f"mkdev-{account}/AdministratorAccess"
    assert _in_its_account(usher_signed_in.run(sys.executable, script, profile).stdout, account)


@pytest.mark.client("javascript-sdk")
@pytest.mark.parametrize("provider", ["fromSSO", "fromIni"])
def test_javascript_with_a_native_profile(
    aws_signed_in: Person, provider: str, find_client: Callable[[str], Path]
) -> None:
    node, script, profile = find_client("javascript-sdk"), HERE / "js" / "identity.mjs", "mkdev-staging"
    printed = aws_signed_in.run(node, script, provider, profile, AWS_PROFILE=profile).stdout
    assert _in_its_account(printed, "staging")


@pytest.mark.client("javascript-sdk")
def test_javascript_with_a_plain_profile(usher_signed_in: Person, find_client: Callable[[str], Path]) -> None:
    node, script = find_client("javascript-sdk"), HERE / "js" / "identity.mjs"
    profile = "mkdev-production/AdministratorAccess"
    printed = usher_signed_in.run(node, script, "fromIni", profile, AWS_PROFILE=profile).stdout
    assert _in_its_account(printed, "production")
