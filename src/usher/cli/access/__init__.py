"""The verbs of `usher access`, one file each: `add_arguments` and `run`, like a command; cheap to import."""
