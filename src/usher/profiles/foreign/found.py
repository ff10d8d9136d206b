"""What is found in other tools' files: portals, settings worth taking over, and what has no counterpart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Tool(StrEnum):
    """A tool that people come from."""

    AWS_CLI = "aws-cli"
    GRANTED = "granted"
    AWS_SSO_CLI = "aws-sso-cli"
    AWS_SSO_UTIL = "aws-sso-util"
    AWS_VAULT = "aws-vault"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FoundPortal:
    """An access portal as a tool knows it. `name` is the tool's, empty where it has none."""

    tool: Tool
    name: str
    start_url: str
    region: str
    scopes: tuple[str, ...] = ()
    browser: str | None = None


@dataclass(frozen=True, slots=True)
class Unmapped:
    """Something that is left as it is, and why or what to do instead."""

    tool: Tool
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A setting of another tool in Usher's words: a command, or lines for `settings.toml`."""

    tool: Tool
    what: str
    instead: str


@dataclass(frozen=True, slots=True)
class FoundSettings:
    """What one settings file says. `default` is the portal that is meant where none is named."""

    path: Path
    portals: tuple[FoundPortal, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    unmapped: tuple[Unmapped, ...] = ()
    default: str | None = None


def plain_start_url(url: str) -> str:
    """A start URL without what browsers leave at its end (`/`, `#`, `#/`)."""
    return url.strip().rstrip("/#")
