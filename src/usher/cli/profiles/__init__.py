"""The verbs of `usher profiles`: they bring what may be entered and how it is wanted, and write the file."""
