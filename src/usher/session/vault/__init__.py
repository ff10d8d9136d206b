"""Where secrets rest: one contract, an implementation in memory and one in sealed files, and their keys.

Owns encryption at rest and safe file handling. Does not know what the records mean; that is
`session`, its only user. Every implementation passes the conformance tests in `tests/session/vault`.
"""
