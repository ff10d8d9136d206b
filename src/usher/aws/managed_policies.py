"""Documents of managed policies, read through IAM once per version and kept on this machine.

A version of a policy never changes, so a kept document is good for ever; one GetPolicy tells which version
is in force. Without IAM, the newest kept version answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from usher.aws.calls import ServiceCalls
from usher.core.errors import NotFoundError, UsherError
from usher.core.policy_document import PolicyDocument, published_policy
from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import read_private, write_private

WORKERS = 8
_VERSION = re.compile(r"v([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents by policy ARN. `stale` may be older than what is in force, `failures` says in words why."""

    by_arn: Mapping[str, PolicyDocument]
    stale: frozenset[str] = frozenset()
    failures: tuple[str, ...] = ()
    missing: frozenset[str] = field(default_factory=frozenset)


class PolicyShelf:
    """The kept documents, in `folder` (0700), one file (0600) per policy and version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, arn: str, version: str) -> PolicyDocument | None:
        """The document of that version; None when it is not kept, or what is kept cannot be used."""
        return self._read(self._path(arn, version))

    def newest(self, arn: str) -> PolicyDocument | None:
        """The document of the newest kept version."""
        kept = self._folder.glob(f"{_escaped(arn)}@v*.json") if self._folder.is_dir() else ()
        versions = sorted(kept, key=lambda path: _number(path.stem.rpartition("@")[2]), reverse=True)
        return next((document for path in versions if (document := self._read(path))), None)

    def keep(self, arn: str, version: str, document: PolicyDocument) -> None:
        """Keep one version. Raises UnsafePlaceError when the folder cannot be written."""
        write_private(self._path(arn, version), document.json.encode())

    def _path(self, arn: str, version: str) -> Path:
        return self._folder / f"{_escaped(arn)}@{version}.json"

    def _read(self, path: Path) -> PolicyDocument | None:
        try:
            content = read_private(path)
            return None if content is None else published_policy(json.loads(content))
        except (UnsafePlaceError, ValueError):
            return None


def read_documents(calls: ServiceCalls, shelf: PolicyShelf, arns: Iterable[str]) -> Documents:
    """The documents in force of `arns`: one call for each, and one more where its version is new.

    What IAM does not answer comes from the shelf and is `stale`. A policy that does not exist is `missing`.
    """
    arns = tuple(arns)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="read-policies") as pool:
        answers = list(pool.map(lambda arn: _read_or_say(calls, shelf, arn), arns))
    failures = dict.fromkeys(answer for answer in answers if isinstance(answer, str))
    found = {
        arn: answer for arn, answer in zip(arns, answers, strict=True) if isinstance(answer, PolicyDocument)
    }
    unanswered = [arn for arn, answer in zip(arns, answers, strict=True) if isinstance(answer, str)]
    kept = kept_documents(shelf, unanswered)
    gone = frozenset(arn for arn, answer in zip(arns, answers, strict=True) if answer is None)
    return Documents({**found, **kept.by_arn}, kept.stale, tuple(failures), kept.missing | gone)


def kept_documents(shelf: PolicyShelf, arns: Iterable[str]) -> Documents:
    """The newest kept documents of `arns`, without any call."""
    found = {arn: shelf.newest(arn) for arn in arns}
    kept = {arn: document for arn, document in found.items() if document is not None}
    return Documents(kept, stale=frozenset(kept), missing=frozenset(found.keys() - kept.keys()))


def _read_or_say(calls: ServiceCalls, shelf: PolicyShelf, arn: str) -> PolicyDocument | str | None:
    try:
        return _read(calls, shelf, arn)
    except NotFoundError:
        return None
    except UsherError as error:
        return error.message


def _read(calls: ServiceCalls, shelf: PolicyShelf, arn: str) -> PolicyDocument:
    policy = calls.call("GetPolicy", f"reading the policy {arn}", PolicyArn=arn)["Policy"]
    version = str(policy["DefaultVersionId"])
    kept = shelf.find(arn, version) if _VERSION.fullmatch(version) else None
    if kept is not None:
        return kept
    what = f"reading version {version} of the policy {arn}"
    answer = calls.call("GetPolicyVersion", what, PolicyArn=arn, VersionId=version)
    document = answer["PolicyVersion"]["Document"]
    try:
        policy_document = published_policy(json.loads(document) if isinstance(document, str) else document)
    except ValueError as error:
        raise UsherError(f"{what}: {error}") from None
    if _VERSION.fullmatch(version):
        # Where it cannot be kept it is read again next time.
        with suppress(UnsafePlaceError):
            shelf.keep(arn, version, policy_document)
    return policy_document


def _number(version: str) -> int:
    found = _VERSION.fullmatch(version)
    return int(found[1]) if found else 0


def _escaped(arn: str) -> str:
    return quote(arn, safe="")
