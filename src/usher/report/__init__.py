"""Answers about access: who, why, what changed between two days; as tables, CSV, HTML and pictures.

Pure: core values in, text and values out. Neighbours: `core` and `policy` below, the shells above.
"""
