"""Stores of other credential tools: plain ones, and encrypted ones whose passphrase may be empty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from usher.session.leftovers.finding import Kind, Leftover, Life, Removal, Surroundings, modified_at, text_of

_GRANTED = "Granted's file store is sealed with CF_KEYRING_FILE_PASSWORD, which is empty unless it was set"
_AWS_VAULT = "aws-vault's file store is as strong as its passphrase; 'aws-vault remove' takes keys out"
_LEAPP = "Leapp keeps its workspace here, encrypted with a key that is made from this machine's id"


def find_of_other_tools(places: Surroundings, _now: float) -> Iterator[Leftover]:
    """Files that other tools keep secrets in."""
    home = places.home
    yield from _files(home / ".granted", "secure-storage-*/*", "Granted", _GRANTED)
    yield from _files(home / ".awsvault" / "keys", "*", "aws-vault", _AWS_VAULT, removable=False)
    yield from _files(home / ".Leapp", "Leapp-lock.json", "Leapp", _LEAPP, removable=False)
    config = Path(places.environ.get("XDG_CONFIG_HOME") or home / ".config")
    for folder in (home / ".aws-sso", config / "aws-sso"):
        yield from _aws_sso_cli(folder / "store.json")
    yield from _saml2aws(places)


def _files(
    folder: Path, pattern: str, tool: str, advice: str, *, removable: bool = True
) -> Iterator[Leftover]:
    for path in sorted(folder.glob(pattern)) if folder.is_dir() else ():
        if path.is_file():
            removal = Removal.DELETE_FILE if removable else Removal.BY_HAND
            yield Leftover(path, Kind.STORE, tool, removal, advice, modified_at=modified_at(path))


def _aws_sso_cli(path: Path) -> Iterator[Leftover]:
    """Its `SecureStore: json` is plain text: tokens, client secrets, role keys, static keys."""
    text = text_of(path)
    try:
        document = json.loads(text) if text else None
    except ValueError:
        return
    if isinstance(document, dict) and any(document.values()):
        advice = (
            "aws-sso-cli's JSON store is plain text: choose another SecureStore, or 'aws-sso logout' first"
        )
        yield Leftover(
            path,
            Kind.STORE,
            "aws-sso-cli",
            Removal.DELETE_FILE,
            advice,
            life=Life.UNKNOWN,
            modified_at=modified_at(path),
        )


def _saml2aws(places: Surroundings) -> Iterator[Leftover]:
    """Its SAML responses are cached as they came; each opens every role of the person for some minutes."""
    advice = "a cached SAML response opens your roles; 'saml2aws login --skip-cache' keeps none"
    yield from _files(places.home / ".aws" / "saml2aws", "cache*", "saml2aws", advice)
    config = text_of(places.home / ".saml2aws") or ""
    for number, line in enumerate(config.split("\n"), 1):
        key, _, value = line.partition("=")
        if key.strip() in {"password", "saml_cache_password"} and value.strip():
            yield Leftover(
                places.home / ".saml2aws",
                Kind.STATIC_KEY,
                "saml2aws",
                Removal.CUT_LINES,
                "a password in plain text: let saml2aws ask, or keep it in the key ring",
                name=key.strip(),
                life=Life.LIVE,
                lines=(number,),
            )
