"""From the text of an access file, or of a folder of them, to checked values: all that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from usher.access.access_tests import read_separations, read_tests
from usher.access.accounts import read_accounts
from usher.access.diagnostics import AccessFileError, Diagnostic, Findings
from usher.access.fields import read_fields
from usher.access.groups import read_groups
from usher.access.locate import START, Fields, Located, Node, Position, Scalar, line_words
from usher.access.managed_policies import resolve_managed_policy
from usher.access.model import AccessFile, DeclaredPermissionSet, DeclaredTest, Rule
from usher.access.notes import read_drift, read_words
from usher.access.organization import DECLARED, DISCOVERED, QUOTAS, OrganizationSection, read_organization
from usher.access.owners import UNLIMITED, Owned, check_sections, read_owners
from usher.access.parse import parse_yaml
from usher.access.permission_sets import PermissionSetReader
from usher.access.principals import read_users
from usher.access.roles import read_roles
from usher.access.rules import Declared, read_rules
from usher.access.selectors import SelectorReader
from usher.core.partitions import Partition
from usher.core.rules import DriftMode

VERSION = 1

_KEYS = (
    "version",
    "organization",
    "owner",
    "owners",
    "drift",
    "accounts",
    "users",
    "groups",
    "fragments",
    "permission_sets",
    "roles",
    "access",
    "tests",
    "separation",
)
# What holds for a whole folder stands in one of its files.
_ONCE = ("organization", "owners", "drift")


def load_access_file(text: str, file_name: str) -> AccessFile:
    """The access file in `text`; `file_name` is how messages call it.

    Raises AccessFileError with every mistake that can be found without asking AWS, in the file's order.
    Text with undecodable bytes (`errors="surrogateescape"`) is such a mistake too.
    """
    return load_access_files({file_name: text}, file_name)


def load_access_files(files: Mapping[str, str], name: str = "") -> AccessFile:
    """The access that the files of one folder describe together, from their texts by file name.

    `name` is what messages call them as a whole. Raises AccessFileError like `load_access_file`.
    """
    whole = name or next(iter(files), "")
    findings = Findings(whole)
    if not files:
        raise AccessFileError([Diagnostic(whole, 1, 1, "there is no access file in this folder")])
    parts = _Parts({})
    for file, text in files.items():
        root = parse_yaml(text, file, findings)
        if root is None:
            continue
        fields = read_fields(root, "the file", _KEYS, findings)
        if isinstance(root, Fields):
            _check_version(fields.get("version"), file, findings)
            parts.roots[file] = root
    if len(parts.roots) < len(files):
        raise findings.error()
    access_file = _Loader(whole, parts, findings).load()
    findings.raise_if_any()
    return access_file


@dataclass(frozen=True, slots=True)
class _Parts:
    """The root of each file."""

    roots: dict[str, Fields]

    def by_file(self, key: str) -> dict[str, Node]:
        """The nodes of a section, by the file that each is in."""
        return {
            file: entry.node
            for file, root in self.roots.items()
            for entry in root.entries
            if entry.key.text == key
        }

    def of(self, key: str) -> Sequence[Node]:
        """The nodes of a section."""
        return tuple(self.by_file(key).values())


class _Loader:
    def __init__(self, name: str, parts: _Parts, findings: Findings) -> None:
        self._name = name
        self._parts = parts
        self._findings = findings

    def load(self) -> AccessFile:
        parts, findings = self._parts, self._findings
        self._check_once()
        organization = read_organization(_only(parts.of("organization")), findings)
        quotas = organization.quotas if organization else QUOTAS
        accounts = read_accounts(parts.of("accounts"), findings)
        discovers = _discovers(organization, parts)
        selectors = SelectorReader(None if discovers else accounts, findings)
        users, external_users = read_users(parts.of("users"), findings)
        everybody = {**users, **dict.fromkeys(external_users)}
        groups, external_groups = read_groups(parts.of("groups"), everybody, findings)
        roles = read_roles(parts.of("roles"), findings)
        reader = PermissionSetReader(selectors, quotas["permission_sets"], findings)
        permission_sets = reader.read(parts.of("fragments"), parts.of("permission_sets"))
        drift = read_drift(_only(parts.of("drift")), "drift", findings) or DriftMode.ENFORCE
        names: dict[str, Mapping[str, object]] = {
            "user": everybody,
            "group": {**groups, **dict.fromkeys(external_groups)},
            "permission set": permission_sets,
            "role": roles,
        }
        declared = Declared(names, selectors, drift)
        rules, tests = self._read_rules_and_tests(declared)
        separations = read_separations(parts.of("separation"), declared, findings)
        if organization is not None and organization.ref.partition is not None:
            _check_partition(permission_sets, organization.ref.partition, findings)
        return AccessFile(
            self._name,
            accounts,
            users,
            groups,
            permission_sets,
            rules,
            external_users=external_users,
            external_groups=external_groups,
            roles=roles,
            tests=tests,
            separations=separations,
            organization=organization.ref if organization else None,
            discovers=discovers,
            quotas=quotas,
            drift=drift,
            warnings=findings.warnings,
        )

    def _read_rules_and_tests(self, declared: Declared) -> tuple[tuple[Rule, ...], tuple[DeclaredTest, ...]]:
        parts, findings = self._parts, self._findings
        owners = read_owners(_only(parts.of("owners")), parts.roots, declared.selectors, findings)
        owner_words = {
            file: read_words(node, "owner", findings) for file, node in parts.by_file("owner").items()
        }
        access, written_tests = parts.by_file("access"), parts.by_file("tests")
        rules: list[Rule] = []
        tests: list[DeclaredTest] = []
        for file, root in parts.roots.items():
            owned: Owned = owners.get(file, UNLIMITED)
            check_sections(root, owned, findings)
            if file in access:
                owner = owner_words.get(file, "")
                rules += read_rules(access[file], declared, findings, owner=owner, owned=owned)
            if file in written_tests:
                tests += read_tests(written_tests[file], declared, findings)
        return tuple(rules), tuple(tests)

    def _check_once(self) -> None:
        for key in _ONCE:
            nodes = self._parts.of(key)
            for other in nodes[1:]:
                words = f"first on {line_words(nodes[0].at, other.at)}"
                self._findings.add(other.at, f"{key} holds for the whole folder and is said twice", words)


def _only(nodes: Sequence[Node]) -> Node | None:
    return nodes[0] if nodes else None


def _discovers(organization: OrganizationSection | None, parts: _Parts) -> bool:
    """Whether all accounts of the organization are in scope: so it is said, or none are declared."""
    said = organization.accounts if organization else ""
    return said == DISCOVERED or (said != DECLARED and not parts.of("accounts"))


def _check_partition(
    sets: Mapping[str, DeclaredPermissionSet], partition: Partition, findings: Findings
) -> None:
    for declared in sets.values():
        boundary = (declared.boundary,) if isinstance(declared.boundary, Located) else ()
        for policy in (*declared.managed_policies, *boundary):
            resolve_managed_policy(policy, partition, findings)


def _check_version(node: Node | None, file: str, findings: Findings) -> None:
    if node is None:
        at = Position(START.line, START.column, file)
        findings.add(at, "the file has no version", f"write 'version: {VERSION}' first")
        return
    is_number = isinstance(node, Scalar) and type(node.value) is int
    if not is_number:
        findings.add(node.at, f"version must be the number {VERSION}", f"write 'version: {VERSION}'")
    elif isinstance(node, Scalar) and node.value != VERSION:
        findings.add(node.at, f"version {node.text} is not known", f"this Usher reads version {VERSION}")
