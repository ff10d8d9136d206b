"""The session that `aws login` left: its keys while they hold. Renewing them is the AWS CLI's own work.

The CLI renews with DPoP through `awscrt`; where it is installed it is asked to, as another program.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from usher.core.credentials import Credentials
from usher.core.errors import SignInNeededError, UsherError
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.session.process import ProcessRunner

MARGIN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class LoginSessions:
    """Reads `aws login`'s cache below `home`."""

    environ: Mapping[str, str]
    home: Path
    clock: Callable[[], float]
    processes: ProcessRunner

    def keys(self, principal_arn: str, profile: str) -> Credentials:
        """Keys of the session of `principal_arn`. Raises SignInNeededError with what to run."""
        held = self.held(principal_arn)
        if held is not None:
            return held
        found = read_login_session(self.folder, principal_arn)
        hint = f"run 'aws login --profile {profile}'"
        if found is None:
            raise SignInNeededError(f"'aws login' has no session for {principal_arn}", hint=hint)
        if shutil.which("aws", path=self.environ.get("PATH", os.defpath)) is None:
            raise SignInNeededError(
                f"the keys of 'aws login' for {principal_arn} have ended; only the AWS CLI can renew them",
                hint=f"{hint}: there is no 'aws' on the PATH",
            )
        words = ["aws", "configure", "export-credentials", "--profile", profile, "--format", "process"]
        try:
            return self.processes.keys_of(words, profile)
        except UsherError as error:
            raise SignInNeededError(
                f"the AWS CLI could not renew the session of 'aws login': {error.message}", hint=hint
            ) from None

    def held(self, principal_arn: str) -> Credentials | None:
        """The keys that lie in the cache and still hold."""
        found = read_login_session(self.folder, principal_arn)
        if found is None or (found.expires_at or 0) <= self.clock() + MARGIN_SECONDS:
            return None
        return found

    @property
    def folder(self) -> Path:
        """Where the CLI keeps the sessions."""
        named = self.environ.get("AWS_LOGIN_CACHE_DIRECTORY")
        return Path(named) if named else self.home / ".aws" / "login" / "cache"


def read_login_session(folder: Path, principal_arn: str) -> Credentials | None:
    """What lies in the cache for a principal, ended or not; None when there is nothing usable."""
    name = hashlib.sha256(principal_arn.encode()).hexdigest()
    try:
        token = json.loads((folder / f"{name}.json").read_bytes())["accessToken"]
        ends = datetime.fromisoformat(token["expiresAt"])
        return Credentials(
            token["accessKeyId"],
            Secret(token["secretAccessKey"]),
            Secret(token["sessionToken"]),
            (ends if ends.tzinfo else ends.replace(tzinfo=UTC)).timestamp(),
            AccountId(token["accountId"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
