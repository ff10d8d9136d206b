"""The agent: one process per person that holds secrets in memory and hands out keys, never to strangers.

Owns its socket, what it holds (records, the unlocked vault key, grants) and the container-credentials
endpoint. Does not know how a profile becomes keys: the command line passes that in. Everything works
without an agent but what needs one: records in memory alone, grants, and renewal in the background.
"""
