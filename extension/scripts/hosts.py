"""Writes src/shared/hosts.json from what the command line knows; run it after changing console/hosts.py."""

import json
from pathlib import Path

from usher.console.hosts import hosts_by_partition

target = Path(__file__).parent.parent / "src" / "shared" / "hosts.json"
target.write_text(json.dumps(hosts_by_partition(), indent=2) + "\n", "utf-8")
