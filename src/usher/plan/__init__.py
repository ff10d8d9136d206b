"""What has to change: the access file's picture beside the Identity Center's, and the difference as values.

Pure: `diff` makes a `Plan` of `changes`, `order` says what depends on what, `guards` holds the laws that a
plan may not break. It reads and changes nothing: `apply` runs what comes out of here. Neighbour: `core`.
"""
