"""The audit log: one event per state change, in the same transaction, chained by hash.

Owns how an event is written and how the chain is verified. Neighbour: `store.database`, whose
transactions cannot commit a change without an event.
"""
