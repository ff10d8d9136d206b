"""Typed reading of the located tree: each function notes what is wrong and gives what it can use.

`what` is the thing being read in a person's words ("group 'devops'"), and starts each message.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence

from usher.access.diagnostics import Findings
from usher.access.locate import (
    Entry,
    Fields,
    Items,
    Located,
    Node,
    Position,
    Scalar,
    describe,
    is_nothing,
    line_words,
)

MAX_TAGS = 50
RESERVED_TAG_PREFIXES = ("aws:", "usher:")


def read_fields(node: Node, what: str, known: Sequence[str], findings: Findings) -> dict[str, Node]:
    """The mapping's values by key, after noting every key that is not `known`."""
    if not isinstance(node, Fields):
        findings.add(node.at, f"{what} must be a mapping, not {describe(node)}", f"keys: {', '.join(known)}")
        return {}
    for entry in node.entries:
        if entry.key.text not in known:
            hint = findings.did_you_mean(entry.key.text, known) or f"known keys: {', '.join(known)}"
            findings.add(entry.key.at, f"{what} has an unknown key '{entry.key.text}'", hint)
    return {entry.key.text: entry.node for entry in node.entries if entry.key.text in known}


def read_text(node: Node, what: str, findings: Findings) -> str | None:
    """The text of `node`. A number or `true` is not text: other readers would change how it looks."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    hint = ""
    if isinstance(node, Scalar) and node.value is not None:
        hint = f'write it in quotes: "{node.text}"'
    findings.add(node.at, f"{what} must be text, not {describe(node)}", hint)
    return None


def read_located_text(node: Node, what: str, findings: Findings) -> Located[str] | None:
    """The text of `node` with its position."""
    text = read_text(node, what, findings)
    return None if text is None else Located(text, node.at)


def read_items(node: Node, what: str, findings: Findings) -> Sequence[Node]:
    """The values of a list; an empty value counts as an empty list."""
    if isinstance(node, Items):
        return node.nodes
    if not is_nothing(node):
        findings.add(node.at, f"{what} must be a list, not {describe(node)}", f"write it as {_as_list(node)}")
    return ()


def read_names(node: Node, what: str, findings: Findings) -> tuple[Located[str], ...]:
    """The texts of a list, after noting what is written twice."""
    found: dict[str, Located[str]] = {}
    for item in read_items(node, what, findings):
        text = read_text(item, f"an entry of {what}", findings)
        if text is None:
            continue
        if text in found:
            findings.add(
                item.at,
                f"{what}: '{text}' is listed twice",
                f"first on {line_words(found[text].at, item.at)}",
            )
        else:
            found[text] = Located(text, item.at)
    return tuple(found.values())


def read_section(nodes: Sequence[Node], kind: str, findings: Findings) -> Iterator[Entry]:
    """The entries of a section whose keys are names, after noting names that differ only in case.

    `nodes` are the section's parts, one for each file that has it. AWS compares the names of users, groups
    and permission sets without regard to case.
    """
    seen: dict[str, Scalar] = {}
    for node in nodes:
        if is_nothing(node):
            continue
        if not isinstance(node, Fields):
            findings.add(node.at, f"{kind}s must be a mapping from name to {kind}, not {describe(node)}")
            continue
        for entry in node.entries:
            name = read_text(entry.key, f"the {kind}'s name", findings)
            if name is None:
                continue
            first = seen.setdefault(name.casefold(), entry.key)
            if first is entry.key:
                yield entry
            else:
                note_same_name(kind, name, entry.key.at, Located(first.text, first.at), findings)


def note_same_name(kind: str, name: str, at: Position, first: Located[str], findings: Findings) -> None:
    """Note that `name` was declared before as `first`, perhaps in other case."""
    case = "" if name == first.value else ", and differs only in case"
    findings.add(at, f"{kind} '{name}' is declared twice", f"first on {line_words(first.at, at)}{case}")


def read_tags(node: Node, what: str, findings: Findings, *, most: int | None = MAX_TAGS) -> dict[str, str]:
    """Tags to be put on `what`, within the limits of AWS and outside the prefixes it reserves."""
    tags = read_tag_values(node, what, findings)
    if most is not None and len(tags) > most:
        findings.add(node.at, f"{what} has {len(tags)} tags; the limit is {most}")
    if isinstance(node, Fields):
        for entry in node.entries:
            prefix = entry.key.text.casefold().partition(":")[0] + ":"
            if entry.key.text in tags and prefix in RESERVED_TAG_PREFIXES:
                findings.add(entry.key.at, f"tag '{entry.key.text}': the prefix '{prefix}' is reserved")
    return tags


def read_tag_values(node: Node, what: str, findings: Findings) -> dict[str, str]:
    """Tag keys and values of a mapping, each checked against AWS's pattern and length."""
    if is_nothing(node):
        return {}
    if not isinstance(node, Fields):
        findings.add(
            node.at, f"tags of {what} must be a mapping, not {describe(node)}", "write {env: staging}"
        )
        return {}
    tags: dict[str, str] = {}
    for entry in node.entries:
        key = read_tag_key(entry.key, findings)
        if key is None:
            continue
        value = read_text(entry.node, f"tag '{key}'", findings)
        if value is not None and is_tag_text(value, entry.node.at, f"tag '{key}'", 0, 256, findings):
            tags[key] = value
    return tags


def read_tag_key(node: Scalar, findings: Findings) -> str | None:
    """A tag's key, or None after noting why it is none."""
    key = read_text(node, "a tag's key", findings)
    if key is None or not is_tag_text(key, node.at, f"tag key '{key}'", 1, 128, findings):
        return None
    return key


def is_tag_text(text: str, at: Position, what: str, low: int, high: int, findings: Findings) -> bool:
    """Whether AWS takes `text` as a tag's key or value of `low` to `high` characters; notes it when not."""
    if not has_length(text, at, what, low, high, findings):
        return False
    if not is_made_of(text, "LZN", "_.:/=+-@"):
        findings.add(
            at, f"{what} has a character that AWS does not allow", "letters, digits, spaces and _.:/=+-@"
        )
        return False
    return True


def has_length(text: str, at: Position, what: str, low: int, high: int, findings: Findings) -> bool:
    """Whether `text` has `low` to `high` characters; notes it when not."""
    if low <= len(text) <= high:
        return True
    if not text:
        findings.add(at, f"{what} is empty")
    else:
        findings.add(at, f"{what} has {len(text):,} characters; the limit is {high:,}")
    return False


def is_made_of(text: str, categories: str, extra: str = "") -> bool:
    """Whether each character is of one of the Unicode categories (by first letter) or in `extra`.

    AWS writes such patterns as `[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]`.
    """
    return all(unicodedata.category(letter)[0] in categories or letter in extra for letter in text)


def is_name_text(text: str) -> bool:
    """Whether `text` fits AWS's pattern for displayed names and descriptions in the identity store."""
    return is_made_of(text, "LMSNP", "\t\n\r \u00a0\u3000")


def one_of(
    fields: Mapping[str, Node], at: Position, what: str, keys: Sequence[str], findings: Findings
) -> tuple[str, Node] | None:
    """The single one of `keys` that is present; notes it when there is none or more than one."""
    present = [key for key in keys if key in fields]
    choices = f"{', '.join(keys[:-1])} or {keys[-1]}"
    if not present:
        findings.add(at, f"{what} needs {choices}")
        return None
    if len(present) > 1:
        findings.add(fields[present[1]].at, f"{what} has both {present[0]} and {present[1]}", "keep one")
    return present[0], fields[present[0]]


def read_flag(node: Node | None, what: str, findings: Findings) -> bool:
    """Whether `node` is `true`; absent counts as false."""
    if node is None:
        return False
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    findings.add(node.at, f"{what} must be true or false, not {describe(node)}")
    return False


def read_if_present(
    fields: Mapping[str, Node], key: str, reader: Callable[[Node], str | None], default: str = ""
) -> str:
    """What `reader` makes of the value under `key`; `default` when it is absent or was wrong."""
    node = fields.get(key)
    text = None if node is None else reader(node)
    return default if text is None else text


def _as_list(node: Node) -> str:
    return f"[{node.text}]" if isinstance(node, Scalar) else "[a, b]"
