"""State: one file per aggregate over SQLAlchemy Core, migrations, and the transaction that audits.

Owns SQL. Knows `core`; its neighbours are every room of the server, which hand it values.
"""
