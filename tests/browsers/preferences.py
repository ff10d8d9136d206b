"""What the person has in settings.toml: colours of the accounts, and the browser that consoles open in."""

from __future__ import annotations

SETTINGS = """
[console]
browser = "{browser}"
chromium = "multi-session"

[[protect]]
accounts = "production"
colour = "red"
label = "PRODUCTION"

[[protect]]
accounts = "staging"
colour = "green"

[[protect]]
accounts = "management"
colour = "purple"

[[protect]]
accounts = "playground"
colour = "blue"
"""
