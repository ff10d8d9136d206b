"""The hot path: a credential made ready earlier, checked and written out by `os`, `sys` and `time` alone.

Owns the ready record's format and place. `session` writes the records; `_entry` serves them; nobody
else touches them, and this room imports nobody.
"""
