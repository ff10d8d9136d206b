"""Variables to set and to take away, and the code that tells a shell so.

The code consists of fixed templates around quoted values. What a hook evaluates opens with a line that
names the protocol and its version; a hook that does not know it evaluates nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from usher.shell.quoting import Shell, check_plain, quote

PROTOCOL = "usher-shell-1"

_SET: Mapping[Shell, str] = {
    Shell.SH: "\\export {name}={value}",
    Shell.BASH: "\\builtin export {name}={value}",
    Shell.ZSH: "\\builtin export {name}={value}",
    Shell.FISH: "set -gx {name} {value}",
    Shell.POWERSHELL: "$env:{name} = {value}",
    Shell.NU: "$env.{name} = {value}",
    Shell.ELVISH: "set-env {name} {value}",
    Shell.CMD: '@set "{name}={value}"',
}
_UNSET: Mapping[Shell, str] = {
    Shell.SH: "\\unset -v {name}",
    Shell.BASH: "\\builtin unset -v {name}",
    Shell.ZSH: "\\builtin unset -v {name}",
    Shell.FISH: "set -e {name}",
    Shell.POWERSHELL: "Remove-Item -LiteralPath 'Env:{name}' -ErrorAction Ignore",
    Shell.NU: "hide-env --ignore-errors {name}",
    Shell.ELVISH: "unset-env {name}",
    Shell.CMD: '@set "{name}="',
}


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes of variables. A name is in `set` or in `unset`, not in both."""

    set: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()

    def applied_to(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` with these changes."""
        kept = {name: value for name, value in environ.items() if name not in self.unset}
        return kept | dict(self.set)


def changes(given: Mapping[str, str], gone: Iterable[str]) -> Changes:
    """The changes that set `given` and take away those of `gone` that are not given."""
    return Changes(given, tuple(name for name in dict.fromkeys(gone) if name not in given))


def shell_code(shell: Shell, wanted: Changes) -> str:
    """Statements of `shell` for the changes, one a line. Raises UnquotableError."""
    lines = [_UNSET[shell].format(name=name) for name in wanted.unset]
    lines += [_SET[shell].format(name=name, value=quote(shell, value)) for name, value in wanted.set.items()]
    return "\n".join(lines)


def hook_text(shell: Shell, wanted: Changes) -> str:
    """What `usher use` hands to a hook. Raises UnquotableError.

    nu and elvish evaluate nothing: their hooks read the same changes as JSON.
    """
    if shell in {Shell.NU, Shell.ELVISH}:
        return json_text(wanted)
    return f"{PROTOCOL}\n{shell_code(shell, wanted)}"


def json_text(wanted: Changes) -> str:
    """The changes as a JSON document. Raises UnquotableError."""
    for value in wanted.set.values():
        check_plain(value)
    return json.dumps({"protocol": PROTOCOL, "set": dict(wanted.set), "unset": list(wanted.unset)})


def dotenv_text(given: Mapping[str, str]) -> str:
    """The lines of a .env file. Values that some reader would take apart are left out.

    Readers of .env files agree on unquoted words alone: Docker keeps quotes, others strip them.
    """
    plain = {name: value for name, value in given.items() if _is_word(value)}
    return "\n".join(f"{name}={value}" for name, value in plain.items())


def _is_word(value: str) -> bool:
    return value.isascii() and all(c.isalnum() or c in "+/=:._@,-" for c in value)
