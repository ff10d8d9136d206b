"""The quotas in force, their defaults as AWS documents them, and the TOML file that may change them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from usher.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class AwsLimits:
    """AWS's quotas, its latency, and how often it fails.

    `calls_per_second` is the collective quota of each service, `lookups_per_second` that of CloudTrail. The
    three `outstanding` quotas count requests that were accepted and have not ended. A request ends between
    `fastest_seconds` and `slowest_seconds` after it was accepted, evenly spread. `throttled` and `failing`
    are the shares of calls that are throttled without need, and that get a server error before or after
    their effect. With a `seed` chance falls the same way each time.

    Quotas: "IAM Identity Center quotas" and "Account access manager quotas" of AWS's guides. Latency and
    faults are assumptions.
    """

    calls_per_second: float = 20.0
    lookups_per_second: float = 2.0
    outstanding_assignments: int = 15
    outstanding_provisionings: int = 3
    outstanding_entitlements: int = 15
    fastest_seconds: float = 2.0
    slowest_seconds: float = 6.0
    throttled: float = 0.05
    failing: float = 0.02
    seed: int | None = None

    @property
    def mean_seconds(self) -> float:
        """How long a request takes on average."""
        return (self.fastest_seconds + self.slowest_seconds) / 2


def read_limits(path: Path) -> AwsLimits:
    """The limits in a TOML file; what it leaves out is as at AWS. Raises UsageError."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--aws-limits {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"--aws-limits {path} is not TOML: {error}") from None
    names = [field.name for field in fields(AwsLimits)]
    for name, value in given.items():
        if name not in names:
            raise UsageError(f"{path}: there is no limit '{name}'", hint=f"the limits are {', '.join(names)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise UsageError(f"{path}: {name} = {value!r} is not a number of 0 or more")
    limits = AwsLimits(**given)
    _check(limits, path)
    return limits


def _check(limits: AwsLimits, path: Path) -> None:
    if limits.fastest_seconds > limits.slowest_seconds:
        raise UsageError(f"{path}: fastest_seconds is more than slowest_seconds")
    if limits.throttled + limits.failing > 1:
        raise UsageError(f"{path}: throttled and failing are shares of all calls; together at most 1")
    if min(limits.calls_per_second, limits.lookups_per_second) <= 0:
        raise UsageError(f"{path}: calls_per_second and lookups_per_second must be more than 0")
