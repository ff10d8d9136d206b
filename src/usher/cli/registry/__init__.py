"""The verbs of `usher registry`: fetch, verify, show what would change, ask, write."""
