"""A ready record: the finished `credential_process` document in a memory-only file, and its server.

The file is three lines and a document:

    <expiry, seconds since the epoch, twelve digits>
    <the key: profile and environment, hex>
    <the AWS config file's state when the record was made: mtime_ns-size-inode>
    <the document's bytes>

Records live only on memory file systems, below `$XDG_RUNTIME_DIR/usher` or `/dev/shm/usher-<uid>`:
the writer checks the mount, the reader checks owner, mode and type. Whatever looks wrong is a miss,
and the sealed path answers instead. Only `os`, `sys` and `time` are imported here: this is the path
that every AWS SDK call of a `credential_process` profile pays for.
"""

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MARGIN_SECONDS = 300
LARGEST_RECORD_BYTES = 65_536
ENVIRONMENT = (
    "USHER_HOME",
    "USHER_VAULT",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
)
_PRIME = 2**255 - 19


def serve(profile: str) -> bool:
    """Write `profile`'s ready document to stdout. False, with nothing written, on any doubt."""
    if sys.platform == "win32":
        return False  # there are no memory file systems
    try:
        environ = os.environ
        key = record_key(profile, environ)
        stamp = config_stamp(environ)
        for directory in directories(environ, os.getuid()):
            document = _read(directory, key, stamp)
            if document is not None:
                return _write(document)
    except (OSError, ValueError):
        return False
    return False


def record_key(profile: str, environ: "Mapping[str, str]") -> str:
    """The exact identity of a record: the profile and every variable that says which files are read."""
    parts = [profile] + [environ.get(name, "") for name in ENVIRONMENT]
    return "00".join(os.fsencode(part).hex() for part in parts)


def record_name(key: str) -> str:
    """The record's file name. Two keys may share one; the key inside the file tells them apart."""
    return f"{int.from_bytes(key.encode(), 'big') % _PRIME:064x}"


def directories(environ: "Mapping[str, str]", uid: int) -> "list[str]":
    """Where records may be, in order of preference."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    places = [runtime + "/usher"] if runtime.startswith("/") else []
    return [*places, f"/dev/shm/usher-{uid}"]  # noqa: S108 -- checked for owner and mode before use


def config_stamp(environ: "Mapping[str, str]") -> str:
    """The state of the AWS config file that `environ` names; raises OSError when there is none."""
    path = environ.get("AWS_CONFIG_FILE") or environ.get("HOME", "") + "/.aws/config"
    state = os.stat(path)  # noqa: PTH116 -- pathlib costs more than the whole budget
    return f"{state.st_mtime_ns}-{state.st_size}-{state.st_ino}"


def _read(directory: str, key: str, stamp: str) -> "bytes | None":
    """The record's document if directory, file, key, config and expiry are all beyond doubt."""
    if sys.platform == "win32":
        return None
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        place = os.open(directory, flags | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        if not _is_private(os.fstat(place), 0o040700):
            return None
        record = os.open(record_name(key), flags | os.O_NONBLOCK, dir_fd=place)
    except OSError:
        return None
    finally:
        os.close(place)
    try:
        if not _is_private(os.fstat(record), 0o100600):
            return None
        content = os.read(record, LARGEST_RECORD_BYTES + 1)
    finally:
        os.close(record)
    if len(content) > LARGEST_RECORD_BYTES:
        return None
    expiry, written_key, written_stamp, document = content.split(b"\n", 3)
    if len(expiry) != 12 or int(expiry) - MARGIN_SECONDS <= time.time():
        return None
    if written_key != key.encode() or written_stamp != stamp.encode():
        return None
    return document


def _is_private(state: os.stat_result, mode: int) -> bool:
    return sys.platform != "win32" and state.st_mode == mode and state.st_uid == os.getuid()


def _write(document: bytes) -> bool:
    sys.stdout.flush()
    while document:
        document = document[os.write(1, document) :]
    return True
