"""The prompt's segment: the profile in use, its look, and how long its session lasts.

A prompt is drawn after every command, so this asks nobody: the profile and its look stand in the
environment where Usher put them, else in a note that the slow path left, and the session's end in
the ready record. What is not known here is a miss, and the slow path finds it out. Only `os`, `sys`
and `time` are imported.
"""

import os
import sys
import time

from usher.fastpath import ready

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMATS = ("plain", "ansi", "bash", "zsh")
COLOURS = {
    "red": "31",
    "orange": "38;5;208",
    "yellow": "33",
    "green": "32",
    "turquoise": "36",
    "blue": "34",
    "purple": "35",
    "pink": "38;5;205",
}
_ZSH_COLOURS = {"orange": "208", "turquoise": "cyan", "purple": "magenta", "pink": "205"}


def serve(arguments: "Sequence[str]") -> bool:
    """Write the segment to stdout. False, with nothing written, when the slow path must answer."""
    if not arguments:
        format_name = "plain"
    elif len(arguments) == 2 and arguments[0] == "--format" and arguments[1] in FORMATS:
        format_name = arguments[1]
    else:
        return False
    environ = os.environ
    profile = profile_in_use(environ)
    if not profile:
        return True
    look = given_look(environ, profile) or noted_look(environ, profile)
    if look is None:
        return False
    sys.stdout.write(segment(format_name, profile, look, time_left(environ, profile)) + "\n")
    return True


def profile_in_use(environ: "Mapping[str, str]") -> str:
    """The profile whose credentials a command would get here; empty when none is in use."""
    if environ.get("AWS_ACCESS_KEY_ID"):
        return environ.get("USHER_PROFILE", "") or "keys in the environment"
    return environ.get("AWS_PROFILE", "")


def given_look(environ: "Mapping[str, str]", profile: str) -> "tuple[str, str] | None":
    """Colour and label as `usher use` and `usher exec` left them for this very profile."""
    if environ.get("USHER_PROFILE") != profile:
        return None
    return environ.get("USHER_COLOUR", ""), environ.get("USHER_LABEL", "")


def note_place(environ: "Mapping[str, str]", profile: str) -> str:
    """Where the slow path notes the look of a profile that was not entered through Usher."""
    own = environ.get("USHER_HOME")
    if own:
        cache = own + "/cache"
    else:
        cache = (environ.get("XDG_CACHE_HOME") or environ.get("HOME", "") + "/.cache") + "/usher"
    return f"{cache}/looks/{profile.encode('utf-8', 'surrogateescape').hex()[:200]}"


def note_stamp(environ: "Mapping[str, str]") -> str:
    """The state of all files that a look comes from; another state makes every note void."""
    own = environ.get("USHER_HOME")
    if own:
        config, cache = own + "/config", own + "/cache"
    else:
        home = environ.get("HOME", "")
        config = (environ.get("XDG_CONFIG_HOME") or home + "/.config") + "/usher"
        cache = (environ.get("XDG_CACHE_HOME") or home + "/.cache") + "/usher"
    aws = environ.get("AWS_CONFIG_FILE") or environ.get("HOME", "") + "/.aws/config"
    return " ".join(_state(path) for path in (config + "/settings.toml", cache + "/index", aws))


def noted_look(environ: "Mapping[str, str]", profile: str) -> "tuple[str, str] | None":
    """Colour and label as noted by the slow path, None when there is no note for the files as they are."""
    try:
        with open(note_place(environ, profile), encoding="utf-8") as file:
            lines = file.read(8_192).split("\n")
    except (OSError, ValueError):
        return None
    if len(lines) != 4 or lines[0] != note_stamp(environ) or lines[1] != profile:
        return None
    return lines[2], lines[3]


def time_left(environ: "Mapping[str, str]", profile: str) -> str:
    """How long the keys that are there already last (`47m`, `2h05m`, `expired`); empty when not known."""
    expiry = None
    if environ.get("AWS_ACCESS_KEY_ID"):
        expiry = _moment(environ.get("AWS_CREDENTIAL_EXPIRATION", ""))
    else:
        expiry = _ready_expiry(environ, profile)
    if expiry is None:
        return ""
    minutes = int(expiry - time.time()) // 60
    if minutes < 0:
        return "expired"
    return f"{minutes // 60}h{minutes % 60:02d}m" if minutes >= 60 else f"{minutes}m"


def segment(format_name: str, profile: str, look: "tuple[str, str]", left: str) -> str:
    """The segment in the words of a prompt. Nothing in a name is a prompt's or a terminal's command."""
    colour, label = look
    words = [_shown(profile), *([left] if left else [])]
    marks = _Marks(format_name, colour)
    badge = [marks.inverse(f" {_shown(label)} ")] if label else []
    return " ".join([*badge, *(marks.colour(word) for word in words)])


class _Marks:
    """Colour as a kind of prompt writes it, around words made literal for that prompt."""

    def __init__(self, format_name: str, colour: str) -> None:
        self._format = format_name
        self._colour = colour if colour in COLOURS else ""

    def colour(self, word: str) -> str:
        if self._format == "zsh":
            word = word.replace("%", "%%")
            return f"%F{{{self._zsh_colour()}}}{word}%f" if self._colour else word
        return self._escaped(COLOURS[self._colour], word) if self._colour else word

    def inverse(self, word: str) -> str:
        if self._format == "plain":
            return word.strip()
        if self._format == "zsh":
            word = word.replace("%", "%%")
            return f"%S%F{{{self._zsh_colour()}}}{word}%f%s" if self._colour else f"%S{word}%s"
        return self._escaped("7;" + COLOURS.get(self._colour, "1"), word)

    def _zsh_colour(self) -> str:
        return _ZSH_COLOURS.get(self._colour, self._colour)

    def _escaped(self, codes: str, word: str) -> str:
        if self._format == "plain":
            return word
        start, end = f"\x1b[{codes}m", "\x1b[0m"
        # Readline counts what is not between these two as columns.
        return f"\x01{start}\x02{word}\x01{end}\x02" if self._format == "bash" else f"{start}{word}{end}"


def _shown(text: str) -> str:
    """`text` as it may be shown: no control, escape or bidirectional characters."""
    if text.isascii() and text.isprintable():
        return text
    from unicodedata import category

    return "".join(c if category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} else "\ufffd" for c in text)


def _state(path: str) -> str:
    try:
        state = os.stat(path)  # noqa: PTH116 -- pathlib costs more than the whole budget
    except OSError:
        return "-"
    return f"{state.st_mtime_ns}-{state.st_size}-{state.st_ino}"


def _ready_expiry(environ: "Mapping[str, str]", profile: str) -> "float | None":
    """When the ready record of the profile ends: the first line of its file."""
    if sys.platform == "win32":
        return None
    name = ready.record_name(ready.record_key(profile, environ))
    for directory in ready.directories(environ, os.getuid()):
        try:
            record = os.open(f"{directory}/{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            state = os.fstat(record)
            if state.st_uid == os.getuid() and (text := os.read(record, 12)).isdigit():
                return float(text)
        finally:
            os.close(record)
    return None


def _moment(text: str) -> "float | None":
    """Seconds since the epoch of `2026-11-24T13:00:00Z`; the calendar's libraries would cost too much."""
    parts = text.removesuffix("Z").replace("T", "-").replace(":", "-").split("-")
    if len(parts) != 6 or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return None
    year, month, day, hour, minute, second = map(int, parts)
    year -= month <= 2
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    era_day = year * 365 + year // 4 - year // 100 + year // 400 + day_of_year - 719_468
    return ((era_day * 24 + hour) * 60 + minute) * 60.0 + second
