"""The checks of `usher doctor`: each a small function that looks at one thing and gives a verdict and a fix.

A new check is a function from `Context` to verdicts and one line in `checks.CHECKS`.
"""
