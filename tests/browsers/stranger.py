"""Another extension, of somebody who means ill, as a folder and as a package."""

from __future__ import annotations

import hashlib
import json
import uuid
import zipfile
from pathlib import Path

FIREFOX_ID = "stranger@evil.example"
FIREFOX_PAGES = f"moz-extension://{uuid.uuid4()}/"
PAGE = "<!doctype html><title>Stranger</title>"


def write_stranger(folder: Path, family: str) -> Path:
    """It may do whatever extensions may: start native hosts, open tabs, see every page."""
    folder.mkdir(exist_ok=True)
    manifest = {
        "manifest_version": 3,
        "name": "Stranger",
        "version": "1",
        "permissions": ["nativeMessaging", "tabs", "scripting"],
        "host_permissions": ["<all_urls>"],
    }
    if family == "firefox":
        manifest["browser_specific_settings"] = {"gecko": {"id": FIREFOX_ID}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "page.html").write_text(PAGE)
    return folder


def pack(folder: Path, package: Path) -> Path:
    with zipfile.ZipFile(package, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    return package


def chromium_pages(folder: Path) -> str:
    """Where Chromium puts the pages of an unpacked extension without a key: by its folder's name."""
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:32]
    return f"chrome-extension://{''.join(chr(ord('a') + int(each, 16)) for each in digest)}/"
