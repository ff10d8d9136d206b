"""The hot paths: what programs ask for many times a day, answered by `os`, `sys` and `time` alone.

Owns the ready record (a credential made ready earlier), the prompt's segment and completion. `session`
writes the records; `_entry` serves them; the slow path of the prompt and of completion (`cli`) notes
what it found out. This room imports nobody.
"""
