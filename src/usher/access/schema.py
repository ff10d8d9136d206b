"""The access file's JSON Schema (draft 2020-12), for editors and other checkers.

It knows the shape; `load` knows everything else (references, limits that depend on each other).
"""

from __future__ import annotations

from importlib.resources import files


def schema_text() -> str:
    """The JSON Schema as it is published."""
    return files("usher.access").joinpath("schema.json").read_text(encoding="utf-8")
