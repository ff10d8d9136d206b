"""The default values of keys below HKEY_CURRENT_USER: where Windows' browsers ask for native hosts."""

from __future__ import annotations

import sys

from usher.core.errors import UsherError

if sys.platform == "win32":
    import winreg


def read(key: str) -> str | None:
    """The key's default value; None where there is none, and everywhere but on Windows."""
    if sys.platform == "win32":
        try:
            return winreg.QueryValue(winreg.HKEY_CURRENT_USER, key)
        except OSError:
            return None
    return None


def write(key: str, value: str) -> None:
    """Make the key, and set its default value. Raises UsherError where it cannot be."""
    if sys.platform == "win32":
        try:
            winreg.SetValue(winreg.HKEY_CURRENT_USER, key, winreg.REG_SZ, value)
        except OSError as error:
            raise _refused(key, error.strerror) from None
        return
    raise _refused(key, "this system has no registry")


def delete(key: str) -> None:
    """Remove the key; one that is not there is fine."""
    if sys.platform == "win32":
        try:
            winreg.DeleteKey(winreg.HKEY_CURRENT_USER, key)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _refused(key, error.strerror) from None


def _refused(key: str, why: str | None) -> UsherError:
    return UsherError(rf"cannot change HKCU\{key}: {why}", hint="a policy may forbid it")
