"""The access file: its text becomes core values, and every mistake gets its line and column.

Owns the file's format, its JSON Schema and all checks that need no network (`load`), and the matching
of the file with the organization's accounts (`resolve`). It does not read or change AWS: `plan`
compares what comes out of here with what is there. Neighbours: `core` below, `plan` and `cli` above.
"""
