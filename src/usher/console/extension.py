"""What identifies the browser extension: its ids, and the native host that it may start.

The Chromium id follows from the public key in the extension's manifest, whose private half nobody has:
the key only keeps the id the same wherever the extension is loaded from. `tests/console` compares them.
"""

from __future__ import annotations

FIREFOX_ID = "usher@usher.example"
CHROMIUM_ID = "pahgfhkbhedcnjipolpkepemoholgfkk"
NATIVE_HOST = "io.usher.host"

CHROMIUM_ORIGIN = f"chrome-extension://{CHROMIUM_ID}/"
"""How Chromium names the extension to a native host, and where its pages are."""
