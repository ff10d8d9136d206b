"""How a console reaches a person's browser: its extension, browsers set apart, or a program of their own.

Owns the native host that a browser starts for the extension, the records of where the extension is
installed, and the way from a signed-in address to an open tab. What a link is made of lives in `console`,
keys in `cli/opening.py`; the other half of the native messages is `extension/src/background`.
"""
