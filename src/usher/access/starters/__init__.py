"""The access files that people start from, as in the repository's examples; texts, no code."""
