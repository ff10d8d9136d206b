"""Words that a person's settings leave open: `{account_name}/{role}` and a program's `{url}`, filled in.

A field is a name in braces; nothing else is special. What is filled in is never read again, so that an
account's name with braces in it stays a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from usher.console.sealed_links import ConsoleSession
from usher.core.errors import UsageError
from usher.core.printable import printable

CONTAINER_FIELDS = ("account_name", "account_id", "role", "organization", "profile", "label")
TELLING_FIELDS = ("account_name", "account_id", "profile")
"""Without one of these two accounts would have one name, and share cookies."""

LAUNCH_FIELDS = ("url", "profile", "account_id", "account_name", "role", "colour")

_FIELD = re.compile(r"\{([a-z_]+)\}")
_LONGEST_NAME = 80


def fields_of(template: str) -> set[str]:
    """The fields that `template` has."""
    return set(_FIELD.findall(template))


def is_template(template: str, known: Sequence[str]) -> bool:
    """Whether `template` has no fields but `known` ones, and no brace that belongs to none."""
    return fields_of(template) <= set(known) and not re.search(r"[{}]", _FIELD.sub("", template))


def container_name(template: str, session: ConsoleSession) -> str:
    """The name of the place that `session` lives in, as `[console] container` says."""
    values = {
        "account_name": session.account_name or session.account_id,
        "account_id": session.account_id,
        "role": session.role,
        "organization": session.organization,
        "profile": session.profile,
        "label": session.label,
    }
    name = " ".join(printable(_filled(template, values)).split()).strip("/ ")
    return (name or session.account_id)[:_LONGEST_NAME]


def launch_words(template: Sequence[str], url: str, session: ConsoleSession) -> list[str]:
    """The program and its arguments that `[console] open` asks for; `url` is our own one-time address.

    Each word stays one word whatever is filled into it: no shell reads them. Raises UsageError where a name
    that others gave would be read as an option.
    """
    values = {
        "profile": session.profile,
        "account_id": session.account_id,
        "account_name": session.account_name or session.account_id,
        "role": session.role,
        "colour": session.colour or "",
    }
    shown = {"url": url, **{name: printable(value) for name, value in values.items()}}
    return [_word(word, shown) for word in template]


def _word(template: str, values: Mapping[str, str]) -> str:
    word = _filled(template, values)
    if word.startswith("-") and not template.startswith("-"):
        raise UsageError(
            f"{template!r} of 'open' in the table [console] would become the option {word!r}",
            hint="write something before the field, as in '--name={account_name}'",
        )
    return word


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: values[found[1]], template)
