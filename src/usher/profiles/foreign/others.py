"""Tools whose secrets or settings cannot be taken over: that they were here, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from usher.profiles.foreign.found import Tool, Unmapped

_TRACES = (
    (
        Tool.AWS_VAULT,
        (".awsvault",),
        "keys in its store: 'aws-vault export PROFILE' shows them, 'usher keys import' takes them",
    ),
    (
        Tool.OTHER,
        (".saml2aws",),
        "saml2aws signs in to SAML pages, which usher does not: connect them to an Identity Center",
    ),
    (
        Tool.OTHER,
        (".Leapp/Leapp-lock.json",),
        "Leapp's workspace is encrypted: run 'usher login' and 'usher profiles sync' for its portals",
    ),
    (Tool.OTHER, (".awsume/config.yaml",), "awsume reads the AWS config file, which usher reads as it is"),
)


def find_traces(home: Path, environ: Mapping[str, str]) -> tuple[Unmapped, ...]:
    """One line for each tool that was here."""
    found = [
        Unmapped(tool, f"~/{place}", why)
        for tool, places, why in _TRACES
        for place in places
        if (home / place).exists()
    ]
    if environ.get("AWS_VAULT_BACKEND") and not any(each.tool is Tool.AWS_VAULT for each in found):
        found.append(Unmapped(Tool.AWS_VAULT, "AWS_VAULT_BACKEND is set", _TRACES[0][2]))
    return tuple(found)
