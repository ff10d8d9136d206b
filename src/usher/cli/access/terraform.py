"""From a path to what Terraform says: a state, the output of `terraform show -json`, or a folder of files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from usher.access.terraform import Resource, TerraformReading, Unresolved, access_of, read_state
from usher.cli.terminal import printable
from usher.core.errors import NotFoundError, UsageError
from usher.core.partitions import AWS, AWS_CN, AWS_EUSC, AWS_US_GOV, Partition


@dataclass(frozen=True, slots=True)
class Found:
    """What the resources make, and the partition that their ARNs are of."""

    reading: TerraformReading
    partition: Partition


def read_terraform(path: Path) -> Found:
    """The access in the state or configuration at `path`.

    Raises NotFoundError when there is none, UsageError when it cannot be read or holds nothing about access.
    """
    resources, unresolved = _read_folder(path) if path.is_dir() else (_read_state(path), [])
    reading = access_of(resources)
    if not reading.resources:
        words = f"'{printable(str(path))}' has no resources of Identity Center"
        first = unresolved[0] if unresolved else None
        hint = (
            f"{first.place}: {first.address}: {first.why}"
            if first
            else "aws_ssoadmin_* and aws_identitystore_*"
        )
        raise UsageError(words, hint=hint)
    both = sorted({*unresolved, *reading.unresolved})
    return Found(replace(reading, unresolved=tuple(both)), _partition(resources))


def _read_state(path: Path) -> list[Resource]:
    return read_state(_text(path), str(path))


def _read_folder(path: Path) -> tuple[list[Resource], list[Unresolved]]:
    try:
        from usher.access.terraform_files import read_configuration
    except ModuleNotFoundError as error:
        raise UsageError(
            f"reading .tf files needs the library {error.name}",
            hint="pip install 'usher-aws[terraform]', or give a state: terraform show -json > state.json",
        ) from None
    files = {str(each): _text(each) for each in sorted(path.glob("*.tf"))}
    if not files:
        raise NotFoundError(f"there is no .tf file in the folder '{printable(str(path))}'")
    return read_configuration(files)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise NotFoundError(f"there is no file '{printable(str(path))}'") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"'{printable(str(path))}' cannot be read: {reason}") from None


def _partition(resources: list[Resource]) -> Partition:
    arns = [value for each in resources for value in each.values.values() if isinstance(value, str)]
    for partition in (AWS_US_GOV, AWS_CN, AWS_EUSC):
        if any(arn.startswith(f"arn:{partition.name}:") for arn in arns):
            return partition
    return AWS
