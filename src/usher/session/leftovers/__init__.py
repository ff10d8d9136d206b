"""Plain-text keys and tokens that other tools left on this machine: found, judged, and removed on consent.

Owns where they lie and what they look like. Shows no secret to anybody: what leaves this room is a
path, a kind, an account and an age. Its neighbour `vault` is where such keys belong; `cli` asks.
"""
