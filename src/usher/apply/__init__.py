"""Running a plan against an Identity Center: reading it, changing it, and surviving interruption.

Owns the ports (`ports`) that `aws` implements, the order of calls while reading (`read`), the engine that
carries out a plan (`run`), its journal and its pace. It decides nothing about what should change: that is
`plan`. It never sees AWS itself: that is `aws`. Neighbours: `plan` and `core` below, `cli` above.
"""
