"""Values and laws of the field: accounts, permission sets, principals, assignments, durations, errors.

Pure and standard library only. Everything may import it; it imports nobody.
"""
